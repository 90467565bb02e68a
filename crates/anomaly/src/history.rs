//! What is remembered of a series: two weeks in bins of five minutes, or of a period where that is longer.
//!
//! A bin keeps the median of its points, of which seasons and level are learnt, and one of them, of which is learnt how
//! far single points lie from it. A bin that lay outside when it was closed is marked and teaches nothing.

use std::collections::VecDeque;

use crate::config::{DAY_MS, MINUTE_MS};
use crate::number::median;

/// What is older is forgotten.
pub(crate) const HISTORY_MS: u64 = 14 * DAY_MS;
const BIN_MS_MIN: u64 = 5 * MINUTE_MS;
/// So many points of one bin are looked at.
pub(crate) const OPEN_MAX: usize = 32;

/// The points of five minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bin {
    pub(crate) centre: f32,
    pub(crate) sample: f32,
    pub(crate) is_outside: bool,
}

/// Two weeks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    pub(crate) bin_ms: u64,
    /// The number of the first bin: its start divided by its length.
    pub(crate) first: u64,
    pub(crate) bins: VecDeque<Option<Bin>>,
    /// The points of the bin that is not closed: when and what.
    pub(crate) open: Vec<(u64, f64)>,
}

impl History {
    pub(crate) fn new(period_ms: u64) -> Self {
        Self {
            bin_ms: period_ms.clamp(BIN_MS_MIN, DAY_MS),
            first: 0,
            bins: VecDeque::new(),
            open: Vec::new(),
        }
    }

    pub(crate) const fn bins_max(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "there are 4,032 at most")]
        let most = (HISTORY_MS / self.bin_ms) as usize;
        most
    }

    pub(crate) fn open_number(&self) -> Option<u64> {
        self.open.first().map(|(at_ms, _)| at_ms / self.bin_ms)
    }

    /// When the newest point was.
    pub(crate) fn newest_ms(&self) -> Option<u64> {
        let open = self.open.iter().map(|(at_ms, _)| *at_ms).max();
        open.or_else(|| {
            let last = self.first + self.bins.len().checked_sub(1)? as u64;
            Some(last * self.bin_ms)
        })
    }

    /// Adds a point to the open bin; one that was there at the same time is replaced. Returns whether it belongs there.
    pub(crate) fn add(&mut self, at_ms: u64, value: f64) -> bool {
        let number = at_ms / self.bin_ms;
        if self.open_number().is_some_and(|open| open != number) {
            return false;
        }
        if let Some(known) = self.open.iter_mut().find(|(known, _)| *known == at_ms) {
            known.1 = value;
        } else if self.open.len() < OPEN_MAX {
            self.open.push((at_ms, value));
        }
        true
    }

    /// What the open bin will be; `None` without points.
    pub(crate) fn open_bin(&self) -> Option<(u64, Bin)> {
        let number = self.open_number()?;
        let mut values: Vec<f64> = self.open.iter().map(|(_, value)| *value).collect();
        // Another one each time, so that no position in a bin is preferred.
        #[expect(clippy::cast_possible_truncation, reason = "it is below the length")]
        let sample = values[(number % values.len() as u64) as usize];
        let bin = Bin {
            centre: narrow(median(&mut values)?),
            sample: narrow(sample),
            is_outside: false,
        };
        Some((number, bin))
    }

    /// Closes the open bin as this one, and forgets what is too old.
    pub(crate) fn close(&mut self, number: u64, bin: Bin) {
        self.open.clear();
        if self.bins.is_empty() {
            self.first = number;
        }
        let Some(place) = number.checked_sub(self.first) else {
            return;
        };
        let most = self.bins_max() as u64;
        if place >= self.bins.len() as u64 + most {
            self.bins.clear();
            self.first = number;
        }
        while self.first + (self.bins.len() as u64) < number {
            self.push(None);
        }
        if self.first + self.bins.len() as u64 == number {
            self.push(Some(bin));
        }
    }

    fn push(&mut self, bin: Option<Bin>) {
        self.bins.push_back(bin);
        if self.bins.len() > self.bins_max() {
            self.bins.pop_front();
            self.first += 1;
        }
        while let Some(None) = self.bins.front() {
            self.bins.pop_front();
            self.first += 1;
        }
    }

    /// The closed bins from this time on, oldest first, with the time in their middle.
    pub(crate) fn since(&mut self, from_ms: u64) -> impl Iterator<Item = (u64, &mut Bin)> {
        let (first, bin_ms) = (self.first, self.bin_ms);
        let skipped = (from_ms / bin_ms).saturating_sub(first);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let numbered = self.bins.iter_mut().enumerate().skip(skipped);
        numbered.filter_map(move |(place, bin)| {
            let middle_ms = (first + place as u64) * bin_ms + bin_ms / 2;
            bin.as_mut().map(|bin| (middle_ms, bin))
        })
    }

    /// The closed bins, oldest first, with the time in their middle.
    pub(crate) fn closed(&self) -> impl Iterator<Item = (u64, &Bin)> {
        let (first, bin_ms) = (self.first, self.bin_ms);
        self.bins
            .iter()
            .enumerate()
            .filter_map(move |(place, bin)| {
                let middle_ms = (first + place as u64) * bin_ms + bin_ms / 2;
                bin.as_ref().map(|bin| (middle_ms, bin))
            })
    }

    /// From the first bin to the last.
    pub(crate) fn span_ms(&self) -> u64 {
        self.bins.len() as u64 * self.bin_ms
    }
}

/// The nearest number of half the length; the largest for what is larger.
fn narrow(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "it is in range")]
    let narrow = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
    narrow
}
