//! Over metrics as they are kept: periods of every kind find their data points.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_alarms::{MetricAlarmRequest, StateValue, WindowRequest};
use corelog_metrics::{
    Bucket, Deltas, Dimension, Metric, Overflow, Resolution, SqliteMetrics, Unit,
};
use corelog_types::Timestamp;
use corelog_watch::Config;

use crate::world::{MINUTE_MS, World, at, request};

async fn metrics(world: &World) -> SqliteMetrics {
    let config = corelog_metrics::Config::default();
    SqliteMetrics::open(world.dir.path(), config).await.unwrap()
}

/// Adds a value of the metric of `request("a")`.
async fn add(metrics: &SqliteMetrics, value: f64, time: Timestamp, now: Timestamp) {
    let dimensions = vec![Dimension {
        name: "ModelId".to_owned(),
        value: "a".to_owned(),
    }];
    let metric = Metric::new("AWS/Bedrock", "InvocationThrottles", dimensions).unwrap();
    let mut bucket = Bucket::default();
    bucket.add(value, 1.0);
    let mut deltas = Deltas::default();
    deltas.push(Arc::new(metric), Unit::None, Resolution::High, time, bucket);
    let added = metrics.add(&deltas, None, Overflow::Refuse, now).await;
    added.unwrap();
}

async fn check(request: MetricAlarmRequest, value: f64, ago_ms: u64, expected: StateValue) {
    let world = World::new(Config::default()).await;
    let metrics = metrics(&world).await;
    // 10:20:25.
    let now = at(620 * MINUTE_MS + 25_000);
    world.clock.set(now);
    let time = Timestamp::from_unix_ms(now.unix_ms() - ago_ms);
    add(&metrics, value, time, now).await;
    let definition = request.check().unwrap();
    world.watch.put(definition, BTreeMap::new()).await.unwrap();
    world.settle(&metrics).await;
    let period = request.period;
    assert_eq!(
        world.state("a").await,
        expected,
        "{period:?}, {ago_ms} ms ago"
    );
}

#[tokio::test]
async fn a_value_is_found_in_periods_of_every_length() {
    let of = |period: i64| MetricAlarmRequest {
        period: Some(period),
        ..request("a")
    };
    // The newest whole period, and one that is not over.
    check(of(10), 9.0, 10_000, StateValue::Alarm).await;
    check(of(10), 9.0, 2_000, StateValue::InsufficientData).await;
    check(of(20), 9.0, 10_000, StateValue::Alarm).await;
    check(of(30), 9.0, 30_000, StateValue::Alarm).await;
    check(of(60), 9.0, 30_000, StateValue::Alarm).await;
    check(of(60), 4.0, 30_000, StateValue::Ok).await;
    check(of(300), 9.0, 4 * MINUTE_MS, StateValue::Alarm).await;
    check(of(3_600), 9.0, 50 * MINUTE_MS, StateValue::Alarm).await;
    check(of(86_400), 9.0, 20 * 60 * MINUTE_MS, StateValue::Alarm).await;
    // A week, whose oldest periods begin more than fifteen days ago.
    let days = 24 * 60 * MINUTE_MS;
    check(of(604_800), 9.0, 6 * days, StateValue::Alarm).await;
}

#[tokio::test]
async fn days_of_a_wall_clock_are_those_of_its_zone() {
    let daily = MetricAlarmRequest {
        period: Some(86_400),
        evaluation_window: Some(WindowRequest::WallClock(Some(
            "America/New_York".to_owned(),
        ))),
        treat_missing_data: Some("notBreaching".to_owned()),
        ..request("a")
    };
    // It is 05:20 of the 22nd there: the last whole day ended five hours and twenty minutes ago.
    check(daily.clone(), 9.0, 6 * 60 * MINUTE_MS, StateValue::Alarm).await;
    check(daily, 9.0, 5 * 60 * MINUTE_MS, StateValue::Ok).await;
}
