//! Exports of metrics as SDKs write them, and what of them counts.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::protobuf::Message;

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_000_000_000);
/// Before this process began, and after.
const EARLIER: u64 = 1_794_999_000;
const LATER: u64 = 1_795_000_010;

fn series() -> Series {
    Series::since(NOW)
}

fn export(metrics: &Value) -> Vec<u8> {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceMetrics": [{
        "resource": {"attributes": [
            attribute("service.namespace", "harbour"), attribute("service.name", "assistant")]},
        "scopeMetrics": [{"scope": {"name": "app"}, "metrics": metrics}],
    }]})
    .to_string()
    .into_bytes()
}

fn read(metrics: &Value) -> MetricsExport {
    MetricsExport::read(&export(metrics), Encoding::Json, NOW).unwrap()
}

/// The values that an export adds.
fn told(series: &mut Series, metrics: &Value) -> Vec<Vec<(f64, f64)>> {
    let advance = series.advance(read(metrics));
    let values = advance.samples.iter().map(|it| it.values.clone()).collect();
    series.commit(advance, NOW);
    values
}

fn nanos(seconds: u64) -> String {
    (seconds * 1_000_000_000).to_string()
}

/// A counter at a time.
fn counter(value: f64, start: u64, time: u64, temporality: u64, is_monotonic: bool) -> Value {
    json!([{"name": "calls", "unit": "{call}", "sum": {
        "aggregationTemporality": temporality, "isMonotonic": is_monotonic,
        "dataPoints": [{"startTimeUnixNano": nanos(start), "timeUnixNano": nanos(time),
            "asDouble": value}]}}])
}

#[test]
fn a_metric_has_the_names_of_its_service_and_attributes() {
    let metrics = json!([{"name": "queue.length", "unit": "By", "gauge": {"dataPoints": [
        {"timeUnixNano": nanos(LATER), "asInt": "7", "attributes": [
            {"key": "pier", "value": {"intValue": "3"}},
            {"key": "empty", "value": {"stringValue": ""}},
            {"key": "berth", "value": {"stringValue": "west"}}]}]}}]);
    let advance = series().advance(read(&metrics));
    let text = str::to_owned;
    assert_eq!(
        advance.samples,
        [Sample {
            namespace: text("harbour/assistant"),
            name: text("queue.length"),
            unit: "Bytes",
            dimensions: vec![(text("berth"), text("west")), (text("pier"), text("3"))],
            time: Timestamp::from_unix_ms(LATER * 1_000),
            values: vec![(7.0, 1.0)],
        }]
    );
}

#[test]
fn units_of_ucum() {
    for (ucum, name) in [
        ("ms", "Milliseconds"),
        ("{token}", "Count"),
        ("1", "None"),
        ("", "None"),
        ("%", "Percent"),
    ] {
        assert_eq!(unit(ucum), name, "{ucum}");
    }
}

#[test]
fn a_counter_that_goes_on_counts_what_it_grew_by() {
    let mut series = series();
    let mut next = |value, start, time| told(&mut series, &counter(value, start, time, 2, true));
    // Whoever was here before may have been told of it.
    assert!(next(100.0, EARLIER, LATER).is_empty());
    assert_eq!(next(103.0, EARLIER, LATER + 10), [[(3.0, 1.0)]]);
    assert_eq!(next(103.0, EARLIER, LATER + 20), [[(0.0, 1.0)]]);
    assert!(next(103.0, EARLIER, LATER + 20).is_empty(), "sent again");
    assert!(next(101.0, EARLIER, LATER + 15).is_empty(), "out of order");
    // The application began anew.
    assert_eq!(next(2.0, LATER + 21, LATER + 30), [[(2.0, 1.0)]]);
    assert_eq!(next(1.0, LATER + 21, LATER + 40), [[(1.0, 1.0)]]);
}

/// As processes of one service do that have no `service.instance.id`.
#[test]
fn processes_of_one_name_do_not_get_into_each_others_way() {
    let mut series = series();
    let mut next = |value, start, time, temporality| {
        let metrics = counter(value, start, time, temporality, true);
        told(&mut series, &metrics)
    };
    for (value, start, time, grown) in [
        (100.0, LATER, 10, 100.0),
        (50.0, LATER + 1, 11, 50.0),
        (103.0, LATER, 20, 3.0),
        (51.0, LATER + 1, 19, 1.0),
        (103.0, LATER, 30, 0.0),
    ] {
        assert_eq!(next(value, start, LATER + time, 2), [[(grown, 1.0)]]);
    }
    // Deltas, of which one comes late; the second time, none is new.
    for again in [false, true] {
        for (start, time) in [(LATER, 50), (LATER + 1, 49), (LATER, 60), (LATER + 1, 59)] {
            let found = next(1.0, start, LATER + time, 1);
            assert_eq!(found.is_empty(), again, "{time}");
        }
    }
}

