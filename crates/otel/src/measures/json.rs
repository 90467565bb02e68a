//! Metrics in JSON, read as spans are.

use serde::Deserialize;
use serde_json::Value;

use super::binary::whole;
use super::{Exponential, Head, Histogram, Powers, Raw, Taking, Temporality};
use crate::request::Origin;
use crate::request::json::{KeyValue, List, attributes, each_item, has_few_values, number};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricForm {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    gauge: Option<DataForm>,
    #[serde(default)]
    sum: Option<DataForm>,
    #[serde(default)]
    histogram: Option<DataForm>,
    #[serde(default, alias = "exponential_histogram")]
    exponential_histogram: Option<DataForm>,
    #[serde(default)]
    summary: Option<DataForm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataForm {
    #[serde(default, alias = "data_points")]
    data_points: List<PointForm>,
    #[serde(default, alias = "aggregation_temporality")]
    aggregation_temporality: Value,
    #[serde(default, alias = "is_monotonic")]
    is_monotonic: Option<bool>,
}

/// A data point of any kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PointForm {
    #[serde(default)]
    attributes: List<KeyValue>,
    #[serde(default, alias = "start_time_unix_nano")]
    start_time_unix_nano: Value,
    #[serde(default, alias = "time_unix_nano")]
    time_unix_nano: Value,
    #[serde(default)]
    flags: Value,
    #[serde(default, alias = "as_double")]
    as_double: Value,
    #[serde(default, alias = "as_int")]
    as_int: Value,
    #[serde(default)]
    count: Value,
    #[serde(default)]
    sum: Value,
    #[serde(default, alias = "bucket_counts")]
    bucket_counts: List<Value>,
    #[serde(default, alias = "explicit_bounds")]
    explicit_bounds: List<Value>,
    #[serde(default)]
    min: Value,
    #[serde(default)]
    max: Value,
    #[serde(default)]
    scale: Value,
    #[serde(default, alias = "zero_count")]
    zero_count: Value,
    #[serde(default)]
    positive: Option<PowersForm>,
    #[serde(default)]
    negative: Option<PowersForm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PowersForm {
    #[serde(default)]
    offset: Value,
    #[serde(default, alias = "bucket_counts")]
    bucket_counts: List<Value>,
}

pub(super) fn read(body: &[u8], taking: &mut Taking) -> Result<(), serde_json::Error> {
    each_item(body, &mut |origin, item| {
        if !has_few_values(item) {
            taking.refuse("more values than a metric may have");
            return Ok(());
        }
        metric(serde_json::from_str(item)?, origin, taking);
        Ok(())
    })
}

fn metric(form: MetricForm, origin: &Origin, taking: &mut Taking) {
    let head = Head {
        name: form.name.unwrap_or_default(),
        unit: form.unit.unwrap_or_default(),
    };
    let of = (origin, &head);
    for point in points(form.gauge).1 {
        let value = point.value();
        taking.sum(of, &point.raw(), value, (Temporality::Cumulative, false));
    }
    let (how, sums) = points(form.sum);
    for point in sums {
        let value = point.value();
        taking.sum(of, &point.raw(), value, how);
    }
    let ((how, _), histograms) = points(form.histogram);
    for mut point in histograms {
        let found = point.histogram();
        taking.histogram(of, &point.raw(), found, how);
    }
    let ((how, _), histograms) = points(form.exponential_histogram);
    for mut point in histograms {
        let found = point.exponential();
        taking.exponential(of, &point.raw(), found, how);
    }
    for _ in points(form.summary).1 {
        taking.refuse("a summary, which has no values");
    }
}

/// Whether they are deltas, whether they only grow, and the data points.
fn points(form: Option<DataForm>) -> ((Temporality, bool), Vec<PointForm>) {
    let Some(form) = form else {
        return ((Temporality::Unknown, false), Vec::new());
    };
    let temporality = match form.aggregation_temporality.as_str() {
        Some("AGGREGATION_TEMPORALITY_DELTA") => Temporality::Delta,
        Some("AGGREGATION_TEMPORALITY_CUMULATIVE") => Temporality::Cumulative,
        _ => Temporality::of(number(&form.aggregation_temporality)),
    };
    let is_monotonic = form.is_monotonic.unwrap_or_default();
    ((temporality, is_monotonic), form.data_points.0)
}

impl PointForm {
    fn raw(self) -> Raw {
        Raw {
            attributes: attributes(self.attributes),
            start_ns: number(&self.start_time_unix_nano),
            time_ns: number(&self.time_unix_nano),
            is_empty: number(&self.flags) & 1 == 1,
        }
    }

    fn value(&self) -> f64 {
        match integer(&self.as_int) {
            Some(number) => whole(number),
            None => double(&self.as_double).unwrap_or_default(),
        }
    }

    fn histogram(&mut self) -> Histogram {
        let bounds = std::mem::take(&mut self.explicit_bounds).0;
        Histogram {
            count: number(&self.count),
            sum: double(&self.sum),
            counts: counts(&self.bucket_counts),
            bounds: bounds
                .iter()
                .map(|it| double(it).unwrap_or(f64::NAN))
                .collect(),
            least: double(&self.min),
            most: double(&self.max),
        }
    }

    fn exponential(&mut self) -> Exponential {
        let powers = |form: Option<PowersForm>| {
            form.map(|form| Powers {
                offset: small(&form.offset),
                counts: counts(&form.bucket_counts),
            })
        };
        Exponential {
            count: number(&self.count),
            sum: double(&self.sum),
            scale: small(&self.scale),
            zero_count: number(&self.zero_count),
            positive: powers(self.positive.take()).unwrap_or_default(),
            negative: powers(self.negative.take()).unwrap_or_default(),
            least: double(&self.min),
            most: double(&self.max),
        }
    }
}

fn counts(list: &List<Value>) -> Vec<u64> {
    list.0.iter().map(number).collect()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    }
}

fn small(value: &Value) -> i32 {
    integer(value)
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or_default()
}

/// A number, or the text that stands for one.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}
