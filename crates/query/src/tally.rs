//! Counts events on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Field, Int32Type, Int64Type, SchemaRef};
use corelog_store::Column;
use datafusion::common::Result;

use crate::stage::{Run, Transform};

/// How many events came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// So far.
    pub(crate) fn events(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// So many more came by, or would have.
    pub(crate) fn add(&self, events: u64) {
        self.0.fetch_add(events, Ordering::Relaxed);
    }

    /// The step that counts: every row, or rows of the same event once, where several are made of one.
    pub(crate) fn step(&self, several: bool) -> Arc<dyn Transform> {
        Arc::new(Count {
            events: Arc::clone(&self.0),
            several,
            commutes: false,
        })
    }

    /// The step that counts what is left by the filters on columns that are there already.
    pub(crate) fn step_behind_filters(&self) -> Arc<dyn Transform> {
        Arc::new(Count {
            events: Arc::clone(&self.0),
            several: false,
            commutes: true,
        })
    }
}

#[derive(Debug)]
struct Count {
    events: Arc<AtomicU64>,
    several: bool,
    commutes: bool,
}

impl Transform for Count {
    fn name(&self) -> &'static str {
        "Count"
    }

    fn reads(&self) -> Vec<String> {
        let columns = [Column::Sequence, Column::Part];
        let columns = columns.iter().filter(|_| self.several);
        columns.map(|column| column.name().to_owned()).collect()
    }

    fn adds(&self) -> Vec<Field> {
        Vec::new()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn counts(&self) -> bool {
        true
    }

    fn commutes(&self) -> bool {
        self.commutes
    }

    fn start(&self, _: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Counting {
            events: Arc::clone(&self.events),
            several: self.several,
            last: None,
        }))
    }
}

struct Counting {
    events: Arc<AtomicU64>,
    several: bool,
    /// The event of the last row.
    last: Option<(i64, i32)>,
}

impl Run for Counting {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let mut events = batch.num_rows() as u64;
        if self.several {
            // Rows that are made of one event follow each other.
            events = 0;
            let column = |column: Column| batch.schema().index_of(column.name());
            let sequences = batch
                .column(column(Column::Sequence)?)
                .as_primitive::<Int64Type>();
            let parts = batch
                .column(column(Column::Part)?)
                .as_primitive::<Int32Type>();
            for row in 0..batch.num_rows() {
                let event = Some((sequences.value(row), parts.value(row)));
                events += u64::from(event != self.last);
                self.last = event;
            }
        }
        self.events.fetch_add(events, Ordering::Relaxed);
        Ok(Some(batch))
    }
}
