//! `PutAnomalyDetector`.

use corelog_anomaly::{Config, EXCLUDED_RANGES_MAX};
use corelog_catalog::DetectorConfiguration;
use corelog_wire::cloudwatch::shapes::{
    AnomalyDetectorConfiguration, PutAnomalyDetectorInput, PutAnomalyDetectorOutput,
};

use super::anomaly_detector::{ANY, Said};
use super::metric;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct PutAnomalyDetector;

impl Operation for PutAnomalyDetector {
    const NAME: &'static str = "PutAnomalyDetector";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutAnomalyDetectorInput;
    type Output = PutAnomalyDetectorOutput;

    fn on(_input: &PutAnomalyDetectorInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(ANY.to_owned())
    }

    /// Makes a detector, or changes the one of the same metric or expression.
    async fn run(
        input: PutAnomalyDetectorInput,
        cx: &Context<'_>,
    ) -> Result<PutAnomalyDetectorOutput, Fault> {
        // A detector that learns of nothing is worse than none.
        cx.metrics()?;
        let said = Said {
            namespace: input.namespace,
            metric_name: input.metric_name,
            dimensions: input.dimensions,
            stat: input.stat,
            single: input.single_metric_anomaly_detector,
            math: input.metric_math_anomaly_detector,
        };
        let of = said.of(cx.account())?;
        let configuration = input.configuration.map(configuration).transpose()?;
        let characteristics = input.metric_characteristics;
        let spikes = characteristics.and_then(|it| it.periodic_spikes);
        let new_id = corelog_runtime::record_id(cx.now()).to_string();
        let put = cx
            .watch()
            .put_detector(of, configuration, spikes, new_id)
            .await;
        let id = put.map_err(|error| match error {
            corelog_watch::Error::Full { .. } => {
                Fault::new(Kind::LimitExceeded, Fault::from(error).message())
            }
            corelog_watch::Error::Unsupported(why) => Fault::invalid_parameter_value(why),
            other => Fault::from(other),
        })?;
        Ok(PutAnomalyDetectorOutput {
            anomaly_detector_id: Some(id),
        })
    }
}

fn configuration(given: AnomalyDetectorConfiguration) -> Result<DetectorConfiguration, Fault> {
    let ranges = given.excluded_time_ranges.unwrap_or_default();
    if ranges.len() > EXCLUDED_RANGES_MAX {
        let text = format!(
            "The collection ExcludedTimeRanges must not have a size greater than {EXCLUDED_RANGES_MAX}."
        );
        return Err(Fault::invalid_parameter_value(text));
    }
    let mut excluded = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (start, end) = (metric::time(range.start_time), metric::time(range.end_time));
        if start >= end {
            let text = "The StartTime of an excluded time range must be before its EndTime.";
            return Err(Fault::invalid_parameter_value(text));
        }
        excluded.push((start, end));
    }
    let zone = given.metric_timezone;
    if let Some(name) = zone.as_deref().filter(|name| Config::zone(name).is_none()) {
        let text = format!("The value {name} for parameter MetricTimezone is not a time zone.");
        return Err(Fault::invalid_parameter_value(text));
    }
    Ok(DetectorConfiguration {
        excluded,
        zone,
        adaptation_speed: given.adaptation_speed,
        outlier_filtering: given.outlier_filtering_strength,
    })
}
