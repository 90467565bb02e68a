//! Jobs over an engine that does as it is told.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use corelog_types::Timestamp;
use futures_util::FutureExt as _;

use super::*;
use crate::tests::engine::{FakeEngine, answer};

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);
/// Turns of the runtime within which whatever is under way has happened.
const TURNS: usize = 100;

struct Desk {
    engine: Arc<FakeEngine>,
    clock: Clock,
    queries: Queries,
}

fn desk(limits: QueryLimits) -> Desk {
    let engine = Arc::new(FakeEngine::default());
    let clock = Clock::manual(NOW);
    let queries = engine.queries(limits, &clock);
    Desk {
        engine,
        clock,
        queries,
    }
}

fn asked(text: &str) -> Asked {
    Asked {
        spec: QuerySpec {
            language: Language::Insights,
            text: text.to_owned(),
            groups: Vec::new(),
            sources: BTreeMap::new(),
            start_ms: 0,
            end_ms: 999,
            limit: None,
            asked_at: NOW,
            answer_bytes_max: QueryLimits::default().answer_bytes_max(),
        },
        shown: text.to_owned(),
        caller: "somebody".to_owned(),
    }
}

impl Desk {
    fn start(&self, text: &str) -> String {
        self.queries.start(asked(text)).unwrap()
    }

    /// The query's status once nothing moves any more.
    async fn status(&self, id: &str) -> Option<Status> {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        self.queries.find(id).map(|job| job.status)
    }
}

#[tokio::test]
async fn a_query_runs_from_scheduled_to_complete() {
    let desk = desk(QueryLimits::default());
    let id = desk.start("hold");
    assert_eq!(desk.queries.find(&id).unwrap().status, Status::Scheduled);
    assert_eq!(desk.status(&id).await, Some(Status::Running));
    let job = desk.queries.find(&id).unwrap();
    assert_eq!(job.answer.rows, answer(2).rows, "what is known so far");
    assert_eq!(job.statistics.records_scanned, 500, "the newest statistics");
    desk.clock.set(Timestamp::from_unix_ms(NOW.unix_ms() + 250));
    assert_eq!(job.ran_ms(desk.clock.now()), 250);
    desk.engine.release();
    assert_eq!(desk.status(&id).await, Some(Status::Complete));
    desk.clock.set(Timestamp::from_unix_ms(NOW.unix_ms() + 900));
    let job = desk.queries.find(&id).unwrap();
    assert_eq!(*job.answer, answer(3));
    assert_eq!(job.statistics, answer(3).statistics);
    assert_eq!(job.ran_ms(desk.clock.now()), 250);
}

#[tokio::test]
async fn more_than_may_run_wait_for_their_turn() {
    let limits = QueryLimits {
        running_max: 2,
        ..QueryLimits::default()
    };
    let desk = desk(limits);
    let ids: Vec<String> = (0..4).map(|_| desk.start("hold")).collect();
    let mut statuses = Vec::new();
    for id in &ids {
        statuses.push(desk.status(id).await.unwrap());
    }
    let (running, waiting) = (Status::Running, Status::Scheduled);
    assert_eq!(statuses, [running, running, waiting, waiting]);
    let load = desk.queries.load();
    assert_eq!(
        (load.running, load.scheduled, load.answers_bytes),
        (2, 2, 0)
    );
    assert_eq!(
        desk.queries.stop(&ids[2]),
        Ok(()),
        "one that waits is stopped too"
    );
    for id in [&ids[0], &ids[1], &ids[3]] {
        desk.engine.release();
        desk.status(id).await;
    }
    assert_eq!(desk.status(&ids[3]).await, Some(Status::Complete));
    assert_eq!(desk.status(&ids[2]).await, Some(Status::Cancelled));
    assert_eq!(desk.engine.asked.lock().len(), 3, "one was never run");
    let kept = 3 * answer(3).bytes() + answer(0).bytes();
    assert_eq!(desk.queries.load().answers_bytes, kept);
    assert_eq!(desk.engine.most_running.load(Ordering::Relaxed), 2);
}

type Plan<'d> = Pin<Box<dyn Future<Output = Result<Vec<(String, String)>, QueryError>> + 'd>>;

fn explain<'d>(desk: &'d Desk, spec: &'d QuerySpec) -> Plan<'d> {
    Box::pin(desk.queries.beside(|engine| engine.explain(spec)))
}

#[tokio::test(start_paused = true)]
async fn as_many_questions_are_answered_beside_queries() {
    let limits = QueryLimits {
        running_max: 2,
        ..QueryLimits::default()
    };
    let desk = desk(limits);
    let ids = [desk.start("hold"), desk.start("hold")];
    for id in &ids {
        assert_eq!(desk.status(id).await, Some(Status::Running));
    }
    let (held, quick) = (asked("hold").spec, asked("x").spec);
    assert!(
        explain(&desk, &quick).await.is_ok(),
        "queries that run are not waited for"
    );
    let mut first = explain(&desk, &held);
    let mut second = explain(&desk, &held);
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    let began = tokio::time::Instant::now();
    let refused = explain(&desk, &quick).await;
    assert!(matches!(refused, Err(QueryError::Busy)), "{refused:?}");
    assert_eq!(began.elapsed(), TURN_MAX);
    drop(first);
    assert!(
        explain(&desk, &quick).await.is_ok(),
        "who goes away makes room"
    );
}

