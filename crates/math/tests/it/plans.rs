//! Requests as a whole: what is needed, what is refused, what an alarm watches.

use std::sync::Arc;

use corelog_math::label::{self, Options};
use corelog_math::{
    Band, Bands, Candidate, Data, EXPRESSION_CHARS_MAX, MetricStat, POINTS_MAX, Part, Plan, Point,
    Query, Range, Series, Term, WatchedPoint, parse,
};
use corelog_types::Timestamp;

const MINUTE_MS: u64 = 60_000;
const START_MS: u64 = 1_795_348_800_000;

fn metric(id: &str, returns: bool) -> Query {
    Query {
        id: id.to_owned(),
        term: Term::Metric(MetricStat {
            metric_name: id.to_uppercase(),
            statistic: "Sum".to_owned(),
            period_seconds: 60,
            ..MetricStat::default()
        }),
        label: None,
        period_seconds: None,
        returns,
    }
}

fn expression(id: &str, text: &str, returns: bool) -> Query {
    Query {
        term: Term::Expression(text.to_owned()),
        ..metric(id, returns)
    }
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.metrics().map(|(id, _)| id).collect()
}

fn range(minutes: u64) -> Range {
    Range {
        from: Timestamp::from_unix_ms(START_MS),
        to: Timestamp::from_unix_ms(START_MS + minutes * MINUTE_MS),
        rounding_seconds: 60,
    }
}

fn points(values: &[f64]) -> Vec<Point> {
    let points = values.iter().zip(0..).map(|(value, index)| Point {
        at: Timestamp::from_unix_ms(START_MS + index * MINUTE_MS),
        value: *value,
    });
    points.collect()
}

fn refused(queries: Vec<Query>, expected: &str) {
    assert_eq!(Plan::of(queries).unwrap_err().to_string(), expected);
}

