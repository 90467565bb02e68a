//! Points through restarts, late values, roll-up and retention.

use std::sync::Arc;

use super::*;
use crate::{
    Bucket, Deltas, Dimension, DimensionFilter, Metric, MetricFilter, Period, Resolution,
    Statistic, Unit,
};

/// 2026-11-18T12:00:00Z.
const NOON: u64 = 1_795_003_200;
const DAY: u64 = 86_400;
const BASICS: [Statistic; 4] = [
    Statistic::SampleCount,
    Statistic::Sum,
    Statistic::Maximum,
    Statistic::Percentile(50.0),
];

fn at(second: u64) -> Timestamp {
    Timestamp::from_unix_ms(second * 1_000)
}

fn metric(name: &str, pairs: &[(&str, &str)]) -> Arc<Metric> {
    let one = |(name, value): &(&str, &str)| Dimension {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let dimensions = pairs.iter().map(one).collect();
    Arc::new(Metric::new("App", name, dimensions).unwrap())
}

fn push(
    deltas: &mut Deltas,
    metric: Arc<Metric>,
    (unit, resolution): (Unit, Resolution),
    second: u64,
    value: f64,
) {
    let mut bucket = Bucket::default();
    bucket.add(value, 1.0);
    deltas.push(metric, unit, resolution, at(second), bucket);
}

const PLAIN: (Unit, Resolution) = (Unit::None, Resolution::Standard);

/// Values of the metric `m` at seconds after noon, or before.
fn deltas(values: &[(i64, f64)]) -> Deltas {
    let mut deltas = Deltas::default();
    for (second, value) in values {
        let second = NOON.checked_add_signed(*second).unwrap();
        push(&mut deltas, metric("m", &[]), PLAIN, second, *value);
    }
    deltas
}

async fn open(dir: &Path) -> SqliteMetrics {
    SqliteMetrics::open(dir, Config::default()).await.unwrap()
}

async fn put(metrics: &SqliteMetrics, deltas: &Deltas, now: u64) {
    let added = metrics.add(deltas, None, Overflow::Refuse, at(now)).await;
    assert!(!added.unwrap().is_repeated);
}

fn part(after: u64, through: u64) -> Read<'static> {
    Read {
        source: "node/metrics",
        after,
        through,
    }
}

/// `seconds after noon: values` of the only unit.
async fn ask(
    metrics: &SqliteMetrics,
    (from, to): (i64, i64),
    period: u32,
    now: u64,
) -> Vec<(i64, Vec<f64>)> {
    let metric = metric("m", &[]);
    let question = Question {
        metric: &metric,
        unit: None,
        from: at(NOON.checked_add_signed(from).unwrap()),
        to: at(NOON.checked_add_signed(to).unwrap()),
        period: Period::from_seconds(period).unwrap(),
        statistics: &BASICS,
    };
    let mut units = metrics.points(&question, at(now)).await.unwrap();
    let points = units.pop().map(|one| one.points).unwrap_or_default();
    assert!(units.is_empty());
    let second = |time: Timestamp| i64::try_from(time.unix_ms() / 1_000).unwrap();
    points
        .into_iter()
        .map(|point| {
            let values = point.values.into_iter().flatten().collect();
            (second(point.time) - i64::try_from(NOON).unwrap(), values)
        })
        .collect()
}

#[tokio::test]
async fn points_are_there_after_a_restart_and_late_values_join_them() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let now = NOON + 200;
    put(&metrics, &deltas(&[(0, 1.0), (59, 3.0), (60, 5.0)]), now).await;
    metrics.close().await;
    let metrics = open(dir.path()).await;
    put(&metrics, &deltas(&[(30, 8.0), (120, 2.0)]), now).await;
    let expected = [
        (0, vec![3.0, 12.0, 8.0, 3.0]),
        (60, vec![1.0, 5.0, 5.0, 5.0]),
        (120, vec![1.0, 2.0, 2.0, 2.0]),
    ];
    assert_eq!(ask(&metrics, (0, 180), 60, now).await, expected);
    // The end is left out, and the start is rounded down.
    assert_eq!(ask(&metrics, (59, 120), 60, now).await, expected[..2]);
    // Periods begin where the question begins, if its start is rounded only to the minute.
    let shifted = [
        (-60, vec![3.0, 12.0, 8.0, 3.0]),
        (60, vec![2.0, 7.0, 5.0, 2.0]),
    ];
    assert_eq!(ask(&metrics, (-60, 180), 120, now).await, shifted);
    let whole = [(0, vec![5.0, 19.0, 8.0, 3.0])];
    assert_eq!(ask(&metrics, (0, 300), 300, now).await, whole);
    assert_eq!(ask(&metrics, (0, 3_600), 3_600, now).await, whole);
    assert!(ask(&metrics, (300, 600), 60, now).await.is_empty());
}

