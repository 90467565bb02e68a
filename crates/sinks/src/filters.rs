//! The destination that is the metric filters of log groups: log events are counted into metrics, each once. So are the
//! metrics that are embedded in events which were put.
//!
//! Up to where the spool was counted is kept with the counts, in one transaction, as of records ([`crate::metrics`]). An
//! entry counts by the filters in whose time it came, and in the log groups that it is in: a batch of events in its own,
//! a record in the group of all records and in that of the logging configuration. A crash changes nothing about that,
//! because the time of a filter is from one place of the spool to another.
//!
//! Decision: records are not looked at for embedded metrics. What callers and models say stands in them, and is not
//! meant for us.

mod working;

use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_catalog::{Catalog, Moment};
use corelog_delivery::{Batch, Receipt, Sink, SinkError};
use corelog_hot::Hot;
use corelog_metrics::{Deltas, SqliteMetrics, count_embedded};
use corelog_record::events;
use corelog_runtime::Clock;
use corelog_types::NodeId;
use parking_lot::Mutex;

use self::working::Working;
use crate::groups::entry_of;
use crate::metrics::{Failure, Ledger, first_behind};

/// Buckets that are added at once.
const BUCKETS_MAX: usize = 20_000;

/// Counts log events into metrics.
pub struct FilterSink {
    ledger: Ledger,
    catalog: Arc<dyn Catalog>,
    hot: Hot,
    node: NodeId,
    working: Arc<Mutex<Working>>,
}

impl fmt::Debug for FilterSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.ledger.location();
        f.debug_tuple("FilterSink").field(&location).finish()
    }
}

/// Why a batch is not counted.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read the metric filters")]
    Filters(#[source] corelog_catalog::Error),
    #[error("cannot make log events of records")]
    Events(#[source] io::Error),
    #[error("cannot add to the metrics")]
    Metrics(#[source] corelog_metrics::Error),
}

impl Failure for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Filters(error) => error.is_transient(),
            Self::Events(_) => true,
            Self::Metrics(error) => error.is_transient(),
        }
    }
}

/// What a part of a batch came to.
#[derive(Default)]
struct Part {
    deltas: Deltas,
    /// How many entries were read, and how many of them could not be.
    entries: usize,
    unreadable: u64,
}

impl FilterSink {
    /// A sink of the events that `hot` makes of a node's entries, for the filters of a catalog.
    pub fn new(
        metrics: SqliteMetrics,
        location: String,
        node: NodeId,
        (catalog, hot): (Arc<dyn Catalog>, Hot),
        clock: Clock,
    ) -> Self {
        Self {
            ledger: Ledger::new(metrics, format!("{node}/filters"), location, clock),
            catalog,
            hot,
            node,
            working: Arc::default(),
        }
    }

    async fn count(&self, batch: &Arc<Batch>) -> Result<Receipt, Error> {
        let filters = self.catalog.counting_filters(self.node).await;
        let filters = filters.map_err(Error::Filters)?;
        let last = batch.plan.last;
        let has_ended = filters
            .iter()
            .any(|it| it.through.is_some_and(|it| it <= last));
        let working = Arc::clone(&self.working);
        blocking(move || working.lock().replace(filters)).await;
        let mut counted = self.ledger.position().await.map_err(Error::Metrics)?;
        let mut next = first_behind(batch, counted);
        let mut receipt = Receipt::default();
        while let Some(from) = next {
            let part = self.part(batch, from).await?;
            let end = from + part.entries;
            // Mostly there is nothing to add, and then nothing is written. Counting it again would find nothing again.
            if !part.deltas.is_empty() {
                let through = batch.entries[end - 1].sequence.to_u64();
                let adding = self.ledger.add(&part.deltas, counted, through);
                adding.await.map_err(Error::Metrics)?;
                counted = through;
            }
            receipt.records += part.entries as u64;
            receipt.unreadable += part.unreadable;
            next = Some(end).filter(|next| *next < batch.entries.len());
        }
        if has_ended {
            let moment = Moment {
                node: self.node,
                last,
            };
            let forgetting = self.catalog.forget_metric_filters(moment);
            forgetting.await.map_err(Error::Filters)?;
        }
        Ok(receipt)
    }

    /// Counts entries until there are no more, or so much that it has to be added first. Reading and matching events is
    /// processor work.
    async fn part(&self, batch: &Arc<Batch>, from: usize) -> Result<Part, Error> {
        let left = batch.entries.len() - from;
        let (batch, hot) = (Arc::clone(batch), self.hot.clone());
        let working = Arc::clone(&self.working);
        let counting = blocking(move || count_part(&batch, from, &hot, &mut working.lock()));
        match counting.await {
            Some(part) => part.map_err(Error::Events),
            // It should not. The spool does not fill up for it.
            None => {
                tracing::error!(
                    entries = left,
                    "counting panicked: log events are not counted"
                );
                Ok(Part {
                    entries: left,
                    unreadable: left as u64,
                    ..Part::default()
                })
            }
        }
    }
}

/// Runs what computes; `None` where it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Some(done),
        Err(error) if error.is_panic() => None,
        // A runtime that ends takes this task with it.
        Err(_) => std::future::pending().await,
    }
}

/// Events are made of one entry at a time: bodies beside the spool may be large.
fn count_part(batch: &Batch, from: usize, hot: &Hot, working: &mut Working) -> io::Result<Part> {
    // What an attempt left that was dropped half way is of entries that come again.
    working.clear();
    let mut part = Part::default();
    for entry in &batch.entries[from..] {
        let is_put = events::is_batch(&entry.payload);
        if is_put || !working.is_empty() {
            let converted = hot.events([entry_of(entry)])?;
            part.unreadable += converted.unreadable.len() as u64;
            for event in converted.events {
                working.count(&event);
                if is_put {
                    let (group, message) = (&event.group, &event.message);
                    count_embedded(group, message, event.ingested, &mut part.deltas);
                }
            }
        }
        part.entries += 1;
        if working.buckets() + part.deltas.len() >= BUCKETS_MAX {
            break;
        }
    }
    working.take(&mut part.deltas);
    Ok(part)
}

#[async_trait]
impl Sink for FilterSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let outcome = self.count(&batch).await;
        self.ledger.settle(&batch, outcome)
    }

    async fn check(&self) -> Result<(), SinkError> {
        self.ledger.check().await
    }

    fn location(&self) -> String {
        self.ledger.location().to_owned()
    }
}
