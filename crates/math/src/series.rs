//! Series: points in time, and the times that a request is about.

use std::cmp::Ordering;
use std::sync::Arc;

use corelog_types::Timestamp;

const MINUTE_SECONDS: u32 = 60;

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When its period begins.
    pub at: Timestamp,
    /// The value; finite.
    pub value: f64,
}

/// Points in rising order of time, one a period at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// How long a period is.
    pub period_seconds: u32,
    /// The points.
    pub points: Vec<Point>,
    /// The metric that it shows, as it is or changed; absent where several went into it.
    pub origin: Option<Arc<Origin>>,
}

/// What a series shows: what labels are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric_name: String,
    /// Names and values, in the order of names.
    pub dimensions: Vec<(String, String)>,
    /// The statistic.
    pub statistic: String,
    /// The period in seconds.
    pub period_seconds: u32,
}

impl Series {
    /// A series without points.
    pub fn empty(period_seconds: u32) -> Self {
        Self {
            period_seconds,
            points: Vec::new(),
            origin: None,
        }
    }

    /// The same metric with other points.
    pub(crate) fn with(&self, points: Vec<Point>) -> Self {
        Self {
            period_seconds: self.period_seconds,
            points,
            origin: self.origin.clone(),
        }
    }

    /// Each value changed; a point is left out where the change gives no number.
    pub(crate) fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        let changed = self.points.iter().map(|point| Point {
            value: change(point.value),
            ..*point
        });
        self.with(changed.filter(|point| point.value.is_finite()).collect())
    }

    /// The value at a time.
    pub(crate) fn at(&self, time: Timestamp) -> Option<f64> {
        let index = self.points.binary_search_by_key(&time, |point| point.at);
        index.ok().map(|index| self.points[index].value)
    }
}

/// The times that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// From when on, inclusive.
    pub from: Timestamp,
    /// Until when, exclusive. Functions that make points where there was no data make them up to here: who asks about
    /// the future should not let it reach there.
    pub to: Timestamp,
    /// To what the start is rounded down, with periods of a minute or longer: 60, and more where only coarser points
    /// are left.
    pub rounding_seconds: u32,
}

impl Range {
    /// Where the periods begin that a series without points would have.
    pub(crate) fn slots(self, period_seconds: u32) -> Slots {
        let rounding = if period_seconds < MINUTE_SECONDS {
            period_seconds
        } else {
            self.rounding_seconds
        };
        let rounding_ms = u64::from(rounding.max(1)) * 1_000;
        Slots {
            next: self.from.unix_ms() / rounding_ms * rounding_ms,
            end: self.to.unix_ms(),
            step: u64::from(period_seconds.max(1)) * 1_000,
        }
    }

    /// Where the periods of a series begin, those without a point too.
    pub(crate) fn slots_of(self, series: &Series) -> Slots {
        let mut slots = self.slots(series.period_seconds);
        if let Some(point) = series.points.first() {
            let phase = point.at.unix_ms() % slots.step;
            let start = slots.next;
            let ahead = (phase + slots.step - start % slots.step) % slots.step;
            // The first period may have begun before what was asked for.
            let first = (start + ahead).min(point.at.unix_ms());
            slots.next = first;
        }
        slots
    }
}

/// Beginnings of periods, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    /// In milliseconds, as the others.
    next: u64,
    end: u64,
    step: u64,
}

impl Slots {
    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.end.saturating_sub(self.next).div_ceil(self.step)
    }
}

impl Iterator for Slots {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        if self.next >= self.end {
            return None;
        }
        let at = Timestamp::from_unix_ms(self.next);
        self.next = self.next.saturating_add(self.step);
        Some(at)
    }
}

/// The points of two series at each time at which one of them has one.
pub(crate) fn joined(
    left: &[Point],
    right: &[Point],
) -> impl Iterator<Item = (Timestamp, Option<f64>, Option<f64>)> {
    let mut left = left.iter().peekable();
    let mut right = right.iter().peekable();
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.at.cmp(&right.at),
        };
        let from_left = order.is_le().then(|| left.next()).flatten();
        let from_right = order.is_ge().then(|| right.next()).flatten();
        let at = from_left.or(from_right)?.at;
        Some((
            at,
            from_left.map(|point| point.value),
            from_right.map(|point| point.value),
        ))
    })
}