#[tokio::test]
async fn unfinished_queries_are_counted_by_language() {
    let desk = desk(QueryLimits::default());
    let ids: Vec<String> = (0..100).map(|_| desk.start("hold")).collect();
    assert_eq!(desk.queries.start(asked("x")), Err(TooMany(100)));
    let mut sql = asked("hold");
    sql.spec.language = Language::Sql;
    for _ in 0..15 {
        desk.queries.start(sql.clone()).unwrap();
    }
    assert_eq!(desk.queries.start(sql), Err(TooMany(15)));
    desk.queries.stop(&ids[0]).unwrap();
    assert!(desk.queries.start(asked("x")).is_ok());
}

#[tokio::test]
async fn stopping_ends_the_work_and_is_done_once() {
    let desk = desk(QueryLimits::default());
    let id = desk.start("hold");
    assert_eq!(desk.status(&id).await, Some(Status::Running));
    assert_eq!(desk.engine.running(), 1);
    assert_eq!(desk.queries.stop(&id), Ok(()));
    assert_eq!(
        desk.queries.find(&id).unwrap().status,
        Status::Cancelled,
        "at once"
    );
    assert_eq!(desk.queries.stop(&id), Err(NotStopped::Ended));
    assert_eq!(desk.queries.stop("x"), Err(NotStopped::Unknown));
    desk.engine.release();
    assert_eq!(desk.status(&id).await, Some(Status::Cancelled));
    assert_eq!(desk.engine.running(), 0);
    let job = desk.queries.find(&id).unwrap();
    assert_eq!(job.answer.rows, answer(2).rows, "what was known stays");
}

#[tokio::test]
async fn whatever_goes_wrong_is_the_end_of_a_query() {
    let desk = desk(QueryLimits::default());
    for (text, said) in [
        ("fail", "the query failed"),
        ("panic", "the query failed"),
        ("huge", "the answer has more than 67108864 bytes"),
    ] {
        let id = desk.start(text);
        assert_eq!(desk.status(&id).await, Some(Status::Failed), "{text}");
        let job = desk.queries.find(&id).unwrap();
        assert_eq!(job.error.unwrap().to_string(), said, "{text}");
    }
    let id = desk.start("x");
    assert_eq!(
        desk.status(&id).await,
        Some(Status::Complete),
        "their places are free"
    );
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_the_longest() {
    let desk = desk(QueryLimits::default());
    let id = desk.start("hold");
    assert_eq!(desk.status(&id).await, Some(Status::Running));
    tokio::time::advance(Duration::from_secs(3_599)).await;
    assert_eq!(desk.status(&id).await, Some(Status::Running));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(desk.status(&id).await, Some(Status::Timeout));
    assert_eq!(desk.engine.running(), 0);
}

#[tokio::test]
async fn answers_nobody_asks_about_go_first() {
    let one = answer(3).bytes();
    let limits = QueryLimits {
        answers_bytes_max: 3 * one,
        ..QueryLimits::default()
    };
    let desk = desk(limits);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = desk.start("x");
        desk.status(&id).await;
        ids.push(id);
    }
    assert!(desk.queries.find(&ids[0]).is_some());
    let id = desk.start("x");
    assert_eq!(desk.status(&id).await, Some(Status::Complete));
    assert!(desk.queries.find(&ids[0]).is_some(), "somebody asked");
    assert!(desk.queries.find(&ids[1]).is_none(), "nobody asked since");
    assert!(desk.queries.find(&ids[2]).is_some());
}

#[tokio::test]
async fn so_many_finished_queries_are_kept_for_a_week() {
    let limits = QueryLimits {
        kept_max: 2,
        ..QueryLimits::default()
    };
    let desk = desk(limits);
    let held = desk.start("hold");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = desk.start("x");
        desk.status(&id).await;
        ids.push(id);
    }
    let kept = |desk: &Desk| {
        let all = desk.queries.list(None, 10, |_| true);
        all.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(kept(&desk).len(), 3);
    assert!(!kept(&desk).contains(&ids[0]));
    let week = 7 * 86_400_000;
    desk.clock
        .set(Timestamp::from_unix_ms(NOW.unix_ms() + week));
    assert_eq!(kept(&desk).len(), 3);
    desk.clock
        .set(Timestamp::from_unix_ms(NOW.unix_ms() + week + 1));
    assert_eq!(kept(&desk), [held], "one that runs is not let go");
}

#[tokio::test]
async fn shutdown_ends_what_runs_and_what_waits() {
    let limits = QueryLimits {
        running_max: 1,
        ..QueryLimits::default()
    };
    let desk = desk(limits);
    let (runs, waits) = (desk.start("hold"), desk.start("hold"));
    assert_eq!(desk.status(&runs).await, Some(Status::Running));
    assert_eq!(desk.queries.shut_down(Duration::from_secs(5)).await, Ok(()));
    assert_eq!(desk.status(&runs).await, Some(Status::Cancelled));
    assert_eq!(desk.status(&waits).await, Some(Status::Cancelled));
    let late = desk.start("x");
    assert_eq!(desk.status(&late).await, Some(Status::Cancelled));
}
