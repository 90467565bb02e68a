//! The destination that is the metrics: records are counted, each once.
//!
//! Up to where the spool was counted is kept with the counts, in one transaction; delivery's own cursor only follows.
//! Of a batch that comes again, what was counted is left out by that place, whatever the batch was cut like. A record
//! counts in the minute in which its call ended, however late it comes. Of metrics beyond the bound nothing is
//! kept; the records themselves are elsewhere.
//!
//! Decision: the spool keeps a record until every destination has it, and calls are refused once it is full. Metrics are
//! not worth that: what they cannot take for ten minutes, or never will, is given up and said to be.
//!
//! Decision: where the counts were thrown away (`metrics.db` deleted), counting goes on from the cursor. What was
//! before is in the log groups, and not counted anew.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use corelog_delivery::{Batch, Entry, Plan, Receipt, Sink, SinkError};
use corelog_metrics::{
    Deltas, Error, Invocation, MetricFilter, Overflow, Read, SqliteMetrics, Tally, TallyConfig,
    Totals,
};
use corelog_record::{events, stored};
use corelog_runtime::Clock;
use corelog_telemetry::Chain;
use corelog_types::{NodeId, Timestamp};
use parking_lot::Mutex;

/// Metrics that are read at once.
const PAGE: usize = 1_000;
/// Labels that were seen since are told apart from the start on.
const REMEMBERED_MS: u64 = 24 * 3_600_000;

/// For so long, what fails is tried again.
const GIVE_UP_MS: u64 = 10 * 60_000;

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
    /// Since when nothing could be counted.
    failing_since: Mutex<Option<Timestamp>>,
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
            failing_since: Mutex::default(),
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
            self.add_to_totals(part.deltas).await;
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
        let left = batch.entries.len() - from;
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
            // It should not. The spool does not fill up for it.
            Err(error) if error.is_panic() => {
                tracing::error!(entries = left, "counting panicked: records are not counted");
                let mut counted = Counted {
                    entries: left,
                    ..Counted::default()
                };
                counted.receipt.unreadable = left as u64;
                counted
            }
            // A runtime that ends takes this task with it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Adding is processor work, and may have to wait for a scrape. It is done even if nobody waits for it any more.
    async fn add_to_totals(&self, deltas: Deltas) {
        let totals = Arc::clone(&self.totals);
        let adding = tokio::task::spawn_blocking(move || totals.lock().add(&deltas));
        // It does not panic; of a runtime that ends, nobody asks for totals.
        let _ = adding.await;
    }

    /// Whether a batch is let go that could not be counted, because trying again has not helped or will not.
    fn gives_up(&self, error: &Error) -> bool {
        let now = self.clock.now();
        let since = *self.failing_since.lock().get_or_insert(now);
        let late = now.unix_ms().saturating_sub(since.unix_ms()) >= GIVE_UP_MS;
        late || !error.is_transient()
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
    match stored::outline(&entry.payload) {
        Ok(outline) => tally.count(&Invocation {
            time: Timestamp::from_unix_ms(entry.id.unix_ms()),
            outline: &outline,
        }),
        Err(_) => receipt.unreadable += 1,
    }
}

#[async_trait]
impl Sink for MetricsSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        match self.count(&batch).await {
            Ok(receipt) => {
                *self.failing_since.lock() = None;
                Ok(receipt)
            }
            Err(error) if self.gives_up(&error) => {
                let (records, error) = (batch.entries.len(), Chain(&error).to_string());
                let Plan { first, last, .. } = batch.plan;
                tracing::error!(records, %first, %last, error, "records are not counted in the metrics");
                Ok(Receipt {
                    rejected: records as u64,
                    ..Receipt::default()
                })
            }
            Err(error) => Err(SinkError::new("count records in", self.location(), error)),
        }
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

#[cfg(test)]
mod tests {
    use corelog_metrics::Config;
    use corelog_types::{RecordId, Sequence};

    use super::*;
    use crate::fixture::Blobs;

    const NOW: u64 = 1_795_166_142_123;

    fn batch() -> Arc<Batch> {
        let sequence = Sequence::from_u64(1);
        let entry = Entry {
            sequence,
            id: RecordId::from_parts(NOW, [0; 10]),
            time: Timestamp::from_unix_ms(NOW),
            payload: b"garbage".to_vec(),
        };
        Arc::new(Batch {
            destination: "metrics".to_owned(),
            node: NodeId::from_u64(1),
            plan: Plan {
                first: sequence,
                last: sequence,
                time: Timestamp::from_unix_ms(NOW),
            },
            entries: vec![entry],
            blobs: Arc::new(Blobs::default()),
        })
    }

    #[tokio::test]
    async fn what_cannot_be_counted_is_given_up_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_unix_ms(NOW));
        let metrics = SqliteMetrics::open(dir.path(), Config::default());
        let metrics = metrics.await.unwrap();
        let opening = MetricsSink::open(
            metrics.clone(),
            "file:///metrics.db".to_owned(),
            NodeId::from_u64(1),
            TallyConfig::default(),
            clock.clone(),
        );
        let sink = opening.await.unwrap();
        let counted = Receipt {
            records: 1,
            unreadable: 1,
            rejected: 0,
        };
        assert_eq!(sink.deliver(batch()).await.unwrap(), counted);
        // It comes again, and is not counted again.
        assert_eq!(sink.deliver(batch()).await.unwrap(), Receipt::default());

        metrics.close().await;
        assert!(sink.deliver(batch()).await.is_err());
        clock.set(Timestamp::from_unix_ms(NOW + GIVE_UP_MS - 1));
        assert!(sink.deliver(batch()).await.is_err());
        clock.set(Timestamp::from_unix_ms(NOW + GIVE_UP_MS));
        let given_up = sink.deliver(batch()).await.unwrap();
        assert_eq!((given_up.records, given_up.rejected), (0, 1));
    }
}
