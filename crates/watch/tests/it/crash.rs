//! What a crash, a failure or a hasty caller leaves: a step as a whole, or nothing of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_alarms::{MuteRuleRequest, StateValue};
use corelog_catalog::{
    AlarmStates as _, HistoryAsked, Notices as _, Recipient, Says, SqliteCatalog,
};
use corelog_metrics::{Error, Point};
use corelog_types::Timestamp;
use corelog_watch::{Asked, Config, Points};

use crate::world::{
    MIDNIGHT_MS, MINUTE_MS, Made, World, at, composite, math, metric, open, request,
};

fn high() -> Made {
    Made(Box::new(|_, _| Some(9.0)))
}

#[tokio::test]
async fn a_restart_finds_states_and_notices_and_makes_none_twice() {
    let world = World::new(Config::default()).await;
    world.put(metric("a")).await;
    world.put(composite("both", "ALARM(a)")).await;
    world.settle(&high()).await;
    // As a kill leaves it: nothing is closed.
    let catalog = SqliteCatalog::open(world.dir.path()).await.unwrap();
    let watch = open(Config::default(), &catalog, &world.clock).await;
    let states = watch
        .look(|alarms, _| {
            let states = alarms.iter().map(|alarm| alarm.state.value);
            states.collect::<Vec<_>>()
        })
        .await;
    assert_eq!(states, [StateValue::Alarm, StateValue::Alarm]);
    for minute in 1..5 {
        world.clock.set(at(minute * MINUTE_MS));
        while watch.turn(&high()).await.unwrap() {}
    }
    let told = catalog.waiting_notices().await.unwrap();
    assert_eq!(told, 2, "one of each alarm, from before");
}

#[tokio::test]
async fn what_the_catalog_does_not_keep_did_not_happen() {
    let world = World::new(Config::default()).await;
    world.put(metric("a")).await;
    let raw = format!("sqlite://{}/catalog.db", world.dir.path().display());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&raw)
        .await
        .unwrap();
    // The last thing of a step cannot be written.
    let breaking =
        "CREATE TRIGGER broken BEFORE INSERT ON notices BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::raw_sql(breaking).execute(&mut other).await.unwrap();
    let points = high();
    assert!(world.watch.turn(&points).await.is_err());
    assert_eq!(world.state("a").await, StateValue::InsufficientData);
    assert_eq!(world.catalog.waiting_notices().await.unwrap(), 0);
    let kept = world.catalog.kept_alarms().await.unwrap();
    assert_eq!(kept.alarms[0].state.value, StateValue::InsufficientData);
    let mending = "DROP TRIGGER broken";
    sqlx::raw_sql(mending).execute(&mut other).await.unwrap();
    world.pass(MIDNIGHT_MS + 2 * MINUTE_MS, &points).await;
    assert_eq!(world.state("a").await, StateValue::Alarm);
    assert_eq!(world.take_notices().await.len(), 1);
}

/// Data points that cannot be read for one alarm.
#[derive(Debug)]
struct Away(Made);

#[async_trait]
impl Points for Away {
    async fn points(&self, asked: &Asked, now: Timestamp) -> Result<Vec<Point>, Error> {
        if asked.metric.dimensions()[0].value == "away" {
            return Err(Error::Full { most: 0 });
        }
        self.0.points(asked, now).await
    }
}

#[tokio::test]
async fn an_alarm_whose_points_cannot_be_read_stays_and_holds_up_nobody() {
    let world = World::new(Config::default()).await;
    for name in ["away", "b"] {
        world.put(metric(name)).await;
    }
    world.settle(&high()).await;
    assert_eq!(world.state("away").await, StateValue::Alarm);
    world.clock.set(at(2 * MINUTE_MS));
    let none = Made(Box::new(|_, _| None));
    world.settle(&Away(none)).await;
    assert_eq!(world.state("away").await, StateValue::Alarm);
    assert_eq!(world.state("b").await, StateValue::InsufficientData);
    let now = world.clock.now();
    let due = world.watch.look(|alarms, _| alarms.due(now).len()).await;
    assert_eq!(due, 0, "its next turn is a minute later");
}

