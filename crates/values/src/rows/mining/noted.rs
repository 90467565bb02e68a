//! What is noted of texts besides their number: the values at places of recognised ones, and a few of the texts.

use std::cmp::Ordering;

/// Different values of a dynamic token that are told.
pub(super) const VALUES_MAX: usize = 16;

/// Texts of a pattern that are shown.
pub(super) const SAMPLES_MAX: usize = 3;

/// Bytes of a text that are shown.
const SAMPLE_BYTES_MAX: usize = 1024;

/// Bytes of a value that are told; a place of longer ones counts as one of too many.
pub(super) const VALUE_BYTES_MAX: usize = 128;

/// How much is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keep {
    values: usize,
    sample_bytes: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            values: VALUES_MAX,
            sample_bytes: SAMPLE_BYTES_MAX,
        }
    }
}

impl Keep {
    pub(super) fn half(self) -> Self {
        Self {
            values: self.values / 2,
            sample_bytes: self.sample_bytes / 2,
        }
    }

    pub(super) fn is_nothing(self) -> bool {
        self.values == 0 && self.sample_bytes == 0
    }
}

/// A text, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rows) struct Sample {
    /// When it came.
    pub(in crate::rows) ms: Option<i64>,
    pub(in crate::rows) text: Box<str>,
}

impl Sample {
    /// The newest first, then by text.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let by_time = other.ms.cmp(&self.ms);
        by_time.then_with(|| self.text.cmp(&other.text))
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

/// Different values of a place, and how often each came.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    Few(Vec<(Box<str>, u64)>),
    TooMany,
}

impl Values {
    /// Counts a value; how many bytes more that takes.
    fn add(&mut self, value: &str, times: u64, max: usize) -> isize {
        let Self::Few(known) = self else {
            return 0;
        };
        if let Some((_, count)) = known.iter_mut().find(|(known, _)| **known == *value) {
            *count += times;
            return 0;
        }
        if known.len() >= max || value.len() > VALUE_BYTES_MAX {
            let before = self.bytes();
            *self = Self::TooMany;
            return -signed(before);
        }
        known.push((value.into(), times));
        signed(value_bytes(value))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Few(known) => known.iter().map(|(value, _)| value_bytes(value)).sum(),
            Self::TooMany => 0,
        }
    }
}

fn value_bytes(value: &str) -> usize {
    size_of::<(Box<str>, u64)>() + value.len() + 16
}

fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

/// What is noted of texts.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// How many texts.
    count: u64,
    /// The values of each place of recognised ones.
    values: Vec<Values>,
    /// Whether values are no longer noted.
    has_no_values: bool,
    /// The first by [`Sample::order`].
    samples: Vec<Sample>,
}

impl Noted {
    /// How many texts.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The values of a place of recognised ones; `None` if they are too many.
    pub(super) fn values(&self, place: usize) -> Option<&[(Box<str>, u64)]> {
        if self.has_no_values {
            return None;
        }
        match self.values.get(place) {
            Some(Values::Few(values)) => Some(values),
            Some(Values::TooMany) => None,
            None => Some(&[]),
        }
    }

    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Notes a text with its values; how many bytes more that takes, about.
    pub(super) fn take(
        &mut self,
        values: &[&str],
        text: &str,
        ms: Option<i64>,
        keep: Keep,
    ) -> isize {
        self.count += 1;
        let mut more = 0;
        if keep.values == 0 {
            self.forget_values();
        } else {
            more += self.places(values.len());
            for (place, value) in self.values.iter_mut().zip(values) {
                more += place.add(value, 1, keep.values);
            }
        }
        let text = &text[..text.floor_char_boundary(keep.sample_bytes)];
        // Texts most often come newest first, so that few are copied.
        let is_before = |last: &Sample| last.ms > ms || (last.ms == ms && *last.text <= *text);
        let is_full = self.samples.len() == SAMPLES_MAX;
        if is_full && self.samples.last().is_some_and(is_before) {
            return more;
        }
        more -= signed(self.sample_bytes());
        self.sample(Sample {
            ms,
            text: text.into(),
        });
        more + signed(self.sample_bytes())
    }

    /// Makes room for the values of so many places; how many bytes more that takes.
    fn places(&mut self, count: usize) -> isize {
        let missing = count.saturating_sub(self.values.len());
        let places = std::iter::repeat_with(|| Values::Few(Vec::new()));
        self.values.extend(places.take(missing));
        signed(missing * size_of::<Values>())
    }

    fn forget_values(&mut self) {
        self.values = Vec::new();
        self.has_no_values = true;
    }

    fn sample(&mut self, sample: Sample) {
        let is_before = |known: &Sample| known.order(&sample) != Ordering::Greater;
        let place = self.samples.partition_point(is_before);
        if place < SAMPLES_MAX {
            self.samples.insert(place, sample);
            self.samples.truncate(SAMPLES_MAX);
        }
    }

    fn sample_bytes(&self) -> usize {
        self.samples.iter().map(Sample::bytes).sum()
    }

    /// Adds what is noted of other texts of the same shape.
    pub(super) fn absorb(&mut self, other: Self, keep: Keep) {
        self.count += other.count;
        self.has_no_values |= other.has_no_values;
        self.places(other.values.len());
        for (place, values) in self.values.iter_mut().zip(other.values) {
            match values {
                Values::TooMany => *place = Values::TooMany,
                Values::Few(values) => {
                    for (value, times) in values {
                        place.add(&value, times, keep.values);
                    }
                }
            }
        }
        for sample in other.samples {
            self.sample(sample);
        }
        self.trim(keep);
    }

    /// Leaves the values of the first places only.
    pub(super) fn first_values(&mut self, places: usize) {
        self.values.truncate(places);
    }

    /// Leaves no more than this.
    pub(super) fn trim(&mut self, keep: Keep) {
        if keep.values == 0 || self.has_no_values {
            self.forget_values();
        }
        for place in &mut self.values {
            if matches!(place, Values::Few(known) if known.len() > keep.values) {
                *place = Values::TooMany;
            }
        }
        for sample in &mut self.samples {
            let end = sample.text.floor_char_boundary(keep.sample_bytes);
            if end < sample.text.len() {
                sample.text = sample.text[..end].into();
            }
        }
    }

    /// About how many bytes it takes besides itself.
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.values.iter().map(Values::bytes).sum();
        size_of_val(self.values.as_slice()) + values + self.sample_bytes()
    }
}