fn refused_in_alarm(queries: Vec<Query>, band: Option<&str>, expected: &str) {
    let error = Plan::of_alarm(queries, band).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn only_what_is_needed_is_read() {
    let queries = |returned: &str| {
        let mut queries = vec![
            metric("m1", false),
            metric("m2", false),
            metric("other", false),
            expression("e1", "m1 * 2", false),
            expression("e2", "e1 + m2", false),
            expression("all", "SUM(METRICS('m'))", false),
            expression("found", "SEARCH('a', 'Sum', 60)", false),
        ];
        for query in &mut queries {
            query.returns = query.id == returned;
        }
        Plan::of(queries).unwrap()
    };
    assert_eq!(ids(&queries("m2")), ["m2"]);
    assert_eq!(ids(&queries("e1")), ["m1"]);
    assert_eq!(ids(&queries("e2")), ["m1", "m2"]);
    assert_eq!(ids(&queries("all")), ["m1", "m2"]);
    assert_eq!(queries("all").searches().len(), 0);
    assert!(ids(&queries("found")).is_empty());
    assert_eq!(queries("found").searches().len(), 1);
    assert!(ids(&queries("none")).is_empty());
    let made_of = |query: usize| queries("e2").made_of(query).collect::<Vec<_>>();
    assert_eq!(made_of(0), [0]);
    assert_eq!(made_of(4), [0, 1]);
    assert!(made_of(6).is_empty());
}

#[test]
fn searches_are_run_once() {
    let search = "SEARCH('{AWS/Bedrock,ModelId} MetricName=\"Invocations\"', 'Sum', 60)";
    let mut with_period = expression("c", "SEARCH('x', 'Average')", true);
    with_period.period_seconds = Some(300);
    let plan = Plan::of(vec![
        expression("a", search, true),
        expression("b", &format!("SUM({search})"), true),
        with_period,
    ])
    .unwrap();
    assert_eq!(plan.searches().len(), 2);
    let search = &plan.searches()[0];
    assert_eq!(search.namespace(), Some("AWS/Bedrock"));
    assert_eq!(search.metric_name(), Some("Invocations"));
    assert_eq!((search.statistic(), search.period_seconds()), ("Sum", 60));
    assert_eq!(plan.searches()[1].period_seconds(), 300);
    assert_eq!(plan.searches()[1].namespace(), None);
    let found = |value: f64| {
        let series = MetricStat::default().series(points(&[value]));
        Arc::new(series)
    };
    let data = Data {
        found: vec![vec![found(1.0), found(2.0)], vec![found(7.0)]],
        ..Data::default()
    };
    let answers = plan.evaluate(&data, range(1)).unwrap();
    let value = |answer: usize, series: usize| answers[answer].series[series].points[0].value;
    let values = [value(0, 0), value(0, 1), value(1, 0), value(2, 0)];
    assert_eq!(
        values.map(f64::to_bits),
        [1.0, 2.0, 3.0, 7.0].map(f64::to_bits)
    );
}

#[test]
fn lists_are_checked() {
    refused(
        vec![metric("m1", true), metric("m1", true)],
        "The values for parameter id in MetricDataQueries are not unique.",
    );
    refused(
        vec![metric("m1", true), metric("M2", true)],
        "The value M2 for parameter MetricDataQueries.member.2.Id is not matching the expected pattern \
         ^[a-z][a-zA-Z0-9_]*$.",
    );
    let many = (0..501).map(|index| metric(&format!("m{index}"), true));
    refused(
        many.collect(),
        "The collection MetricDataQueries must not have a size greater than 500.",
    );
    refused(
        vec![expression("e1", "SEARCH('a', 'Sum')", true)],
        "Error in expression 'e1': Period is a required field when using SEARCH function within an expression",
    );
    refused(
        vec![expression("e1", "SEARCH('a', 'Sum', 61)", true)],
        "Error in expression 'e1': The period of SEARCH must be 1, 5, 10, 20, 30 or a multiple of 60",
    );
    refused(
        vec![expression("e1", "SEARCH('a', 'Sum', 60 + 60)", true)],
        "Error in expression 'e1': SEARCH takes a period in seconds as its third argument",
    );
    let long = "a".repeat(1_025);
    refused(
        vec![expression(
            "e1",
            &format!("SEARCH('{long}', 'Sum', 60)"),
            true,
        )],
        "Error in expression 'e1': A search must not have more than 1024 characters",
    );
    let long = format!("m1{}", " ".repeat(EXPRESSION_CHARS_MAX));
    refused(
        vec![metric("m1", true), expression("e1", &long, true)],
        "Error in expression 'e1': An expression must not have more than 2048 characters",
    );
    let many = (0..101).map(|index| {
        let text = format!("SEARCH('a{index}', 'Sum', 60)");
        expression(&format!("e{index}"), &text, true)
    });
    refused(
        many.collect(),
        "There may be at most 100 SEARCH expressions at once.",
    );
}

/// Whatever is not too long is read without a stack as long.
#[test]
fn depth_is_bounded() {
    for (open, close) in [("(", ")"), ("[", "]"), ("ABS(", ")"), ("-", ""), ("2^", "")] {
        let text = format!("{}m1{}", open.repeat(200), close.repeat(200));
        let error = parse(&text).unwrap_err().to_string();
        assert!(
            error.contains("more than 100 expressions in each other"),
            "{error}"
        );
        let text = format!("{}m1{}", open.repeat(90), close.repeat(90));
        assert!(parse(&text).is_ok(), "{text}");
    }
    let deep = format!(
        "SEARCH('{}a{}', 'Sum', 60)",
        "(".repeat(400),
        ")".repeat(400)
    );
    let error = Plan::of(vec![expression("e", &deep, true)]).unwrap_err();
    assert!(
        error.to_string().contains("more than 50 clauses"),
        "{error}"
    );
    let not = format!("SEARCH('{} a', 'Sum', 60)", "NOT ".repeat(250));
    assert!(Plan::of(vec![expression("e", &not, true)]).is_ok());
    let chain = format!("m1{}", "+m1".repeat(680));
    let plan = Plan::of(vec![metric("m1", false), expression("e", &chain, true)]).unwrap();
    let mut data = Data::default();
    data.metrics.insert(
        "m1".to_owned(),
        Arc::new(MetricStat::default().series(points(&[1.0]))),
    );
    let answers = plan.evaluate(&data, range(1)).unwrap();
    assert_eq!(answers[0].series[0].points, points(&[681.0]));
}

/// A chain of expressions is as long as a request may be.
#[test]
fn expressions_may_need_each_other() {
    let mut queries = vec![metric("e0", false)];
    for index in 1..500 {
        let before = index - 1;
        let text = format!("e{before} + e{before} - e{before}");
        queries.push(expression(&format!("e{index}"), &text, index == 499));
    }
    queries.reverse();
    let plan = Plan::of(queries).unwrap();
    let mut data = Data::default();
    data.metrics.insert(
        "e0".to_owned(),
        Arc::new(MetricStat::default().series(points(&[3.0]))),
    );
    let answers = plan.evaluate(&data, range(1)).unwrap();
    assert_eq!(answers[0].series[0].points, points(&[3.0]));
}

#[test]
fn what_one_request_computes_is_bounded() {
    let plan = Plan::of(vec![expression("e", "SEARCH('a', 'Sum', 60) * 2", true)]).unwrap();
    let series = Arc::new(MetricStat::default().series(points(&[1.0; 1_000])));
    let evaluated = |count: usize| {
        let data = Data {
            found: vec![vec![Arc::clone(&series); count]],
            ..Data::default()
        };
        plan.evaluate(&data, range(1_000))
    };
    assert!(evaluated(POINTS_MAX / 1_000).is_ok());
    let error = evaluated(POINTS_MAX / 1_000 + 1).unwrap_err().to_string();
    assert!(
        error.starts_with("Error in expression 'e': This needs more than 5000000 data points"),
        "{error}"
    );
    // A range of ages has too many periods, and none is made.
    let mut ages = expression("e", "TIME_SERIES(1)", true);
    ages.period_seconds = Some(1);
    let range = Range {
        from: Timestamp::from_unix_ms(0),
        to: Timestamp::from_unix_ms(u64::MAX),
        rounding_seconds: 60,
    };
    let plan = Plan::of(vec![ages]).unwrap();
    assert!(plan.evaluate(&Data::default(), range).is_err());
}

#[test]
fn arrays_without_points_are_bounded() {
    // 100 metrics, 200 times in each of 10 arrays, all of which are in the last: none has a point.
    let mut queries: Vec<_> = (0..100)
        .map(|index| metric(&format!("m{index}"), false))
        .collect();
    let all = format!("[{}]", ["METRICS()"; 200].join(","));
    queries.extend((0..10).map(|index| expression(&format!("e{index}"), &all, false)));
    let ids: Vec<String> = (0..10).map(|index| format!("e{index}")).collect();
    queries.push(expression("x", &format!("[{}]", ids.join(",")), true));
    let plan = Plan::of(queries).unwrap();
    let error = plan.evaluate(&Data::default(), range(1)).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("This needs arrays of more than 100000 time series"),
        "{error}"
    );
}

