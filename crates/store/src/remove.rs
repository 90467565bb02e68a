//! Taking single events out of the table: those of a log stream that was deleted, or of a group before it was made anew.
//!
//! Streams share files, so a file that has such events is written anew without them.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use bytes::Bytes;
use corelog_types::Timestamp;
use deltalake_core::kernel::Action;
use deltalake_core::protocol::DeltaOperation;
use futures_util::TryStreamExt as _;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::PageIndexPolicy;

use crate::file::{self, Encoded, Fate, Partition};
use crate::read::{Arrivals, as_ours, unread};
use crate::schema::{Column, arrow_schema};
use crate::{DataFile, Result, Snapshot, Table};

/// Events that are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Those of this log group,
    pub group: Arc<str>,
    /// of this stream, or of all,
    pub stream: Option<Arc<str>>,
    /// that were taken in no later than this: a stream of the same name may be there again.
    pub until: Timestamp,
}

impl Table {
    /// Takes events out of the table. Returns how many there were.
    ///
    /// # Errors
    /// Any [`crate::Error`]; some of the events may be gone then. Trying again is safe, and helps where somebody else
    /// changed the same files.
    pub async fn remove(&self, gone: &Gone) -> Result<u64> {
        let mut removed = 0;
        let mut seen: HashSet<String> = HashSet::new();
        loop {
            let snapshot = self.snapshot().await?;
            let mut files = snapshot.files();
            files.retain(|file| *file.group == *gone.group && !seen.contains(&file.path));
            if files.is_empty() {
                return Ok(removed);
            }
            for file in files {
                let count = snapshot.count(&file, gone).await?;
                if count > 0 {
                    self.rewrite(&snapshot, &file, gone).await?;
                    removed += count;
                }
                seen.insert(file.path);
                if count > 0 {
                    // The table has another version now.
                    break;
                }
            }
        }
    }

    /// Puts a file without the events in place of one with them.
    async fn rewrite(&self, snapshot: &Snapshot, file: &DataFile, gone: &Gone) -> Result<()> {
        let source = self.get(&file.path).await?;
        let leaving = gone.clone();
        let kept = tokio::task::spawn_blocking(move || without(source, &leaving)).await??;
        let mut actions = snapshot.removal(&HashSet::from([file.path.as_str()]), true);
        if let Some(kept) = kept {
            let now = self.now();
            let partition = Partition {
                group: file.group.as_str().into(),
                day: file.day.clone(),
            };
            let path = partition.path(&format!("kept-{}", corelog_runtime::record_id(now)));
            self.put(&path, kept.bytes.clone()).await?;
            let add = file::add(&partition, &path, &kept, now, true);
            actions.push(Action::Add(add));
        }
        let operation = DeltaOperation::Delete { predicate: None };
        self.commit(snapshot, actions, operation).await.map(drop)
    }
}

impl Snapshot {
    /// How many of the events a file has.
    async fn count(&self, file: &DataFile, gone: &Gone) -> Result<u64> {
        let builder = self.open(file, PageIndexPolicy::Skip).await?;
        let names = Arrivals::COLUMNS.map(Column::name);
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let built = builder.with_projection(mask).build();
        let mut batches = built.map_err(unread(file))?;
        let mut count = 0;
        while let Some(batch) = batches.try_next().await.map_err(unread(file))? {
            count += gone.stays(&batch)?.false_count() as u64;
        }
        Ok(count)
    }
}

impl Gone {
    /// For each row of a batch, whether it stays.
    fn stays(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let arrivals = Arrivals::of(batch)?;
        let stays = |row| {
            let is_of_stream = |stream: &Arc<str>| **stream == *arrivals.stream(row);
            let is_gone = self.stream.as_ref().is_none_or(is_of_stream);
            Some(!is_gone || arrivals.ingested(row) > self.until)
        };
        Ok((0..batch.num_rows()).map(stays).collect())
    }
}

/// A file of the rows that stay, in their order; `None` where none does.
fn without(source: Bytes, gone: &Gone) -> Result<Option<Encoded>> {
    let mut kept = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(source)?.build()? {
        let batch = as_ours(&batch?)?;
        kept.push(filter_record_batch(&batch, &gone.stays(&batch)?)?);
    }
    let rows = concat_batches(&arrow_schema(), &kept)?;
    if rows.num_rows() == 0 {
        return Ok(None);
    }
    file::encode(&rows, Fate::Kept).map(Some)
}