#[tokio::test]
async fn what_is_counted_of_a_log_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    // Parts of a log: entries 1 to 3, 4 to 5, 6.
    let parts = [
        (part(0, 3), deltas(&[(0, 1.0), (1, 2.0), (70, 4.0)])),
        (part(3, 5), deltas(&[(2, 8.0), (71, 16.0)])),
        (part(5, 6), deltas(&[(3, 32.0)])),
    ];
    let now = at(NOON + 100);
    for (read, deltas) in &parts {
        // Killed after the part was added, before whoever added it heard so; killed again after the first repetition.
        for repetition in 0..3 {
            let metrics = open(dir.path()).await;
            let done = metrics.add(deltas, Some(*read), Overflow::LeaveOut, now);
            assert_eq!(done.await.unwrap().is_repeated, repetition > 0);
            assert_eq!(
                metrics.position("node/metrics").await.unwrap(),
                read.through
            );
            metrics.close().await;
        }
        // Killed while it is added: begun, and never committed.
        let metrics = open(dir.path()).await;
        let mut change = metrics.change().await.unwrap();
        sqlx::query("UPDATE sources SET position = 1000")
            .execute(&mut *change)
            .await
            .unwrap();
        sqlx::query("DELETE FROM points")
            .execute(&mut *change)
            .await
            .unwrap();
        drop(change);
        metrics.close().await;
    }
    let metrics = open(dir.path()).await;
    let expected = [
        (0, vec![4.0, 43.0, 32.0, 2.0]),
        (60, vec![2.0, 20.0, 16.0, 4.0]),
    ];
    assert_eq!(ask(&metrics, (0, 120), 60, NOON + 100).await, expected);
    // A part with a gap before it is a mistake of whoever reads, and adds nothing.
    let done = metrics.add(&parts[0].1, Some(part(7, 9)), Overflow::LeaveOut, now);
    assert!(matches!(
        done.await,
        Err(Error::Position {
            counted: 6,
            after: 7,
            ..
        })
    ));
    assert_eq!(ask(&metrics, (0, 120), 60, NOON + 100).await, expected);
    assert_eq!(metrics.position("node/metrics").await.unwrap(), 6);
    assert_eq!(metrics.position("another").await.unwrap(), 0);
}

#[tokio::test]
async fn high_resolution_is_kept_by_the_second_and_rolled_up() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let mut deltas = Deltas::default();
    for (second, value) in [(0, 1.0), (4, 2.0), (5, 3.0), (29, 4.0), (30, 5.0)] {
        let high = (Unit::None, Resolution::High);
        push(&mut deltas, metric("m", &[]), high, NOON + second, value);
    }
    let now = NOON + 60;
    put(&metrics, &deltas, now).await;
    let sums = |points: Vec<(i64, Vec<f64>)>| -> Vec<(i64, f64)> {
        points.into_iter().map(|(at, says)| (at, says[1])).collect()
    };
    let by = |period| ask(&metrics, (0, 60), period, now);
    let seconds = [(0, 1.0), (4, 2.0), (5, 3.0), (29, 4.0), (30, 5.0)];
    assert_eq!(sums(by(1).await), seconds);
    let fives = [(0, 3.0), (5, 3.0), (25, 4.0), (30, 5.0)];
    assert_eq!(sums(by(5).await), fives);
    assert_eq!(sums(by(30).await), [(0, 10.0), (30, 5.0)]);
    assert_eq!(sums(by(60).await), [(0, 15.0)]);
    // A start is rounded down to the period.
    let late = ask(&metrics, (34, 60), 10, now).await;
    assert_eq!(sums(late), [(30, 5.0)]);
    // After three hours the seconds are gone, and the minute is not.
    let later = NOON + 3 * 3_600 + 5;
    assert_eq!(sums(ask(&metrics, (0, 60), 1, later).await), seconds[2..]);
    assert!(ask(&metrics, (0, 60), 1, later + 3_600).await.is_empty());
    assert_eq!(sums(ask(&metrics, (0, 60), 60, later).await), [(0, 15.0)]);
    // A metric of standard resolution has no seconds.
    put(&metrics, &self::deltas(&[(600, 1.0)]), NOON + 600).await;
    assert!(ask(&metrics, (600, 660), 10, NOON + 660).await.is_empty());
}

