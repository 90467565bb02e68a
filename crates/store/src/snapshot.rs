//! One version of the table: which files it has, and how far each appender got.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use corelog_types::Timestamp;
use deltalake_core::kernel::{Action, EagerSnapshot, LogicalFileView, Version};
use deltalake_core::logstore::LogStoreRef;
use object_store::ObjectStore;

use crate::promoted::AT_FIRST;
use crate::schema::{DAY, GROUP};
use crate::{Error, Result, file};

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Where it is, from the table's root.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written.
    pub written: Timestamp,
    /// Its rows.
    pub rows: u64,
    /// The bytes of their messages, before compression.
    pub message_bytes: u64,
    /// The log group whose events it has.
    pub group: String,
    /// Their day: `2026-11-22`.
    pub day: String,
    /// The time of the first of them, where the table knows it.
    pub earliest: Option<Timestamp>,
    /// The time of the last of them.
    pub latest: Option<Timestamp>,
    /// How many rows have a promoted field in a form that its column cannot hold; `None` where nobody said.
    pub loose_rows: Option<u64>,
    /// How many of [`crate::PROMOTED`] have a column in it: those that there were when it was written.
    pub promoted_fields: usize,
    /// Which of its bytes are the index of its words, where it has one.
    pub words: Option<Range<u64>>,
}

/// A version of the table. It stays readable until vacuum takes files that newer versions no longer have.
#[derive(Debug, Clone)]
pub struct Snapshot {
    inner: EagerSnapshot,
    log: LogStoreRef,
}

impl Snapshot {
    pub(crate) fn new(inner: EagerSnapshot, log: LogStoreRef) -> Self {
        Self { inner, log }
    }

    /// What a commit is checked against.
    pub(crate) fn reference(&self) -> &EagerSnapshot {
        &self.inner
    }

    /// Where its files are.
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.log.object_store(None)
    }

    /// Its number.
    pub fn version(&self) -> Version {
        self.inner.version()
    }

    /// The files of it, in no order.
    pub fn files(&self) -> Vec<DataFile> {
        self.inner
            .log_data()
            .iter()
            .map(|it| file_of(&it))
            .collect()
    }

    /// The actions that take files out of the table whose paths these are, because newer files hold the same rows or,
    /// where `data_change` says so, because nobody wants the rows any longer.
    pub(crate) fn removal(&self, paths: &HashSet<&str>, data_change: bool) -> Vec<Action> {
        let data = self.inner.log_data();
        let views = data.iter().filter(|it| paths.contains(&*it.path()));
        views
            .map(|it| Action::Remove(it.remove_action(data_change)))
            .collect()
    }

    /// The number of the last append of an appender; `None` where it has not appended anything.
    ///
    /// # Errors
    /// [`Error::Refresh`].
    pub async fn appended(&self, appender: &str) -> Result<Option<u64>> {
        let version = self
            .inner
            .transaction_version(&*self.log, appender)
            .await
            .map_err(|error| Error::Refresh(error.into()))?;
        Ok(version.and_then(|version| u64::try_from(version).ok()))
    }
}

fn file_of(view: &LogicalFileView) -> DataFile {
    let mut partition = view.partition_values_map();
    let mut value = |name| partition.remove(name).flatten().unwrap_or_default();
    let stats: serde_json::Value = view
        .stats()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let time = |bound: &str| {
        let text = stats.get(bound)?.get("timestamp")?.as_str()?;
        Timestamp::parse_rfc3339_ms(text)
    };
    let mut tags = tags(view);
    let mut tag = |name| tags.remove(name).flatten();
    let message_bytes = tag(file::MESSAGE_BYTES).and_then(|text| text.parse().ok());
    DataFile {
        path: view.path().into_owned(),
        bytes: u64::try_from(view.size()).unwrap_or(0),
        written: Timestamp::from_unix_ms(u64::try_from(view.modification_time()).unwrap_or(0)),
        rows: view.num_records().unwrap_or(0) as u64,
        // Not known of a file that somebody else wrote: then it counts as if it were not compressed.
        message_bytes: message_bytes.unwrap_or_else(|| u64::try_from(view.size()).unwrap_or(0)),
        group: value(GROUP),
        day: value(DAY),
        earliest: time("minValues"),
        latest: time("maxValues"),
        loose_rows: tag(file::LOOSE_ROWS).and_then(|text| text.parse().ok()),
        promoted_fields: tag(file::PROMOTED_FIELDS)
            .and_then(|text| text.parse().ok())
            .unwrap_or(AT_FIRST),
        words: tag(file::WORDS).and_then(|text| {
            let (start, end) = text.split_once("..")?;
            Some(start.parse().ok()?..end.parse().ok()?)
        }),
    }
}

#[expect(
    deprecated,
    reason = "the only way to a file's tags; what is to replace it is not there yet"
)]
fn tags(view: &LogicalFileView) -> HashMap<String, Option<String>> {
    view.add_action().tags.unwrap_or_default()
}
