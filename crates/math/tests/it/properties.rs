//! What holds of any text and any data.

use std::sync::Arc;

use corelog_math::{Data, Function, MetricStat, Plan, Point, Query, Range, Term, Type, parse};
use corelog_types::Timestamp;
use proptest::prelude::*;

const MINUTE_MS: u64 = 60_000;
const START_MS: u64 = 1_795_348_800_000;

/// Texts that look like expressions.
fn scraps() -> impl Strategy<Value = String> {
    let names = Function::all().map(|function| format!("{}(", function.as_str()));
    let mut parts: Vec<String> = names.collect();
    for part in [
        "m1",
        "m2",
        "e1",
        "1",
        "0.5",
        "1e3",
        "+",
        "-",
        "*",
        "/",
        "^",
        "(",
        ")",
        "[",
        "]",
        ",",
        "==",
        "<",
        "AND",
        "||",
        "'a'",
        "\"",
        "'",
        "\\",
        "REPEAT",
        "AVG",
        "DESC",
        "ö",
        "{",
        "}",
        "SEARCH('{N,D} x OR y=(\"a\")', 'Sum', 60)",
        "METRICS()",
    ] {
        parts.push(part.to_owned());
    }
    prop::collection::vec(prop::sample::select(parts), 0..30).prop_map(|parts| parts.join(" "))
}

/// Expressions that can be read, and mostly mean something.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("m1".to_owned()),
        Just("m2".to_owned()),
        (0_u32..100).prop_map(|number| number.to_string()),
        Just("2.5".to_owned()),
        Just("METRICS()".to_owned()),
        Just("METRICS('m')".to_owned()),
        Just("SEARCH('\"it\\'s\" OR x', \"Sum\", 60)".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operators = [
            "+", "-", "*", "/", "^", "==", "!=", "<", ">", "<=", ">=", "AND", "OR", "&&", "||",
        ];
        let functions: Vec<&str> = vec![
            "ABS",
            "AVG",
            "SUM",
            "DIFF",
            "FIRST",
            "RUNNING_SUM",
            "STDDEV",
            "REMOVE_EMPTY",
            "TIME_SERIES",
            "MINUTE",
            "PERIOD",
        ];
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(operators.to_vec()),
                inner.clone()
            )
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            (prop::sample::select(functions), inner.clone())
                .prop_map(|(function, inner)| format!("{function}({inner})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("IF({a}, {b}, {c})")),
            (
                inner.clone(),
                prop::sample::select(vec!["REPEAT", "LINEAR", "0"])
            )
                .prop_map(|(inner, filler)| format!("FILL({inner}, {filler})")),
            (
                inner,
                prop::sample::select(vec!["AVG, ASC", "MAX, DESC, 1"])
            )
                .prop_map(|(inner, by)| format!("SORT({inner}, {by})")),
        ]
    })
}

fn metric(id: &str) -> Query {
    Query {
        id: id.to_owned(),
        term: Term::Metric(MetricStat {
            metric_name: id.to_owned(),
            period_seconds: 60,
            ..MetricStat::default()
        }),
        label: None,
        period_seconds: None,
        returns: false,
    }
}

fn plan(expression: &str) -> Option<Plan> {
    let asked = Query {
        term: Term::Expression(expression.to_owned()),
        period_seconds: Some(60),
        returns: true,
        ..metric("x")
    };
    Plan::of(vec![metric("m1"), metric("m2"), asked]).ok()
}

fn points(values: &[Option<f64>]) -> Vec<Point> {
    let points = values.iter().zip(0..).filter_map(|(value, index)| {
        Some(Point {
            at: Timestamp::from_unix_ms(START_MS + index * MINUTE_MS),
            value: (*value)?,
        })
    });
    points.collect()
}

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        3 => (-5_i32..5).prop_map(|value| Some(f64::from(value))),
        1 => Just(None),
        1 => any::<f64>().prop_map(|value| value.is_finite().then_some(value)),
    ];
    prop::collection::vec(value, 0..8)
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", scraps in scraps()) {
        for text in [text, scraps] {
            if let Err(error) = parse(&text) {
                prop_assert!(error.at() <= text.chars().count());
            }
            let _ = plan(&text);
            let _ = plan(&format!("SEARCH('{text}', 'Sum', 60)"));
            let _ = plan(&format!("SELECT {text}"));
            let _ = plan(&format!("SELECT AVG(a) FROM {text}"));
        }
    }

    #[test]
    fn what_is_printed_means_the_same(text in expressions()) {
        // Not all are short enough.
        if let Ok(read) = parse(&text) {
            let printed = read.to_string();
            prop_assert_eq!(parse(&printed), Ok(read), "{}", printed);
        } else {
            prop_assert!(text.len() > 100, "{}", text);
        }
    }

    /// Types are known before: what was accepted has a result of that type, with points in order, all of them numbers.
    #[test]
    fn what_is_accepted_is_computed(text in expressions(), one in values(), two in values()) {
        let Some(plan) = plan(&text) else {
            return Ok(());
        };
        let mut data = Data::default();
        for ((id, metric), values) in plan.metrics().zip([one, two]) {
            data.metrics.insert(id.to_owned(), Arc::new(metric.series(points(&values))));
        }
        data.found = vec![data.metrics.values().cloned().collect(); plan.searches().len()];
        let range = Range {
            from: Timestamp::from_unix_ms(START_MS),
            to: Timestamp::from_unix_ms(START_MS + 8 * MINUTE_MS),
            rounding_seconds: 60,
        };
        let answers = plan.evaluate(&data, range);
        // Arrays of arrays grow, and there is a bound for that.
        let Ok(answers) = answers else { return Ok(()) };
        prop_assert_eq!(answers.len(), 1);
        prop_assert_eq!(answers[0].is_array, plan.type_of(2) == Some(Type::Array));
        prop_assert!(answers[0].is_array || answers[0].series.len() == 1);
        for series in &answers[0].series {
            prop_assert!(series.points.is_sorted_by(|a, b| a.at < b.at));
            prop_assert!(series.points.iter().all(|point| point.value.is_finite()));
        }
    }
}
