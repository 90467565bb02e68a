//! `DescribeAnomalyDetectors`.
//!
//! What a detector's state is follows from the data points of its metric, as a model would find it: whoever put it a
//! moment ago, of a metric that has been there for weeks, has a trained one. An expression is as trained as that of its
//! metrics which is the least.

use corelog_alarms::Query;
use corelog_anomaly::Training;
use corelog_catalog::{AnomalyDetector, DetectorOf};
use corelog_metrics::{Metric, Period, Statistic};
use corelog_types::Timestamp;
use corelog_watch::{Asked, Points};
use corelog_wire::cloudwatch::shapes::{
    self, DescribeAnomalyDetectorsInput, DescribeAnomalyDetectorsOutput,
};

use super::anomaly_detector::{self, ANY};
use super::{alarm, metric};
use crate::aws::{Context, Effect, Fault, Kind, Operation, Token};

/// Source: the model's documentation of `MaxResults`.
const PAGE_MAX: usize = 100;
const HISTORY_MS: u64 = 14 * 24 * 3_600_000;
/// Hours are enough to tell, and are few.
const PERIOD_SECONDS: u32 = 3_600;

pub(crate) struct DescribeAnomalyDetectors;

impl Operation for DescribeAnomalyDetectors {
    const NAME: &'static str = "DescribeAnomalyDetectors";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeAnomalyDetectorsInput;
    type Output = DescribeAnomalyDetectorsOutput;

    fn on(_input: &DescribeAnomalyDetectorsInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(ANY.to_owned())
    }

    async fn run(
        input: DescribeAnomalyDetectorsInput,
        cx: &Context<'_>,
    ) -> Result<DescribeAnomalyDetectorsOutput, Fault> {
        let limit = alarm::limit(input.max_results, PAGE_MAX);
        if limit > PAGE_MAX {
            let text =
                format!("The value {limit} for parameter MaxResults must be at most {PAGE_MAX}.");
            return Err(Fault::invalid_parameter_value(text));
        }
        let after = alarm::place::<1>(Self::NAME, input.next_token.as_deref())?;
        let wanted = Wanted::of(input)?;
        let all = cx.watch().detectors();
        let mut found = all.iter().filter(|detector| {
            let is_behind = after.as_ref().is_none_or(|Token([id])| detector.id > *id);
            is_behind && wanted.takes(detector)
        });
        let page: Vec<&AnomalyDetector> = found.by_ref().take(limit).collect();
        let next_token = found.next().and(page.last());
        let next_token = next_token.map(|last| Token([last.id.clone()]).write(Self::NAME));
        let mut shown = Vec::with_capacity(page.len());
        for detector in page {
            let state = training(detector, cx).await?;
            shown.push(anomaly_detector::shape(
                detector,
                state.name(),
                cx.account(),
            ));
        }
        Ok(DescribeAnomalyDetectorsOutput {
            anomaly_detectors: Some(shown),
            next_token,
        })
    }
}

/// Which detectors are asked for.
struct Wanted {
    ids: Option<Vec<String>>,
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<shapes::Dimension>>,
    single: bool,
    math: bool,
}

impl Wanted {
    fn of(input: DescribeAnomalyDetectorsInput) -> Result<Self, Fault> {
        let is_filtered = input.namespace.is_some()
            || input.metric_name.is_some()
            || input.dimensions.is_some()
            || input.anomaly_detector_types.is_some();
        if input.anomaly_detector_ids.is_some() && is_filtered {
            let text = "AnomalyDetectorIds and the filters Namespace, MetricName, Dimensions and \
                        AnomalyDetectorTypes exclude each other.";
            return Err(Fault::new(Kind::InvalidParameterCombination, text));
        }
        let types = input.anomaly_detector_types.unwrap_or_default();
        let has = |name: &str| types.iter().any(|one| one == name);
        Ok(Self {
            ids: input.anomaly_detector_ids,
            namespace: input.namespace,
            metric_name: input.metric_name,
            dimensions: input.dimensions,
            single: types.is_empty() || has("SINGLE_METRIC"),
            math: has("METRIC_MATH"),
        })
    }

    fn takes(&self, detector: &AnomalyDetector) -> bool {
        if let Some(ids) = &self.ids {
            return ids.contains(&detector.id);
        }
        match &detector.of {
            // Source: filters are of single metrics; all detectors of expressions are listed.
            DetectorOf::Math(_) => self.math,
            DetectorOf::Metric {
                namespace,
                name,
                dimensions,
                ..
            } => {
                let is_same = |wanted: &Option<String>, has: &String| {
                    wanted.as_ref().is_none_or(|wanted| wanted == has)
                };
                self.single
                    && is_same(&self.namespace, namespace)
                    && is_same(&self.metric_name, name)
                    && self.dimensions.as_ref().is_none_or(|wanted| {
                        let has = |one: &shapes::Dimension| {
                            dimensions
                                .iter()
                                .any(|(name, value)| *name == one.name && *value == one.value)
                        };
                        wanted.len() == dimensions.len() && wanted.iter().all(has)
                    })
            }
        }
    }
}

async fn training(detector: &AnomalyDetector, cx: &Context<'_>) -> Result<Training, Fault> {
    match &detector.of {
        DetectorOf::Metric {
            namespace,
            name,
            dimensions,
            stat,
        } => of_metric(namespace, name, dimensions, stat, cx).await,
        DetectorOf::Math(queries) => {
            let mut least = Training::Trained;
            for metric in queries.iter().filter_map(Query::metric) {
                let (namespace, name) = (&metric.namespace, &metric.name);
                let stat = metric.statistic.as_str();
                let of_one = of_metric(namespace, name, &metric.dimensions, stat, cx).await?;
                least = least.min(of_one);
            }
            Ok(least)
        }
    }
}

async fn of_metric(
    namespace: &str,
    name: &str,
    dimensions: &[(String, String)],
    stat: &str,
    cx: &Context<'_>,
) -> Result<Training, Fault> {
    let named = dimensions.iter().map(|(name, value)| shapes::Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    let metric: Metric = metric::asked(namespace, name, metric::dimensions(Some(named.collect())))?;
    let (Ok(statistic), Ok(period)) = (
        stat.parse::<Statistic>(),
        Period::from_seconds(PERIOD_SECONDS),
    ) else {
        return Ok(Training::Pending);
    };
    let now = cx.now();
    let period_ms = u64::from(PERIOD_SECONDS) * 1_000;
    let to_ms = now.unix_ms() / period_ms * period_ms;
    let asked = Asked {
        metric,
        unit: None,
        statistic,
        period,
        from: Timestamp::from_unix_ms(to_ms.saturating_sub(HISTORY_MS)),
        to: Timestamp::from_unix_ms(to_ms),
    };
    let points = Points::points(cx.metrics()?, &asked, now).await;
    let points = points.map_err(|error| Fault::unavailable(&error))?;
    let times = points
        .iter()
        .filter(|point| point.values.first().is_some_and(Option::is_some))
        .map(|point| point.time);
    Ok(Training::of(times, period_ms))
}
