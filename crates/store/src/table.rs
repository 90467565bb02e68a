//! The table itself: opening it, appending to it, and its newest version.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, StructField, Transaction, Version};
use deltalake_core::logstore::{StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::sync::Mutex;
use url::Url;

use crate::event::Event;
use crate::file::{self, Encoded, Fate, Partition};
use crate::rows::batch_of;
use crate::schema::{DAY, GROUP, delta_columns};
use crate::{Compaction, Error, Result, Snapshot};

/// How often columns that are new are added again, where the table has changed meanwhile.
const COLUMNS_ATTEMPTS: u32 = 3;

/// The table of all events. Cheap to clone.
#[derive(Clone)]
pub struct Table(Arc<Inner>);

struct Inner {
    url: Url,
    store: Arc<dyn ObjectStore>,
    clock: Clock,
    /// Whoever appends holds it, from looking at what was appended to the commit. Compaction commits meanwhile.
    appending: Mutex<()>,
    /// The newest version we know. Whoever commits holds it.
    delta: Mutex<DeltaTable>,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Table").field(&self.0.url.as_str()).finish()
    }
}

/// Who appends, and which append it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appender {
    /// A name that is one appender's for good.
    pub name: String,
    /// Rises with every append; the same for a repeated one.
    pub number: u64,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The events are in this version of the table and every later one.
    Now(Version),
    /// They were there already: an append of that number, or a later one, was committed before.
    Before,
}

