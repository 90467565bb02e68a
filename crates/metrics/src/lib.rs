//! Metrics as `CloudWatch` has them: what is counted, how it is kept, and what it says when asked.
//!
//! A [`Metric`] is a namespace, a name and a set of dimensions. Numbers come to it: as data that somebody
//! puts ([`admit`], by the rules of `PutMetricData`), and out of records of invocations ([`Tally`], the runtime metrics
//! of `AWS/Bedrock` and those of our own namespace). Log events give more: what metric filters make of them
//! ([`Extraction`]), and what they have embedded ([`Embedded`]). All become [`Deltas`]: [`Bucket`]s, each
//! of a metric, a unit, and a second or a minute. [`Totals`] are what records come to since the process began, for scrapes. [`SqliteMetrics`] adds deltas to what it keeps, and answers questions about it.
//!
//! # Buckets
//! A bucket holds count, sum, least and greatest value, and how the values are distributed. Buckets are added to each
//! other, and the result depends on the values alone: not on how they were split among buckets, nor on the order. The
//! sum is kept exactly for that; counts are exact as long as they are whole. Values are counted in bins of at most
//! 0.8 % of their size, each standing for its upper end, so what is computed of a distribution (percentiles, trimmed
//! means, ranks) is off by less than 1 %, and exact for whole numbers up to 256. Where a value is negative, where
//! statistic sets hide their values, or where values spread over more than 4,096 bins, there is no distribution, and
//! what needs one is absent.
//!
//! # Time
//! Everything is kept four times: by the second for 3 hours (high resolution only), by the minute for 15 days, by five
//! minutes for 63 days, by the hour for 455 days. A late value is added to its own second, minute and hour. A question
//! reads the coarsest of these that fits its start and period.
//!
//! # Exactly once
//! What is counted of a log (the spool) is added together with the place up to which it was read, in one transaction.
//! [`SqliteMetrics::position`] says where to go on after a restart; a part that is added again changes nothing.
//!
//! Absent here: the wire, a clock, tasks, alarms, metric math.

mod metric;
mod statistic;
mod unit;

mod bins;
mod bucket;
mod distribution;
mod stored;
mod sum;

mod datum;
mod deltas;
mod period;

mod emf;
mod extraction;

mod invocation;
mod measure;
mod tally;
mod totals;

mod sqlite;

use std::path::PathBuf;

pub use bucket::{Bucket, StatisticSet};
pub use datum::{Datum, Fault, Refused, admit};
pub use deltas::{Deltas, Resolution};
pub use emf::Embedded;
pub use extraction::{Extraction, InvalidTransformation, Transformation};
pub use invocation::{Invocation, LogDelivery};
pub use metric::{DIMENSIONS_MAX, Dimension, DimensionFilter, InvalidMetric, Metric, MetricFilter};
pub use period::{Granularity, InvalidPeriod, Period, rounding_seconds};
pub use sqlite::{
    Added, Config, Listed, Overflow, Point, Question, Read, SqliteMetrics, UnitPoints,
};
pub use statistic::{Bounds, InvalidStatistic, Statistic};
pub use tally::{Tally, TallyConfig};
pub use totals::Totals;
pub use unit::{InvalidUnit, Unit};

/// Why metrics could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are as many metrics as there may be.
    #[error("there are {most} metrics already")]
    Full {
        /// How many there may be.
        most: u64,
    },
    /// A part of a log was given that does not begin where the former ended.
    #[error("`{source_name}` was counted up to {counted}, and cannot go on after {after}")]
    Position {
        /// The log.
        source_name: String,
        /// Up to where it was counted.
        counted: u64,
        /// Where the part began.
        after: u64,
    },
    /// The question has more answers than one may have.
    #[error("the answer would have {asked} points, which is more than {most}")]
    TooManyPoints {
        /// How many there would be.
        asked: u64,
        /// How many there may be.
        most: u64,
    },
    /// What is stored is not what this version writes.
    #[error("`{what}` of the metrics is not what this version reads")]
    Format {
        /// The column.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was written by a newer version.
    #[error("metrics in `{}` have version {found}, this binary reads {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version we read.
        known: i64,
    },
    /// The database did not do what it was asked.
    #[error("the database of metrics cannot {attempt}")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
}

impl Error {
    /// Whether asking again later may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Database { .. })
    }
}
