//! The task of one destination.
//!
//! ```text
//!            ┌────────────────────────────── next batch ◄──────────────────────────────┐
//!            ▼                                                                         │
//! start ─► fill ─► full, old enough or shutting down ─► save plan ─► sink ─► commit ─► trim
//!            ▲                                                        │
//!   a plan that was saved and not committed: fill up to its last       └► failed: wait and try again
//! ```
//! Every step may be the last one of this process. Before the plan is saved nothing was put; after that,
//! the next start carries out the same plan again; after the commit it is done.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Backoff, Clock, Shutdown};
use corelog_spool::{Cursor, Spool, Start};
use corelog_telemetry::{Chain, DestinationLabel, Metrics};
use corelog_types::{ByteSize, NodeId, Sequence};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::fill::{Bounds, Filling, SpoolBlobs};
use crate::report::State;
use crate::{Batch, Error, Handle, Plan, Receipt, Sink, SinkError, plan};

/// How often records are looked at while a batch waits to be old enough: it may have become too large.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Attempts in a row that may fail once a shutdown is asked for, and the longest wait between them.
const SHUTDOWN_ATTEMPTS: u32 = 3;
const SHUTDOWN_WAIT: Duration = Duration::from_millis(500);

/// What a destination is told when it is opened.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name, also that of its cursor: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`, `.`.
    pub name: String,
    /// A batch is put once its first record has been waiting for this long.
    pub interval: Duration,
    /// The most records in a batch.
    pub batch_records_max: usize,
    /// The most bytes of stored records in a batch; a single record may be larger.
    pub batch_bytes_max: ByteSize,
    /// Whether bodies beside the spool count among those bytes: for a sink that has a batch in memory, bodies and all.
    pub batch_counts_bodies: bool,
    /// The first wait after a failure, which doubles with every further one.
    pub retry_first: Duration,
    /// The longest wait.
    pub retry_ceiling: Duration,
    /// How long a shutdown may take.
    pub shutdown_deadline: Duration,
}

impl Config {
    /// The defaults, for a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            interval: Duration::from_secs(30),
            batch_records_max: 1_000,
            batch_bytes_max: ByteSize::from_bytes(5 << 20),
            batch_counts_bodies: false,
            retry_first: Duration::from_millis(100),
            retry_ceiling: Duration::from_secs(30),
            shutdown_deadline: Duration::from_secs(10),
        }
    }
}

/// What a destination works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where records come from.
    pub spool: Spool,
    /// Where they go.
    pub sink: Arc<dyn Sink>,
    /// Time, for the names of batches.
    pub clock: Clock,
    /// Where deliveries are counted.
    pub metrics: Arc<Metrics>,
}

/// How a destination's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Durable records that were not delivered in time; the next start begins with them.
    pub undelivered: u64,
}