#[test]
fn long_names_are_not_copied_for_each_data_point() {
    const POINTS: u64 = 500;
    let points: Vec<Value> = (0..POINTS)
        .map(|it| json!({"timeUnixNano": nanos(LATER + it % 100), "asInt": it}))
        .collect();
    let long = "x".repeat(1 << 20);
    let metrics = json!([{"name": long, "gauge": {"dataPoints": points}}]);
    let export = read(&metrics);
    assert_eq!((export.refused, export.points.len()), (POINTS, 0));
    let metrics = json!([{"name": "m", "gauge": {"dataPoints": points}}]);
    let text = String::from_utf8(super::tests::export(&metrics)).unwrap();
    let text = text.replace("assistant", &long);
    let export = MetricsExport::read(text.as_bytes(), Encoding::Json, NOW).unwrap();
    assert_eq!((export.refused, export.points.len()), (POINTS, 0));
    assert_eq!(read(&metrics).points.len() as u64, POINTS);
}

#[test]
fn histograms_take_no_more_memory_than_they_may() {
    let held = Histogram {
        counts: vec![1; 512],
        bounds: (1..512).map(f64::from).collect(),
        ..Histogram::default()
    };
    // One more than fit.
    let points = (0..=8_192_u64).map(|number| Point {
        series: digest("n", &[&number.to_be_bytes()]),
        namespace: "app".to_owned(),
        name: "h".to_owned(),
        unit: "None",
        dimensions: Vec::new(),
        start_ns: EARLIER,
        time_ns: LATER,
        data: Data::Histogram {
            held: held.clone(),
            is_delta: false,
        },
    });
    let mut series = series();
    let advance = series.advance(MetricsExport {
        points: points.collect(),
        ..MetricsExport::default()
    });
    assert_eq!(advance.left_out, 1);
    series.commit(advance, NOW);
    let more = told(&mut series, &counter(1.0, LATER, LATER, 2, true));
    assert_eq!(more, [[(1.0, 1.0)]], "what has no buckets has room");
}

#[test]
fn one_that_began_after_us_counts_whole() {
    let mut series = series();
    let first = counter(5.0, LATER, LATER + 10, 2, true);
    assert_eq!(told(&mut series, &first), [[(5.0, 1.0)]]);
}

#[test]
fn deltas_and_levels_are_values_as_they_are() {
    for (temporality, is_monotonic) in [(1, true), (1, false), (2, false)] {
        let mut series = series();
        for (value, time) in [(4.0, LATER), (9.0, LATER + 1)] {
            let metrics = counter(value, EARLIER, time, temporality, is_monotonic);
            assert_eq!(told(&mut series, &metrics), [[(value, 1.0)]]);
            assert!(told(&mut series, &metrics).is_empty(), "sent again");
        }
    }
}

#[test]
fn what_is_not_kept_is_told_again() {
    let series = series();
    let metrics = counter(5.0, LATER, LATER + 10, 2, true);
    for _ in 0..2 {
        let advance = series.advance(read(&metrics));
        assert_eq!(advance.samples[0].values, [(5.0, 1.0)]);
    }
}

#[test]
fn a_histogram_that_goes_on_counts_what_it_grew_by() {
    let histogram = |counts: [u64; 3], sum: f64, time| {
        json!([{"name": "latency", "unit": "s", "histogram": {"aggregationTemporality": 2,
            "dataPoints": [{"startTimeUnixNano": nanos(EARLIER), "timeUnixNano": nanos(time),
                "count": counts.iter().sum::<u64>().to_string(), "sum": sum, "min": 0.5, "max": 9,
                "bucketCounts": counts.map(|it| it.to_string()), "explicitBounds": [1, 2]}]}}])
    };
    let mut series = series();
    assert!(told(&mut series, &histogram([1, 1, 0], 2.5, LATER)).is_empty());
    // Two more in (1, 2], whose sum is 3.
    let grown = histogram([1, 3, 0], 5.5, LATER + 10);
    assert_eq!(told(&mut series, &grown), [[(1.5, 2.0)]]);
}

