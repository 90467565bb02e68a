//! OTLP metrics in: what an export measures, as values of metrics with dimensions.
//!
//! A metric's namespace is its service (`service.namespace/service.name`), its dimensions are the attributes of its data
//! points. Counters that go on counting are told as what they grew by, histograms as values that lie in their buckets and
//! have their sum.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/>; the namespace is that of the collector's
//! exporter to `CloudWatch`,
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsemfexporter>.

mod binary;
mod json;
mod series;
mod spread;

use std::ops::RangeInclusive;

use corelog_types::Timestamp;
use serde_json::Value;

use crate::attributes::Attributes;
use crate::call::cut;
use crate::id::digest;
use crate::intake::{AHEAD_MS, OLD_MS};
use crate::request::{Encoding, Malformed, Origin};

pub use series::{Advance, Series};

/// Data points of one request that are taken.
const POINTS_MAX: usize = 20_000;
/// Buckets of one data point that are taken; SDKs have 160 at the most, and as many for negative values.
const BUCKETS_MAX: usize = 512;
/// `CloudWatch` has no more dimensions of a metric, and no longer names and values.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>
const DIMENSIONS_MAX: usize = 30;
const DIMENSION_CHARS_MAX: usize = 1_024;
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const NAME_BYTES_MAX: usize = 255;
/// Names of scopes and units are told apart by so much of them.
const TOLD_BYTES_MAX: usize = 256;
/// The namespace of a service without a name.
const NAMELESS: &str = "default";

/// A metric's values at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The service.
    pub namespace: String,
    /// The metric.
    pub name: String,
    /// A unit of `CloudWatch`'s.
    pub unit: &'static str,
    /// Names and values, each name once.
    pub dimensions: Vec<(String, String)>,
    /// When.
    pub time: Timestamp,
    /// Values, and how many there are of each.
    pub values: Vec<(f64, f64)>,
}

/// An export of metrics that was read.
#[derive(Debug, Default, PartialEq)]
pub struct MetricsExport {
    points: Vec<Point>,
    /// Data points that are refused.
    pub refused: u64,
    /// Why one of them is.
    pub why: Option<&'static str>,
}

/// What tells a series from others.
type Key = [u8; 16];

/// A data point.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    series: Key,
    namespace: String,
    name: String,
    unit: &'static str,
    dimensions: Vec<(String, String)>,
    start_ns: u64,
    time_ns: u64,
    data: Data,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
enum Data {
    /// A value as it is.
    Level(f64),
    /// What was added since the last, or since the start.
    Sum { value: f64, is_delta: bool },
    /// Buckets by their upper bounds, the last without; since the last, or since the start.
    Histogram { held: Histogram, is_delta: bool },
    /// Buckets by powers, since the last.
    Exponential(Exponential),
}

/// A histogram with bounds.
#[derive(Debug, Clone, Default, PartialEq)]
struct Histogram {
    count: u64,
    sum: Option<f64>,
    counts: Vec<u64>,
    bounds: Vec<f64>,
    least: Option<f64>,
    most: Option<f64>,
}

/// A histogram whose bounds are the powers of 2 to the 2 to the minus scale.
#[derive(Debug, Clone, Default, PartialEq)]
struct Exponential {
    count: u64,
    sum: Option<f64>,
    scale: i32,
    zero_count: u64,
    positive: Powers,
    negative: Powers,
    least: Option<f64>,
    most: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Powers {
    offset: i32,
    counts: Vec<u64>,
}

/// A metric as it is sent, its data points apart.
#[derive(Debug, Clone, Default)]
struct Head {
    name: String,
    unit: String,
}

/// A data point as it is sent.
#[derive(Debug, Default)]
struct Raw {
    attributes: Attributes,
    start_ns: u64,
    time_ns: u64,
    /// Whether it says that there is nothing to say.
    is_empty: bool,
}

/// What a metric's data points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temporality {
    Delta,
    Cumulative,
    Unknown,
}

impl Temporality {
    fn of(number: u64) -> Self {
        match number {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unknown,
        }
    }
}

impl MetricsExport {
    /// Reads an `ExportMetricsServiceRequest`.
    ///
    /// # Errors
    /// [`Malformed`]; nothing of it is taken then.
    pub fn read(body: &[u8], encoding: Encoding, now: Timestamp) -> Result<Self, Malformed> {
        let now_ms = now.unix_ms();
        let mut taking = Taking {
            times: now_ms.saturating_sub(OLD_MS)..=now_ms.saturating_add(AHEAD_MS),
            export: Self::default(),
        };
        let read = match encoding {
            Encoding::Protobuf => binary::read(body, &mut taking).map_err(drop),
            Encoding::Json => json::read(body, &mut taking).map_err(drop),
        };
        read.map_err(|()| Malformed(encoding))?;
        Ok(taking.export)
    }
}

/// Takes data points as they are read.
struct Taking {
    /// When one that is taken may have been, in milliseconds.
    times: RangeInclusive<u64>,
    export: MetricsExport,
}

impl Taking {
    fn refuse(&mut self, why: &'static str) {
        self.export.refused += 1;
        self.export.why = Some(why);
    }

    fn sum(&mut self, of: (&Origin, &Head), raw: &Raw, value: f64, how: (Temporality, bool)) {
        let data = match how {
            (Temporality::Unknown, _) => {
                return self.refuse("a sum that is neither a delta nor cumulative");
            }
            // What goes up and down is a level.
            (Temporality::Cumulative, false) => Data::Level(value),
            (temporality, _) => Data::Sum {
                value,
                is_delta: temporality == Temporality::Delta,
            },
        };
        self.take(of, raw, data);
    }

