//! What is counted of the spool once: counts are added together with the place up to which they were counted, and what
//! cannot be counted is given up in time.

use std::sync::atomic::{AtomicBool, Ordering};

use corelog_delivery::{Batch, Entry, Plan, Receipt, SinkError};
use corelog_metrics::{Deltas, Error, Overflow, Read, SqliteMetrics};
use corelog_runtime::Clock;
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use parking_lot::Mutex;

/// For so long, what fails is tried again.
pub(super) const GIVE_UP_MS: u64 = 10 * 60_000;

/// Where one reader of the spool adds what it counts.
pub(crate) struct Ledger {
    metrics: SqliteMetrics,
    /// What the place in the spool is kept under: another node's spool has places of its own.
    source: String,
    location: String,
    clock: Clock,
    /// Whether it was said that there are too many metrics.
    is_full: AtomicBool,
    /// Since when nothing could be counted.
    failing_since: Mutex<Option<Timestamp>>,
}

/// Why a batch is not counted.
pub(crate) trait Failure: std::error::Error + Send + Sync + 'static {
    /// Whether trying again may help.
    fn is_transient(&self) -> bool;
}

impl Failure for Error {
    fn is_transient(&self) -> bool {
        Self::is_transient(self)
    }
}

/// The first of a batch's entries behind a place, if there is one.
pub(crate) fn first_behind(batch: &Batch, counted: u64) -> Option<usize> {
    let is_new = |entry: &Entry| entry.sequence.to_u64() > counted;
    batch.entries.iter().position(is_new)
}

impl Ledger {
    pub(crate) fn new(
        metrics: SqliteMetrics,
        source: String,
        location: String,
        clock: Clock,
    ) -> Self {
        Self {
            metrics,
            source,
            location,
            clock,
            is_full: AtomicBool::new(false),
            failing_since: Mutex::default(),
        }
    }

    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Up to where the spool is counted.
    pub(crate) async fn position(&self) -> Result<u64, Error> {
        self.metrics.position(&self.source).await
    }

    /// Adds what was counted behind one place and up to another. Values of metrics beyond the bound are left out.
    pub(crate) async fn add(&self, deltas: &Deltas, after: u64, through: u64) -> Result<(), Error> {
        let read = Read {
            source: &self.source,
            after,
            through,
        };
        let (overflow, now) = (Overflow::LeaveOut, self.clock.now());
        let added = self.metrics.add(deltas, Some(read), overflow, now).await?;
        let left_out = added.left_out;
        let was_full = self.is_full.swap(left_out > 0, Ordering::Relaxed);
        if left_out > 0 && !was_full {
            tracing::warn!(
                left_out,
                "there are as many metrics as `metrics.metrics_max` lets be; values of new ones are left out"
            );
        }
        Ok(())
    }

    /// What counting a batch came to, for whoever delivers it: one that cannot be counted is let go in time.
    pub(crate) fn settle<E: Failure>(
        &self,
        batch: &Batch,
        outcome: Result<Receipt, E>,
    ) -> Result<Receipt, SinkError> {
        let error = match outcome {
            Ok(receipt) => {
                *self.failing_since.lock() = None;
                return Ok(receipt);
            }
            Err(error) => error,
        };
        if !self.gives_up(&error) {
            return Err(SinkError::new("count records in", &*self.location, error));
        }
        let (records, error) = (batch.entries.len(), Chain(&error).to_string());
        let (Plan { first, last, .. }, destination) = (batch.plan, &batch.destination);
        tracing::error!(destination, records, %first, %last, error, "records are not counted in the metrics");
        Ok(Receipt {
            rejected: records as u64,
            ..Receipt::default()
        })
    }

    /// Whether a batch is let go that could not be counted, because trying again has not helped or will not.
    fn gives_up(&self, error: &impl Failure) -> bool {
        let now = self.clock.now();
        let since = *self.failing_since.lock().get_or_insert(now);
        let late = now.unix_ms().saturating_sub(since.unix_ms()) >= GIVE_UP_MS;
        late || !error.is_transient()
    }

    pub(crate) async fn check(&self) -> Result<(), SinkError> {
        let position = self.position().await;
        position
            .map(|_| ())
            .map_err(|error| SinkError::new("read", &*self.location, error))
    }
}
