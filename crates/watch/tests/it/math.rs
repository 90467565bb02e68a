//! Alarms on expressions, over metrics as they are kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_alarms::{MetricAlarmRequest, MetricStatRequest, QueryRequest, StateValue};
use corelog_metrics::{Bucket, Deltas, Metric, Overflow, Resolution, SqliteMetrics, Unit};
use corelog_types::Timestamp;
use corelog_watch::{Config, Error};

use crate::world::{MINUTE_MS, World, at, request};

fn metric(id: &str, name: &str, period: i64) -> QueryRequest {
    QueryRequest {
        id: id.to_owned(),
        metric_stat: Some(MetricStatRequest {
            namespace: Some("N".to_owned()),
            metric_name: Some(name.to_owned()),
            period,
            stat: "Sum".to_owned(),
            ..MetricStatRequest::default()
        }),
        return_data: Some(false),
        ..QueryRequest::default()
    }
}

fn expression(id: &str, text: &str, returns: bool) -> QueryRequest {
    QueryRequest {
        id: id.to_owned(),
        expression: Some(text.to_owned()),
        return_data: Some(returns),
        ..QueryRequest::default()
    }
}

/// More than 5, in two periods of two.
fn of(metrics: Vec<QueryRequest>) -> MetricAlarmRequest {
    let MetricAlarmRequest {
        alarm_name,
        threshold,
        comparison_operator,
        ..
    } = request("a");
    MetricAlarmRequest {
        alarm_name,
        threshold,
        comparison_operator,
        evaluation_periods: Some(2),
        metrics,
        ..MetricAlarmRequest::default()
    }
}

/// Puts the values, one a minute, the last in the minute before 10:20, and says what the alarm makes of them.
async fn state_of(request: &MetricAlarmRequest, values: &[(&str, &[f64])]) -> StateValue {
    let world = World::new(Config::default()).await;
    let config = corelog_metrics::Config::default();
    let metrics = SqliteMetrics::open(world.dir.path(), config).await.unwrap();
    let end = at(620 * MINUTE_MS);
    world.clock.set(end);
    for (name, values) in values {
        let metric = Arc::new(Metric::new("N", name, Vec::new()).unwrap());
        let mut deltas = Deltas::default();
        for (value, ago) in values.iter().rev().zip(1_u64..) {
            let time = Timestamp::from_unix_ms(end.unix_ms() - ago * MINUTE_MS);
            let mut bucket = Bucket::default();
            bucket.add(*value, 1.0);
            let resolution = Resolution::Standard;
            deltas.push(Arc::clone(&metric), Unit::None, resolution, time, bucket);
        }
        let added = metrics.add(&deltas, None, Overflow::Refuse, end).await;
        added.unwrap();
    }
    let definition = request.check().unwrap();
    world.watch.put(definition, BTreeMap::new()).await.unwrap();
    world.settle(&metrics).await;
    world.state("a").await
}

#[tokio::test]
async fn an_expression_is_watched() {
    let rate = |text: &str| {
        of(vec![
            expression("rate", text, true),
            expression("all", "SUM([ok, failed])", false),
            metric("ok", "Calls", 60),
            metric("failed", "Errors", 60),
        ])
    };
    let share = rate("100 * failed / all");
    let calls: &[f64] = &[90.0, 90.0, 90.0];
    let failing = [("Calls", calls), ("Errors", &[10.0, 10.0, 10.0][..])];
    assert_eq!(state_of(&share, &failing).await, StateValue::Alarm);
    // One of two periods is within the limit.
    let better = [("Calls", calls), ("Errors", &[10.0, 10.0, 1.0][..])];
    assert_eq!(state_of(&share, &better).await, StateValue::Ok);
    // Nothing failed: what is missing counts as 0.
    assert_eq!(state_of(&share, &[("Calls", calls)]).await, StateValue::Ok);
    // Nothing happened: there is nothing to divide by.
    let none = state_of(&share, &[]).await;
    assert_eq!(none, StateValue::InsufficientData);
    // What is filled in is a data point like any other.
    let filled = rate("FILL(100 * failed / all, 100)");
    assert_eq!(state_of(&filled, &[]).await, StateValue::Alarm);
}

#[tokio::test]
async fn a_metric_may_be_watched_as_it_is() {
    let mut watched = metric("m1", "Calls", 60);
    watched.return_data = None;
    let alarm = of(vec![watched, metric("m2", "Errors", 60)]);
    let high = [("Calls", &[9.0, 9.0][..])];
    assert_eq!(state_of(&alarm, &high).await, StateValue::Alarm);
}

#[tokio::test]
async fn periods_may_differ() {
    let alarm = of(vec![
        metric("minutes", "Errors", 60),
        metric("fives", "Calls", 300),
        expression("sum", "minutes + fives", true),
    ]);
    // Two periods of five minutes begin with a six each.
    let values: [f64; 10] = [6.0, 0.0, 0.0, 0.0, 0.0, 6.0, 0.0, 0.0, 0.0, 0.0];
    let found = state_of(&alarm, &[("Errors", &values[..])]).await;
    assert_eq!(found, StateValue::Alarm);
}

#[tokio::test]
async fn what_is_never_evaluated_is_refused() {
    let world = World::new(Config::default()).await;
    let refused = async |queries: Vec<QueryRequest>, expected: &str| {
        let definition = of(queries).check().unwrap();
        let put = world.watch.put(definition, BTreeMap::new()).await;
        let Err(Error::Unsupported(text)) = put else {
            panic!("{expected}: it was taken");
        };
        assert_eq!(text, expected);
    };
    let with = |text: &str| vec![metric("m1", "Calls", 60), expression("e1", text, true)];
    refused(
        with("m1 +"),
        "Error in expression 'e1': Invalid syntax: unexpected end at character 5",
    )
    .await;
    refused(
        with("m2 * 2"),
        "Error in expression 'e1': ID 'm2' not found",
    )
    .await;
    refused(
        with("SUM(SEARCH('Calls', 'Sum', 60))"),
        "Error in expression 'e1': SEARCH cannot be used in an alarm, which watches one time series",
    )
    .await;
}
