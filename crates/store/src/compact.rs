//! Compaction: many small files of one log group and day become few larger ones.
//!
//! Appends come every few seconds, each with a file of its own. A query pays for each file it opens, and a conversation
//! whose turns lie in different files is stored more than once. Compaction reads small files of a partition, puts their
//! rows in one order (see [`crate::rows`]) and commits the new file in place of the old ones. Rows neither change nor
//! go: readers of any version see the same events.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use arrow::array::{RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use bytes::Bytes;
use corelog_types::Timestamp;
use deltalake_core::kernel::{Action, Version};
use deltalake_core::protocol::DeltaOperation;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::file::{self, Encoded, Fate, Partition};
use crate::order::without_digits;
use crate::promoted::Facts;
use crate::read::as_ours;
use crate::schema::Column;
use crate::{DataFile, Result, Table};

/// What is worth compacting.
#[derive(Debug, Clone, Copy)]
pub struct Compaction {
    /// How many small files of a partition are worth merging while more of them come.
    pub files_min: usize,
    /// Where the newest of them is older than this, no more come soon, and any two are worth merging.
    pub settled_after: Duration,
    /// The bytes of messages that a file holds at most, before compression; also what a run keeps in memory, several
    /// times over. A file with half of it is no longer small.
    pub message_bytes_max: u64,
}

impl Default for Compaction {
    fn default() -> Self {
        Self {
            files_min: 8,
            settled_after: Duration::from_mins(10),
            message_bytes_max: 64 << 20,
        }
    }
}

impl Compaction {
    /// Whether a file with so many bytes of messages is to be merged.
    pub(crate) fn is_small(&self, message_bytes: u64) -> bool {
        message_bytes < self.message_bytes_max / 2
    }

    /// The files of a partition that are worth merging, of all its small ones.
    ///
    /// A file that is larger than all smaller ones together waits for more of them. Else it would be written anew for
    /// every few of them that come.
    fn worthwhile(&self, mut files: Vec<DataFile>, now: Timestamp) -> Option<Vec<DataFile>> {
        let newest = files.iter().map(|file| file.written.unix_ms()).max()?;
        let settled_ms = u64::try_from(self.settled_after.as_millis()).unwrap_or(u64::MAX);
        if now.unix_ms().saturating_sub(newest) >= settled_ms {
            return (files.len() > 1).then_some(files);
        }
        files.sort_by_key(|file| file.message_bytes);
        let mut smaller: u64 = files.iter().map(|file| file.message_bytes).sum();
        while let Some(largest) = files.last() {
            smaller -= largest.message_bytes;
            if largest.message_bytes <= smaller {
                break;
            }
            files.pop();
        }
        (files.len() >= self.files_min.max(2)).then_some(files)
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Files that one new file replaces.
    pub files: usize,
    /// Their bytes.
    pub bytes_before: u64,
    /// The new file's.
    pub bytes_after: u64,
    /// The version of the table that has the new file.
    pub version: Version,
}

impl Table {
    /// Merges the small files of one partition, the one with the most of them; `None` where there is nothing to do.
    ///
    /// # Errors
    /// Any [`crate::Error`]; the table is then as it was. Trying again is safe.
    pub async fn compact(&self, compaction: Compaction) -> Result<Option<Compacted>> {
        let snapshot = self.snapshot().await?;
        let Some(files) = choose(snapshot.files(), compaction, self.now()) else {
            return Ok(None);
        };
        let mut sources = Vec::with_capacity(files.len());
        for file in &files {
            sources.push(self.get(&file.path).await?);
        }
        let encoded = tokio::task::spawn_blocking(move || merge(sources)).await??;
        let partition = Partition {
            group: files[0].group.as_str().into(),
            day: files[0].day.clone(),
        };
        let now = self.now();
        let path = partition.path(&format!("compacted-{}", corelog_runtime::record_id(now)));
        self.put(&path, encoded.bytes.clone()).await?;

        let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let mut actions = snapshot.removal(&paths, false);
        actions.push(Action::Add(file::add(
            &partition, &path, &encoded, now, false,
        )));
        let operation = DeltaOperation::Optimize {
            predicate: None,
            target_size: i64::try_from(compaction.message_bytes_max).unwrap_or(i64::MAX),
        };
        let version = self.commit(&snapshot, actions, operation).await?;
        Ok(Some(Compacted {
            files: files.len(),
            bytes_before: files.iter().map(|file| file.bytes).sum(),
            bytes_after: encoded.bytes.len() as u64,
            version,
        }))
    }
}

/// The small files of the partition with the most of them, oldest first, as many as fit in one.
fn choose(files: Vec<DataFile>, compaction: Compaction, now: Timestamp) -> Option<Vec<DataFile>> {
    let mut partitions: BTreeMap<(String, String), Vec<DataFile>> = BTreeMap::new();
    for file in files {
        if compaction.is_small(file.message_bytes) {
            let key = (file.day.clone(), file.group.clone());
            partitions.entry(key).or_default().push(file);
        }
    }
    let candidates = partitions.into_values();
    let candidates = candidates.filter_map(|files| compaction.worthwhile(files, now));
    let mut most = candidates.max_by_key(Vec::len)?;
    most.sort_by(|a, b| (a.earliest, &a.path).cmp(&(b.earliest, &b.path)));
    let mut bytes = 0;
    let fits = |file: &DataFile| {
        bytes += file.message_bytes;
        bytes <= compaction.message_bytes_max
    };
    let chosen: Vec<_> = most.into_iter().take_while(fits).collect();
    (chosen.len() > 1).then_some(chosen)
}

/// One file of the rows of several.
fn merge(sources: Vec<Bytes>) -> Result<Encoded> {
    let mut batches = Vec::new();
    for source in sources {
        let reader = ParquetRecordBatchReaderBuilder::try_new(source)?.build()?;
        for batch in reader {
            batches.push(as_ours(&batch?)?);
        }
    }
    let sorted = {
        let all: Vec<&RecordBatch> = batches.iter().collect();
        interleave_record_batch(&all, &order_of(&all))?
    };
    drop(batches);
    file::encode(&sorted, Fate::Kept)
}

/// The order that [`crate::rows::batch_of`] puts rows in, as batches and rows of them.
fn order_of(batches: &[&RecordBatch]) -> Vec<(usize, usize)> {
    let mut order = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (at, batch) in batches.iter().enumerate() {
        let messages = batch
            .column_by_name(Column::Message.name())
            .and_then(|column| column.as_any().downcast_ref::<StringArray>());
        for row in 0..batch.num_rows() {
            let message = messages.map_or("", |messages| messages.value(row));
            order.push((&message[Facts::of(message).body], (at, row)));
        }
    }
    // Stable: rows of equal bodies stay in the order of their files, which is that of time.
    order.sort_by(|(a, _), (b, _)| without_digits(a, b));
    order.into_iter().map(|(_, place)| place).collect()
}
