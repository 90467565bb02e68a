//! What series are called.

use std::sync::Arc;

use corelog_math::label::{self, Options};
use corelog_math::{Data, MetricStat, Origin, Plan, Point, Query, Range, Series, Term};
use corelog_types::Timestamp;

const START_MS: u64 = 1_795_348_800_000;

/// `name/dimension=value,…/statistic/period`.
fn stat(text: &str) -> MetricStat {
    let parts: Vec<&str> = text.split('/').collect();
    let pairs = parts[1].split(',').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    MetricStat {
        namespace: "N".to_owned(),
        metric_name: parts[0].to_owned(),
        dimensions: pairs.collect(),
        statistic: parts[2].to_owned(),
        period_seconds: parts[3].parse().unwrap(),
        unit: None,
    }
}

fn defaults(stats: &[&str]) -> Vec<String> {
    let origins = stats.iter().map(|text| {
        let series = stat(text).series(Vec::new());
        series.origin.unwrap()
    });
    let origins: Vec<Arc<Origin>> = origins.collect();
    let origins: Vec<&Origin> = origins.iter().map(Arc::as_ref).collect();
    label::defaults(&origins)
}

#[test]
fn defaults_say_what_differs() {
    let check = |stats: &[&str], expected: &[&str]| assert_eq!(defaults(stats), expected);
    check(&["a//Sum/60"], &["a"]);
    check(&["a//Sum/60", "b//Average/300"], &["a", "b"]);
    check(&["a//Sum/60", "a//Average/60"], &["a Sum", "a Average"]);
    check(&["a//Sum/60", "a//Sum/300"], &["a 60", "a 300"]);
    check(
        &["a//Sum/60", "a//Average/300"],
        &["a Sum 60", "a Average 300"],
    );
    check(&["a/i=1/Sum/60", "a/i=2/Sum/60"], &["1", "2"]);
    check(&["a/e=x,i=1/Sum/60", "a/e=x,i=2/Sum/60"], &["1", "2"]);
    check(
        &["a/i=1/Sum/60", "b/i=1/Sum/60", "a/i=2/Sum/60"],
        &["a 1", "b 1", "a 2"],
    );
    check(
        &["a/i=1/Sum/60", "a/i=1/Average/60", "a/i=2/Sum/60"],
        &["1 Sum", "1 Average", "2 Sum"],
    );
    check(&["a//Sum/60", "a/i=2/Sum/60"], &["a", "2"]);
    check(
        &["a/i=1/Sum/60", "a/i=1/Average/60", "b//Sum/60"],
        &["a Sum", "a Average", "b Sum"],
    );
    check(&[], &[]);
}

fn query(id: &str, term: Term, label: Option<&str>) -> Query {
    Query {
        id: id.to_owned(),
        term,
        label: label.map(str::to_owned),
        period_seconds: None,
        returns: true,
    }
}

fn points(values: &[(u64, f64)]) -> Vec<Point> {
    let points = values.iter().map(|(minutes, value)| Point {
        at: Timestamp::from_unix_ms(START_MS + minutes * 60_000),
        value: *value,
    });
    points.collect()
}

/// The labels of each query's series, the searches having found two functions.
fn labels(queries: Vec<Query>) -> Vec<Vec<String>> {
    let plan = Plan::of(queries).unwrap();
    let found = |name: &str, values: &[(u64, f64)]| {
        let stat = stat(&format!("Errors/FunctionName={name},Env=prod/Sum/300"));
        Arc::new(stat.series(points(values)))
    };
    let mut data = Data {
        found: vec![vec![
            found("one", &[(0, 4.0), (5, 1.5), (70, 4.0)]),
            found("two", &[]),
        ]],
        ..Data::default()
    };
    for (id, metric) in plan.metrics() {
        let series: Series = metric.series(points(&[(0, 2.0)]));
        data.metrics.insert(id.to_owned(), Arc::new(series));
    }
    let range = Range {
        from: Timestamp::from_unix_ms(START_MS),
        to: Timestamp::from_unix_ms(START_MS + 7_200_000),
        rounding_seconds: 60,
    };
    let answers = plan.evaluate(&data, range).unwrap();
    let options = Options {
        now: Timestamp::from_unix_ms(START_MS + 7_200_000),
        zone_minutes: label::zone_minutes("+0130").unwrap(),
        region: "us-east-1",
        account: "123456789012",
    };
    label::of_answers(&plan, &answers, &options)
}

