//! What is to be added to metrics.

use std::sync::Arc;

use corelog_types::Timestamp;

use crate::{Bucket, Metric, Unit};

/// How finely a value's time is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Resolution {
    /// To the second.
    High,
    /// To the minute.
    #[default]
    Standard,
}

impl Resolution {
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::High => 1,
            Self::Standard => 60,
        }
    }
}

/// Where a value belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) metric: Arc<Metric>,
    pub(crate) unit: Unit,
    pub(crate) resolution: Resolution,
    /// The second, or the first second of the minute.
    pub(crate) second: i64,
}

impl Place {
    /// The second or the minute of a time.
    pub(crate) fn of(
        metric: Arc<Metric>,
        unit: Unit,
        resolution: Resolution,
        time: Timestamp,
    ) -> Self {
        let length = resolution.seconds();
        Self {
            metric,
            unit,
            resolution,
            second: second_of(time) / length * length,
        }
    }
}

/// Buckets to be added to metrics. There may be several of one metric and time.
#[derive(Debug, Clone, Default)]
pub struct Deltas {
    pub(crate) buckets: Vec<(Place, Bucket)>,
    /// Values for minutes that turn out to have none.
    pub(crate) defaults: Vec<(Place, f64)>,
}

impl Deltas {
    /// Adds what a bucket holds to a metric, in the second or the minute of a time.
    pub fn push(
        &mut self,
        metric: Arc<Metric>,
        unit: Unit,
        resolution: Resolution,
        time: Timestamp,
        bucket: Bucket,
    ) {
        let place = Place::of(metric, unit, resolution, time);
        self.buckets.push((place, bucket));
    }

    /// Gives a metric a value in the minute of a time, should it have none there once the minute is over: see
    /// [`crate::SqliteMetrics::settle`].
    pub fn push_default(&mut self, metric: Arc<Metric>, unit: Unit, time: Timestamp, value: f64) {
        let place = Place::of(metric, unit, Resolution::Standard, time);
        self.defaults.push((place, value));
    }

    /// Adds what others hold.
    pub fn append(&mut self, mut others: Self) {
        self.buckets.append(&mut others.buckets);
        self.defaults.append(&mut others.defaults);
    }

    /// Keeps the first buckets alone, and no defaults.
    pub fn truncate(&mut self, len: usize) {
        self.buckets.truncate(len);
        self.defaults.clear();
    }

    /// All places that something is for.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let of_buckets = self.buckets.iter().map(|(place, _)| place);
        of_buckets.chain(self.defaults.iter().map(|(place, _)| place))
    }

    /// How many buckets there are.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.defaults.is_empty()
    }
}

/// The second of a time.
pub(crate) fn second_of(time: Timestamp) -> i64 {
    i64::try_from(time.unix_ms() / 1_000).unwrap_or(i64::MAX)
}

/// The time of a second.
pub(crate) fn time_of(second: i64) -> Timestamp {
    Timestamp::from_unix_ms(u64::try_from(second).unwrap_or(0).saturating_mul(1_000))
}