#[tokio::test]
async fn listeners_get_events_of_states_and_configurations() {
    let config = Config {
        listeners: vec!["bus".to_owned(), "other".to_owned()],
        ..Config::default()
    };
    let world = World::new(config).await;
    world.put(metric("a")).await;
    world.settle(&high()).await;
    world.watch.delete(&["a".to_owned()]).await.unwrap();
    let taken = world.take_notices().await;
    let of = |listener: &str| {
        let listener = Recipient::Listener(listener.to_owned());
        let of = taken.iter().filter(|one| one.notice.recipient == listener);
        of.map(|one| match &one.notice.says {
            Says::Action(_) => "action".to_owned(),
            Says::StateChange(change) => change.to.value.to_string(),
            Says::ConfigurationChange(change) => change.operation.as_str().to_owned(),
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(of("bus"), ["create", "ALARM", "delete"]);
    assert_eq!(of("other"), of("bus"));
}

#[tokio::test]
async fn mute_rules_hold_actions_back_through_a_restart() {
    let world = World::new(Config::default()).await;
    world.put(metric("a")).await;
    let rule = MuteRuleRequest {
        name: "night".to_owned(),
        expression: "at(2026-11-22T00:00)".to_owned(),
        duration: "PT10M".to_owned(),
        alarm_names: vec!["a".to_owned()],
        ..MuteRuleRequest::default()
    };
    let tags = BTreeMap::new();
    world.watch.put_mute_rule(&rule, &tags).await.unwrap();
    world.settle(&high()).await;
    assert_eq!(world.state("a").await, StateValue::Alarm);
    let watch = open(Config::default(), &world.catalog, &world.clock).await;
    let again = World { watch, ..world };
    again.pass(MIDNIGHT_MS + 10 * MINUTE_MS, &high()).await;
    assert!(again.take_notices().await.is_empty(), "it is muted");
    again.pass(MIDNIGHT_MS + 11 * MINUTE_MS, &high()).await;
    let told = again.take_notices().await;
    assert_eq!(told.len(), 1);
    let Says::Action(notice) = &told[0].notice.says else {
        panic!("{told:?}");
    };
    assert!(notice.is_after_mute);
}

#[tokio::test]
async fn an_alarm_that_cannot_be_read_holds_up_nobody_and_can_be_deleted() {
    let world = World::new(Config::default()).await;
    world.put(metric("a")).await;
    let raw = format!("sqlite://{}/catalog.db", world.dir.path().display());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&raw)
        .await
        .unwrap();
    let odd = "INSERT INTO alarms (name, document, tags) VALUES ('odd', '{}', '{}')";
    sqlx::raw_sql(odd).execute(&mut other).await.unwrap();
    let watch = open(Config::default(), &world.catalog, &world.clock).await;
    let world = World { watch, ..world };
    world.pass(MIDNIGHT_MS + 2 * MINUTE_MS, &high()).await;
    assert_eq!(world.state("a").await, StateValue::Alarm);
    let unreadable = async || world.catalog.kept_alarms().await.unwrap().unreadable.len();
    assert_eq!(unreadable().await, 1);
    world.watch.delete(&["odd".to_owned()]).await.unwrap();
    assert_eq!(unreadable().await, 0);
}

#[tokio::test]
async fn limits_and_what_cannot_be_evaluated_are_refused() {
    let config = Config {
        alarms_max: 1,
        ..Config::default()
    };
    let world = World::new(config).await;
    world.put(metric("a")).await;
    world.put(metric("a")).await;
    let full = world.watch.put(metric("b"), BTreeMap::new()).await;
    assert!(matches!(
        full,
        Err(corelog_watch::Error::Full { most: 1, .. })
    ));
    let mut odd = request("a");
    odd.namespace = Some("é".to_owned());
    for definition in [
        odd.check().unwrap(),
        math("a", "ANOMALY_DETECTION_BAND(m)"),
        math("a", "m +"),
    ] {
        let refused = world.watch.put(definition, BTreeMap::new()).await;
        assert!(
            matches!(refused, Err(corelog_watch::Error::Unsupported(_))),
            "{refused:?}"
        );
    }
    let asked = HistoryAsked {
        alarm_types: vec!["MetricAlarm"],
        limit: 9,
        ..HistoryAsked::default()
    };
    let history = world.catalog.alarm_history(&asked).await.unwrap();
    assert_eq!(history.len(), 1, "putting the same again is no change");
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_no_alarm_waiting() {
    let world = World::new(Config::default()).await;
    world.put(metric("a")).await;
    world.clock.set(at(500 * MINUTE_MS));
    world.settle(&high()).await;
    assert_eq!(world.state("a").await, StateValue::Alarm);
    world.clock.set(at(10 * MINUTE_MS));
    let none = Made(Box::new(|_, _| None));
    world.pass(MIDNIGHT_MS + 12 * MINUTE_MS, &none).await;
    assert_eq!(world.state("a").await, StateValue::InsufficientData);
}
