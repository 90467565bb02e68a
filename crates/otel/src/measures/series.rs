//! What series have come to: counters that go on counting are told as what they grew by since the last data point.
//!
//! Of the first data point of a series, nothing is known to have been told before; but a part of it may have been, to the
//! process that was here before this one. So it counts whole if the series began after this process did, else it is what
//! the next is compared with. Another start is another series, so processes of one service do not get into each other's
//! way; one that falls without another start is taken to have begun anew.
//!
//! What was told already is not told again: of what goes on counting, a data point that is not after the last; of anything
//! else, one of the last few times.

use std::collections::HashMap;

use corelog_types::Timestamp;

use crate::id::digest;

use super::spread::{of_bounds, of_powers};
use super::{Data, Histogram, Key, MetricsExport, Point, Sample};

/// Series that are remembered.
const SERIES_MAX: usize = 65_536;
/// Buckets that are remembered of all together, of 8 bytes each.
const BUCKETS_MAX: usize = 4 << 20;
/// Times of one series that are remembered, where several processes may tell of it.
const TIMES_MAX: usize = 8;
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
    /// In what is known.
    buckets: usize,
}

/// What is known of a series.
#[derive(Debug, Clone)]
struct Last {
    time_ns: u64,
    total: Total,
}

/// What a series had come to.
#[derive(Debug, Clone)]
enum Total {
    /// It does not go on counting: the starts and times of the last, oldest first.
    Times(Vec<(u64, u64)>),
    Sum(f64),
    Histogram(Counted),
}

/// What a histogram had come to.
#[derive(Debug, Clone)]
struct Counted {
    count: u64,
    sum: Option<f64>,
    counts: Vec<u64>,
    /// Of its bounds, which thousands may have in common.
    bounds: [u8; 16],
}

impl Last {
    fn buckets(&self) -> usize {
        match &self.total {
            Total::Histogram(counted) => counted.counts.len(),
            Total::Times(_) | Total::Sum(_) => 0,
        }
    }

    /// Whether a data point was told.
    fn has(&self, point: &Point) -> bool {
        match &self.total {
            Total::Times(times) => times.contains(&(point.start_ns, point.time_ns)),
            Total::Sum(_) | Total::Histogram(_) => point.time_ns <= self.time_ns,
        }
    }
}

/// What an export says beyond what was known.
#[derive(Debug)]
pub struct Advance {
    /// Values to be added.
    pub samples: Vec<Sample>,
    /// Data points that could not be told because there are too many series.
    pub left_out: u64,
    /// Data points with values that are none.
    pub unusable: u64,
    last: HashMap<Key, Last>,
}

impl Series {
    /// None yet, for a process that began then.
    pub fn since(began: Timestamp) -> Self {
        Self {
            since_ns: began.unix_ms().saturating_mul(1_000_000),
            known: HashMap::new(),
            buckets: 0,
        }
    }

    /// What an export says. It is known from [`commit`](Self::commit) on.
    pub fn advance(&self, export: MetricsExport) -> Advance {
        let mut advance = Advance {
            samples: Vec::new(),
            left_out: 0,
            unusable: 0,
            last: HashMap::new(),
        };
        let (mut series, mut buckets) = (self.known.len(), self.buckets);
        for point in export.points {
            let last = advance.last.get(&point.series);
            let last = last.or_else(|| self.known.get(&point.series));
            if last.is_some_and(|last| last.has(&point)) {
                continue;
            }
            let next = next(&point, last);
            if last.is_none() {
                (series, buckets) = (series + 1, buckets + next.buckets());
                if series > SERIES_MAX || buckets > BUCKETS_MAX {
                    (series, buckets) = (series - 1, buckets - next.buckets());
                    advance.left_out += 1;
                    continue;
                }
            }
            let all = values(&point, last, self.since_ns);
            advance.last.insert(point.series, next);
            let is_value = |(value, count): &(f64, f64)| value.abs() <= VALUE_MAX && *count > 0.0;
            let values: Vec<(f64, f64)> = all.iter().copied().filter(is_value).collect();
            advance.unusable += u64::from(values.len() < all.len());
            if !values.is_empty() {
                advance.samples.push(sample(point, values));
            }
        }
        advance
    }

    /// Remembers what was told, once it is kept.
    pub fn commit(&mut self, advance: Advance, now: Timestamp) {
        for (key, last) in advance.last {
            self.buckets += last.buckets();
            if let Some(before) = self.known.insert(key, last) {
                self.buckets -= before.buckets();
            }
        }
        if self.known.len() * 2 > SERIES_MAX || self.buckets * 2 > BUCKETS_MAX {
            self.forget_silent(now.unix_ms().saturating_mul(1_000_000));
        }
    }

    fn forget_silent(&mut self, now_ns: u64) {
        let before = self.known.len();
        let speaks = |last: &Last| now_ns.saturating_sub(last.time_ns) < SILENT_NS;
        self.known.retain(|_, last| speaks(last));
        self.buckets = self.known.values().map(Last::buckets).sum();
        if self.known.len() < before {
            // One that speaks again is not known to have been told of nothing.
            self.since_ns = now_ns;
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

/// What is known of a series once a data point is told.
fn next(point: &Point, last: Option<&Last>) -> Last {
    let total = match &point.data {
        Data::Sum {
            value,
            is_delta: false,
        } => Total::Sum(*value),
        Data::Histogram {
            held,
            is_delta: false,
        } => Total::Histogram(counted(held)),
        _ => {
            let mut times = match last.map(|last| &last.total) {
                Some(Total::Times(times)) => times.clone(),
                _ => Vec::new(),
            };
            if times.len() == TIMES_MAX {
                times.remove(0);
            }
            times.push((point.start_ns, point.time_ns));
            Total::Times(times)
        }
    };
    Last {
        time_ns: point.time_ns,
        total,
    }
}

fn counted(held: &Histogram) -> Counted {
    let bounds: Vec<u8> = held.bounds.iter().flat_map(|it| it.to_le_bytes()).collect();
    Counted {
        count: held.count,
        sum: held.sum,
        counts: held.counts.clone(),
        bounds: digest("bounds", &[&bounds]),
    }
}

/// The values that a data point adds.
fn values(point: &Point, last: Option<&Last>, since_ns: u64) -> Vec<(f64, f64)> {
    let is_whole = last.is_some() || point.start_ns >= since_ns;
    let before = last.map(|last| &last.total);
    match &point.data {
        Data::Level(value)
        | Data::Sum {
            value,
            is_delta: true,
        } => vec![(*value, 1.0)],
        Data::Sum { value, .. } => match before {
            Some(Total::Sum(before)) if value >= before => vec![(value - before, 1.0)],
            _ if is_whole => vec![(*value, 1.0)],
            _ => Vec::new(),
        },
        Data::Histogram {
            held,
            is_delta: true,
        } => of_bounds(held),
        Data::Histogram { held, .. } => match before {
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
fn growth(held: &Histogram, before: &Counted) -> Option<Histogram> {
    let now = counted(held);
    if now.bounds != before.bounds || now.counts.len() != before.counts.len() {
        return None;
    }
    let pairs = now.counts.iter().zip(&before.counts);
    let counts: Option<Vec<u64>> = pairs
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
