//! Detectors of anomalies of metrics: what a model is of, and what it is told.

use async_trait::async_trait;
use corelog_alarms::Query;
use corelog_types::Timestamp;

use crate::Error;

/// A detector.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyDetector {
    /// Its id.
    pub id: String,
    /// What it is of. There is one detector of each.
    pub of: DetectorOf,
    /// What its models are told, where it was put with that.
    pub configuration: Option<DetectorConfiguration>,
    /// Whether spikes that come again and again are expected, where it was put with that.
    pub periodic_spikes: Option<bool>,
    /// When it was put last.
    pub put: Timestamp,
}

/// What a detector is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetectorOf {
    /// A statistic of a metric.
    Metric {
        /// The metric's namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its dimensions, by name.
        dimensions: Vec<(String, String)>,
        /// The statistic.
        stat: String,
    },
    /// An expression over metrics.
    Math(Vec<Query>),
}

/// What a model is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DetectorConfiguration {
    /// Times of which nothing is learnt: from the first, inclusive, to the second, exclusive.
    pub excluded: Vec<(Timestamp, Timestamp)>,
    /// Whose days and weeks count: the name of a time zone.
    pub zone: Option<String>,
    /// `FAST`, `NORMAL`, `SLOW`.
    pub adaptation_speed: Option<String>,
    /// `MINIMAL`, `MODERATE`, `STRICT`.
    pub outlier_filtering: Option<String>,
}

/// Where detectors are kept.
#[async_trait]
pub trait AnomalyDetectors {
    /// All detectors, by their ids, and the ids of those that this version cannot read.
    async fn anomaly_detectors(&self) -> Result<(Vec<AnomalyDetector>, Vec<String>), Error>;

    /// Adds a detector, or puts another one in place of that of its id.
    async fn put_anomaly_detector(&self, detector: &AnomalyDetector) -> Result<(), Error>;

    /// Removes a detector; one that is not there is fine.
    async fn delete_anomaly_detector(&self, id: &str) -> Result<(), Error>;
}