#[tokio::test]
async fn points_last_as_long_as_their_granularity() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    put(
        &metrics,
        &deltas(&[(0, 1.0), (60, 2.0), (300, 4.0)]),
        NOON + 400,
    )
    .await;
    let minutes = ask(&metrics, (0, 600), 60, NOON + 15 * DAY).await;
    assert_eq!(minutes.len(), 3);
    for trimmed in [false, true] {
        let later = NOON + 16 * DAY;
        if trimmed {
            // Three minutes.
            assert_eq!(metrics.trim(at(later)).await.unwrap(), 3);
        }
        assert!(ask(&metrics, (0, 600), 60, later).await.is_empty());
        assert_eq!(ask(&metrics, (0, 600), 300, later).await.len(), 2);
    }
    for trimmed in [false, true] {
        let later = NOON + 64 * DAY;
        if trimmed {
            // Two times five minutes.
            assert_eq!(metrics.trim(at(later)).await.unwrap(), 2);
        }
        assert!(ask(&metrics, (0, 3_600), 300, later).await.is_empty());
        let hours = ask(&metrics, (0, 3_600), 3_600, later).await;
        assert_eq!(hours, [(0, vec![3.0, 7.0, 4.0, 2.0])]);
    }
    let later = NOON + 456 * DAY;
    assert!(ask(&metrics, (0, 3_600), 3_600, later).await.is_empty());
    assert_eq!(metrics.trim(at(later)).await.unwrap(), 1);
    assert_eq!(count(&metrics, "SELECT COUNT(*) FROM points").await, 0);
    assert_eq!(count(&metrics, "SELECT COUNT(*) FROM metrics").await, 0);
}

#[tokio::test]
async fn a_value_that_is_late_by_weeks_is_in_the_points_that_are_still_kept() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let later = NOON + 20 * DAY;
    put(&metrics, &deltas(&[(0, 1.0), (300, 2.0)]), later).await;
    assert!(ask(&metrics, (0, 600), 60, later).await.is_empty());
    assert_eq!(ask(&metrics, (0, 600), 300, later).await.len(), 2);
    assert_eq!(count(&metrics, "SELECT COUNT(*) FROM points").await, 3);
    // Too late for any of them, or too early.
    put(&metrics, &deltas(&[(-500 * 86_400, 1.0)]), later).await;
    put(&metrics, &deltas(&[(22 * 86_400, 1.0)]), later).await;
    assert_eq!(count(&metrics, "SELECT COUNT(*) FROM points").await, 3);
}

async fn count(metrics: &SqliteMetrics, sql: &'static str) -> i64 {
    let count = sqlx::query_scalar(sql).fetch_one(&metrics.pool).await;
    count.unwrap()
}

#[tokio::test]
async fn units_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let mut deltas = Deltas::default();
    for (unit, value) in [
        (Unit::Seconds, 1.0),
        (Unit::Count, 2.0),
        (Unit::Seconds, 4.0),
    ] {
        let of_unit = (unit, Resolution::Standard);
        push(&mut deltas, metric("m", &[]), of_unit, NOON, value);
    }
    put(&metrics, &deltas, NOON).await;
    let metric = metric("m", &[]);
    let mut question = Question {
        metric: &metric,
        unit: None,
        from: at(NOON),
        to: at(NOON + 60),
        period: Period::from_seconds(60).unwrap(),
        statistics: &[Statistic::Sum],
    };
    let sums = |units: Vec<UnitPoints>| -> Vec<(Unit, f64)> {
        let one = |one: &UnitPoints| (one.unit, one.points[0].values[0].unwrap());
        units.iter().map(one).collect()
    };
    let all = metrics.points(&question, at(NOON)).await.unwrap();
    assert_eq!(sums(all), [(Unit::Count, 2.0), (Unit::Seconds, 5.0)]);
    question.unit = Some(Unit::Seconds);
    let some = metrics.points(&question, at(NOON)).await.unwrap();
    assert_eq!(sums(some), [(Unit::Seconds, 5.0)]);
    question.unit = Some(Unit::Bytes);
    let none = metrics.points(&question, at(NOON)).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_question_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let metric = metric("m", &[]);
    let mut question = Question {
        metric: &metric,
        unit: None,
        from: at(NOON),
        to: at(NOON + 60 * 100_801),
        period: Period::from_seconds(60).unwrap(),
        statistics: &[],
    };
    let refused = metrics.points(&question, at(NOON)).await;
    assert!(matches!(
        refused,
        Err(Error::TooManyPoints {
            asked: 100_801,
            most: 100_800
        })
    ));
    // What is no longer kept does not count.
    question.from = at(0);
    question.to = at(NOON);
    assert!(
        metrics
            .points(&question, at(NOON))
            .await
            .unwrap()
            .is_empty()
    );
    question.from = at(NOON);
    question.to = at(0);
    assert!(
        metrics
            .points(&question, at(NOON))
            .await
            .unwrap()
            .is_empty()
    );
}

