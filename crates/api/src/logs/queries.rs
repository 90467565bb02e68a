//! Queries that were started: they run in the background, and their answers are kept for whoever asks.
//!
//! As many as [`QueryLimits::running_max`] run at once, in the order in which they were started; the others are
//! scheduled. More than the service's own number of unfinished queries are refused. As many other questions, whose caller
//! waits, are answered beside them; more wait for a while and are refused then. What a query has answered is in
//! memory, and goes with the process: of finished queries those go first that nobody has asked about for the longest
//! time, as soon as all together have more bytes or are more than may be, and every one a week after its end. Rows
//! that a query shows on its way are kept beside these, up to a sixteenth of that for each.

mod job;
mod shelf;

use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_watch::QUERIES_MAX;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub(crate) use job::{Job, Status};
use shelf::Shelf;

use super::scheduled::Unseen;
use super::{Answer, Engine, Language, Progress, QueryError, QuerySpec, Statistics};

/// How long a query may run. Source: the API reference of `StartQuery`.
const RUNTIME_MAX: Duration = Duration::from_hours(1);

/// How long a question waits for its turn whose caller waits for the answer. Their own clients give up after a minute.
const TURN_MAX: Duration = Duration::from_secs(10);

/// Unfinished queries in the language of Logs Insights, and in any other.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const UNFINISHED_INSIGHTS_MAX: usize = 100;
const UNFINISHED_OTHERS_MAX: usize = 15;

/// What queries may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// How many run at once; more wait. As many questions are answered at once besides.
    pub running_max: usize,
    /// Bytes of all answers that are kept. One answer may have half of them.
    pub answers_bytes_max: u64,
    /// Queries that are kept after their end.
    pub kept_max: usize,
    /// How many may be started a second; 0 is no limit.
    pub starts_per_second: u32,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            running_max: 4,
            answers_bytes_max: 128 << 20,
            kept_max: 1_000,
            // Source: the service's quotas.
            starts_per_second: 10,
        }
    }
}

impl QueryLimits {
    /// Bytes that one answer may have.
    pub fn answer_bytes_max(&self) -> u64 {
        self.answers_bytes_max / 2
    }

    /// Bytes of rows that a query may show before its end.
    fn partial_bytes_max(&self) -> u64 {
        self.answers_bytes_max / 16
    }
}

/// How busy queries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLoad {
    /// Queries that run.
    pub running: u64,
    /// Queries that wait for their turn.
    pub scheduled: u64,
    /// Bytes of the answers that are kept of finished queries.
    pub answers_bytes: u64,
}

/// The queries of this process, behind a cheap handle.
#[derive(Debug, Clone)]
pub struct Queries(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Arc<dyn Engine>,
    limits: QueryLimits,
    clock: Clock,
    /// Where they run.
    on: Handle,
    tasks: Tasks,
    shutdown: Shutdown,
    free: Arc<Semaphore>,
    /// For questions that are no queries.
    beside: Semaphore,
    /// For those of alarms.
    aside: Semaphore,
    shelf: Mutex<Shelf>,
}

/// There are as many unfinished queries as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) usize);

/// Why a query was not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotStopped {
    Unknown,
    Ended,
}

/// A query as somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) spec: QuerySpec,
    /// Its text as `DescribeQueries` shows it.
    pub(crate) shown: String,
    /// Who asked.
    pub(crate) caller: String,
}

impl Queries {
    /// Takes what answers, and the runtime on which it does.
    pub fn new(engine: Arc<dyn Engine>, limits: QueryLimits, clock: Clock, on: Handle) -> Self {
        Self(Arc::new(Inner {
            engine,
            limits,
            clock,
            on,
            tasks: Tasks::new(),
            shutdown: Shutdown::new(),
            free: Arc::new(Semaphore::new(limits.running_max.max(1))),
            beside: Semaphore::new(limits.running_max.max(1)),
            aside: Semaphore::new(QUERIES_MAX),
            shelf: Mutex::new(Shelf::new(limits)),
        }))
    }

    /// Has the engine answer a question while its caller waits.
    ///
    /// Decision: these do not wait for queries that run, which may take an hour: `StartQuery` itself asks whether a
    /// query can be run.
    pub(crate) async fn beside<'q, T, F>(
        &'q self,
        ask: impl FnOnce(&'q dyn Engine) -> F,
    ) -> Result<T, QueryError>
    where
        F: Future<Output = Result<T, QueryError>>,
    {
        let turn = timeout(TURN_MAX, self.0.beside.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(QueryError::Busy);
        };
        ask(&*self.0.engine).await
    }

    /// Answers a question of an alarm, beside all others: its answer is not kept. Once the queries are shut down there is
    /// none: whoever asks is stopped, too, and is to note no failure.
    ///
    /// # Cancel safety
    /// Dropping the future ends the work.
    pub(crate) async fn aside(&self, spec: QuerySpec) -> Result<Answer, QueryError> {
        let bytes_max = spec.answer_bytes_max;
        let turn = self.0.aside.acquire().await;
        let Ok(_turn) = turn else {
            return Err(QueryError::Busy);
        };
        let work = self.0.engine.run(spec, Arc::new(Unseen));
        let answer = tokio::select! {
            biased;
            () = self.0.shutdown.requested() => std::future::pending().await,
            answer = work => answer?,
        };
        if answer.bytes() > bytes_max {
            return Err(QueryError::AnswerTooLarge { bytes_max });
        }
        Ok(answer)
    }

    pub(crate) fn limits(&self) -> QueryLimits {
        self.0.limits
    }

    /// Starts a query, and gives it an id.
    pub(crate) fn start(&self, asked: Asked) -> Result<String, TooMany> {
        let id = corelog_runtime::record_id(asked.spec.asked_at).to_string();
        self.start_as(id, asked)
    }

