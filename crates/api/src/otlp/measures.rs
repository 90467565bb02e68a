//! Exports of metrics, added to the metrics that are kept.

use std::sync::Arc;

use corelog_metrics::{Bucket, Deltas, Dimension, Metric, Overflow, Resolution, Tally};
use corelog_otel::{Advance, MetricsExport, Sample, reply};
use corelog_telemetry::Chain;
use corelog_types::Timestamp;

use super::{Parcel, Refusal, apart, inflated};
use crate::Api;

/// What an export comes to.
struct Made {
    advance: Advance,
    deltas: Deltas,
    refused: u64,
    why: Option<&'static str>,
}

/// Takes an export; returns the answer's body once its values are kept. They are kept, and known to be, even if nobody waits
/// for it any more: what is sent again counts once.
pub(super) async fn export(api: &Api, parcel: Parcel) -> Result<Vec<u8>, Refusal> {
    let metrics = api.metrics().cloned().ok_or(Refusal::NoMetrics)?;
    let (signal, encoding) = (parcel.signal, parcel.encoding);
    let now = api.clock().now();
    let export = apart(move || read(&parcel, now)).await??;
    // One after the other: what a counter grew by is asked of what it had come to.
    let series = Arc::clone(&api.otlp().series).lock_owned().await;
    let make = move || {
        let (refused, why) = (export.refused, export.why);
        let made = made(series.advance(export), refused, why);
        (series, made)
    };
    let (mut series, grown) = apart(make).await?;
    let keeping = async move {
        let adding = metrics.add(&grown.deltas, None, Overflow::LeaveOut, now);
        let added = adding.await.map_err(|error| {
            tracing::warn!(error = %Chain(&error), "an OTLP export of metrics could not be kept");
            Refusal::Unavailable("the metrics cannot be kept now".to_owned())
        })?;
        series.commit(grown.advance, now);
        Ok((grown.refused, grown.why, added.left_out))
    };
    let kept = api.otlp().tasks.spawn("otlp metrics", keeping).await;
    let kept = kept.map_err(|error| Refusal::Unavailable(error.to_string()))?;
    let (mut refused, mut why, left_out) = kept?;
    if left_out > 0 {
        refused += left_out;
        why = Some("there are as many metrics as `metrics.metrics_max` lets be");
    }
    Ok(reply(signal, encoding, refused, why))
}

fn read(parcel: &Parcel, now: Timestamp) -> Result<MetricsExport, Refusal> {
    let body = inflated(parcel)?;
    let export = MetricsExport::read(&body, parcel.encoding, now);
    export.map_err(|error| Refusal::Malformed(error.to_string()))
}

fn made(mut advance: Advance, refused: u64, why: Option<&'static str>) -> Made {
    let (mut refused, mut why) = (refused + advance.left_out + advance.unusable, why);
    if advance.left_out > 0 {
        why = Some("a series beside as many others as are told apart");
    }
    if advance.unusable > 0 {
        why = Some("a value that is no number, or beyond 2^360");
    }
    let mut deltas = Deltas::default();
    for sample in std::mem::take(&mut advance.samples) {
        if add(sample, &mut deltas).is_none() {
            refused += 1;
            why = Some("a metric that CloudWatch could not have, by its names");
        }
    }
    Made {
        advance,
        deltas,
        refused,
        why,
    }
}

/// Adds a sample, if there may be a metric of its names. What is counted of records is nobody else's.
fn add(sample: Sample, deltas: &mut Deltas) -> Option<()> {
    if Tally::NAMESPACES.contains(&sample.namespace.as_str()) {
        return None;
    }
    let dimension = |(name, value)| Dimension { name, value };
    let dimensions = sample.dimensions.into_iter().map(dimension).collect();
    let metric = Metric::new(&sample.namespace, &sample.name, dimensions).ok()?;
    let mut bucket = Bucket::default();
    for (value, count) in sample.values {
        bucket.add(value, count);
    }
    let unit = sample.unit.parse().unwrap_or_default();
    deltas.push(
        Arc::new(metric),
        unit,
        Resolution::Standard,
        sample.time,
        bucket,
    );
    Some(())
}
