//! What was counted of records since the process began, for scrapes.
//!
//! `CloudWatch` asks for points through time; Prometheus asks for totals, and does the rest itself. The same deltas
//! make both. Series are those of providers with models, error codes, callers and tags, each kind as bounded as in the
//! [`crate::Tally`]; users and sessions come and go, and are left to `CloudWatch`'s side. What the tally forgets to make
//! room, such as the callers of a former day, is let go here too: to a scrape, its counters end.

mod text;

use std::collections::HashMap;
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::measure::{BEDROCK, CORELOG};
use crate::{Bucket, Deltas, Metric, Unit};

/// As many are kept, whenever they were last seen.
const ROOM: usize = 20_000;
const HOUR_MS: u64 = 3_600_000;
const FORGOTTEN_AFTER_HOURS: u64 = 24;

/// Totals of one process.
#[derive(Debug)]
pub struct Totals {
    series: HashMap<Arc<Metric>, Series>,
    room: usize,
    /// When it was last looked for what may be let go.
    swept_hour: u64,
}

/// One of them.
#[derive(Debug)]
struct Series {
    total: Total,
    /// When it was last added to.
    hour: u64,
}

/// What all values of a metric come to.
#[derive(Debug)]
enum Total {
    /// How much was counted.
    Sum(f64),
    /// How long things took, as they are distributed.
    Distribution(Unit, Box<Bucket>),
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            series: HashMap::new(),
            room: ROOM,
            swept_hour: 0,
        }
    }
}

impl Totals {
    /// Adds what was counted, as of `now`. Of metrics that scrapes do not show, nothing is kept.
    pub fn add(&mut self, deltas: &Deltas, now: Timestamp) {
        let hour = now.unix_ms() / HOUR_MS;
        for (place, bucket) in &deltas.buckets {
            if !is_shown(&place.metric) {
                continue;
            }
            let series = self.series.entry(Arc::clone(&place.metric));
            let series = series.or_insert_with(|| Series {
                total: match place.unit {
                    Unit::Milliseconds | Unit::CountPerSecond => {
                        Total::Distribution(place.unit, Box::default())
                    }
                    _ => Total::Sum(0.0),
                },
                hour,
            });
            series.hour = hour;
            match &mut series.total {
                Total::Sum(sum) => *sum += bucket.sum(),
                Total::Distribution(_, joined) => joined.merge(bucket),
            }
        }
        if self.series.len() > self.room && self.swept_hour != hour {
            self.swept_hour = hour;
            self.make_room(hour);
        }
    }

    /// Lets go what was not added to for a day.
    fn make_room(&mut self, hour: u64) {
        let is_old = |series: &mut Series| series.hour + FORGOTTEN_AFTER_HOURS <= hour;
        let old = self.series.extract_if(|_, series| is_old(series));
        let old: Vec<(Arc<Metric>, Series)> = old.collect();
        for (metric, series) in old {
            // What a provider counts in no model of its own is told by the difference.
            if let ([model, provider], Total::Sum(sum)) = (metric.dimensions(), series.total)
                && model.name == "ModelId"
                && provider.name == "Provider"
            {
                let provider = vec![provider.clone()];
                let of = Metric::sorted(metric.namespace(), metric.name(), provider);
                if let Some(Series { total, .. }) = self.series.get_mut(&of)
                    && let Total::Sum(all) = total
                {
                    *all = text::beyond(*all, sum);
                }
            }
        }
    }

    /// The totals as families of the `OpenMetrics` text format, in the order of their names; without the line that ends
    /// an exposition.
    ///
    /// Source: <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>
    pub fn to_text(&self) -> String {
        text::write(&self.series)
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
