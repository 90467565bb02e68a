//! Attempts to deliver invocation logs, counted as Bedrock counts its own: a value of 1 for each, by how it ended.
//!
//! They are counted here and added to the metrics a little later: an attempt waits for nothing, and a crash may take
//! the counts of the last seconds with it.

use std::sync::Arc;

use async_trait::async_trait;
use corelog_delivery::{Batch, Receipt, Sink, SinkError};
use corelog_metrics::{Bucket, Deltas, LogDelivery, Overflow, Resolution, SqliteMetrics, Unit};
use corelog_runtime::Clock;
use corelog_telemetry::Chain;
use parking_lot::Mutex;

/// While the metrics take none, so many are kept; what is more is not counted.
const PENDING_MAX: usize = 10_000;

/// Attempts that are not in the metrics yet. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    pending: Arc<Mutex<Deltas>>,
    clock: Clock,
}

impl Attempts {
    pub(crate) fn new(clock: Clock) -> Self {
        let pending = Arc::default();
        Self { pending, clock }
    }

    /// The sink, whose attempts are counted from now on.
    pub(crate) fn of(&self, sink: Arc<dyn Sink>, kind: LogDelivery) -> Arc<dyn Sink> {
        let attempts = self.clone();
        Arc::new(Watched {
            sink,
            kind,
            attempts,
        })
    }

    fn note(&self, kind: LogDelivery, succeeded: bool) {
        let mut pending = self.pending.lock();
        if pending.len() >= PENDING_MAX {
            return;
        }
        let mut one = Bucket::default();
        one.add(1.0, 1.0);
        let metric = Arc::new(kind.metric(succeeded));
        pending.push(
            metric,
            Unit::Count,
            Resolution::Standard,
            self.clock.now(),
            one,
        );
    }

    /// Adds what was counted to the metrics; what could not be added is for the next time.
    pub(crate) async fn keep(&self, metrics: &SqliteMetrics) {
        let counted = std::mem::take(&mut *self.pending.lock());
        if counted.is_empty() {
            return;
        }
        let adding = metrics.add(&counted, None, Overflow::LeaveOut, self.clock.now());
        if let Err(error) = adding.await {
            let error = Chain(&error).to_string();
            tracing::warn!(
                error,
                "attempts to deliver could not be counted; tried again later"
            );
            self.pending.lock().append(counted);
        }
    }
}

/// A sink whose attempts are counted.
#[derive(Debug)]
struct Watched {
    sink: Arc<dyn Sink>,
    kind: LogDelivery,
    attempts: Attempts,
}

#[async_trait]
impl Sink for Watched {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let outcome = self.sink.deliver(batch).await;
        self.attempts.note(self.kind, outcome.is_ok());
        outcome
    }

    async fn check(&self) -> Result<(), SinkError> {
        self.sink.check().await
    }

    fn location(&self) -> String {
        self.sink.location()
    }
}
