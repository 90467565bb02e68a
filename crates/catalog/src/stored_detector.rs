//! Detectors as they are stored: JSON with structs of its own.

use corelog_alarms::detector_queries;
use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::stored_alarm::{StoredQuery, Unreadable};
use crate::{AnomalyDetector, DetectorConfiguration, DetectorOf};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredDetector {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metric: Option<StoredMetric>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    queries: Vec<StoredQuery>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    configuration: Option<StoredConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    periodic_spikes: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct StoredMetric {
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
    stat: String,
}

#[derive(Serialize, Deserialize)]
struct StoredConfiguration {
    #[serde(default)]
    excluded_ms: Vec<(u64, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adaptation_speed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outlier_filtering: Option<String>,
}

impl From<&AnomalyDetector> for StoredDetector {
    fn from(detector: &AnomalyDetector) -> Self {
        let (metric, queries) = match &detector.of {
            DetectorOf::Math(queries) => (None, queries.iter().map(StoredQuery::from).collect()),
            DetectorOf::Metric {
                namespace,
                name,
                dimensions,
                stat,
            } => {
                let metric = StoredMetric {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    dimensions: dimensions.clone(),
                    stat: stat.clone(),
                };
                (Some(metric), Vec::new())
            }
        };
        let configuration = detector.configuration.as_ref();
        Self {
            metric,
            queries,
            configuration: configuration.map(StoredConfiguration::from),
            periodic_spikes: detector.periodic_spikes,
        }
    }
}

impl StoredDetector {
    pub(crate) fn read(self, id: String, put: Timestamp) -> Result<AnomalyDetector, Unreadable> {
        let of = if let Some(metric) = self.metric {
            DetectorOf::Metric {
                namespace: metric.namespace,
                name: metric.name,
                dimensions: metric.dimensions,
                stat: metric.stat,
            }
        } else {
            let requests: Vec<_> = self.queries.into_iter().map(StoredQuery::read).collect();
            DetectorOf::Math(detector_queries(&requests)?)
        };
        Ok(AnomalyDetector {
            id,
            of,
            configuration: self.configuration.map(StoredConfiguration::read),
            periodic_spikes: self.periodic_spikes,
            put,
        })
    }
}

impl From<&DetectorConfiguration> for StoredConfiguration {
    fn from(configuration: &DetectorConfiguration) -> Self {
        let excluded = configuration.excluded.iter();
        Self {
            excluded_ms: excluded
                .map(|(start, end)| (start.unix_ms(), end.unix_ms()))
                .collect(),
            zone: configuration.zone.clone(),
            adaptation_speed: configuration.adaptation_speed.clone(),
            outlier_filtering: configuration.outlier_filtering.clone(),
        }
    }
}

impl StoredConfiguration {
    fn read(self) -> DetectorConfiguration {
        let excluded = self.excluded_ms.into_iter();
        DetectorConfiguration {
            excluded: excluded
                .map(|(start, end)| (Timestamp::from_unix_ms(start), Timestamp::from_unix_ms(end)))
                .collect(),
            zone: self.zone,
            adaptation_speed: self.adaptation_speed,
            outlier_filtering: self.outlier_filtering,
        }
    }
}
