//! Metrics that are embedded in log events: the embedded metric format.
//!
//! An event that is a JSON object and has `_aws.CloudWatchMetrics` says which of its members are values of metrics, and
//! which are dimensions. What is wrong in one is counted, once for each fault, in the metrics `EMFParsingErrors` and
//! `EMFValidationErrors` of `AWS/Logs`, by log group; what else it says is counted all the same.
//!
//! Decision: the format says what is right, not how much of an event counts of which something is wrong. Here a fault
//! takes with it what it is in (a value, a set of dimensions, a directive, or the event, where its time is wrong) and
//! nothing else. An event counts in 1,000 metrics at most, and those of one batch 100,000 times: what could be asked of
//! a megabyte would otherwise be work for minutes.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::HashMap;
use std::sync::Arc;

use corelog_types::Timestamp;
use serde_json::{Map, Value};

use crate::datum::{FUTURE_MS, PAST_MS, VALUE_MAX};
use crate::deltas::Place;
use crate::metric::{is_dimension_name, is_dimension_value};
use crate::{Bucket, Deltas, Dimension, Metric, Resolution, Unit};

/// Metrics of a directive.
const METRICS_MAX: usize = 100;
/// Values of one metric in an event.
const VALUES_MAX: usize = 100;
/// Metrics of an event, each set of dimensions making one of its own.
const SERIES_MAX: usize = 1_000;
/// Those of the events of a batch together, each time that they are counted.
const BATCH_SERIES_MAX: usize = 100_000;
/// Of this namespace are the metrics of `CloudWatch` Logs itself.
const LOGS: &str = "AWS/Logs";

/// What log events have embedded, until it is taken. Events mostly count in the same metrics, minute by minute.
#[derive(Debug, Default)]
pub struct Embedded {
    buckets: HashMap<Place, Bucket>,
    /// How often metrics were counted of this batch.
    series: usize,
}

impl Embedded {
    /// Begins with the events of another batch.
    pub fn begin_batch(&mut self) {
        self.series = 0;
    }

    /// Counts what a log event of a group has embedded, if it has anything.
    pub fn count(&mut self, group: &str, message: &str, ingested: Timestamp) {
        // Most events have nothing, and are not read for it.
        if !message.trim_ascii_start().starts_with('{')
            || !message.contains("\"_aws\"")
            || !message.contains("\"CloudWatchMetrics\"")
        {
            return;
        }
        let Ok(root) = serde_json::from_str::<Map<String, Value>>(message) else {
            self.count_errors("EMFParsingErrors", 1, group, ingested);
            return;
        };
        let mut reading = Reading {
            ingested,
            series: 0,
            faults: 0,
            embedded: self,
        };
        reading.event(&root);
        let faults = reading.faults;
        self.count_errors("EMFValidationErrors", faults, group, ingested);
    }

    /// How many buckets were counted and not taken.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Adds to deltas what was counted.
    pub fn take(&mut self, deltas: &mut Deltas) {
        deltas.buckets.extend(self.buckets.drain());
    }

    fn count_errors(&mut self, name: &str, errors: u32, group: &str, time: Timestamp) {
        if errors == 0 {
            return;
        }
        let dimension = Dimension {
            name: "LogGroupName".to_owned(),
            value: group.to_owned(),
        };
        let metric = Metric::sorted(LOGS, name, vec![dimension]);
        let mut bucket = Bucket::default();
        bucket.add(f64::from(errors), 1.0);
        self.add((metric, Unit::None, Resolution::Standard), time, &bucket);
    }

    fn add(
        &mut self,
        (metric, unit, resolution): (Metric, Unit, Resolution),
        time: Timestamp,
        bucket: &Bucket,
    ) {
        let place = Place::of(Arc::new(metric), unit, resolution, time);
        self.buckets.entry(place).or_default().merge(bucket);
    }
}

/// Reading one event.
struct Reading<'a> {
    ingested: Timestamp,
    series: usize,
    faults: u32,
    embedded: &'a mut Embedded,
}

/// The values of one metric of a directive.
struct Measured<'a> {
    name: &'a str,
    unit: Unit,
    resolution: Resolution,
    bucket: Bucket,
}

