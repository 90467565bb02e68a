//! The destination that is the metrics: records are counted, each once.
//!
//! Up to where the spool was counted is kept with the counts, in one transaction; delivery's own cursor only follows.
//! Of a batch that comes again, what was counted is left out by that place, whatever the batch was cut like. A record
//! counts in the minute in which its request arrived, however late it comes. Of metrics beyond the bound nothing is
//! kept; the records themselves are elsewhere.
//!
//! Decision: where the counts were thrown away (`metrics.db` deleted), counting goes on from the cursor. What was
//! before is in the log groups, and not counted anew.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use corelog_delivery::{Batch, Entry, Receipt, Sink, SinkError};
use corelog_metrics::{
    Deltas, Error, Invocation, MetricFilter, Overflow, Read, SqliteMetrics, Tally, TallyConfig,
    Totals,
};
use corelog_record::{events, stored};
use corelog_runtime::Clock;
use corelog_types::{NodeId, Timestamp};
use parking_lot::Mutex;

/// Metrics that are read at once.
const PAGE: usize = 1_000;
/// Labels that were seen since are told apart from the start on.
const REMEMBERED_MS: u64 = 24 * 3_600_000;

/// Counts records into metrics.
pub struct MetricsSink {
    metrics: SqliteMetrics,
    /// What the place in the spool is kept under: another node's spool has places of its own.
    source: String,
    location: String,
    clock: Clock,
    tally: Arc<Mutex<Tally>>,
    totals: Arc<Mutex<Totals>>,
    /// Whether it was said that there are too many metrics.
    is_full: AtomicBool,
}

impl fmt::Debug for MetricsSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MetricsSink").field(&self.location).finish()
    }
}

/// What a part of a batch came to.
#[derive(Default)]
struct Counted {
    deltas: Deltas,
    /// How many entries were read.
    entries: usize,
    receipt: Receipt,
}

impl MetricsSink {
    /// A sink of a node's records. Labels that the metrics have are told apart before new ones.
    ///
    /// # Errors
    /// Whatever keeps the metrics from being listed.
    pub async fn open(
        metrics: SqliteMetrics,
        location: String,
        node: NodeId,
        config: TallyConfig,
        clock: Clock,
    ) -> Result<Self, Error> {
        let mut tally = Tally::new(config);
        let since = clock.now().unix_ms().saturating_sub(REMEMBERED_MS);
        let since = Timestamp::from_unix_ms(since);
        for namespace in Tally::NAMESPACES {
            remember(&metrics, namespace, since, &mut tally).await?;
        }
        Ok(Self {
            metrics,
            source: node.to_string(),
            location,
            clock,
            tally: Arc::new(Mutex::new(tally)),
            totals: Arc::default(),
            is_full: AtomicBool::new(false),
        })
    }

    /// What was counted since the process began.
    pub fn totals(&self) -> Arc<Mutex<Totals>> {
        Arc::clone(&self.totals)
    }

    async fn count(&self, batch: &Arc<Batch>) -> Result<Receipt, Error> {
        let mut counted = self.metrics.position(&self.source).await?;
        let new = |entry: &Entry| entry.sequence.to_u64() > counted;
        let mut next = batch.entries.iter().position(new);
        let mut receipt = Receipt::default();
        while let Some(from) = next {
            let part = self.tally_from(batch, from).await;
            let through = batch.entries[from + part.entries - 1].sequence.to_u64();
            let source = &self.source;
            let read = Read {
                source,
                after: counted,
                through,
            };
            let adding = self.metrics.add(
                &part.deltas,
                Some(read),
                Overflow::LeaveOut,
                self.clock.now(),
            );
            let added = adding.await?;
            self.totals.lock().add(&part.deltas);
            self.say_if_full(added.left_out);
            counted = through;
            receipt.records += part.receipt.records;
            receipt.unreadable += part.receipt.unreadable;
            next = Some(from + part.entries).filter(|next| *next < batch.entries.len());
        }
        Ok(receipt)
    }

    /// Counts entries until there are no more, or so much that it has to be added first. Reading records is processor
    /// work.
    async fn tally_from(&self, batch: &Arc<Batch>, from: usize) -> Counted {
        let (batch, tally) = (Arc::clone(batch), Arc::clone(&self.tally));
        let count = move || {
            let mut tally = tally.lock();
            // What an attempt left that was dropped half way is of entries that come again.
            tally.take();
            let mut counted = Counted::default();
            for entry in &batch.entries[from..] {
                count_one(entry, &mut tally, &mut counted.receipt);
                counted.entries += 1;
                if tally.is_full() {
                    break;
                }
            }
            counted.deltas = tally.take();
            counted
        };
        match tokio::task::spawn_blocking(count).await {
            Ok(counted) => counted,
            // Counting does not panic; a runtime that ends takes this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    fn say_if_full(&self, left_out: u64) {
        let was_full = self.is_full.swap(left_out > 0, Ordering::Relaxed);
        if left_out > 0 && !was_full {
            tracing::warn!(
                left_out,
                "there are as many metrics as `metrics.metrics_max` lets be; values of new ones are left out"
            );
        }
    }
}

async fn remember(
    metrics: &SqliteMetrics,
    namespace: &str,
    since: Timestamp,
    tally: &mut Tally,
) -> Result<(), Error> {
    let filter = MetricFilter {
        namespace: Some(namespace.to_owned()),
        ..MetricFilter::default()
    };
    let mut after = None;
    loop {
        let page = metrics.list(&filter, since, after.as_ref(), PAGE).await?;
        for listed in &page {
            tally.remember(&listed.metric, listed.last);
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.metric),
            None => return Ok(()),
        }
    }
}

fn count_one(entry: &Entry, tally: &mut Tally, receipt: &mut Receipt) {
    if events::is_batch(&entry.payload) {
        return;
    }
    receipt.records += 1;
    match stored::decode(&entry.payload) {
        Ok(record) => tally.count(&Invocation {
            time: Timestamp::from_unix_ms(entry.id.unix_ms()),
            document: &record.document,
        }),
        Err(_) => receipt.unreadable += 1,
    }
}

#[async_trait]
impl Sink for MetricsSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let counting = self.count(&batch).await;
        counting.map_err(|error| SinkError::new("count records in", self.location(), error))
    }

    async fn check(&self) -> Result<(), SinkError> {
        let position = self.metrics.position(&self.source).await;
        position
            .map(|_| ())
            .map_err(|error| SinkError::new("read", self.location(), error))
    }

    fn location(&self) -> String {
        self.location.clone()
    }
}
