//! Log alarms: queries at their turns, few at once, and what becomes of one that is not answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use corelog_alarms::{
    Contribution, Definition, LogAlarmRequest, ScheduledQuery, ScheduledQueryRequest, StateValue,
};
use corelog_catalog::{Says, SqliteCatalog};
use corelog_runtime::Shutdown;
use corelog_types::Timestamp;
use corelog_watch::{Config, Error, LogQueries, QUERIES_MAX, Unanswered};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::world::{MINUTE_MS, World, at, composite, open};

fn request(name: &str) -> LogAlarmRequest {
    LogAlarmRequest {
        alarm_name: name.to_owned(),
        alarm_actions: vec!["arn:aws:sns:us-east-1:000000000000:alert".to_owned()],
        query: ScheduledQueryRequest {
            query_string: "filter @message like /ERROR/".to_owned(),
            log_group_identifiers: vec!["/app".to_owned()],
            scheduled_query_role_arn: "arn:aws:iam::000000000000:role/query".to_owned(),
            aggregation_expression: "count(*)".to_owned(),
            schedule_expression: "rate(1 minute)".to_owned(),
            start_time_offset: 60,
            ..ScheduledQueryRequest::default()
        },
        action_log_line_count: Some(2),
        action_log_line_role_arn: Some("arn:aws:iam::000000000000:role/lines".to_owned()),
        query_results_to_evaluate: 1,
        query_results_to_alarm: 1,
        threshold: 5.0,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        ..LogAlarmRequest::default()
    }
}

fn log(name: &str) -> Definition {
    request(name).check().unwrap()
}

/// Answers with one value, or says that it cannot.
#[derive(Debug)]
struct Answers {
    value: Mutex<Result<f64, Unanswered>>,
    times: Mutex<Vec<Timestamp>>,
    running: AtomicUsize,
    most_running: AtomicUsize,
    /// Each question takes one.
    turns: Semaphore,
}

impl Answers {
    fn of(value: f64) -> Self {
        Self::turned(value, Semaphore::MAX_PERMITS)
    }

    fn turned(value: f64, turns: usize) -> Self {
        Self {
            value: Mutex::new(Ok(value)),
            times: Mutex::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            turns: Semaphore::new(turns),
        }
    }
}

#[async_trait]
impl LogQueries for Answers {
    async fn values(
        &self,
        query: &ScheduledQuery,
        at: Timestamp,
    ) -> Result<Vec<Contribution>, Unanswered> {
        assert_eq!(query.log_groups, ["/app"]);
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_running.fetch_max(running, Ordering::Relaxed);
        self.turns.acquire().await.unwrap().forget();
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.times.lock().push(at);
        let value = self.value.lock().clone()?;
        Ok(vec![Contribution {
            of: String::new(),
            value,
        }])
    }

    async fn lines(
        &self,
        _query: &ScheduledQuery,
        _at: Timestamp,
        count: u32,
    ) -> Result<Vec<String>, Unanswered> {
        Ok((0..count).map(|line| format!("ERROR {line}")).collect())
    }
}

#[tokio::test]
async fn a_query_is_executed_at_once_and_its_answer_makes_a_state_and_a_notice_with_log_events() {
    let world = World::new(Config::default()).await;
    world.put(log("errors")).await;
    world.put(composite("top", "ALARM(errors)")).await;
    assert_eq!(world.watch.query_turn(&Answers::of(6.0)).await.unwrap(), 1);
    assert_eq!(world.state("errors").await, StateValue::Alarm);
    assert_eq!(world.state("top").await, StateValue::Alarm);
    let told = world.take_notices().await;
    assert_eq!(told.len(), 2);
    let lines = told.iter().find_map(|pending| match &pending.notice.says {
        Says::Action(notice) if notice.transition.alarm.name == "errors" => {
            Some(notice.transition.to.log_lines.clone())
        }
        _ => None,
    });
    assert_eq!(lines.unwrap(), ["ERROR 0", "ERROR 1"]);
    let answers = Answers::of(6.0);
    assert_eq!(
        world.watch.query_turn(&answers).await.unwrap(),
        0,
        "its turn is over"
    );
    world.clock.set(at(MINUTE_MS));
    assert_eq!(world.watch.query_turn(&answers).await.unwrap(), 1);
    assert!(
        world.take_notices().await.is_empty(),
        "it is in ALARM already"
    );
}

#[tokio::test]
async fn a_restart_goes_on_with_the_results_that_there_were() {
    let world = World::new(Config::default()).await;
    let of_two = LogAlarmRequest {
        query_results_to_evaluate: 2,
        query_results_to_alarm: 2,
        ..request("errors")
    };
    world.put(of_two.check().unwrap()).await;
    let answers = Answers::of(6.0);
    world.watch.query_turn(&answers).await.unwrap();
    assert_eq!(world.state("errors").await, StateValue::Ok);
    // As a kill leaves it: nothing is closed. A minute is missed, but for some seconds.
    world.clock.set(at(MINUTE_MS));
    let catalog = SqliteCatalog::open(world.dir.path()).await.unwrap();
    let watch = open(Config::default(), &catalog, &world.clock).await;
    for minute in 1..=3 {
        world.clock.set(at(minute * MINUTE_MS + 10_000));
        while watch.query_turn(&answers).await.unwrap() > 0 {}
    }
    let times = answers.times.lock().clone();
    let between = times.windows(2).skip(1);
    let mut between = between.map(|pair| pair[1].unix_ms() - pair[0].unix_ms());
    assert!(between.all(|ms| ms == MINUTE_MS), "{times:?}");
    let state = watch.look(|alarms, _| alarms.get("errors").unwrap().state.value);
    assert_eq!(state.await, StateValue::Alarm);
}