impl Table {
    /// Opens the table at a URL, creating it where there is none. The root of `store` is that of the URL's path: of the
    /// file system, or of the bucket.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub async fn open(store: Arc<dyn ObjectStore>, url: Url, clock: Clock) -> Result<Self> {
        let failed = |source: DeltaTableError| Error::Open {
            url: url.to_string(),
            source: source.into(),
        };
        let prefix = Path::from_url_path(url.path())
            .map_err(|error| failed(DeltaTableError::generic(error.to_string())))?;
        let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&store), prefix));
        let log = default_logstore(Arc::clone(&below), store, &url, &StorageConfig::default());
        let delta = CreateBuilder::new()
            .with_log_store(log)
            .with_table_name("events")
            .with_comment("Log events recorded by Corelog")
            .with_columns(delta_columns())
            .with_partition_columns([GROUP, DAY])
            .with_save_mode(SaveMode::Ignore)
            .await
            .map_err(failed)?;
        let delta = with_new_columns(delta).await.map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            url,
            store: below,
            clock,
            appending: Mutex::new(()),
            delta: Mutex::new(delta),
        })))
    }

    /// Where files of the table are; its root is the table's.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.0.store
    }

    /// The newest version.
    ///
    /// # Errors
    /// [`Error::Refresh`].
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut delta = self.0.delta.lock().await;
        refresh(&mut delta).await?;
        snapshot_of(&delta)
    }

    /// Appends events in one version of the table, all or none, and once: see [`Appended`].
    ///
    /// # Errors
    /// Any [`Error`]; nothing of the append is then in the table, and trying it again is safe.
    /// # Cancel safety
    /// A dropped append is in the table or not; repeating it with the same number tells.
    pub async fn append<E: Into<Arc<Event>>>(
        &self,
        appender: &Appender,
        events: Vec<E>,
    ) -> Result<Appended> {
        self.append_if(appender, |_| true, events).await
    }

    /// Appends as [`Table::append`] does, if the appender's last append is the one of number `after`: for appenders
    /// that may run twice at once without knowing of each other.
    ///
    /// # Errors
    /// [`Error::Overtaken`] if it is another; else as for [`Table::append`].
    /// # Cancel safety
    /// As for [`Table::append`].
    pub async fn append_after<E: Into<Arc<Event>>>(
        &self,
        appender: &Appender,
        after: Option<u64>,
        events: Vec<E>,
    ) -> Result<Appended> {
        self.append_if(appender, |before| before == after, events)
            .await
    }

    async fn append_if<E: Into<Arc<Event>>>(
        &self,
        appender: &Appender,
        expected: impl FnOnce(Option<u64>) -> bool,
        events: Vec<E>,
    ) -> Result<Appended> {
        let _appending = self.0.appending.lock().await;
        let snapshot = self.snapshot().await?;
        let before = snapshot.appended(&appender.name).await?;
        if before.is_some_and(|number| number >= appender.number) {
            return Ok(Appended::Before);
        }
        if !expected(before) {
            return Err(Error::Overtaken(appender.name.clone()));
        }
        let now = self.0.clock.now();
        let mut actions = Vec::new();
        for (partition, events) in partitioned(events) {
            let name = file_name(appender);
            let path = partition.path(&name);
            let encoded =
                tokio::task::spawn_blocking(move || appended(&batch_of(&events)?)).await??;
            self.put(&path, encoded.bytes.clone()).await?;
            actions.push(Action::Add(file::add(
                &partition, &path, &encoded, now, true,
            )));
        }
        let transaction = Transaction {
            app_id: appender.name.clone(),
            version: i64::try_from(appender.number).unwrap_or(i64::MAX),
            last_updated: i64::try_from(now.unix_ms()).ok(),
        };
        let properties = CommitProperties::default().with_application_transaction(transaction);
        let committing = CommitBuilder::from(properties).with_actions(actions);
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec![GROUP.to_owned(), DAY.to_owned()]),
            predicate: None,
        };
        let mut delta = self.0.delta.lock().await;
        let version = commit(&mut delta, &snapshot, committing, operation).await?;
        Ok(Appended::Now(version))
    }

    /// A copy of Delta's own handle, at the newest version.
    pub(crate) async fn delta(&self) -> Result<DeltaTable> {
        let mut delta = self.0.delta.lock().await;
        refresh(&mut delta).await?;
        Ok(delta.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) async fn get(&self, path: &str) -> Result<bytes::Bytes> {
        let failed = |source| Error::Get {
            path: path.to_owned(),
            source,
        };
        let at = Path::parse(path).map_err(|error| failed(error.into()))?;
        let found = self.0.store.get(&at).await.map_err(failed)?;
        found.bytes().await.map_err(failed)
    }

    pub(crate) async fn put(&self, path: &str, bytes: bytes::Bytes) -> Result<()> {
        let failed = |source| Error::Put {
            path: path.to_owned(),
            source,
        };
        let at = Path::parse(path).map_err(|error| failed(error.into()))?;
        self.0.store.put(&at, bytes.into()).await.map_err(failed)?;
        Ok(())
    }

    /// Commits a change of files that a snapshot has.
    pub(crate) async fn commit(
        &self,
        since: &Snapshot,
        actions: Vec<Action>,
        operation: DeltaOperation,
    ) -> Result<Version> {
        let mut delta = self.0.delta.lock().await;
        let committing = CommitBuilder::default().with_actions(actions);
        commit(&mut delta, since, committing, operation).await
    }
}

/// The table with the columns that it was made too early for: files of before have nothing in them, and say so.
async fn with_new_columns(
    mut delta: DeltaTable,
) -> std::result::Result<DeltaTable, DeltaTableError> {
    let mut attempts_left = COLUMNS_ATTEMPTS;
    loop {
        let schema = delta.snapshot()?.schema();
        let lacks = |column: &StructField| schema.field(column.name()).is_none();
        let new: Vec<_> = delta_columns().into_iter().filter(lacks).collect();
        if new.is_empty() {
            return Ok(delta);
        }
        match delta.clone().add_columns().with_fields(new).await {
            // Another process that starts on the same table may have added them meanwhile.
            Err(error) if attempts_left > 0 && is_overtaken(&error) => {
                tracing::debug!(%error, "columns could not be added; looking again");
                attempts_left -= 1;
                delta.update_state().await?;
            }
            done => return done,
        }
    }
}

/// Whether a commit failed because somebody else committed.
fn is_overtaken(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::CommitConflict(_)
                    | TransactionError::MaxCommitAttempts(_)
            }
    )
}

