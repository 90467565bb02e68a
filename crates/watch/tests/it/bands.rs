//! Alarms on bands of anomaly detection: what is usual is learnt, once, and what is not is told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use corelog_alarms::{MetricAlarmRequest, MetricStatRequest, QueryRequest, StateValue};
use corelog_metrics::{Error as MetricsError, Point};
use corelog_types::Timestamp;
use corelog_watch::{Asked, Config, Error, Points};

use crate::world::{MIDNIGHT_MS, MINUTE_MS, Made, World, at, open};

const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
const FIVE_MS: u64 = 5 * MINUTE_MS;

/// Hours of 100 to 144, the same every day, with a little noise.
fn usual(time: Timestamp) -> f64 {
    let five = time.unix_ms() / FIVE_MS;
    let hour = time.unix_ms() % DAY_MS / (60 * MINUTE_MS);
    let up = hour.min(23 - hour) * 4;
    f64::from(u32::try_from(100 + up + five * 7 % 5).unwrap())
}

fn alarm(name: &str, comparison: &str) -> MetricAlarmRequest {
    let metric = QueryRequest {
        id: "m1".to_owned(),
        metric_stat: Some(MetricStatRequest {
            namespace: Some("N".to_owned()),
            metric_name: Some("Calls".to_owned()),
            dimensions: vec![("ModelId".to_owned(), "m".to_owned())],
            period: 300,
            stat: "Sum".to_owned(),
            unit: None,
        }),
        ..QueryRequest::default()
    };
    let band = QueryRequest {
        id: "ad1".to_owned(),
        expression: Some("ANOMALY_DETECTION_BAND(m1, 4)".to_owned()),
        ..QueryRequest::default()
    };
    MetricAlarmRequest {
        alarm_name: name.to_owned(),
        metrics: vec![metric, band],
        evaluation_periods: Some(1),
        comparison_operator: Some(comparison.to_owned()),
        threshold_metric_id: Some("ad1".to_owned()),
        ..MetricAlarmRequest::default()
    }
}

/// Data points out of a function, and how far back each question goes, in minutes.
#[derive(Debug)]
struct Noted {
    made: Made,
    minutes: Mutex<Vec<u64>>,
}

impl Noted {
    fn of(value: impl Fn(Timestamp) -> f64 + Send + Sync + 'static) -> Self {
        Self {
            made: Made(Box::new(move |_, time| Some(value(time)))),
            minutes: Mutex::default(),
        }
    }

    /// The longest since this was asked last.
    fn longest(&self) -> u64 {
        let minutes = std::mem::take(&mut *self.minutes.lock().unwrap());
        minutes.into_iter().max().unwrap_or(0)
    }
}

#[async_trait]
impl Points for Noted {
    async fn points(&self, asked: &Asked, now: Timestamp) -> Result<Vec<Point>, MetricsError> {
        let length_ms = asked.to.unix_ms() - asked.from.unix_ms();
        self.minutes.lock().unwrap().push(length_ms / MINUTE_MS);
        self.made.points(asked, now).await
    }
}

/// The same on an expression of the metric, which is `m2` then.
fn computed(mut request: MetricAlarmRequest, expression: &str) -> MetricAlarmRequest {
    let mut metric = request.metrics[0].clone();
    "m2".clone_into(&mut metric.id);
    metric.return_data = Some(false);
    request.metrics[0] = QueryRequest {
        id: "m1".to_owned(),
        expression: Some(expression.to_owned()),
        ..QueryRequest::default()
    };
    request.metrics.push(metric);
    request
}