/// One destination.
#[derive(Debug)]
pub struct Delivery {
    config: Config,
    ports: Ports,
    cursor: Option<Cursor>,
    node: NodeId,
    label: DestinationLabel,
    state: Arc<Mutex<State>>,
    backoff: Backoff,
    /// When a shutdown must be over; set once it is asked for.
    deadline: Option<Instant>,
    /// Failures since it was asked for.
    failures_at_shutdown: u32,
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the spool failed")]
    Spool(#[from] corelog_spool::Error),
    #[error("the sink failed")]
    Sink(#[from] SinkError),
    #[error("a task of the delivery failed")]
    Task(#[from] tokio::task::JoinError),
}

impl Failure {
    /// What the other side asked us to wait.
    fn wait(&self) -> Duration {
        match self {
            Self::Sink(error) => error.wait().unwrap_or_default(),
            Self::Spool(_) | Self::Task(_) => Duration::ZERO,
        }
    }
}

impl Delivery {
    /// Takes the destination's cursor, creating it behind the newest record where there is none. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Cursor`], also while another task has the destination.
    pub fn open(config: Config, ports: Ports) -> Result<(Self, Handle), Error> {
        let cursor = ports.spool.cursor(&config.name, Start::Newest);
        let cursor = cursor.map_err(|source| Error::Cursor {
            destination: config.name.clone(),
            source,
        })?;
        let state = Arc::new(Mutex::new(State {
            name: config.name.clone(),
            location: ports.sink.location(),
            position: cursor.position(),
            failures: 0,
            last_error: None,
            last_delivered: None,
            oldest: None,
        }));
        let handle = Handle {
            state: Arc::clone(&state),
            spool: ports.spool.clone(),
            clock: ports.clock.clone(),
        };
        let delivery = Self {
            node: ports.spool.node(),
            label: DestinationLabel {
                destination: config.name.clone(),
            },
            backoff: Backoff::new(config.retry_first, config.retry_ceiling),
            cursor: Some(cursor),
            config,
            ports,
            state,
            deadline: None,
            failures_at_shutdown: 0,
        };
        Ok((delivery, handle))
    }

    /// Delivers until a shutdown is asked for; then what is durable by that time, as far as the deadline allows.
    pub async fn run(mut self, shutdown: Shutdown) -> Ended {
        let mut filling: Option<Filling> = None;
        loop {
            if shutdown.is_requested() && Instant::now() >= self.shutdown_deadline() {
                break;
            }
            match self.batch(&mut filling, &shutdown).await {
                Ok(true) => self.succeeded(),
                // Nothing more to deliver, and a shutdown was asked for.
                Ok(false) => break,
                Err(failure) => {
                    // Reading begins anew at the cursor, whose plan makes the next attempt the same one.
                    filling = None;
                    if !self.wait_after(&failure, &shutdown).await {
                        break;
                    }
                }
            }
        }
        self.publish();
        Ended {
            undelivered: self.backlog(),
        }
    }

    /// Delivers one batch. Returns `false` where a shutdown found nothing to deliver, or no time for it.
    async fn batch(
        &mut self,
        filling: &mut Option<Filling>,
        shutdown: &Shutdown,
    ) -> Result<bool, Failure> {
        let saved = self.saved_plan();
        let mut batch = match filling.take() {
            Some(filling) => filling,
            None => Filling::new(
                self.ports.spool.reader(self.position().next()),
                self.config.batch_counts_bodies,
            ),
        };
        let bounds = Bounds {
            // A saved plan alone bounds its batch, whatever the configuration says by now.
            records_max: saved.map_or(self.config.batch_records_max.max(1), |_| usize::MAX),
            bytes_max: saved.map_or(self.config.batch_bytes_max.bytes(), |_| u64::MAX),
            last: saved.map(|plan| plan.last),
        };
        batch = self
            .collect(batch, bounds, saved.is_some(), shutdown)
            .await?;
        let entries = batch.take();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return match saved {
                // Everything of the plan is gone from the spool: there is nothing left to put.
                Some(plan) => self.commit(plan.last).await.map(|()| true),
                None => Ok(false),
            };
        };
        let plan = saved.unwrap_or(Plan {
            first: first.sequence,
            last: last.sequence,
            time: self.ports.clock.now(),
        });
        self.state.lock().oldest = Some(first.time);
        if saved.is_none() {
            self.with_cursor(move |cursor| cursor.save_plan(&plan::encode(&plan)))
                .await?;
        }
        let work = Batch {
            destination: self.config.name.clone(),
            node: self.node,
            plan,
            entries,
            blobs: Arc::new(SpoolBlobs(self.ports.spool.clone())),
        };
        let Some(outcome) = self.in_time(self.put(work), shutdown).await else {
            return Ok(false);
        };
        let receipt = outcome?;
        self.commit(plan.last).await?;
        self.count(receipt);
        self.trim().await;
        if saved.is_none() {
            *filling = Some(batch);
        }
        Ok(true)
    }

    /// Reads until the batch is full, old enough, or a shutdown wants it as it is.
    async fn collect(
        &self,
        mut batch: Filling,
        bounds: Bounds,
        planned: bool,
        shutdown: &Shutdown,
    ) -> Result<Filling, Failure> {
        let mut due: Option<Instant> = None;
        loop {
            // Taken before looking: whatever becomes durable from here on ends the wait below.
            let seen = self.ports.spool.durable_sequence();
            let filled = blocking(move || {
                let full = batch.fill(&bounds);
                (batch, full)
            })
            .await?;
            let full;
            (batch, full) = (filled.0, filled.1?);
            if full || planned || shutdown.is_requested() {
                return Ok(batch);
            }
            if let Some(first) = batch.entries.first() {
                let due = *due.get_or_insert_with(|| Instant::now() + self.config.interval);
                self.state.lock().oldest = Some(first.time);
                self.publish();
                if Instant::now() >= due {
                    return Ok(batch);
                }
                // A batch with nothing but room waits for its age, and is looked at now and then.
                let until = due.min(Instant::now() + LOOK_EVERY);
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = shutdown.requested() => {}
                }
            } else {
                self.publish();
                // Records that are damaged are behind `seen` and never come, so it is not the cursor that is
                // waited past; looking again now and then costs nothing.
                tokio::select! {
                    outcome = self.ports.spool.wait_past(seen) => outcome?,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = shutdown.requested() => {}
                }
            }
        }
    }

    async fn put(&self, batch: Batch) -> Result<Receipt, Failure> {
        let receipt = self.ports.sink.deliver(Arc::new(batch)).await?;
        if receipt.unreadable > 0 {
            tracing::error!(
                destination = %self.config.name, records = receipt.unreadable,
                "records could not be read and were put aside as raw bytes"
            );
        }
        Ok(receipt)
    }

    fn count(&self, receipt: Receipt) {
        let metrics = &self.ports.metrics;
        let counter = metrics.delivered.get_or_create(&self.label).clone();
        counter.inc_by(receipt.records);
        if receipt.rejected > 0 {
            let counter = metrics.delivery_rejected.get_or_create(&self.label).clone();
            counter.inc_by(receipt.rejected);
        }
    }

    /// Runs a future to its end; during a shutdown only to the deadline. `None` if that came first.
    async fn in_time<T>(&self, future: impl Future<Output = T>, shutdown: &Shutdown) -> Option<T> {
        let deadline = self.config.shutdown_deadline;
        let late = async {
            shutdown.requested().await;
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => tokio::time::sleep(deadline).await,
            }
        };
        tokio::select! {
            biased;
            output = future => Some(output),
            () = late => None,
        }
    }