    pub(crate) fn start_as(&self, id: String, asked: Asked) -> Result<String, TooMany> {
        let inner = &self.0;
        let spec = asked.spec.clone();
        let stop = inner.shutdown.child();
        let most = match spec.language {
            Language::Insights => UNFINISHED_INSIGHTS_MAX,
            Language::Sql => UNFINISHED_OTHERS_MAX,
        };
        {
            let mut jobs = inner.shelf.lock();
            if jobs.unfinished(spec.language) >= most {
                return Err(TooMany(most));
            }
            jobs.add(id.clone(), Job::new(asked, stop.clone()), inner.clock.now());
        }
        let running = perform(Running {
            id: id.clone(),
            inner: Arc::clone(inner),
            spec,
            stop,
        });
        // Whoever waits for it asks the shelf.
        drop(inner.tasks.spawn_on("query", running, &inner.on));
        Ok(id)
    }

    /// A query as it is now.
    pub(crate) fn find(&self, id: &str) -> Option<Job> {
        self.0.shelf.lock().find(id, self.0.clock.now())
    }

    /// Ends a query that has not ended.
    pub(crate) fn stop(&self, id: &str) -> Result<(), NotStopped> {
        let now = self.0.clock.now();
        let mut jobs = self.0.shelf.lock();
        let job = jobs.find(id, now).ok_or(NotStopped::Unknown)?;
        if job.has_ended() {
            return Err(NotStopped::Ended);
        }
        jobs.end(id, Status::Cancelled, None, now);
        job.stop.request();
        Ok(())
    }

    /// Up to `limit` queries that fit, with their ids, the newest first, behind the id `after`.
    pub(crate) fn list(
        &self,
        after: Option<&str>,
        limit: usize,
        fits: impl Fn(&Job) -> bool,
    ) -> Vec<(String, Job)> {
        let now = self.0.clock.now();
        self.0.shelf.lock().list(after, limit, fits, now)
    }

    /// How busy they are.
    pub fn load(&self) -> QueryLoad {
        self.0.shelf.lock().load()
    }

    /// Ends every query, and waits until their work has; returns the late ones. No other can be started.
    ///
    /// # Errors
    /// What has not ended within `deadline`.
    pub async fn shut_down(&self, deadline: Duration) -> Result<(), String> {
        self.0.shutdown.request();
        self.0.tasks.wait(deadline).await
    }
}

/// A query at work. However that ends, its end is noted: a panic of the engine's too.
#[derive(Debug)]
struct Running {
    id: String,
    inner: Arc<Inner>,
    spec: QuerySpec,
    stop: Shutdown,
}

impl Drop for Running {
    fn drop(&mut self) {
        let lost = QueryError::Failed("its work ended without a word".into());
        self.inner.end(&self.id, Status::Failed, Some(lost));
    }
}

#[tracing::instrument(name = "query", skip_all, fields(id = %running.id))]
async fn perform(running: Running) {
    let Running {
        id,
        inner,
        spec,
        stop,
    } = &running;
    let free = Arc::clone(&inner.free);
    // What is to stop does not begin, whatever else is ready.
    let permit = tokio::select! {
        biased;
        () = stop.requested() => return inner.end(id, Status::Cancelled, None),
        permit = free.acquire_owned() => permit,
    };
    if !inner.begin(id) {
        return;
    }
    let progress = Arc::new(Reporter {
        id: id.clone(),
        inner: Arc::clone(inner),
    });
    let work = timeout(RUNTIME_MAX, inner.engine.run(spec.clone(), progress));
    tokio::select! {
        biased;
        () = stop.requested() => inner.end(id, Status::Cancelled, None),
        outcome = work => match outcome {
            Err(_) => inner.end(id, Status::Timeout, None),
            Ok(Ok(answer)) => inner.complete(id, answer),
            Ok(Err(error)) => inner.end(id, Status::Failed, Some(error)),
        },
    }
    drop(permit);
}

impl Inner {
    /// Whether it is still to be run.
    fn begin(&self, id: &str) -> bool {
        self.shelf.lock().begin(id, self.clock.now())
    }

    fn complete(&self, id: &str, answer: Answer) {
        let bytes_max = self.limits.answer_bytes_max();
        if answer.bytes() > bytes_max {
            let error = QueryError::AnswerTooLarge { bytes_max };
            return self.end(id, Status::Failed, Some(error));
        }
        self.shelf.lock().complete(id, answer, self.clock.now());
    }

    /// Does nothing to a query that has ended.
    fn end(&self, id: &str, status: Status, error: Option<QueryError>) {
        let said = error
            .as_ref()
            .map(|error| corelog_telemetry::Chain(error).to_string());
        let ends = self.shelf.lock().end(id, status, error, self.clock.now());
        if ends && let Some(error) = said {
            tracing::warn!(query = id, error, "a query failed");
        }
    }
}

/// Writes down what an engine reports.
#[derive(Debug)]
struct Reporter {
    id: String,
    inner: Arc<Inner>,
}

impl Progress for Reporter {
    fn statistics(&self, statistics: Statistics) {
        let mut jobs = self.inner.shelf.lock();
        jobs.note(&self.id, statistics);
    }

    /// What is too large to be kept is not: the rows before it stay.
    fn partial(&self, answer: Answer) {
        let keeps = answer.bytes() <= self.inner.limits.partial_bytes_max();
        let mut jobs = self.inner.shelf.lock();
        jobs.note(&self.id, answer.statistics);
        if keeps {
            jobs.show(&self.id, answer);
        }
    }
}

#[cfg(test)]
mod tests;
