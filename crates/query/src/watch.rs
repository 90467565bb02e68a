//! Looking at a query while it runs: what it has read so far, and rows that it has found.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use parking_lot::Mutex;

use crate::output::{Answer, Statistics};
use crate::peek::Found;
use crate::scan::{Extent, LeftOut};
use crate::tally::Tally;

/// Rows of files that a filter has left out while they were read, as the engine counts them.
const LEFT_OUT: &str = "pushdown_rows_pruned";

/// Looks at one query while it runs. Cheap to clone.
#[derive(Clone, Default)]
pub struct Watch(Arc<Watched>);

#[derive(Default)]
struct Watched {
    read: Mutex<Read>,
    tally: Tally,
    /// What indexes of words leave out of what is read.
    left_out: LeftOut,
    found: Option<Arc<Found>>,
}

/// What is read.
#[derive(Default)]
struct Read {
    /// By all that was planned so far.
    extent: Extent,
    groups: BTreeSet<Arc<str>>,
    /// What was run so far, or runs.
    plans: Vec<Arc<dyn ExecutionPlan>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statistics = self.statistics(false);
        f.debug_tuple("Watch").field(&statistics).finish()
    }
}

impl Watch {
    /// Looks at a query; the rows that it shows before the end have so many bytes at the most.
    pub fn new(bytes_max: u64) -> Self {
        Self(Arc::new(Watched {
            found: Some(Arc::new(Found::new(bytes_max))),
            ..Watched::default()
        }))
    }

    /// What the query has read, and the first of the rows that it has found, in their order. Rows are looked at from
    /// the first call on.
    ///
    /// Only events are shown before the end, and where whole messages are read only of the rows that are given, these
    /// are found first. Decision: what is computed of many events is not shown, for as long as it is not finished it is
    /// wrong; nor are rows of SQL.
    pub fn so_far(&self) -> Answer {
        let found = self.0.found.as_ref();
        let (columns, rows) = found.map(|found| found.so_far()).unwrap_or_default();
        Answer {
            columns,
            rows,
            statistics: self.statistics(false),
        }
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }

    pub(crate) fn left_out(&self) -> &LeftOut {
        &self.0.left_out
    }

    pub(crate) fn found(&self) -> Option<&Arc<Found>> {
        self.0.found.as_ref()
    }

    /// Events of some groups are going to be read.
    pub(crate) fn reads(&self, groups: &[Arc<str>], extent: Extent) {
        let mut read = self.0.read.lock();
        read.groups.extend(groups.iter().cloned());
        read.extent.add(extent);
    }

    /// What was planned would read that.
    pub(crate) fn extent(&self) -> Extent {
        self.0.read.lock().extent
    }

    /// A part of the query begins to run.
    pub(crate) fn runs(&self, plan: &Arc<dyn ExecutionPlan>) {
        self.0.read.lock().plans.push(Arc::clone(plan));
    }

    /// What was read: of files that are still being read, as much as has been looked at.
    pub(crate) fn statistics(&self, is_over: bool) -> Statistics {
        let read = self.0.read.lock();
        let extent = self.0.left_out.of(read.extent);
        let (mut records_scanned, mut bytes_scanned) = (extent.rows, extent.message_bytes);
        if !is_over {
            let in_files = extent.rows - extent.recent_rows;
            let seen: u64 = read.plans.iter().map(rows_of_files).sum();
            let seen = seen.min(in_files);
            let bytes_in_files = extent.message_bytes - extent.recent_bytes;
            records_scanned = seen + extent.recent_rows;
            bytes_scanned = share(bytes_in_files, seen, in_files) + extent.recent_bytes;
        }
        Statistics {
            records_scanned,
            // Some are counted before they are read.
            records_matched: self.0.tally.events().min(records_scanned),
            records_skipped: extent.rows_skipped,
            bytes_scanned,
            bytes_skipped: extent.bytes_skipped,
            log_groups: read.groups.len() as u64,
        }
    }
}

/// The bytes of some rows, where that many rows have so many: rows are taken to be of one length.
fn share(bytes: u64, rows: u64, of_rows: u64) -> u64 {
    let bytes = u128::from(bytes) * u128::from(rows) / u128::from(of_rows.max(1));
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// How many rows of files a plan has looked at.
fn rows_of_files(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let below: u64 = plan.children().into_iter().map(rows_of_files).sum();
    let source = plan.downcast_ref::<DataSourceExec>();
    let source = source.and_then(|it| it.data_source().downcast_ref::<FileScanConfig>());
    let reads_files = source.is_some();
    let Some(metrics) = plan.metrics().filter(|_| reads_files) else {
        return below;
    };
    let rows = |value: &MetricValue| match value {
        MetricValue::OutputRows(count) => count.value(),
        MetricValue::Count { name, count } if name == LEFT_OUT => count.value(),
        _ => 0,
    };
    let own: usize = metrics.iter().map(|metric| rows(metric.value())).sum();
    below + own as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_share_of_bytes() {
        assert_eq!(share(1_000, 3, 10), 300);
        assert_eq!(share(1_000, 10, 10), 1_000);
        assert_eq!(share(0, 0, 0), 0);
        assert_eq!(share(u64::MAX, 2, 2), u64::MAX);
    }
}