#[test]
fn what_cannot_be_taken_is_refused_and_the_rest_taken() {
    let at = nanos(LATER);
    let point = |more: Value| {
        let mut point = json!({"timeUnixNano": at});
        let members = more.as_object().unwrap().clone();
        point.as_object_mut().unwrap().extend(members);
        json!({"dataPoints": [point], "aggregationTemporality": 2})
    };
    let many: Vec<Value> = (0..31)
        .map(|it| json!({"key": format!("k{it}"), "value": {"stringValue": "v"}}))
        .collect();
    let refused = json!([
        {"name": "a", "summary": point(json!({}))},
        {"name": "b", "exponentialHistogram": point(json!({"count": "1"}))},
        {"name": "c", "histogram": point(json!({"bucketCounts": ["1"], "explicitBounds": [1]}))},
        {"name": "d", "gauge": point(json!({"attributes": many}))},
        {"name": "", "gauge": point(json!({"asDouble": 1}))},
        {"name": "e", "gauge": {"dataPoints": [{"timeUnixNano": "1", "asDouble": 1}]}},
        {"name": "f", "sum": {"dataPoints": [{"timeUnixNano": at, "asDouble": 1}]}},
        {"name": "g", "gauge": point(json!({"asDouble": 1}))},
        {"name": "h", "gauge": point(json!({"asDouble": 1, "flags": 1}))},
    ]);
    let export = read(&refused);
    assert_eq!((export.refused, export.points.len()), (7, 1));
    assert_eq!(export.points[0].name, "g");
    assert!(export.why.is_some());
    // A value that is no number is none.
    let nan = json!([{"name": "g", "gauge": point(json!({"asDouble": "NaN"}))}]);
    let advance = series().advance(read(&nan));
    assert_eq!((advance.samples.len(), advance.unusable), (0, 1));
}

/// The same as protobuf and as JSON.
#[test]
fn both_encodings_say_the_same() {
    let time = LATER * 1_000_000_000;
    let mut value = Message::default();
    value.always_bytes(1, b"west");
    let mut pair = Message::default();
    pair.bytes(1, b"berth");
    pair.message(2, &value);
    let mut number = Message::default();
    number.fixed64(3, time);
    number.always_fixed64(6, 5);
    number.message(7, &pair);
    let mut sum = Message::default();
    sum.message(1, &number);
    sum.number(2, 1);
    sum.number(3, 1);
    let mut bounds = Vec::new();
    for bound in [1.0_f64, 2.0] {
        bounds.extend(bound.to_le_bytes());
    }
    let mut counts = Vec::new();
    for count in [1_u64, 2, 0] {
        counts.extend(count.to_le_bytes());
    }
    let mut point = Message::default();
    point.fixed64(3, time);
    point.fixed64(4, 3);
    point.always_double(5, 3.5);
    point.bytes(6, &counts);
    point.bytes(7, &bounds);
    point.always_double(11, 0.5);
    let mut histogram = Message::default();
    histogram.message(1, &point);
    histogram.number(2, 1);
    let mut powers = Message::default();
    // Zigzag: -2.
    powers.number(1, 3);
    powers.bytes(2, &[1, 0, 0x96, 1]);
    let mut point = Message::default();
    point.fixed64(3, time);
    point.number(6, 1);
    point.message(8, &powers);
    let mut exponential = Message::default();
    exponential.message(1, &point);
    exponential.number(2, 1);
    let mut group = Message::default();
    for (name, field, data) in [
        ("calls", 7, &sum),
        ("sizes", 9, &histogram),
        ("powers", 10, &exponential),
    ] {
        let mut metric = Message::default();
        metric.bytes(1, name.as_bytes());
        metric.bytes(3, b"By");
        metric.message(field, data);
        group.message(2, &metric);
    }
    let mut resource = Message::default();
    resource.message(2, &group);
    let mut request = Message::default();
    request.message(1, &resource);
    let binary = MetricsExport::read(&request.into_bytes(), Encoding::Protobuf, NOW).unwrap();

    let at = nanos(LATER);
    let metrics = json!([
        {"name": "calls", "unit": "By", "sum": {"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA",
            "isMonotonic": true, "dataPoints": [{"timeUnixNano": at, "asInt": "5",
                "attributes": [{"key": "berth", "value": {"stringValue": "west"}}]}]}},
        {"name": "sizes", "unit": "By", "histogram": {"aggregationTemporality": 1, "dataPoints": [
            {"timeUnixNano": at, "count": 3, "sum": 3.5, "bucketCounts": [1, "2", 0],
                "explicitBounds": [1.0, 2.0], "min": 0.5}]}},
        {"name": "powers", "unit": "By", "exponentialHistogram": {"aggregationTemporality": 1,
            "dataPoints": [{"timeUnixNano": at, "scale": -1,
                "positive": {"offset": -2, "bucketCounts": ["1", "0", "150"]}}]}},
    ]);
    let body = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).to_string();
    let text = MetricsExport::read(body.as_bytes(), Encoding::Json, NOW).unwrap();
    assert_eq!(binary.points.len(), 3);
    assert_eq!(binary, text);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in proptest::collection::vec(0..=255_u8, 0..300)) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            if let Ok(export) = MetricsExport::read(&bytes, encoding, NOW) {
                series().advance(export);
            }
        }
    }
}