    fn histogram(&mut self, of: (&Origin, &Head), raw: &Raw, held: Histogram, how: Temporality) {
        let fits = held.counts.len() == held.bounds.len() + 1
            || held.counts.is_empty() && held.bounds.is_empty();
        if how == Temporality::Unknown {
            self.refuse("a histogram that is neither a delta nor cumulative");
        } else if held.counts.len() > BUCKETS_MAX {
            self.refuse("a histogram of more than 512 buckets");
        } else if !fits || !held.bounds.is_sorted() {
            self.refuse("a histogram whose buckets and bounds do not fit");
        } else {
            let is_delta = how == Temporality::Delta;
            self.take(of, raw, Data::Histogram { held, is_delta });
        }
    }

    fn exponential(
        &mut self,
        of: (&Origin, &Head),
        raw: &Raw,
        held: Exponential,
        how: Temporality,
    ) {
        let buckets = held.positive.counts.len() + held.negative.counts.len();
        if how != Temporality::Delta {
            self.refuse(
                "an exponential histogram that is not a delta: set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta",
            );
        } else if buckets > BUCKETS_MAX {
            self.refuse("a histogram of more than 512 buckets");
        } else {
            self.take(of, raw, Data::Exponential(held));
        }
    }

    fn take(&mut self, (origin, head): (&Origin, &Head), raw: &Raw, data: Data) {
        if raw.is_empty {
            return;
        }
        if self.export.points.len() == POINTS_MAX {
            return self.refuse("more than 20,000 data points in one request");
        }
        if !self.times.contains(&(raw.time_ns / 1_000_000)) {
            return self
                .refuse("a data point of more than 14 days ago, or more than 2 hours ahead");
        }
        // Each data point has the names, of which there are thousands.
        if head.name.is_empty() || head.name.len() > NAME_BYTES_MAX {
            return self.refuse("a metric without a name, or with one over 255 bytes");
        }
        let Some(namespace) = namespace(origin) else {
            return self.refuse("a service with a name over 255 bytes");
        };
        let Some(dimensions) = dimensions(&raw.attributes) else {
            return self.refuse(
                "a data point of more than 30 attributes, or of one over 1,024 characters",
            );
        };
        self.export.points.push(Point {
            series: series_of(origin, head, &dimensions, raw.start_ns, &data),
            namespace,
            name: head.name.clone(),
            unit: unit(&head.unit),
            dimensions,
            start_ns: raw.start_ns,
            time_ns: raw.time_ns,
            data,
        });
    }
}

/// What tells a series from others. Of what goes on counting, another start is another series: two processes of one service
/// may have the same names.
fn series_of(
    origin: &Origin,
    head: &Head,
    dimensions: &[(String, String)],
    start_ns: u64,
    data: &Data,
) -> Key {
    let start_ns = if data.goes_on() { start_ns } else { 0 };
    let mut pieces: Vec<&[u8]> = Vec::with_capacity(2 * dimensions.len() + 5);
    let (resource, start) = (origin.resource_digest(), start_ns.to_be_bytes());
    pieces.extend([resource.as_slice(), start.as_slice()]);
    for text in [&origin.scope, &head.unit] {
        pieces.push(cut(text, TOLD_BYTES_MAX).as_bytes());
    }
    pieces.push(head.name.as_bytes());
    for (key, value) in dimensions {
        pieces.extend([key.as_bytes(), value.as_bytes()]);
    }
    digest("series", &pieces)
}

impl Data {
    /// Whether it says what was counted since the start.
    fn goes_on(&self) -> bool {
        matches!(
            self,
            Self::Sum {
                is_delta: false,
                ..
            } | Self::Histogram {
                is_delta: false,
                ..
            }
        )
    }
}

/// The service, by which metrics of one name are told apart; `None` where its name is too long for one.
fn namespace(origin: &Origin) -> Option<String> {
    let said = |key| origin.resource.text(key);
    let (of, name) = (said("service.namespace"), said("service.name"));
    let bytes = of.map_or(0, |it| it.len() + 1) + name.map_or(0, str::len);
    if bytes > NAME_BYTES_MAX {
        return None;
    }
    Some(match (of, name) {
        (Some(of), Some(name)) => format!("{of}/{name}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => NAMELESS.to_owned(),
    })
}

/// The attributes as texts, by their names; `None` where a metric cannot have them.
fn dimensions(attributes: &Attributes) -> Option<Vec<(String, String)>> {
    let mut dimensions: Vec<(String, String)> = attributes
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (key.to_owned(), value)
        })
        // A dimension has a value.
        .filter(|(key, value)| !key.is_empty() && !value.is_empty() && value != "null")
        .collect();
    dimensions.sort();
    let is_short = |text: &String| text.chars().count() <= DIMENSION_CHARS_MAX;
    let fits = dimensions.len() <= DIMENSIONS_MAX
        && dimensions
            .iter()
            .all(|(key, value)| is_short(key) && is_short(value));
    fits.then_some(dimensions)
}

/// `CloudWatch`'s name for a unit of UCUM; `None` for any that it has no name for.
fn unit(ucum: &str) -> &'static str {
    match ucum {
        "s" => "Seconds",
        "ms" => "Milliseconds",
        "us" => "Microseconds",
        "By" => "Bytes",
        "kBy" => "Kilobytes",
        "MBy" => "Megabytes",
        "GBy" => "Gigabytes",
        "TBy" => "Terabytes",
        "bit" => "Bits",
        "By/s" => "Bytes/Second",
        "bit/s" => "Bits/Second",
        "%" => "Percent",
        // An annotation says what is counted.
        counted if counted.starts_with('{') && counted.ends_with('}') => "Count",
        _ => "None",
    }
}

#[cfg(test)]
mod tests;