#[test]
fn alarms_watch_one_series() {
    let multi = "Metrics expression that return multi time series are only allowed for MetricsInsights expression with \
                 an ORDER BY clause";
    let with = |text: &str| vec![metric("m1", false), expression("e1", text, true)];
    assert!(Plan::of_alarm(with("m1 * 100"), None).is_ok());
    assert!(Plan::of_alarm(with("SUM(METRICS())"), None).is_ok());
    refused_in_alarm(with("METRICS()"), None, multi);
    refused_in_alarm(with("[m1, m1]"), None, multi);
    refused_in_alarm(
        with("SUM(SEARCH('a', 'Sum', 60))"),
        None,
        "Error in expression 'e1': SEARCH cannot be used in an alarm, which watches one time series",
    );
    refused_in_alarm(
        vec![expression("e1", "TIME_SERIES(1)", true)],
        None,
        "Period must not be null",
    );
    refused_in_alarm(
        with("m1 * 100"),
        Some("e1"),
        "Error in expression 'e1': ThresholdMetricId must be the id of an ANOMALY_DETECTION_BAND",
    );
    refused_in_alarm(
        vec![metric("M", true)],
        None,
        "The value M for parameter Metrics.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
    );
}

struct Fixed;

impl Bands for Fixed {
    fn band(&self, id: &str, series: &Series, deviations: f64) -> Option<Band> {
        assert_eq!((id, series.points.len()), ("m1", 3));
        Some(Band {
            upper: points(&[deviations, deviations]),
            lower: points(&[-deviations, -deviations]),
        })
    }
}

#[test]
fn alarms_see_points_and_bands() {
    let queries = vec![
        metric("m1", true),
        expression("ad1", "ANOMALY_DETECTION_BAND(m1, 3)", true),
    ];
    let plan = Plan::of_alarm(queries, Some("ad1")).unwrap();
    assert!(plan.has_bands());
    let mut data = Data {
        bands: Some(&Fixed),
        ..Data::default()
    };
    let series = MetricStat::default().series(points(&[1.0, 2.0, 9.0]));
    data.metrics.insert("m1".to_owned(), Arc::new(series));
    let watched = plan.watched(&data, range(3), Some("ad1")).unwrap();
    let expected =
        points(&[1.0, 2.0, 9.0])
            .into_iter()
            .zip([Some((-3.0, 3.0)), Some((-3.0, 3.0)), None]);
    let expected = expected.map(|(point, band)| WatchedPoint {
        at: point.at,
        value: point.value,
        band,
    });
    assert_eq!(watched.points, expected.collect::<Vec<_>>());

    let plan = Plan::of_alarm(vec![metric("m1", true)], None).unwrap();
    assert!(!plan.has_bands());
    assert!(!plan.has_expressions());
    let watched = plan.watched(&Data::default(), range(3), None).unwrap();
    assert!(watched.points.is_empty());
}

/// The dimensions of a metric, and its first and second statistic of each minute.
type Parts<'a> = (&'a [(&'a str, &'a str)], &'a [(f64, f64)]);

