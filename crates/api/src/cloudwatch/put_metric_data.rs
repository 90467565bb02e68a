//! `PutMetricData`.
//!
//! Decision: entities are checked and not kept, and their metrics are kept like all others. Unless strict validation is
//! asked for, data with an entity that is none are taken all the same, and a header says what is wrong with it.

use corelog_metrics::{Datum, Deltas, Error, Overflow, Refused, StatisticSet, admit};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{self, MetricDatum, PutMetricDataInput};
use corelog_wire::model::{Value, Violation};
use serde::Serialize;

use super::{entity, metric};
use crate::aws::{Context, Effect, Fault, Header, Kind, Operation};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const DATA_MAX: usize = 1_000;
/// Source: as above.
const ENTITIES_MAX: usize = 2;
/// Data that are looked at in a moment; each may have 150 values.
const AT_ONCE_MAX: usize = 20;

/// Source: `StrictEntityValidation` of the operation, as above.
const FAILURE: &str = "x-amzn-failure-message";

pub(crate) struct PutMetricData;

/// Data that were taken.
#[derive(Serialize)]
pub(crate) struct Taken {
    /// What is wrong with the first entity that is none.
    #[serde(skip)]
    failure: Option<&'static str>,
}

impl Operation for PutMetricData {
    const NAME: &'static str = "PutMetricData";
    const EFFECT: Effect = Effect::TakesIn;
    type Input = PutMetricDataInput;
    type Output = Taken;

    /// Of entities, unless their validation is strict.
    fn forgives(document: &Value, violation: &Violation) -> bool {
        let mut at = violation.at.split('.');
        document["StrictEntityValidation"] != true
            && at.next() == Some("entityMetricData")
            && at.nth(2) == Some("entity")
    }

    fn header(output: &Taken) -> Option<Header> {
        output.failure.map(|failure| (FAILURE, failure))
    }

    fn on(_input: &PutMetricDataInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(metric::ANY.to_owned())
    }

    async fn run(input: PutMetricDataInput, cx: &Context<'_>) -> Result<Taken, Fault> {
        let metrics = cx.metrics()?;
        let now = cx.now();
        let data = input.metric_data.as_ref().map_or(0, Vec::len);
        let (deltas, failure) = if data <= AT_ONCE_MAX && input.entity_metric_data.is_none() {
            admitted(input, now)?
        } else {
            // Threads that answer requests relay calls, too.
            let admitting = tokio::task::spawn_blocking(move || admitted(input, now));
            admitting.await.map_err(|error| Fault::internal(&error))??
        };
        let added = metrics.add(&deltas, None, Overflow::Refuse, now).await;
        added
            .map(|_| Taken { failure })
            .map_err(|error| match error {
                Error::Full { most } => {
                    let text =
                        format!("There are {most} metrics already, and no more can be kept.");
                    Fault::new(Kind::LimitExceeded, text)
                }
                other => Fault::from(other),
            })
    }
}

/// All of the data, or none, and what is wrong with their entities.
fn admitted(
    input: PutMetricDataInput,
    now: Timestamp,
) -> Result<(Deltas, Option<&'static str>), Fault> {
    let plain = input.metric_data.unwrap_or_default();
    let entities = input.entity_metric_data.unwrap_or_default();
    if plain.is_empty() && entities.is_empty() {
        // Decision: the service's words are not known; these are those of its other parameters.
        let text = "The parameter MetricData is required.";
        return Err(Fault::new(Kind::MissingParameter, text));
    }
    if entities.len() > ENTITIES_MAX {
        return Err(too_many("EntityMetricData", ENTITIES_MAX));
    }
    let of_entities = entities.iter().filter_map(|it| it.metric_data.as_ref());
    let count = plain.len() + of_entities.map(Vec::len).sum::<usize>();
    if count > DATA_MAX {
        return Err(too_many("MetricData", DATA_MAX));
    }
    let mut faults = entities.iter();
    let failure = faults.find_map(|it| entity::fault(it.entity.as_ref()));
    if let (Some(failure), Some(true)) = (failure, input.strict_entity_validation) {
        // Decision: the service's words are not known.
        let text = format!("The entity of EntityMetricData is not valid: {failure}.");
        return Err(Fault::new(Kind::Validation, text));
    }
    let namespace = input.namespace.as_str();
    let mut deltas = taken(namespace, "MetricData", plain, now)?;
    for (index, entity) in entities.into_iter().enumerate() {
        let collection = format!("EntityMetricData.member.{}.MetricData", index + 1);
        let data = entity.metric_data.unwrap_or_default();
        deltas.append(taken(namespace, &collection, data, now)?);
    }
    Ok((deltas, failure))
}

fn too_many(collection: &str, most: usize) -> Fault {
    let text = format!("The collection {collection} must not have a size greater than {most}.");
    Fault::invalid_parameter_value(text)
}

fn taken(
    namespace: &str,
    collection: &str,
    data: Vec<MetricDatum>,
    now: Timestamp,
) -> Result<Deltas, Fault> {
    let data: Vec<Datum> = data.into_iter().map(datum).collect();
    admit(namespace, collection, &data, now).map_err(fault)
}

fn datum(given: MetricDatum) -> Datum {
    let set = |set: shapes::StatisticSet| StatisticSet {
        sample_count: set.sample_count,
        sum: set.sum,
        minimum: set.minimum,
        maximum: set.maximum,
    };
    Datum {
        metric_name: given.metric_name,
        dimensions: metric::dimensions(given.dimensions),
        timestamp: given.timestamp.map(metric::time),
        value: given.value,
        statistic_values: given.statistic_values.map(set),
        values: given.values.unwrap_or_default(),
        counts: given.counts.unwrap_or_default(),
        unit: given.unit,
        storage_resolution: given.storage_resolution,
    }
}

fn fault(refused: Refused) -> Fault {
    let kind = match refused.fault {
        corelog_metrics::Fault::InvalidParameterValue => Kind::InvalidParameterValue,
        corelog_metrics::Fault::InvalidParameterCombination => Kind::InvalidParameterCombination,
        corelog_metrics::Fault::MissingParameter => Kind::MissingParameter,
    };
    Fault::new(kind, refused.message)
}
