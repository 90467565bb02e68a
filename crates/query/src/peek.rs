//! Rows on their way to the sort that ends a query: the first of them so far are kept for whoever looks.
//!
//! Nothing is kept before somebody has looked once: most queries are over by then. A row that comes by while another is
//! being kept is let go, so that nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array as _, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{
    SortColumn, SortOptions, concat, interleave_record_batch, lexsort_to_indices,
};
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::Result;
use parking_lot::Mutex;

use crate::collect::{self, Collected};
use crate::compute::Slot;
use crate::frame::{Frame, OrderKey};
use crate::output::AnswerRow;
use crate::stage::{Run, Transform};

/// Rows that are kept.
const ROWS_MAX: usize = 1_000;

/// Rows that a query has found so far.
#[derive(Debug)]
pub(crate) struct Found {
    bytes_max: u64,
    is_wanted: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    names: Vec<String>,
    slots: Vec<Option<Slot>>,
    rows: Option<RecordBatch>,
}

impl Found {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            is_wanted: AtomicBool::new(false),
            kept: Mutex::default(),
        }
    }

    /// The step that looks at the events of a frame, of which some are wanted in the frame's order.
    pub(crate) fn step(self: &Arc<Self>, frame: &Frame, rows_max: usize) -> Arc<dyn Transform> {
        let shown = frame.columns();
        let slots: Vec<_> = shown.iter().map(|column| frame.shown_at(column)).collect();
        let mut columns = frame.needed(&slots, true);
        for key in &frame.order {
            if !columns.contains(&key.column) {
                columns.push(key.column.clone());
            }
        }
        *self.kept.lock() = Kept {
            names: shown.into_iter().map(|column| column.name).collect(),
            slots,
            rows: None,
        };
        Arc::new(Peek {
            found: Arc::clone(self),
            columns,
            order: frame.order.clone(),
            rows_max: rows_max.min(ROWS_MAX),
        })
    }

    /// The names of the columns, and rows.
    pub(crate) fn so_far(&self) -> (Vec<String>, Vec<AnswerRow>) {
        self.is_wanted.store(true, Ordering::Relaxed);
        let kept = self.kept.lock().clone();
        let mut rows = Collected::new(self.bytes_max);
        if let Some(batch) = &kept.rows {
            // What is too much is left out.
            let _ = collect::shown(&kept.slots, true, batch, &mut |row| rows.push(row));
        }
        (kept.names, rows.rows)
    }
}

#[derive(Debug)]
struct Peek {
    found: Arc<Found>,
    columns: Vec<String>,
    order: Vec<OrderKey>,
    rows_max: usize,
}

impl Transform for Peek {
    fn name(&self) -> &'static str {
        "Peek"
    }

    fn reads(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn adds(&self) -> Vec<Field> {
        Vec::new()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn peeks(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let columns = self.columns.iter();
        let keys = self.order.iter().filter_map(|key| {
            let at = self.columns.iter().position(|it| *it == key.column)?;
            // What is missing comes first in ascending order.
            Some((at, SortOptions::new(key.descending, !key.descending)))
        });
        Ok(Box::new(Peeking {
            found: Arc::clone(&self.found),
            columns: columns
                .map(|column| input.index_of(column))
                .collect::<std::result::Result<_, _>>()?,
            keys: keys.collect(),
            rows_max: self.rows_max,
        }))
    }
}

struct Peeking {
    found: Arc<Found>,
    columns: Vec<usize>,
    /// The columns among these that rows are in the order of.
    keys: Vec<(usize, SortOptions)>,
    rows_max: usize,
}

impl Run for Peeking {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        if self.found.is_wanted.load(Ordering::Relaxed)
            && let Some(mut kept) = self.found.kept.try_lock()
        {
            kept.rows = Some(self.first(kept.rows.take(), &batch)?);
        }
        Ok(Some(batch))
    }
}

impl Peeking {
    /// The first rows of what is held and what has come.
    fn first(&self, held: Option<RecordBatch>, batch: &RecordBatch) -> Result<RecordBatch> {
        let offered = batch.project(&self.columns)?;
        let held = held.unwrap_or_else(|| RecordBatch::new_empty(offered.schema()));
        let mut keys = Vec::with_capacity(self.keys.len());
        for (at, options) in &self.keys {
            keys.push(SortColumn {
                values: concat(&[held.column(*at).as_ref(), offered.column(*at).as_ref()])?,
                options: Some(*options),
            });
        }
        let order = lexsort_to_indices(&keys, Some(self.rows_max))?;
        let before = held.num_rows();
        let places = order.values().iter().map(|at| *at as usize);
        let places: Vec<(usize, usize)> = places
            .map(|at| match at.checked_sub(before) {
                Some(at) => (1, at),
                None => (0, at),
            })
            .collect();
        if places.iter().all(|(batch, _)| *batch == 0) {
            return Ok(held);
        }
        let mut rows = compact(&interleave_record_batch(&[&held, &offered], &places)?)?;
        while rows.get_array_memory_size() as u64 > self.found.bytes_max && rows.num_rows() > 0 {
            rows = compact(&rows.slice(0, rows.num_rows() / 2))?;
        }
        Ok(rows)
    }
}

/// The same rows without the memory of those that they came with.
fn compact(rows: &RecordBatch) -> Result<RecordBatch> {
    let own = |column: &ArrayRef| -> Result<ArrayRef> {
        Ok(match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            _ => concat(&[column.as_ref()])?,
        })
    };
    let columns = rows.columns().iter().map(own);
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(rows.schema(), columns)?)
}