type Named<'a> = (&'a str, &'a [(&'a str, &'a str)], u64);

fn one_value(metrics: &[Named<'_>]) -> Deltas {
    let mut deltas = Deltas::default();
    for (name, pairs, second) in metrics {
        push(&mut deltas, metric(name, pairs), PLAIN, *second, 1.0);
    }
    deltas
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let some = one_value(&[
        ("b", &[("x", "1"), ("y", "2")], NOON),
        ("b", &[("x", "2")], NOON - 20 * DAY),
        ("a", &[("y", "2")], NOON),
        ("a", &[], NOON - 4 * 3_600),
    ]);
    put(&metrics, &some, NOON).await;
    let list = async |filter: &MetricFilter, since: u64, after: Option<&Metric>, limit| {
        let listed = metrics.list(filter, at(since), after, limit).await.unwrap();
        let one = |listed: Listed| {
            let dimensions = listed.metric.dimensions().iter();
            let dimensions: Vec<_> = dimensions
                .map(|one| format!("{}={}", one.name, one.value))
                .collect();
            format!("{}{{{}}}", listed.metric.name(), dimensions.join(","))
        };
        listed.into_iter().map(one).collect::<Vec<_>>()
    };
    let all = MetricFilter::default();
    let everything = list(&all, 0, None, 10).await;
    assert_eq!(everything, ["a{y=2}", "a{}", "b{x=1,y=2}", "b{x=2}"]);
    let two_weeks = list(&all, NOON - 14 * DAY, None, 10).await;
    assert_eq!(two_weeks, ["a{y=2}", "a{}", "b{x=1,y=2}"]);
    let three_hours = list(&all, NOON - 3 * 3_600, None, 10).await;
    assert_eq!(three_hours, ["a{y=2}", "b{x=1,y=2}"]);
    assert_eq!(list(&all, 0, None, 2).await, everything[..2]);
    let after = metric("a", &[]);
    assert_eq!(list(&all, 0, Some(&after), 10).await, everything[2..]);
    let with = |name: &str, value: Option<&str>| MetricFilter {
        dimensions: vec![DimensionFilter {
            name: name.to_owned(),
            value: value.map(str::to_owned),
        }],
        ..MetricFilter::default()
    };
    let with_x = list(&with("x", None), 0, None, 10).await;
    assert_eq!(with_x, ["b{x=1,y=2}", "b{x=2}"]);
    let with_y = list(&with("y", Some("2")), 0, None, 1).await;
    assert_eq!(with_y, ["a{y=2}"]);
    let named = |namespace: &str, name: &str| MetricFilter {
        namespace: Some(namespace.to_owned()),
        name: Some(name.to_owned()),
        dimensions: Vec::new(),
    };
    assert_eq!(list(&named("App", "a"), 0, None, 10).await.len(), 2);
    assert!(list(&named("app", "a"), 0, None, 10).await.is_empty());
}

#[tokio::test]
async fn there_are_only_so_many_metrics() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { metrics_max: 2 };
    let metrics = SqliteMetrics::open(dir.path(), config).await.unwrap();
    put(&metrics, &one_value(&[("a", &[], NOON)]), NOON).await;
    let three = one_value(&[("a", &[], NOON), ("b", &[], NOON), ("c", &[], NOON)]);
    let refused = metrics.add(&three, None, Overflow::Refuse, at(NOON)).await;
    assert!(matches!(refused, Err(Error::Full { most: 2 })));
    let count_all = "SELECT COUNT(*) FROM metrics";
    assert_eq!(count(&metrics, count_all).await, 1);
    let added = metrics.add(&three, Some(part(0, 1)), Overflow::LeaveOut, at(NOON));
    let added = added.await.unwrap();
    assert_eq!((added.new_metrics, added.left_out), (1, 1));
    assert_eq!(count(&metrics, count_all).await, 2);
    assert_eq!(metrics.position("node/metrics").await.unwrap(), 1);
}

