//! The step of `dedup`.

use std::collections::HashSet;
use std::fmt;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, SchemaRef};
use datafusion::common::{Result, resources_datafusion_err};

use crate::compute::{At, Slot, SlotReader, positions, readers};
use crate::stage::{Run, Transform};
use corelog_values::Row as _;

/// Bytes of different keys that are remembered.
const BYTES_MAX: usize = 256 << 20;

/// Keeps the first row of each combination of keys. A key that no row has is `None`.
pub(crate) struct Dedup {
    pub(crate) keys: Vec<Option<Slot>>,
}

impl fmt::Debug for Dedup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().flatten().map(|slot| &*slot.column);
        f.write_str(&keys.collect::<Vec<_>>().join(", "))
    }
}

impl Transform for Dedup {
    fn name(&self) -> &'static str {
        "Dedup"
    }

    fn reads(&self) -> Vec<String> {
        let keys = self.keys.iter().flatten();
        keys.map(|slot| slot.column.clone()).collect()
    }

    fn adds(&self) -> Vec<Field> {
        Vec::new()
    }

    fn in_order(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let known: Vec<Slot> = self.keys.iter().flatten().cloned().collect();
        Ok(Box::new(Deduplicating {
            keys: positions(&known, input)?,
            all_known: known.len() == self.keys.len(),
            seen: HashSet::new(),
            bytes: 0,
        }))
    }
}

struct Deduplicating {
    keys: Vec<(Slot, usize)>,
    /// Whether rows have all of the keys at all.
    all_known: bool,
    seen: HashSet<Box<str>>,
    bytes: usize,
}

impl Deduplicating {
    fn is_kept(&mut self, readers: &[SlotReader<'_>], row: usize) -> Result<bool> {
        let at = At { readers, row };
        let mut key = String::new();
        for slot in 0..readers.len() {
            let value = at.slot(slot).scalar();
            let Some(text) = value.identity() else {
                return Ok(true);
            };
            // A length tells where a part ends.
            key.push_str(&text.len().to_string());
            key.push(':');
            key.push_str(&text);
        }
        let bytes = key.len() + size_of::<Box<str>>();
        let is_new = self.seen.insert(key.into());
        if is_new {
            self.bytes += bytes;
            if self.bytes > BYTES_MAX {
                return Err(resources_datafusion_err!(
                    "`dedup` found too many different values"
                ));
            }
        }
        Ok(is_new)
    }
}

impl Run for Deduplicating {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        if !self.all_known {
            return Ok(Some(batch));
        }
        let keys = std::mem::take(&mut self.keys);
        let readers = readers(&keys, &batch)?;
        let kept: Result<Vec<Option<bool>>> = (0..batch.num_rows())
            .map(|row| self.is_kept(&readers, row).map(Some))
            .collect();
        drop(readers);
        self.keys = keys;
        let kept = BooleanArray::from(kept?);
        if kept.true_count() == 0 {
            return Ok(None);
        }
        Ok(Some(filter_record_batch(&batch, &kept)?))
    }
}