const SEARCH: &str = "SEARCH('{N,FunctionName,Env} Errors', 'Sum', 300)";

fn of_search(label: Option<&str>) -> Vec<String> {
    labels(vec![query(
        "e1",
        Term::Expression(SEARCH.to_owned()),
        label,
    )])
    .remove(0)
}

#[test]
fn queries_may_have_labels() {
    let metric =
        |id: &str, text: &str, label: Option<&str>| query(id, Term::Metric(stat(text)), label);
    let expression = |id: &str, text: &str, label: Option<&str>| {
        query(id, Term::Expression(text.to_owned()), label)
    };
    let found = labels(vec![
        metric("m1", "a//Sum/60", None),
        metric("m2", "b//Sum/60", Some("mine")),
        expression("e1", "m1 + m2", None),
        expression("e2", "m1 * 2", None),
        expression("e3", "m1 * 2", Some("twice")),
        expression("e4", "METRICS()", None),
        expression("e5", "METRICS() * 2", Some("Filled with 0:")),
        expression("e6", "METRICS()", Some("")),
        expression("e7", "[m1 + m2]", None),
        metric("m3", "c//Sum/60", Some("")),
    ]);
    let expected: [&[&str]; 10] = [
        &["a"],
        &["mine"],
        &["e1"],
        &["e2"],
        &["twice"],
        &["a", "b", "c"],
        &["Filled with 0: a", "Filled with 0: b", "Filled with 0: c"],
        &["a", "b", "c"],
        &["e7"],
        &["c"],
    ];
    assert_eq!(found, expected);
}

#[test]
fn dynamic_labels_are_written_for_each_series() {
    let check = |label: &str, expected: [&str; 2]| {
        assert_eq!(of_search(Some(label)), expected, "{label}");
    };
    assert_eq!(of_search(None), ["one", "two"]);
    check("${LABEL}", ["one", "two"]);
    check("plain", ["plain one", "plain two"]);
    check(
        "[max: ${MAX} Errors for Function Name ${LABEL}]",
        [
            "[max: 4 Errors for Function Name one]",
            "[max: -- Errors for Function Name two]",
        ],
    );
    check(
        "${LABEL}|&|${PROP('Dim.FunctionName')}",
        ["one|&|one", "two|&|two"],
    );
    check(
        "${PROP('Namespace')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Region')} \
         ${PROP('AccountId')} ${PROP('Dim.Env')} ${PROP('Dim.No')}",
        ["N Errors Sum 300 us-east-1 123456789012 prod --"; 2],
    );
    check(
        "${SUM} ${MIN} ${FIRST} ${LAST} ${DATAPOINT_COUNT}",
        ["9.5 1.5 4 4 3", "-- -- -- -- 0"],
    );
    check("${AVG}", ["3.1666666666666665", "--"]);
    // 13:30 by the clock of the request is 12:00 UTC; the earliest greatest value is meant.
    check(
        "${FIRST_TIME} ${MIN_TIME} ${MAX_TIME} ${LAST_TIME}",
        [
            "2026-11-22 13:30:00 2026-11-22 13:35:00 2026-11-22 13:30:00 2026-11-22 14:40:00",
            "-- -- -- --",
        ],
    );
    check(
        "${FIRST_TIME_RELATIVE} ${LAST_TIME_RELATIVE} ${FIRST_LAST_TIME_RANGE} ${MIN_MAX_TIME_RANGE}",
        ["2h 50m 1h 10m 5m", "-- -- -- --"],
    );
    check("${FIRST_LAST_RANGE} ${MIN_MAX_RANGE}", ["0 2.5", "-- --"]);
    check(
        "${NOPE} ${PROP('Nope')} ${ LABEL } ${LABEL",
        [
            "${NOPE} ${PROP('Nope')} one ${LABEL",
            "${NOPE} ${PROP('Nope')} two ${LABEL",
        ],
    );
    let many = "${MAX}".repeat(41);
    let written = |value: &str| value.repeat(40) + "${MAX}";
    check(&many, [&written("4"), &written("--")]);
}

#[test]
fn zones_are_four_digits_with_a_sign() {
    assert_eq!(label::zone_minutes("+0000"), Some(0));
    assert_eq!(label::zone_minutes("-0800"), Some(-480));
    assert_eq!(label::zone_minutes("+0545"), Some(345));
    for text in ["", "0100", "+1", "+01:00", "+2400", "+0060", "é", "+é12"] {
        assert_eq!(label::zone_minutes(text), None, "{text}");
    }
}
