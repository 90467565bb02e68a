//! Log alarms: their queries are executed at their turns, beside the turns of metric alarms, which wait for none of them.
//!
//! An execution is about the time up to its turn, however late it is: where one ends, the next begins. The first, when an
//! alarm is put, is about the time up to now, and the turn that follows takes its place.
//!
//! At most [`QUERIES_MAX`] are executed at once, the longest waiting first, each for [`QUERY_TIME_MAX`] at the most. An
//! alarm whose query is still being executed at its next turn waits for that. What a query answered is told to the
//! alarm in a step of its own; where the alarm was changed meanwhile, its new query is executed instead. A query that is
//! not answered makes no state: the alarm says `EVALUATION_FAILURE` if it may pass, or `EVALUATION_ERROR` with the reason
//! if its definition has to change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_alarms::{Answered, Contribution, Definition, Effects, Problem, ScheduledQuery};
use corelog_runtime::{Backoff, Shutdown};
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout;

use crate::run::{RETRY_CEILING, RETRY_FIRST};
use crate::step::Name;
use crate::{Error, Watch};

/// Queries that are executed at once.
pub const QUERIES_MAX: usize = 2;
/// How long one of them may take.
pub const QUERY_TIME_MAX: Duration = Duration::from_mins(5);
/// How long the log events of a notice may take: the notice waits for them.
const LINES_TIME_MAX: Duration = Duration::from_secs(30);
/// The longest that the loop sleeps.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Whoever answers the queries of log alarms.
#[async_trait]
pub trait LogQueries: Send + Sync + fmt::Debug {
    /// What an execution at `at` answers: a value for each group.
    ///
    /// # Cancel safety
    /// Dropping the future ends the work.
    async fn values(
        &self,
        query: &ScheduledQuery,
        at: Timestamp,
    ) -> Result<Vec<Contribution>, Unanswered>;

    /// As many of the log events that it is about.
    async fn lines(
        &self,
        query: &ScheduledQuery,
        at: Timestamp,
        count: u32,
    ) -> Result<Vec<String>, Unanswered>;
}

/// Why a query was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It asks for what cannot be answered, until somebody changes it.
    #[error("{0}")]
    Wrong(String),
    /// It may be answered another time.
    #[error("{0}")]
    Failed(String),
}

impl Unanswered {
    fn problem(&self) -> Problem {
        match self {
            Self::Wrong(_) => Problem::Error,
            Self::Failed(_) => Problem::Failure,
        }
    }
}

/// A log alarm whose query is executed.
struct Begun {
    name: Name,
    definition: Arc<Definition>,
    at: Timestamp,
}