impl Reading<'_> {
    fn event(&mut self, root: &Map<String, Value>) {
        let Some(Value::Object(metadata)) = root.get("_aws") else {
            return;
        };
        let Some(directives) = metadata.get("CloudWatchMetrics") else {
            return;
        };
        let time = metadata.get("Timestamp").and_then(Value::as_u64);
        let time = time.filter(|time| self.is_in_time(*time));
        let (Some(time), Value::Array(directives)) = (time, directives) else {
            self.faults += 1;
            return;
        };
        for directive in directives {
            let counted = self.directive(root, directive, Timestamp::from_unix_ms(time));
            if counted.is_none() {
                self.faults += 1;
            }
        }
    }

    /// Whether metrics can have values of that time, as of those that are put.
    fn is_in_time(&self, time: u64) -> bool {
        let now = self.ingested.unix_ms();
        (now.saturating_sub(PAST_MS)..=now.saturating_add(FUTURE_MS)).contains(&time)
    }

    /// `None` where it is wrong as a whole.
    fn directive(
        &mut self,
        root: &Map<String, Value>,
        directive: &Value,
        time: Timestamp,
    ) -> Option<()> {
        let namespace = directive.get("Namespace")?.as_str()?;
        let sets = directive.get("Dimensions")?.as_array()?;
        let metrics = directive.get("Metrics")?.as_array()?;
        if sets.is_empty() || metrics.len() > METRICS_MAX {
            return None;
        }
        let mut measured = Vec::with_capacity(metrics.len());
        for metric in metrics {
            match measure(root, metric) {
                Some(one) => measured.push(one),
                None => self.faults += 1,
            }
        }
        if measured.is_empty() {
            return Some(());
        }
        for set in sets {
            let Some(dimensions) = dimensions(root, set) else {
                self.faults += 1;
                self.takes_room()?;
                continue;
            };
            for one in &measured {
                self.takes_room()?;
                self.push(namespace, one, dimensions.clone(), time);
            }
        }
        Some(())
    }

    /// `None` where the event, or its batch, has counted as often as it may.
    fn takes_room(&mut self) -> Option<()> {
        if self.series == SERIES_MAX || self.embedded.series == BATCH_SERIES_MAX {
            return None;
        }
        self.series += 1;
        self.embedded.series += 1;
        Some(())
    }

    fn push(
        &mut self,
        namespace: &str,
        one: &Measured<'_>,
        dimensions: Vec<Dimension>,
        time: Timestamp,
    ) {
        // No values are no fault, and no data point.
        if one.bucket.is_empty() {
            return;
        }
        match Metric::new(namespace, one.name, dimensions) {
            Ok(metric) => {
                let metric = (metric, one.unit, one.resolution);
                self.embedded.add(metric, time, &one.bucket);
            }
            Err(_) => self.faults += 1,
        }
    }
}

/// The values of a metric, which are members of the event. `None` where something is wrong with it.
fn measure<'a>(root: &Map<String, Value>, metric: &'a Value) -> Option<Measured<'a>> {
    let name = metric.get("Name")?.as_str()?;
    let unit = match metric.get("Unit") {
        Some(unit) => unit.as_str()?.parse().ok()?,
        None => Unit::None,
    };
    let resolution = match metric.get("StorageResolution") {
        Some(resolution) => match resolution.as_u64()? {
            1 => Resolution::High,
            60 => Resolution::Standard,
            _ => return None,
        },
        None => Resolution::Standard,
    };
    let values = match root.get(name)? {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    if values.len() > VALUES_MAX {
        return None;
    }
    let mut bucket = Bucket::default();
    for value in values {
        let value = value.as_f64()?;
        if !value.is_finite() || value.abs() > VALUE_MAX {
            return None;
        }
        bucket.add(value, 1.0);
    }
    Some(Measured {
        name,
        unit,
        resolution,
        bucket,
    })
}

