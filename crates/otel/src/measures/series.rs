//! What series have come to: counters that go on counting are told as what they grew by since the last data point.
//!
//! Of the first data point of a series, nothing is known to have been told before; but a part of it may have been, to the
//! process that was here before this one. So it counts whole if the series began after this process did, else it is what
//! the next is compared with. Where a series begins anew (its start is another, or it fell), what it has come to is what it
//! grew by.
//!
//! A data point that is not after the last of its series was told already: exports are sent again.

use std::collections::HashMap;

use corelog_types::Timestamp;

use super::spread::{of_bounds, of_powers};
use super::{Data, Histogram, Key, MetricsExport, Point, Sample};

/// Series that are remembered.
const SERIES_MAX: usize = 65_536;
/// One that said nothing for so long is forgotten.
const SILENT_NS: u64 = 6 * 3_600 * 1_000_000_000;
/// What `CloudWatch` takes for a value, either way: 2^360.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>
const VALUE_MAX: f64 = f64::from_bits((1_023 + 360) << 52);

/// The series that exports have told of.
#[derive(Debug)]
pub struct Series {
    since_ns: u64,
    known: HashMap<Key, Last>,
}

/// The last data point of a series.
#[derive(Debug, Clone)]
struct Last {
    start_ns: u64,
    time_ns: u64,
    total: Total,
}

/// What a series had come to.
#[derive(Debug, Clone)]
enum Total {
    /// It does not go on counting.
    None,
    Sum(f64),
    Histogram(Histogram),
}

/// What an export says beyond what was known.
#[derive(Debug)]
pub struct Advance {
    /// Values to be added.
    pub samples: Vec<Sample>,
    /// Data points that could not be told because there are too many series.
    pub left_out: u64,
    last: HashMap<Key, Last>,
}

impl Series {
    /// None yet, for a process that began then.
    pub fn since(began: Timestamp) -> Self {
        Self {
            since_ns: began.unix_ms().saturating_mul(1_000_000),
            known: HashMap::new(),
        }
    }

    /// What an export says. It is known from [`commit`](Self::commit) on.
    pub fn advance(&self, export: MetricsExport) -> Advance {
        let mut advance = Advance {
            samples: Vec::new(),
            left_out: 0,
            last: HashMap::new(),
        };
        for point in export.points {
            let last = advance.last.get(&point.series);
            let last = last.or_else(|| self.known.get(&point.series));
            if last.is_none() && self.known.len() + advance.last.len() >= SERIES_MAX {
                advance.left_out += 1;
                continue;
            }
            if last.is_some_and(|last| point.time_ns <= last.time_ns) {
                continue;
            }
            let values = values(&point, last, self.since_ns);
            let last = Last {
                start_ns: point.start_ns,
                time_ns: point.time_ns,
                total: total(&point.data),
            };
            advance.last.insert(point.series, last);
            let values: Vec<(f64, f64)> = values
                .into_iter()
                .filter(|(value, count)| value.abs() <= VALUE_MAX && *count > 0.0)
                .collect();
            if !values.is_empty() {
                advance.samples.push(sample(point, values));
            }
        }
        advance
    }

    /// Remembers what was told, once it is kept.
    pub fn commit(&mut self, advance: Advance, now: Timestamp) {
        self.known.extend(advance.last);
        if self.known.len() * 2 > SERIES_MAX {
            let now_ns = now.unix_ms().saturating_mul(1_000_000);
            self.known
                .retain(|_, last| now_ns.saturating_sub(last.time_ns) < SILENT_NS);
        }
    }
}

fn sample(point: Point, values: Vec<(f64, f64)>) -> Sample {
    Sample {
        namespace: point.namespace,
        name: point.name,
        unit: point.unit,
        dimensions: point.dimensions,
        time: Timestamp::from_unix_ms(point.time_ns / 1_000_000),
        values,
    }
}

fn total(data: &Data) -> Total {
    match data {
        Data::Sum {
            value,
            is_delta: false,
        } => Total::Sum(*value),
        Data::Histogram {
            held,
            is_delta: false,
        } => Total::Histogram(held.clone()),
        _ => Total::None,
    }
}

/// The values that a data point adds.
fn values(point: &Point, last: Option<&Last>, since_ns: u64) -> Vec<(f64, f64)> {
    // Of one series: another start is another beginning. Some say none.
    let before = last.filter(|last| last.start_ns == point.start_ns);
    let is_whole = match last {
        Some(_) => true,
        None => point.start_ns >= since_ns,
    };
    match &point.data {
        Data::Level(value)
        | Data::Sum {
            value,
            is_delta: true,
        } => vec![(*value, 1.0)],
        Data::Sum { value, .. } => match before.map(|last| &last.total) {
            Some(Total::Sum(before)) if value >= before => vec![(value - before, 1.0)],
            _ if is_whole => vec![(*value, 1.0)],
            _ => Vec::new(),
        },
        Data::Histogram {
            held,
            is_delta: true,
        } => of_bounds(held),
        Data::Histogram { held, .. } => match before.map(|last| &last.total) {
            Some(Total::Histogram(before)) => match growth(held, before) {
                Some(grown) => of_bounds(&grown),
                None => of_bounds(held),
            },
            _ if is_whole => of_bounds(held),
            _ => Vec::new(),
        },
        Data::Exponential(held) => of_powers(held),
    }
}

/// What a histogram grew by; `None` where it began anew. Least and greatest are of all of it, and say nothing of a part.
fn growth(held: &Histogram, before: &Histogram) -> Option<Histogram> {
    if held.bounds != before.bounds || held.counts.len() != before.counts.len() {
        return None;
    }
    let counts: Option<Vec<u64>> = held
        .counts
        .iter()
        .zip(&before.counts)
        .map(|(now, before)| now.checked_sub(*before))
        .collect();
    Some(Histogram {
        count: held.count.checked_sub(before.count)?,
        sum: held.sum.zip(before.sum).map(|(now, before)| now - before),
        counts: counts?,
        bounds: held.bounds.clone(),
        least: None,
        most: None,
    })
}
