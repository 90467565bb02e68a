//! What was counted of records since the process began, for scrapes.
//!
//! `CloudWatch` asks for points through time; Prometheus asks for totals, and does the rest itself. The same deltas
//! make both. Series are those of providers with models, error codes, callers and tags, each kind as bounded as in the
//! [`crate::Tally`]; users and sessions come and go, and are left to `CloudWatch`'s side.

mod text;

use std::collections::HashMap;
use std::sync::Arc;

use crate::measure::{BEDROCK, CORELOG};
use crate::{Bucket, Deltas, Metric, Unit};

/// Totals of one process.
#[derive(Debug, Default)]
pub struct Totals(HashMap<Arc<Metric>, Total>);

/// What all values of a metric come to.
#[derive(Debug)]
enum Total {
    /// How much was counted.
    Sum(f64),
    /// How long things took, as they are distributed.
    Distribution(Unit, Box<Bucket>),
}

impl Totals {
    /// Adds what was counted. Of metrics that scrapes do not show, nothing is kept.
    pub fn add(&mut self, deltas: &Deltas) {
        for (place, bucket) in &deltas.buckets {
            if !is_shown(&place.metric) {
                continue;
            }
            let total = self.0.entry(Arc::clone(&place.metric));
            let total = total.or_insert_with(|| match place.unit {
                Unit::Milliseconds | Unit::CountPerSecond => {
                    Total::Distribution(place.unit, Box::default())
                }
                _ => Total::Sum(0.0),
            });
            match total {
                Total::Sum(sum) => *sum += bucket.sum(),
                Total::Distribution(_, joined) => joined.merge(bucket),
            }
        }
    }

    /// The totals as families of the `OpenMetrics` text format, in the order of their names; without the line that ends
    /// an exposition.
    ///
    /// Source: <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>
    pub fn to_text(&self) -> String {
        text::write(&self.0)
    }
}

/// Which metrics a scrape shows: those of our own namespace, and throttles, which it has no metric for.
fn is_shown(metric: &Metric) -> bool {
    let mut names = metric.dimensions().iter().map(|one| one.name.as_str());
    match metric.namespace() {
        CORELOG => names.len() > 0 && !names.any(|name| matches!(name, "User" | "Session")),
        BEDROCK => metric.name() == "InvocationThrottles",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