/// The dimensions of a set, whose values are members of the event. `None` where something is wrong with it.
fn dimensions(root: &Map<String, Value>, set: &Value) -> Option<Vec<Dimension>> {
    let names = set.as_array()?;
    if names.len() > crate::DIMENSIONS_MAX {
        return None;
    }
    let one = |name: &Value| {
        let name = name.as_str().filter(|it| is_dimension_name(it))?;
        let value = root.get(name)?.as_str();
        // Looked at before it is copied: an event may name a long one in thousands of sets.
        let value = value.filter(|it| is_dimension_value(it))?;
        Some(Dimension {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    };
    names.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-11-22T09:15:42Z
    const NOW: u64 = 1_795_338_942_000;

    fn count(message: &str) -> Vec<String> {
        let mut embedded = Embedded::default();
        embedded.count("/group", message, Timestamp::from_unix_ms(NOW));
        let mut deltas = Deltas::default();
        embedded.take(&mut deltas);
        let one = |(place, bucket): &(crate::deltas::Place, Bucket)| {
            let metric = &place.metric;
            let pairs = metric.dimensions().iter();
            let pairs: Vec<String> = pairs
                .map(|it| format!("{}={}", it.name, it.value))
                .collect();
            let (values, sum) = (bucket.sample_count(), bucket.sum());
            let back = i64::try_from(NOW / 1_000).unwrap() - place.second;
            format!(
                "{}/{} {{{}}} {} {values}x={sum} -{back}s",
                metric.namespace(),
                metric.name(),
                pairs.join(","),
                place.unit
            )
        };
        let mut counted: Vec<String> = deltas.buckets.iter().map(one).collect();
        counted.sort();
        counted
    }

    /// An event with this metadata and these members.
    fn event(directives: &Value, members: Value) -> String {
        let mut event = members;
        event["_aws"] = json!({"Timestamp": NOW - 30_000, "CloudWatchMetrics": directives});
        event.to_string()
    }

    fn check(directives: &Value, members: Value, expected: &[&str]) {
        assert_eq!(count(&event(directives, members)), expected, "{directives}");
    }

    fn faulty(directives: &Value, members: Value, faults: u32) {
        let expected =
            format!("AWS/Logs/EMFValidationErrors {{LogGroupName=/group}} None 1x={faults} -42s");
        check(directives, members, &[&expected]);
    }

    #[test]
    fn the_example_of_the_specification() {
        let directive = json!([{
            "Namespace": "lambda-function-metrics", "Dimensions": [["functionVersion"]],
            "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 60}],
        }]);
        check(
            &directive,
            json!({"functionVersion": "$LATEST", "time": 100, "requestId": "989ffbf8"}),
            &["lambda-function-metrics/time {functionVersion=$LATEST} Milliseconds 1x=100 -42s"],
        );
    }

    #[test]
    fn each_set_makes_metrics_of_its_own_and_values_may_be_many() {
        let directives = json!([
            {"Namespace": "A", "Dimensions": [["x", "y"], [], ["A.a"]], "Metrics": [{"Name": "n"}]},
            {"Namespace": "B", "Dimensions": [[]],
             "Metrics": [{"Name": "m", "Unit": "Count", "StorageResolution": 1}, {"Name": "none"}]},
        ]);
        check(
            &directives,
            json!({"x": "1", "y": "2", "A.a": "3", "n": [1, 2.5], "m": -4, "none": []}),
            &[
                "A/n {A.a=3} None 2x=3.5 -42s",
                "A/n {x=1,y=2} None 2x=3.5 -42s",
                "A/n {} None 2x=3.5 -42s",
                "B/m {} Count 1x=-4 -30s",
            ],
        );
    }

    #[test]
    fn a_fault_takes_with_it_what_it_is_in() {
        let one = |dimensions: Value, metrics: Value| json!([{"Namespace": "A", "Dimensions": dimensions, "Metrics": metrics}]);
        let members =
            || json!({"x": "1", "five": 5, "n": 1, "deep": {"n": 1}, "many": vec![1; 101]});
        let metric = json!([{"Name": "n"}]);
        for set in [
            json!(["none"]),
            json!(["five"]),
            json!("x"),
            json!([7]),
            json!(["x", "x"]),
        ] {
            faulty(&one(json!([set]), metric.clone()), members(), 1);
        }
        for name in ["none", "x", "deep", "deep.n", "many"] {
            faulty(&one(json!([[]]), json!([{"Name": name}])), members(), 1);
        }
        faulty(
            &one(json!([[]]), json!([{"Name": "n", "Unit": "Parsecs"}])),
            members(),
            1,
        );
        faulty(
            &one(json!([[]]), json!([{"Name": "n", "StorageResolution": 30}])),
            members(),
            1,
        );
        faulty(&one(json!([]), metric.clone()), members(), 1);
        faulty(
            &one(json!([[]]), json!(vec![json!({"Name": "n"}); 101])),
            members(),
            1,
        );
        faulty(
            &json!([{"Namespace": ":", "Dimensions": [[]], "Metrics": metric}]),
            members(),
            1,
        );
        faulty(
            &json!([{"Dimensions": [[]], "Metrics": metric}, 7]),
            members(),
            2,
        );
        faulty(&json!({}), members(), 1);
        check(
            &one(
                json!([["none"], ["x"]]),
                json!([{"Name": "none"}, {"Name": "n"}]),
            ),
            members(),
            &[
                "A/n {x=1} None 1x=1 -42s",
                "AWS/Logs/EMFValidationErrors {LogGroupName=/group} None 1x=2 -42s",
            ],
        );
    }

    #[test]
    fn times_are_those_that_metrics_take() {
        const DAY: u64 = 86_400_000;
        let at = |time: Value| {
            let directive =
                json!({"Namespace": "A", "Dimensions": [[]], "Metrics": [{"Name": "n"}]});
            let metadata = json!({"Timestamp": time, "CloudWatchMetrics": [directive]});
            count(&json!({"n": 1, "_aws": metadata}).to_string())
        };
        assert_eq!(at(json!(NOW - 14 * DAY)), ["A/n {} None 1x=1 -1209642s"]);
        assert_eq!(at(json!(NOW + 7_200_000)), ["A/n {} None 1x=1 --7158s"]);
        let refused = ["AWS/Logs/EMFValidationErrors {LogGroupName=/group} None 1x=1 -42s"];
        for time in [
            json!(NOW - 14 * DAY - 1),
            json!(NOW + 7_200_001),
            json!("now"),
            json!(null),
        ] {
            assert_eq!(at(time), refused);
        }
    }

    #[test]
    fn an_event_without_metrics_is_none_of_ours() {
        for message in [
            "ERROR \"_aws\" \"CloudWatchMetrics\"",
            r#"{"a": "\"_aws\""}"#,
            r#"{"_aws": {"Timestamp": 1}, "CloudWatchMetrics": 1}"#,
            r#"{"_aws": 7, "CloudWatchMetrics": []}"#,
            r#"{"deep": {"_aws": {"CloudWatchMetrics": []}}}"#,
        ] {
            assert_eq!(count(message), [""; 0], "{message}");
        }
        let broken = r#"{"_aws": {"CloudWatchMetrics": ["#;
        assert_eq!(
            count(broken),
            ["AWS/Logs/EMFParsingErrors {LogGroupName=/group} None 1x=1 -42s"]
        );
    }

    #[test]
    fn one_event_counts_in_a_thousand_metrics_at_most() {
        let sets = vec![json!([]); 2_000];
        let directive = json!([{"Namespace": "A", "Dimensions": sets, "Metrics": [{"Name": "n"}]}]);
        check(
            &directive,
            json!({"n": 1}),
            &[
                "A/n {} None 1000x=1000 -42s",
                "AWS/Logs/EMFValidationErrors {LogGroupName=/group} None 1x=1 -42s",
            ],
        );
        let faulty_sets = vec![json!(["none"]); 2_000];
        let directive =
            json!([{"Namespace": "A", "Dimensions": faulty_sets, "Metrics": [{"Name": "n"}]}]);
        // The one beyond is a fault, and so is the directive.
        faulty(&directive, json!({"n": 1}), 1_002);
    }

    #[test]
    fn the_events_of_a_batch_are_counted_together() {
        let sets = vec![json!([]); 1_000];
        let directive = json!([{"Namespace": "A", "Dimensions": sets, "Metrics": [{"Name": "n"}]}]);
        let message = event(&directive, json!({"n": 1}));
        let (mut embedded, now) = (Embedded::default(), Timestamp::from_unix_ms(NOW));
        for _ in 0..101 {
            embedded.count("/group", &message, now);
        }
        assert_eq!(
            embedded.len(),
            2,
            "the metric, and what is beyond the batch's room"
        );
        embedded.begin_batch();
        embedded.count("/group", &message, now);
        let mut deltas = Deltas::default();
        embedded.take(&mut deltas);
        assert!(embedded.is_empty());
        let mut counts: Vec<f64> = deltas
            .buckets
            .iter()
            .map(|(_, it)| it.sample_count())
            .collect();
        counts.sort_by(f64::total_cmp);
        assert_eq!(counts, [1.0, 101_000.0]);
    }
}