#[tokio::test]
async fn history_is_trimmed_where_nobody_evaluates_metrics() {
    use corelog_catalog::{AlarmStates as _, HistoryAsked};

    let config = Config {
        history: std::time::Duration::from_mins(1),
        ..Config::default()
    };
    let world = World::new(config).await;
    world.put(log("errors")).await;
    let entries = async || {
        let asked = HistoryAsked {
            alarm_types: vec!["LogAlarm"],
            limit: 10,
            ..HistoryAsked::default()
        };
        world.catalog.alarm_history(&asked).await.unwrap().len()
    };
    assert_eq!(entries().await, 1);
    world.clock.set(at(24 * 60 * MINUTE_MS));
    let shutdown = Shutdown::new();
    let answers = Arc::new(Answers::turned(1.0, 0));
    let (watch, tasks) = (world.watch.clone(), corelog_runtime::Tasks::new());
    let running = tasks.spawn("queries", watch.run_queries(answers, shutdown.child()));
    while entries().await > 0 {
        tokio::task::yield_now().await;
    }
    shutdown.request();
    running.await.unwrap();
}

#[tokio::test]
async fn what_is_not_answered_makes_no_state_and_says_why() {
    let world = World::new(Config::default()).await;
    world.put(log("errors")).await;
    let answers = Answers::of(6.0);
    world.watch.query_turn(&answers).await.unwrap();
    world.take_notices().await;
    let mut said = Vec::new();
    for (minute, error) in [
        (1, Unanswered::Failed("the store is away".to_owned())),
        (
            2,
            Unanswered::Wrong("there is no such log group".to_owned()),
        ),
    ] {
        *answers.value.lock() = Err(error);
        world.clock.set(at(minute * MINUTE_MS));
        world.watch.query_turn(&answers).await.unwrap();
        let looked = world.watch.look(|alarms, _| {
            let state = &alarms.get("errors").unwrap().state;
            (state.value, state.evaluation_state(), state.reason.clone())
        });
        said.push(looked.await);
    }
    assert_eq!(
        (said[0].0, said[0].1),
        (StateValue::Alarm, Some("EVALUATION_FAILURE"))
    );
    assert_eq!(
        (said[1].0, said[1].1),
        (StateValue::Alarm, Some("EVALUATION_ERROR"))
    );
    assert!(
        said[1].2.contains("there is no such log group"),
        "{}",
        said[1].2
    );
    assert!(world.take_notices().await.is_empty());
}

#[tokio::test]
async fn few_are_executed_at_once_and_shutdown_ends_them() {
    let world = World::new(Config::default()).await;
    for number in 0..5 {
        world.put(log(&format!("a{number}"))).await;
    }
    let answers = Arc::new(Answers::turned(6.0, 0));
    let shutdown = Shutdown::new();
    let (watch, tasks) = (world.watch.clone(), corelog_runtime::Tasks::new());
    let asking = watch.run_queries(Arc::clone(&answers) as _, shutdown.child());
    let running = tasks.spawn("queries", asking);
    while answers.running.load(Ordering::Relaxed) < QUERIES_MAX {
        tokio::task::yield_now().await;
    }
    answers.turns.add_permits(5);
    while answers.times.lock().len() < 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!(answers.most_running.load(Ordering::Relaxed), QUERIES_MAX);
    world.put(log("held")).await;
    while answers.running.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    shutdown.request();
    running.await.unwrap();
    assert_eq!(world.state("held").await, StateValue::InsufficientData);
}

#[tokio::test]
async fn an_alarm_that_was_changed_meanwhile_is_asked_anew() {
    let world = World::new(Config::default()).await;
    world.put(log("errors")).await;
    let answers = Answers::turned(6.0, 0);
    let changed = LogAlarmRequest {
        threshold: 10.0,
        ..request("errors")
    };
    let change = async {
        while answers.running.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        world.put(changed.check().unwrap()).await;
        answers.turns.add_permits(2);
    };
    let (done, ()) = tokio::join!(world.watch.query_turn(&answers), change);
    done.unwrap();
    assert_eq!(world.state("errors").await, StateValue::InsufficientData);
    assert_eq!(world.watch.query_turn(&answers).await.unwrap(), 1);
    assert_eq!(world.state("errors").await, StateValue::Ok);
}

#[tokio::test]
async fn there_is_a_limit_of_log_alarms() {
    let config = Config {
        log_max: 1,
        ..Config::default()
    };
    let world = World::new(config).await;
    world.put(log("one")).await;
    world.put(log("one")).await;
    let refused = world.watch.put(log("two"), BTreeMap::new()).await;
    assert!(
        matches!(refused, Err(Error::Full { most: 1, .. })),
        "{refused:?}"
    );
}
