//! Counts rows on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, SchemaRef};
use datafusion::common::Result;

use crate::stage::{Run, Transform};

/// How many rows came by.
#[derive(Debug, Default)]
pub(crate) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// So far.
    pub(crate) fn rows(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Transform for Tally {
    fn name(&self) -> &'static str {
        "Tally"
    }

    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    fn adds(&self) -> Vec<Field> {
        Vec::new()
    }

    fn start(&self, _: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Counting(Arc::clone(&self.0))))
    }
}

struct Counting(Arc<AtomicU64>);

impl Run for Counting {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        self.0.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        Ok(Some(batch))
    }
}
