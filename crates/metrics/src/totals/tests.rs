//! What a scrape shows of what was counted.

use corelog_types::Timestamp;

use super::*;
use crate::{Dimension, Resolution};

const NOON: Timestamp = Timestamp::from_unix_ms(1_795_003_200_000);

/// `namespace name dimension=value…`, a unit, and values.
fn deltas(of: &[(&str, Unit, &[f64])]) -> Deltas {
    let mut deltas = Deltas::default();
    for (metric, unit, values) in of {
        let mut parts = metric.split(' ');
        let (namespace, name) = (parts.next().unwrap(), parts.next().unwrap());
        let dimension = |part: &str| {
            let (name, value) = part.split_once('=').unwrap();
            Dimension {
                name: name.to_owned(),
                value: value.to_owned(),
            }
        };
        let metric = Metric::new(namespace, name, parts.map(dimension).collect()).unwrap();
        let mut bucket = Bucket::default();
        for value in *values {
            bucket.add(*value, 1.0);
        }
        deltas.push(Arc::new(metric), *unit, Resolution::Standard, NOON, bucket);
    }
    deltas
}

fn samples(totals: &Totals) -> Vec<String> {
    let text = totals.to_text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn counters_are_of_models_and_of_calls_that_name_none() {
    let mut totals = Totals::default();
    let counted = deltas(&[
        ("Corelog Invocations", Unit::Count, &[1.0; 6]),
        (
            "Corelog Invocations Provider=openai",
            Unit::Count,
            &[1.0; 6],
        ),
        (
            "Corelog Invocations Provider=openai ModelId=gpt-5",
            Unit::Count,
            &[1.0; 4],
        ),
        ("Corelog Invocations User=u-1", Unit::Count, &[1.0; 6]),
        (
            "Corelog InputTokenCount Provider=openai ModelId=gpt-5",
            Unit::Count,
            &[20.0, 30.0],
        ),
        ("Corelog InputTokenCount Caller=batch", Unit::Count, &[50.0]),
        ("Corelog Invocations team=a\"b", Unit::Count, &[1.0]),
        (
            "Corelog InvocationErrors Provider=openai ErrorCode=server_error",
            Unit::Count,
            &[1.0],
        ),
        (
            "AWS/Bedrock Invocations ModelId=gpt-5",
            Unit::Count,
            &[1.0; 4],
        ),
        (
            "AWS/Bedrock InvocationThrottles ModelId=gpt-5",
            Unit::Count,
            &[1.0],
        ),
    ]);
    totals.add(&counted, NOON);
    assert_eq!(
        samples(&totals),
        [
            "corelog_caller_tokens_total{caller=\"batch\",kind=\"input\"} 50",
            "corelog_invocation_errors_by_code_total{provider=\"openai\",code=\"server_error\"} 1",
            "corelog_invocation_throttles_total{model=\"gpt-5\"} 1",
            "corelog_invocations_total{provider=\"openai\",model=\"\"} 2",
            "corelog_invocations_total{provider=\"openai\",model=\"gpt-5\"} 4",
            "corelog_tag_invocations_total{tag=\"team\",value=\"a\\\"b\"} 1",
            "corelog_tokens_total{provider=\"openai\",model=\"gpt-5\",kind=\"input\"} 50",
        ]
    );
    totals.add(&counted, NOON);
    let twice = "corelog_invocations_total{provider=\"openai\",model=\"gpt-5\"} 8";
    assert!(samples(&totals).iter().any(|line| line == twice));
}

#[test]
fn costs_that_were_rounded_apart_are_of_no_other_calls() {
    let mut totals = Totals::default();
    let of_provider = "Corelog Cost Provider=p";
    totals.add(&deltas(&[(of_provider, Unit::None, &[0.1; 10])]), NOON);
    for model in 0..10 {
        let metric = format!("Corelog Cost Provider=p ModelId=m{model}");
        totals.add(&deltas(&[(&metric, Unit::None, &[0.1])]), NOON);
    }
    // One after the other, ten tenths come to a little less than 1.
    let first = &samples(&totals)[0];
    assert_eq!(first, "corelog_cost_total{provider=\"p\",model=\"m0\"} 0.1");
    totals.add(&deltas(&[(of_provider, Unit::None, &[0.5])]), NOON);
    let first = &samples(&totals)[0];
    assert!(first.starts_with("corelog_cost_total{provider=\"p\",model=\"\"} 0.5"));
}

#[test]
fn what_takes_time_is_a_histogram() {
    let mut totals = Totals::default();
    let latencies: &[f64] = &[0.5, 30.0, 700.0, 700.0, 200_000.0];
    let metric = "Corelog InvocationLatency Provider=p ModelId=m";
    totals.add(&deltas(&[(metric, Unit::Milliseconds, latencies)]), NOON);
    let text = totals.to_text();
    assert!(text.contains("# TYPE corelog_invocation_latency_seconds histogram\n"));
    let lines = samples(&totals);
    let has = |line: &str| assert!(lines.iter().any(|one| one == line), "{line} of {lines:#?}");
    let of = "corelog_invocation_latency_seconds";
    has(&format!(
        "{of}_bucket{{provider=\"p\",model=\"m\",le=\"0.001\"}} 1"
    ));
    has(&format!(
        "{of}_bucket{{provider=\"p\",model=\"m\",le=\"0.05\"}} 2"
    ));
    has(&format!(
        "{of}_bucket{{provider=\"p\",model=\"m\",le=\"1.0\"}} 4"
    ));
    has(&format!(
        "{of}_bucket{{provider=\"p\",model=\"m\",le=\"120.0\"}} 4"
    ));
    has(&format!(
        "{of}_bucket{{provider=\"p\",model=\"m\",le=\"+Inf\"}} 5"
    ));
    has(&format!("{of}_count{{provider=\"p\",model=\"m\"}} 5"));
    has(&format!("{of}_sum{{provider=\"p\",model=\"m\"}} 201.4305"));
}

#[test]
fn nothing_counted_is_nothing_said() {
    assert_eq!(Totals::default().to_text(), "");
}

#[test]
fn what_was_not_seen_for_a_day_makes_room() {
    let mut totals = Totals {
        room: 3,
        ..Totals::default()
    };
    let of = |metric: &str, calls: usize| deltas(&[(metric, Unit::Count, &vec![1.0; calls])]);
    let later = |hours: u64| Timestamp::from_unix_ms(NOON.unix_ms() + hours * HOUR_MS);
    let provider = "Corelog Invocations Provider=openai";
    let (old, new) = (
        "Corelog Invocations Provider=openai ModelId=old",
        "Corelog Invocations Provider=openai ModelId=new",
    );
    // Nine calls of the provider: five of a model, and four that name none.
    totals.add(&of(provider, 9), NOON);
    totals.add(&of(old, 5), NOON);
    totals.add(&of(new, 1), later(23));
    totals.add(&of(provider, 1), later(23));
    // There is room.
    totals.add(&of(new, 1), later(24));
    totals.add(&of(provider, 1), later(24));
    let shown = |model: &str, calls: u32| {
        format!("corelog_invocations_total{{provider=\"openai\",model=\"{model}\"}} {calls}")
    };
    let mut expected = vec![shown("", 4), shown("new", 2), shown("old", 5)];
    assert_eq!(samples(&totals), expected);
    // There is none; who calls now stays, and what names no model stays what it was.
    totals.add(&of("Corelog Invocations Caller=batch", 1), later(24));
    expected = vec![
        "corelog_caller_invocations_total{caller=\"batch\"} 1".to_owned(),
        shown("", 4),
        shown("new", 2),
    ];
    assert_eq!(samples(&totals), expected);
    // A caller who comes back begins anew.
    totals.add(&of(old, 1), later(25));
    totals.add(&of(provider, 1), later(25));
    assert!(samples(&totals).contains(&shown("old", 1)));
}
