//! `DeleteAnomalyDetector`.

use corelog_wire::cloudwatch::shapes::{DeleteAnomalyDetectorInput, DeleteAnomalyDetectorOutput};

use super::anomaly_detector::{ANY, Said};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct DeleteAnomalyDetector;

impl Operation for DeleteAnomalyDetector {
    const NAME: &'static str = "DeleteAnomalyDetector";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteAnomalyDetectorInput;
    type Output = DeleteAnomalyDetectorOutput;

    fn on(_input: &DeleteAnomalyDetectorInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(ANY.to_owned())
    }

    async fn run(
        input: DeleteAnomalyDetectorInput,
        cx: &Context<'_>,
    ) -> Result<DeleteAnomalyDetectorOutput, Fault> {
        let said = Said {
            namespace: input.namespace,
            metric_name: input.metric_name,
            dimensions: input.dimensions,
            stat: input.stat,
            single: input.single_metric_anomaly_detector,
            math: input.metric_math_anomaly_detector,
        };
        let was_there = match input.anomaly_detector_id {
            Some(_) if !said.is_empty() => {
                let text =
                    "AnomalyDetectorId and parameters that name a metric exclude each other.";
                return Err(Fault::new(Kind::InvalidParameterCombination, text));
            }
            Some(id) => cx.watch().delete_detector(|it| it.id == id).await?,
            None => {
                let of = said.of(cx.account())?;
                cx.watch().delete_detector(|it| it.of == of).await?
            }
        };
        if !was_there {
            let text = "The anomaly detector does not exist.";
            return Err(Fault::not_found(text));
        }
        Ok(DeleteAnomalyDetectorOutput {})
    }
}