    /// Waits before the next attempt. Returns whether there is time for one.
    async fn wait_after(&mut self, failure: &Failure, shutdown: &Shutdown) -> bool {
        let wait = self.backoff.after_failure().max(failure.wait());
        let failures = self.backoff.failures();
        let error = Chain(failure).to_string();
        tracing::warn!(
            destination = %self.config.name, attempt = failures, error = %error,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "a delivery attempt failed"
        );
        let counter = self
            .ports
            .metrics
            .delivery_failures
            .get_or_create(&self.label)
            .clone();
        counter.inc();
        {
            let mut state = self.state.lock();
            state.failures = failures;
            state.last_error = Some(error);
        }
        self.publish();
        if matches!(failure, Failure::Spool(corelog_spool::Error::Closed)) {
            return false;
        }
        if shutdown.is_requested() {
            // A store that is away stays away for longer than anyone waits for a process to end, and the
            // spool loses nothing by it.
            self.failures_at_shutdown += 1;
            let deadline = self.shutdown_deadline();
            let next = Instant::now() + wait.min(SHUTDOWN_WAIT);
            tokio::time::sleep_until(next.min(deadline)).await;
            return self.failures_at_shutdown < SHUTDOWN_ATTEMPTS && next < deadline;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shutdown.requested() => {}
        }
        true
    }

    /// When a shutdown that was asked for must be over.
    fn shutdown_deadline(&mut self) -> Instant {
        let allowed = self.config.shutdown_deadline;
        *self
            .deadline
            .get_or_insert_with(|| Instant::now() + allowed)
    }

    fn succeeded(&mut self) {
        self.backoff.succeeded();
        let mut state = self.state.lock();
        state.failures = 0;
        state.last_error = None;
        state.last_delivered = Some(self.ports.clock.now());
        drop(state);
        self.publish();
    }

    async fn commit(&mut self, last: Sequence) -> Result<(), Failure> {
        self.with_cursor(move |cursor| cursor.commit(last)).await?;
        let mut state = self.state.lock();
        state.position = last;
        state.oldest = None;
        Ok(())
    }

    /// Trimming is housekeeping: a failure is not the destination's, and the next batch tries again.
    async fn trim(&self) {
        let (spool, now) = (self.ports.spool.clone(), self.ports.clock.now());
        match blocking(move || spool.trim(now)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "the spool was not trimmed"),
            Err(error) => tracing::warn!(error = %Chain(&error), "the spool was not trimmed"),
        }
    }

    /// The plan that was saved and not committed. One that cannot be read is dropped, which can deliver its
    /// records a second time under other names: that beats never delivering them.
    fn saved_plan(&self) -> Option<Plan> {
        let bytes = self.cursor.as_ref()?.plan()?;
        let plan = plan::decode(bytes);
        if plan.is_none() {
            tracing::error!(
                destination = %self.config.name,
                "the plan in the cursor cannot be read; its batch is planned anew"
            );
        }
        plan
    }

    fn position(&self) -> Sequence {
        self.state.lock().position
    }

    fn backlog(&self) -> u64 {
        let durable = self.ports.spool.durable_sequence().to_u64();
        durable.saturating_sub(self.position().to_u64())
    }

    /// Lends the cursor to a thread that may block on the disk.
    async fn with_cursor(
        &mut self,
        act: impl FnOnce(&mut Cursor) -> corelog_spool::Result<()> + Send + 'static,
    ) -> Result<(), Failure> {
        let Some(mut cursor) = self.cursor.take() else {
            return Err(Failure::Spool(corelog_spool::Error::Closed));
        };
        let (cursor, outcome) = blocking(move || {
            let outcome = act(&mut cursor);
            (cursor, outcome)
        })
        .await?;
        self.cursor = Some(cursor);
        Ok(outcome?)
    }

    /// Brings the gauges up to date.
    fn publish(&self) {
        let metrics = &self.ports.metrics;
        let backlog = self.backlog();
        let signed = i64::try_from(backlog).unwrap_or(i64::MAX);
        metrics
            .delivery_backlog
            .get_or_create(&self.label)
            .set(signed);
        let oldest = self.state.lock().oldest.filter(|_| backlog > 0);
        let age = oldest.map_or(Duration::ZERO, |time| {
            let now = self.ports.clock.now().unix_ms();
            Duration::from_millis(now.saturating_sub(time.unix_ms()))
        });
        metrics
            .delivery_oldest_age_seconds
            .get_or_create(&self.label)
            .set(age.as_secs_f64());
    }
}

/// Runs something that blocks on a disk where that is allowed.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(act).await
}