#[tokio::test]
async fn a_band_of_an_expression_is_learnt_of_what_the_expression_was() {
    let world = World::new(Config::default()).await;
    let spike = at(NOON_MS + FIVE_MS);
    let points = Noted::of(move |time| {
        let is_spike = time >= spike && time < at(NOON_MS + 2 * FIVE_MS);
        if is_spike { 900.0 } else { usual(time) }
    });
    world.clock.set(at(NOON_MS));
    for (name, expression) in [("half", "m2 / 2"), ("turned", "1000 - m2")] {
        let request = alarm(name, "LessThanLowerOrGreaterThanUpperThreshold");
        let definition = computed(request, expression).check().unwrap();
        world.put(definition).await;
    }
    pass(&world, 2, &points).await;
    assert_eq!(world.state("half").await, StateValue::Ok);
    assert_eq!(world.state("turned").await, StateValue::Ok);
    let (weeks, lead) = (14 * 24 * 60, 10 * 5);
    assert_eq!(points.longest(), weeks + lead);
    pass(&world, 11, &points).await;
    assert_eq!(world.state("half").await, StateValue::Alarm);
    assert_eq!(world.state("turned").await, StateValue::Alarm);
    assert_eq!(
        points.longest(),
        5 + lead,
        "each new period once, and what functions look back at"
    );
    let told = reason(&world, "half").await;
    assert!(told.contains(r#""recentDatapoints":[450.0]"#), "{told}");
    pass(&world, 20, &points).await;
    assert_eq!(world.state("half").await, StateValue::Ok);
}

async fn reason(world: &World, name: &str) -> String {
    let looked = world.watch.look(|alarms, _| {
        let state = &alarms.get(name).unwrap().state;
        state.reason_data.clone().unwrap()
    });
    looked.await
}

const NOON_MS: u64 = 12 * 60 * MINUTE_MS;

/// Takes turns until so many minutes past noon.
async fn pass(world: &World, minutes: u64, points: &dyn Points) {
    let until_ms = MIDNIGHT_MS + NOON_MS + minutes * MINUTE_MS;
    world.pass(until_ms, points).await;
}

#[tokio::test]
async fn a_spike_is_outside_and_what_is_usual_is_not() {
    let world = World::new(Config::default()).await;
    let spike = at(NOON_MS + FIVE_MS);
    let points = Noted::of(move |time| {
        let is_spike = time >= spike && time < at(NOON_MS + 2 * FIVE_MS);
        if is_spike { 900.0 } else { usual(time) }
    });
    world.clock.set(at(NOON_MS));
    for (name, comparison) in [
        ("either", "LessThanLowerOrGreaterThanUpperThreshold"),
        ("above", "GreaterThanUpperThreshold"),
        ("below", "LessThanLowerThreshold"),
    ] {
        world.put(alarm(name, comparison).check().unwrap()).await;
    }
    pass(&world, 2, &points).await;
    for name in ["either", "above", "below"] {
        assert_eq!(world.state(name).await, StateValue::Ok, "{name}");
    }
    assert_eq!(points.longest(), 14 * 24 * 60, "two weeks");

    pass(&world, 11, &points).await;
    assert_eq!(world.state("either").await, StateValue::Alarm);
    assert_eq!(world.state("above").await, StateValue::Alarm);
    assert_eq!(world.state("below").await, StateValue::Ok);
    assert_eq!(
        points.longest(),
        15,
        "then no more than the periods looked at"
    );
    let told = reason(&world, "either").await;
    assert!(told.contains(r#""recentDatapoints":[900.0]"#), "{told}");
    assert!(told.contains(r#""recentLowerThresholds":["#), "{told}");
    assert!(told.contains(r#""recentUpperThresholds":["#), "{told}");
    let told = reason(&world, "above").await;
    assert!(!told.contains("recentLowerThresholds"), "{told}");

    // The spike was not learnt: what was usual still is.
    pass(&world, 20, &points).await;
    assert_eq!(world.state("either").await, StateValue::Ok);
}

#[tokio::test]
async fn after_a_start_it_is_learnt_again() {
    let world = World::new(Config::default()).await;
    world.clock.set(at(NOON_MS));
    let definition = alarm("above", "GreaterThanUpperThreshold").check().unwrap();
    world.put(definition).await;
    let points = Noted::of(|time| {
        if time >= at(NOON_MS + FIVE_MS) {
            900.0
        } else {
            usual(time)
        }
    });
    pass(&world, 2, &points).await;
    assert_eq!(world.state("above").await, StateValue::Ok);
    points.longest();
    let again = World {
        watch: open(Config::default(), &world.catalog, &world.clock).await,
        ..world
    };
    pass(&again, 11, &points).await;
    assert_eq!(again.state("above").await, StateValue::Alarm);
    assert_eq!(points.longest(), 14 * 24 * 60);
}

#[tokio::test]
async fn without_two_days_there_is_no_band() {
    let world = World::new(Config::default()).await;
    world.clock.set(at(NOON_MS));
    let mut request = alarm("above", "GreaterThanUpperThreshold");
    request.treat_missing_data = Some("notBreaching".to_owned());
    world.put(request.check().unwrap()).await;
    let since = at(NOON_MS - DAY_MS / 2);
    let points = Made(Box::new(move |_, time| {
        (time >= since).then(|| {
            if time >= at(NOON_MS) {
                900.0
            } else {
                usual(time)
            }
        })
    }));
    pass(&world, 8, &points).await;
    assert_eq!(world.state("above").await, StateValue::Ok);
}

#[tokio::test]
async fn bands_that_have_no_model_are_refused() {
    let world = World::new(Config {
        banded_max: 1,
        ..Config::default()
    })
    .await;
    let put = async |request: MetricAlarmRequest| {
        let definition = request.check().unwrap();
        world.watch.put(definition, BTreeMap::new()).await
    };
    let above = |name: &str| alarm(name, "GreaterThanUpperThreshold");
    let unsupported = async |request: MetricAlarmRequest, expected: &str| {
        let Err(Error::Unsupported(text)) = put(request).await else {
            panic!("{expected}: it was taken");
        };
        assert_eq!(text, expected);
    };
    let mut short = above("short");
    short.metrics[0].metric_stat.as_mut().unwrap().period = 30;
    let text = "ANOMALY_DETECTION_BAND is not supported for periods shorter than 60 seconds.";
    unsupported(short, text).await;

    let mut mixed = computed(above("mixed"), "m2 + m3");
    let mut other = mixed.metrics[2].clone();
    other.id = "m3".to_owned();
    other.metric_stat.as_mut().unwrap().period = 60;
    mixed.metrics.push(other);
    let text = "ANOMALY_DETECTION_BAND of an expression needs metrics of one period.";
    unsupported(mixed, text).await;

    put(above("one")).await.unwrap();
    put(above("one")).await.unwrap();
    let full = put(above("two")).await;
    assert!(matches!(full, Err(Error::Full { most: 1, .. })), "{full:?}");
}