impl Watch {
    /// Executes the queries of log alarms until shutdown. Those under way end with it.
    pub async fn run_queries(self, from: Arc<dyn LogQueries>, shutdown: Shutdown) {
        let mut under_way = FuturesUnordered::new();
        let mut names = BTreeSet::new();
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
        let mut trimmed = None;
        while !shutdown.is_requested() {
            let mut done = Vec::new();
            let begun = {
                let beginning = async {
                    // Without metrics nobody else does.
                    self.trim(&mut trimmed).await;
                    self.begin(&names).await
                };
                tokio::pin!(beginning);
                // Those under way go on meanwhile: one of them may hold what this waits for.
                loop {
                    tokio::select! {
                        begun = &mut beginning => break begun,
                        Some(name) = under_way.next(), if !under_way.is_empty() => done.push(name),
                    }
                }
            };
            for name in done {
                names.remove(&name);
            }
            let wait = match begun {
                Ok(begun) => {
                    backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
                    for one in begun {
                        names.insert(Arc::clone(&one.name));
                        under_way.push(self.execute(one, &*from));
                    }
                    SLEEP_MAX
                }
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "the queries of alarms are not executed now");
                    backoff.after_failure()
                }
            };
            tokio::select! {
                () = shutdown.requested() => return,
                Some(name) = under_way.next(), if !under_way.is_empty() => {
                    names.remove(&name);
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Executes the queries that are due, and says how many these were.
    ///
    /// # Errors
    /// [`Error::Catalog`]: none was executed then.
    pub async fn query_turn(&self, from: &dyn LogQueries) -> Result<usize, Error> {
        let begun = self.begin(&BTreeSet::new()).await?;
        let count = begun.len();
        let all: FuturesUnordered<_> = begun
            .into_iter()
            .map(|one| self.execute(one, from))
            .collect();
        all.count().await;
        Ok(count)
    }

    /// Whose query is to be executed now, beside those under way. Who has one under way misses a turn.
    async fn begin(&self, under_way: &BTreeSet<Name>) -> Result<Vec<Begun>, Error> {
        let mut held = self.fresh().await?;
        let now = held.now(&self.0.clock);
        let mut begun = Vec::new();
        for (name, at) in held.alarms.queries_due(now) {
            if under_way.contains(&name) {
                continue;
            }
            if under_way.len() + begun.len() >= QUERIES_MAX {
                break;
            }
            held.alarms.pass_over(&name, now);
            if let Some(alarm) = held.alarms.get(&name) {
                let definition = Arc::clone(&alarm.definition);
                begun.push(Begun {
                    name,
                    definition,
                    at,
                });
            }
        }
        // Without metrics nobody else lets go of what was held back.
        let let_go = held.alarms.tick(now);
        self.keep(&mut held, let_go, BTreeMap::new(), now).await?;
        Ok(begun)
    }

    #[tracing::instrument(name = "log_alarm", skip_all, fields(alarm = %begun.name))]
    async fn execute(&self, begun: Begun, from: &dyn LogQueries) -> Name {
        let outcome = self.asked(&begun, from).await;
        if let Err(error) = self.told(&begun, outcome).await {
            tracing::warn!(error = %Chain(&error), "what a query answered is not kept; it is executed again");
            // It is due again as soon as the alarms are read anew: not in a circle, while the catalog keeps nothing.
            tokio::time::sleep(RETRY_CEILING).await;
        }
        begun.name
    }

    /// The answer, with log events where a notice will want them.
    async fn asked(&self, begun: &Begun, from: &dyn LogQueries) -> Result<Answered, Unanswered> {
        let Some(log) = begun.definition.log() else {
            return Ok(Answered::default());
        };
        let values = timeout(QUERY_TIME_MAX, from.values(&log.query, begun.at)).await;
        let slow = |_| Unanswered::Failed("the query took too long".to_owned());
        let mut answered = Answered {
            values: values.map_err(slow)??,
            lines: Vec::new(),
        };
        if let Some(count) = self
            .look(|alarms, _| alarms.wants_lines(&begun.name, &answered))
            .await
        {
            let lines = timeout(LINES_TIME_MAX, from.lines(&log.query, begun.at, count)).await;
            match lines.map_err(slow).flatten() {
                Ok(lines) => answered.lines = lines,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "a notice goes without its log events");
                }
            }
        }
        Ok(answered)
    }

    async fn told(
        &self,
        begun: &Begun,
        outcome: Result<Answered, Unanswered>,
    ) -> Result<(), Error> {
        self.step(BTreeMap::new(), |held, now| {
            let alarm = held.alarms.get(&begun.name);
            let is_same =
                alarm.is_some_and(|alarm| alarm.definition.log() == begun.definition.log());
            Ok(match outcome {
                _ if !is_same => Effects::default(),
                Ok(answered) => held
                    .alarms
                    .take_answer(&begun.name, &answered, begun.at, now),
                Err(error) => {
                    tracing::warn!(%error, "the query of an alarm was not answered");
                    let why = error.to_string();
                    held.alarms
                        .take_failure(&begun.name, error.problem(), &why, now)
                }
            })
        })
        .await
    }
}