/// Two metrics of one group, one of another, one without the key.
fn selected(text: &str) -> (Plan, Vec<Vec<Point>>, Vec<String>) {
    let mut query = expression("q", text, true);
    query.period_seconds = Some(60);
    let plan = Plan::of(vec![query, expression("twice", "q * 2", false)]).unwrap();
    let select = plan.select().unwrap();
    let mut groups = select.groups();
    let metrics: [Parts<'_>; 4] = [
        (&[("Model", "b"), ("Tier", "x")], &[(10.0, 1.0), (6.0, 3.0)]),
        (&[("Model", "a"), ("Tier", "x")], &[(1.0, 1.0)]),
        (&[("Model", "b"), ("Tier", "y")], &[(2.0, 3.0)]),
        (&[("Tier", "x")], &[(4.0, 4.0), (8.0, 1.0)]),
    ];
    for (dimensions, parts) in metrics {
        let candidate = Candidate {
            namespace: "N",
            metric_name: "M",
            dimensions,
            account: "1",
        };
        assert!(select.matches(&candidate));
        let parts = parts.iter().zip(0..).map(|((first, second), index)| Part {
            at: Timestamp::from_unix_ms(START_MS + index * MINUTE_MS),
            first: *first,
            second: *second,
        });
        groups.add(&candidate, parts);
    }
    let data = Data {
        selected: groups.into_series(),
        ..Data::default()
    };
    let answers = plan.evaluate(&data, range(2)).unwrap();
    let options = Options {
        now: Timestamp::from_unix_ms(START_MS),
        zone_minutes: 0,
        region: "us-east-1",
        account: "1",
    };
    let labels = label::of_answers(&plan, &answers, &options).remove(0);
    let series = answers[0].series.iter();
    let found = series.map(|series| series.points.clone()).collect();
    assert_eq!(answers[0].is_array, text.contains("GROUP"));
    (plan, found, labels)
}

#[test]
fn groups_are_of_values_and_not_of_averages() {
    let check = |text: &str, expected: &[(&str, &[f64])]| {
        let (_, found, labels) = selected(text);
        let expected_labels: Vec<&str> = expected.iter().map(|(label, _)| *label).collect();
        assert_eq!(labels, expected_labels, "{text}");
        let expected: Vec<_> = expected.iter().map(|(_, values)| points(values)).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("SELECT AVG(M) FROM N", &[("q", &[17.0 / 9.0, 14.0 / 4.0])]);
    check("SELECT SUM(M) FROM N", &[("q", &[17.0, 14.0])]);
    check("SELECT MAX(M) FROM N", &[("q", &[10.0, 8.0])]);
    check("SELECT MIN(M) FROM N", &[("q", &[1.0, 6.0])]);
    check("SELECT COUNT(M) FROM N", &[("q", &[17.0, 14.0])]);
    let (a, b, other): (&[f64], &[f64], &[f64]) = (&[1.0], &[3.0, 2.0], &[1.0, 8.0]);
    check(
        "SELECT AVG(M) FROM N GROUP BY Model",
        &[("Other", other), ("a", a), ("b", b)],
    );
    check(
        "SELECT AVG(M) FROM N GROUP BY Model ORDER BY MAX() DESC LIMIT 2",
        &[("Other", other), ("b", b)],
    );
    check(
        "SELECT AVG(M) FROM N GROUP BY Model ORDER BY AVG()",
        &[("a", a), ("b", b), ("Other", other)],
    );
    check(
        "SELECT AVG(M) FROM N GROUP BY Model ORDER BY COUNT() ASC LIMIT 1",
        &[("a", a)],
    );
    check(
        "SELECT SUM(M) FROM N GROUP BY Tier, Model LIMIT 2",
        &[("x Other", &[4.0, 8.0]), ("x a", &[1.0])],
    );
}

#[test]
fn there_is_one_select() {
    let with_period = |id: &str| {
        let mut query = expression(id, "SELECT AVG(M) FROM N", true);
        query.period_seconds = Some(60);
        query
    };
    refused(
        vec![with_period("a"), with_period("b")],
        "Maximum number of queries (1) exceeded",
    );
    refused(
        vec![expression("a", "SELECT AVG(M) FROM N", true)],
        "Error in expression 'a': Period is a required field when using query within an expression",
    );
    refused_in_alarm(
        vec![with_period("a")],
        None,
        "Error in expression 'a': Metrics Insights queries are not evaluated in alarms",
    );
    let plan = Plan::of(vec![with_period("a")]).unwrap();
    assert!(plan.has_expressions());
    let select = plan.select().unwrap();
    assert_eq!((select.namespace(), select.metric_name()), ("N", "M"));
    assert_eq!(select.statistics(), ["Sum", "SampleCount"]);
    assert_eq!(select.period_seconds(), 60);
    let answers = plan.evaluate(&Data::default(), range(1)).unwrap();
    assert!(answers[0].series[0].points.is_empty());
}
