//! What log events count: by the metric filters of their groups, and by what those have embedded that were put.
//!
//! An entry of the spool counts by the filters in whose time it came, and in the log groups that its events are in: a
//! batch of events in its own, a record in the group of all records and in that of the logging configuration. The time
//! of a filter is from one place of the spool to another, so a crash changes nothing about that.
//!
//! Decision: records are not looked at for embedded metrics. What callers and models say stands in them, and is not
//! meant for us.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use corelog_catalog::{Catalog, CountingFilter, Error, Moment};
use corelog_delivery::{Batch, Entry};
use corelog_hot::Hot;
use corelog_metrics::{Deltas, Embedded};
use corelog_record::events;
use corelog_telemetry::Chain;
use parking_lot::Mutex;

use super::working::Working;
use crate::groups::entry_of;

/// Counts log events. Clones are the same.
#[derive(Clone)]
pub(super) struct Filters {
    catalog: Arc<dyn Catalog>,
    hot: Hot,
    counting: Arc<Mutex<Counting>>,
}

impl fmt::Debug for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filters").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Counting {
    working: Working,
    embedded: Embedded,
}

impl Filters {
    pub(super) fn new(catalog: Arc<dyn Catalog>, hot: Hot) -> Self {
        Self {
            catalog,
            hot,
            counting: Arc::default(),
        }
    }

    /// The filters by which entries of a batch are counted. Where they are not what this version can read, there are none,
    /// and records are counted all the same.
    pub(super) async fn of(&self, batch: &Batch) -> Result<Vec<CountingFilter>, Error> {
        match self.catalog.counting_filters(batch.node).await {
            Err(error) if !error.is_transient() => {
                let error = Chain(&error).to_string();
                tracing::error!(error, "metric filters cannot be read, and count nothing");
                Ok(Vec::new())
            }
            found => found,
        }
    }

    /// Begins to count a part of a batch. What an attempt left that was dropped half way is of entries that come again.
    pub(super) fn begin(&self, filters: Vec<CountingFilter>) {
        let mut counting = self.counting.lock();
        counting.working.replace(filters);
        counting.working.clear();
        counting.embedded = Embedded::default();
    }

    /// Counts the events of an entry. They are made of one entry at a time: bodies beside the spool may be large.
    ///
    /// # Errors
    /// A body beside the spool that cannot be read.
    pub(super) fn count(&self, entry: &Entry) -> io::Result<()> {
        let counting = AssertUnwindSafe(|| self.count_events(entry));
        // What panics should not keep records from being counted; what was counted half is of this entry alone.
        catch_unwind(counting).unwrap_or_else(|_| {
            let sequence = entry.sequence;
            tracing::error!(%sequence, "counting panicked: log events of an entry are not counted");
            Ok(())
        })
    }

    /// Decision: an event that was put counts in the minute of its own time, which whoever put it meant. A recorded call
    /// is known once it is over, and counts in the minute of that: minutes are settled by then.
    fn count_events(&self, entry: &Entry) -> io::Result<()> {
        let mut counting = self.counting.lock();
        let Counting { working, embedded } = &mut *counting;
        let is_put = events::is_batch(&entry.payload);
        if !is_put && working.is_empty() {
            return Ok(());
        }
        let made = self.hot.events([entry_of(entry)])?;
        embedded.begin_batch();
        for event in made.events {
            let (group, ingested) = (&event.group, event.ingested);
            if is_put {
                working.count(&event, event.timestamp);
                embedded.count(group, &event.message, ingested);
            } else {
                working.count(&event, ingested);
            }
        }
        Ok(())
    }

    /// How many buckets were counted and not taken.
    pub(super) fn buckets(&self) -> usize {
        let counting = self.counting.lock();
        counting.working.buckets() + counting.embedded.len()
    }

    /// Adds to deltas what was counted.
    pub(super) fn take(&self, deltas: &mut Deltas) {
        let mut counting = self.counting.lock();
        counting.embedded.take(deltas);
        counting.working.take(deltas);
    }

    /// Forgets what filters were whose events are all counted. Where that fails, it is done with a later batch.
    pub(super) async fn forget(&self, filters: &[CountingFilter], batch: &Batch) {
        let last = batch.plan.last;
        let has_ended = |it: &CountingFilter| it.through.is_some_and(|through| through <= last);
        if !filters.iter().any(has_ended) {
            return;
        }
        let node = batch.node;
        let forgetting = self.catalog.forget_metric_filters(Moment { node, last });
        if let Err(error) = forgetting.await {
            let error = Chain(&error).to_string();
            tracing::warn!(
                error,
                "metric filters that ended could not be forgotten; tried again later"
            );
        }
    }
}