/// Commits on top of the newest version, unless what happened since the snapshot is in the way.
async fn commit(
    delta: &mut DeltaTable,
    since: &Snapshot,
    committing: CommitBuilder,
    operation: DeltaOperation,
) -> Result<Version> {
    let commit = committing
        .build(Some(since.reference()), delta.log_store(), operation)
        .await
        .map_err(|error| Error::Commit(error.into()))?;
    delta.state = Some(commit.snapshot());
    Ok(commit.version())
}

async fn refresh(delta: &mut DeltaTable) -> Result<()> {
    delta
        .update_state()
        .await
        .map_err(|error| Error::Refresh(error.into()))
}

fn snapshot_of(delta: &DeltaTable) -> Result<Snapshot> {
    let state = delta
        .snapshot()
        .map_err(|error| Error::Refresh(error.into()))?;
    Ok(Snapshot::new(state.snapshot().clone(), delta.log_store()))
}

/// The file of an append: small ones are compacted soon.
fn appended(batch: &RecordBatch) -> Result<Encoded> {
    let compaction = Compaction::default();
    let fate = if compaction.is_small(file::message_bytes(batch) as u64) {
        Fate::Replaced
    } else {
        Fate::Kept
    };
    file::encode(batch, fate)
}

/// Events by log group and day.
fn partitioned<E: Into<Arc<Event>>>(events: Vec<E>) -> Vec<(Partition, Vec<Arc<Event>>)> {
    let mut partitions: BTreeMap<(String, Arc<str>), Vec<Arc<Event>>> = BTreeMap::new();
    for event in events {
        let event: Arc<Event> = event.into();
        let key = (event.timestamp.day(), Arc::clone(&event.group));
        partitions.entry(key).or_default().push(event);
    }
    let partition = |((day, group), events)| (Partition { group, day }, events);
    partitions.into_iter().map(partition).collect()
}

/// A name that no other append's file has. A repeated append writes the same file again.
fn file_name(appender: &Appender) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = appender.name.replace(|c| !plain(c), "_");
    format!("{name}-{:020}", appender.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Directory, PROMOTED};

    /// A directory with a table that was made before the last two columns were.
    async fn table_of_before(dir: &std::path::Path) -> (Arc<dyn ObjectStore>, Url) {
        let url = Url::from_directory_path(dir).unwrap();
        let store: Arc<dyn ObjectStore> = Arc::new(Directory::open(dir.to_owned()).unwrap());
        let prefix = Path::from_url_path(url.path()).unwrap();
        let below: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&store), prefix));
        let log = default_logstore(below, Arc::clone(&store), &url, &StorageConfig::default());
        let columns = delta_columns();
        let before = columns[..columns.len() - 2].to_vec();
        CreateBuilder::new()
            .with_log_store(log)
            .with_columns(before)
            .with_partition_columns([GROUP, DAY])
            .await
            .unwrap();
        (store, url)
    }

    /// Opens the table, and says its version.
    async fn version(store: Arc<dyn ObjectStore>, url: Url) -> Version {
        let table = Table::open(store, url, Clock::system()).await.unwrap();
        let delta = table.delta().await.unwrap();
        let schema = delta.snapshot().unwrap().schema();
        for promoted in PROMOTED {
            assert!(schema.field(promoted.column).is_some(), "{promoted:?}");
        }
        table.snapshot().await.unwrap().version()
    }

    #[tokio::test]
    async fn a_table_of_before_gets_the_columns_that_are_new() {
        let dir = tempfile::tempdir().unwrap();
        let (store, url) = table_of_before(dir.path()).await;
        let first = version(Arc::clone(&store), url.clone()).await;
        let second = version(store, url).await;
        assert_eq!(second, first, "nothing is added twice");
    }

    #[tokio::test]
    async fn processes_that_start_at_once_add_columns_once() {
        let dir = tempfile::tempdir().unwrap();
        let (store, url) = table_of_before(dir.path()).await;
        let opening = (0..8).map(|_| version(Arc::clone(&store), url.clone()));
        let versions = futures_util::future::join_all(opening).await;
        assert!(versions.iter().all(|version| *version == 1), "{versions:?}");
    }
}