/// Many metrics and minutes: more than one statement has rows for, twice, against a recount.
#[tokio::test]
async fn many_metrics_are_as_a_recount_says() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let names: Vec<String> = (0..150).map(|index| format!("m{index}")).collect();
    let mut sums = vec![[0.0_f64; 3]; names.len()];
    let mut state = 7_u64;
    for _ in 0..3 {
        let mut deltas = Deltas::default();
        for _ in 0..1_500 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let draw = usize::try_from(state >> 40).unwrap();
            let (index, minute) = (draw % names.len(), draw / 1_000 % 3);
            let value = f64::from(u32::try_from(draw % 97).unwrap());
            let second = NOON + 60 * minute as u64;
            push(
                &mut deltas,
                metric(&names[index], &[]),
                PLAIN,
                second,
                value,
            );
            sums[index][minute] += value;
        }
        put(&metrics, &deltas, NOON + 180).await;
    }
    for (name, sums) in names.iter().zip(&sums) {
        let metric = metric(name, &[]);
        let question = Question {
            metric: &metric,
            unit: None,
            from: at(NOON),
            to: at(NOON + 180),
            period: Period::from_seconds(60).unwrap(),
            statistics: &[Statistic::Sum],
        };
        let said = metrics.points(&question, at(NOON + 180)).await.unwrap();
        let mut found = [0.0; 3];
        for point in said.iter().flat_map(|unit| &unit.points) {
            let minute = (point.time.unix_ms() / 1_000 - NOON) / 60;
            found[usize::try_from(minute).unwrap()] = point.values[0].unwrap();
        }
        let bits = |sums: &[f64; 3]| sums.map(f64::to_bits);
        assert_eq!(bits(&found), bits(sums), "{name}");
    }
}

#[tokio::test]
async fn metrics_of_a_newer_version_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    sqlx::query("PRAGMA user_version = 99")
        .execute(&metrics.pool)
        .await
        .unwrap();
    metrics.close().await;
    let refused = SqliteMetrics::open(dir.path(), Config::default()).await;
    assert!(matches!(
        refused,
        Err(Error::Version {
            found: 99,
            known: 2,
            ..
        })
    ));
}

#[tokio::test]
async fn counting_waits_for_no_question() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let mut asking = Vec::new();
    for _ in 0..READERS_MAX {
        asking.push(metrics.pool.acquire().await.unwrap());
    }
    let deltas = deltas(&[(0, 1.0)]);
    let adding = metrics.add(&deltas, None, Overflow::Refuse, at(NOON + 100));
    assert_eq!(adding.await.unwrap().new_metrics, 1);
}

#[tokio::test]
async fn many_wide_points_are_the_same_as_few() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path()).await;
    let now = at(NOON + 3 * DAY);
    let minutes = 2_000_u32;
    // Each minute has 150 values: rows of more than one part, twice.
    let mut wide = Deltas::default();
    for minute in 0..minutes {
        let mut bucket = Bucket::default();
        for value in 0..150_u32 {
            bucket.add(f64::from(value * (minute + 1)), 1.0);
        }
        let (unit, resolution) = PLAIN;
        let time = at(NOON + u64::from(minute) * 60);
        wide.push(metric("m", &[]), unit, resolution, time, bucket);
    }
    for _ in 0..2 {
        let added = metrics.add(&wide, None, Overflow::Refuse, now);
        assert_eq!(added.await.unwrap().left_out, 0);
    }
    let told = ask(&metrics, (0, i64::from(minutes) * 60), 60, NOON + 3 * DAY).await;
    assert_eq!(told.len(), 2_000);
    for (minute, (second, values)) in (0..minutes).zip(told) {
        assert_eq!(second, i64::from(minute) * 60);
        let factor = f64::from(minute + 1);
        // Twice the sum of 0 to 149.
        assert_eq!(values[..3], [300.0, 22_350.0 * factor, 149.0 * factor]);
    }
}
