//! What the operations on anomaly detectors have in common: what a detector is of, in the three ways in which a request
//! says it, and detectors as answers show them.
//!
//! Decision: the texts of refusals are ours where no answer of the service is recorded.

use corelog_alarms::{Statistic, Term, detector_queries};
use corelog_catalog::{AnomalyDetector, DetectorConfiguration, DetectorOf};
use corelog_wire::cloudwatch::shapes;

use super::put_metric_alarm::query;
use super::{alarm, metric};
use crate::aws::{Account, Fault, Kind};

/// What operations on detectors are about: detectors have no ARN.
pub(super) const ANY: &str = "*";

/// The members that say what a detector is of.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) namespace: Option<String>,
    pub(super) metric_name: Option<String>,
    pub(super) dimensions: Option<Vec<shapes::Dimension>>,
    pub(super) stat: Option<String>,
    pub(super) single: Option<shapes::SingleMetricAnomalyDetector>,
    pub(super) math: Option<shapes::MetricMathAnomalyDetector>,
}

impl Said {
    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_flat() && self.single.is_none() && self.math.is_none()
    }

    fn is_flat(&self) -> bool {
        self.namespace.is_some()
            || self.metric_name.is_some()
            || self.dimensions.is_some()
            || self.stat.is_some()
    }

    /// What the detector is of: one metric, in its own member or flat, or an expression.
    ///
    /// Source: the model's documentation: the three exclude each other.
    pub(super) fn of(self, account: &Account) -> Result<DetectorOf, Fault> {
        let ways = [self.is_flat(), self.single.is_some(), self.math.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            let text = "SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the parameters Namespace, \
                        MetricName, Dimensions and Stat exclude each other.";
            return Err(Fault::new(Kind::InvalidParameterCombination, text));
        }
        if let Some(math) = self.math {
            return of_queries(math.metric_data_queries.unwrap_or_default());
        }
        let single = self.single.unwrap_or(shapes::SingleMetricAnomalyDetector {
            account_id: None,
            namespace: self.namespace,
            metric_name: self.metric_name,
            dimensions: self.dimensions,
            stat: self.stat,
        });
        of_metric(single, account)
    }
}

fn of_metric(
    single: shapes::SingleMetricAnomalyDetector,
    account: &Account,
) -> Result<DetectorOf, Fault> {
    let needed = |value: Option<String>, name: &str| {
        value.ok_or_else(|| {
            let text = format!("The parameter {name} is required.");
            Fault::new(Kind::MissingParameter, text)
        })
    };
    if single.account_id.is_some_and(|id| id != account.id) {
        let text = "Corelog has the metrics of one account: AccountId must be its own.";
        return Err(Fault::invalid_parameter_value(text));
    }
    let namespace = needed(single.namespace, "Namespace")?;
    let name = needed(single.metric_name, "MetricName")?;
    let stat = needed(single.stat, "Stat")?;
    // The model's pattern has statistics that nobody computes.
    if Statistic::parse(&stat).is_none() {
        let text = format!("The value {stat} for parameter Stat is not supported.");
        return Err(Fault::invalid_parameter_value(text));
    }
    let asked = metric::asked(&namespace, &name, metric::dimensions(single.dimensions))?;
    let dimensions = asked.dimensions().iter();
    Ok(DetectorOf::Metric {
        namespace,
        name,
        dimensions: dimensions
            .map(|one| (one.name.clone(), one.value.clone()))
            .collect(),
        stat,
    })
}

fn of_queries(queries: Vec<shapes::MetricDataQuery>) -> Result<DetectorOf, Fault> {
    let requests: Vec<_> = queries.into_iter().map(query).collect();
    let checked = detector_queries(&requests);
    let queries = checked.map_err(|error| Fault::invalid_parameter_value(error.to_string()))?;
    let returned = queries.iter().find(|query| query.returns());
    if !returned.is_some_and(|query| matches!(query.term, Term::Expression(_))) {
        let text = "The element of MetricDataQueries that returns data must be an expression.";
        return Err(Fault::invalid_parameter_value(text));
    }
    Ok(DetectorOf::Math(queries))
}

/// A detector as `DescribeAnomalyDetectors` shows it: a metric both flat and in its own member.
pub(super) fn shape(
    detector: &AnomalyDetector,
    state: &str,
    account: &Account,
) -> shapes::AnomalyDetector {
    let mut shape = shapes::AnomalyDetector {
        anomaly_detector_id: Some(detector.id.clone()),
        state_value: Some(state.to_owned()),
        configuration: Some(configuration(detector.configuration.as_ref())),
        metric_characteristics: detector.periodic_spikes.map(|spikes| {
            shapes::MetricCharacteristics {
                periodic_spikes: Some(spikes),
            }
        }),
        ..shapes::AnomalyDetector::default()
    };
    match &detector.of {
        DetectorOf::Metric {
            namespace,
            name,
            dimensions,
            stat,
        } => {
            let dimensions = pairs(dimensions);
            shape.namespace = Some(namespace.clone());
            shape.metric_name = Some(name.clone());
            shape.dimensions = Some(dimensions.clone());
            shape.stat = Some(stat.clone());
            shape.single_metric_anomaly_detector = Some(shapes::SingleMetricAnomalyDetector {
                account_id: Some(account.id.clone()),
                namespace: Some(namespace.clone()),
                metric_name: Some(name.clone()),
                dimensions: Some(dimensions),
                stat: Some(stat.clone()),
            });
        }
        DetectorOf::Math(queries) => {
            shape.metric_math_anomaly_detector = Some(shapes::MetricMathAnomalyDetector {
                metric_data_queries: Some(queries.iter().map(alarm::query).collect()),
            });
        }
    }
    shape
}

fn configuration(
    configuration: Option<&DetectorConfiguration>,
) -> shapes::AnomalyDetectorConfiguration {
    let Some(configuration) = configuration else {
        return shapes::AnomalyDetectorConfiguration {
            excluded_time_ranges: Some(Vec::new()),
            ..shapes::AnomalyDetectorConfiguration::default()
        };
    };
    let ranges = configuration
        .excluded
        .iter()
        .map(|(start, end)| shapes::Range {
            start_time: super::dashboard::seconds(*start),
            end_time: super::dashboard::seconds(*end),
        });
    shapes::AnomalyDetectorConfiguration {
        excluded_time_ranges: Some(ranges.collect()),
        metric_timezone: configuration.zone.clone(),
        adaptation_speed: configuration.adaptation_speed.clone(),
        outlier_filtering_strength: configuration.outlier_filtering.clone(),
    }
}

fn pairs(dimensions: &[(String, String)]) -> Vec<shapes::Dimension> {
    let dimensions = dimensions.iter();
    dimensions
        .map(|(name, value)| shapes::Dimension {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}
