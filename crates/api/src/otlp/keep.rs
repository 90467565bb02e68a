//! What an export holds, into the spool.

use corelog_catalog::{Error as CatalogError, LogGroup, LogStream};
use corelog_otel::{Record, Step, Taken};
use corelog_record::events::EventBatch;
use corelog_spool::{Appended, Entry, Error as SpoolError, Spool};
use corelog_telemetry::Chain;
use corelog_types::{LogGroupName, LogStreamName, Timestamp};

use super::Refusal;
use crate::Api;
use crate::keep::events;

/// The log group and stream of steps around calls.
const STEPS_GROUP: &str = "/corelog/otel/steps";
const STEPS_STREAM: &str = "steps";
/// Bytes of one batch of steps, about: as large as `PutLogEvents` takes.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Keeps what an export holds, and says what was refused. Returns once all is durable.
pub(super) async fn all(api: &Api, mut taken: Taken, key: Option<&str>) -> Result<Taken, Refusal> {
    records(api, &mut taken, key).await?;
    steps(api, &taken, key).await?;
    Ok(taken)
}

/// Keeps the records as the capture policy has it.
async fn records(api: &Api, taken: &mut Taken, key: Option<&str>) -> Result<(), Refusal> {
    let mut last = None;
    for mut record in std::mem::take(&mut taken.records) {
        let extension = record.document.corelog.as_deref();
        let provider = extension.map(|it| it.provider.clone()).unwrap_or_default();
        let model = record.document.model_id.as_deref();
        let policy = api.keeps().keeps(&provider, model, key);
        if !policy.record {
            continue;
        }
        record.keep_only(policy.input, policy.output);
        let cost = api.keeps().cost(&record.document, record.time);
        if let Some(extension) = &mut record.document.corelog {
            extension.cost = cost;
        }
        match append(api.spool(), &record, api.clock().now()) {
            Ok(appended) => last = Some(appended),
            Err(SpoolError::TooLarge { .. }) => {
                taken.refused += 1;
                taken.why = Some("a span with more content than a record may have");
            }
            Err(error) => return Err(unavailable(&error)),
        }
    }
    // The log is synced in its order: what is durable makes all before it so.
    if let Some(last) = last {
        let durable = api.spool().durable(last).await;
        durable.map_err(|error| unavailable(&error))?;
    }
    Ok(())
}

fn append(spool: &Spool, record: &Record, now: Timestamp) -> Result<Appended, SpoolError> {
    spool.admit()?;
    // A document of strings and numbers always has a JSON form.
    let pieces = record.pieces().unwrap_or_default();
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    spool.append(Entry {
        id: record.id,
        time: now,
        payload: &pieces,
        blobs: Vec::new(),
    })
}

/// Whether log events are steps, as they are kept here.
pub(super) fn are_steps(batch: &EventBatch<'_>) -> bool {
    batch.group == STEPS_GROUP && batch.stream == STEPS_STREAM
}

/// Keeps the steps as log events, where log events are kept.
async fn steps(api: &Api, taken: &Taken, key: Option<&str>) -> Result<(), Refusal> {
    if taken.steps.is_empty() || !api.events().are_kept() {
        return Ok(());
    }
    // A step has no provider: what holds for calls of all holds for it.
    let policy = api.keeps().keeps("", None, key);
    if !policy.record {
        return Ok(());
    }
    let now = api.clock().now();
    prepare(api, now)
        .await
        .map_err(|error| unavailable(&error))?;
    let content = policy.input && policy.output;
    let mut steps: Vec<&Step> = taken.steps.iter().collect();
    steps.sort_by_key(|step| step.time);
    let lines: Vec<(u64, String)> = steps
        .into_iter()
        .map(|step| (step.time.unix_ms(), step.line(content)))
        .collect();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|(_, line)| {
            bytes += line.len();
            bytes <= BATCH_BYTES_MAX
        });
        let (batch, behind) = rest.split_at(fitting.count().max(1));
        rest = behind;
        let batch = EventBatch {
            group: STEPS_GROUP,
            stream: STEPS_STREAM,
            events: batch
                .iter()
                .map(|(time, line)| (*time, line.as_str()))
                .collect(),
        };
        let kept = events(api.spool(), &batch, now).await;
        kept.map_err(|error| unavailable(&error))?;
    }
    Ok(())
}

/// Makes the log group of steps, unless it is there.
async fn prepare(api: &Api, now: Timestamp) -> Result<(), CatalogError> {
    let (Ok(group), Ok(stream)) = (
        LogGroupName::new(STEPS_GROUP),
        LogStreamName::new(STEPS_STREAM),
    ) else {
        return Ok(());
    };
    let there = |made: Result<(), CatalogError>| match made {
        Err(CatalogError::Exists) => Ok(()),
        made => made,
    };
    let catalog = api.catalog();
    there(
        catalog
            .create_group(&LogGroup::new(group.clone(), now))
            .await,
    )?;
    there(
        catalog
            .create_stream(&group, &LogStream::new(stream, now))
            .await,
    )
}

/// What is not kept is to be sent again.
fn unavailable(error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::warn!(error = %Chain(error), "an OTLP export could not be kept");
    Refusal::Unavailable("the export cannot be kept now".to_owned())
}
