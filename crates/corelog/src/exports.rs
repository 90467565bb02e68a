//! Export tasks: a log group's events to a bucket, one task at a time, on the threads for background work.
//!
//! Tasks are in the catalog. One that a stop or a crash interrupts is begun anew at the next start: it writes the same
//! files, with what has come meanwhile, and takes away what the first attempt wrote beyond them.
//!
//! Decision: `PENDING` and `PENDING_CANCEL` are never seen, for a task begins as it is made and ends as it is
//! cancelled. What is exported is in the table, which events reach within `store.interval`; the service asks its users
//! for the patience of hours here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_api::logs::{ExportRefused, Exports};
use corelog_catalog::{Catalog, Error as CatalogError, Export, ExportState, ExportTask};
use corelog_delivery::SinkError;
use corelog_runtime::{Backoff, Clock, Shutdown, Tasks};
use corelog_sinks::groups::Tables;
use corelog_sinks::s3::{Archive, Location, Object, Store};
use corelog_store::{Streams, Table};
use corelog_telemetry::Chain;
use corelog_transfer::Exported;
use corelog_types::Timestamp;
use parking_lot::Mutex;
use tokio::runtime::Handle as Background;

/// How many tasks are remembered.
const REMEMBERED_MAX: u32 = 100;
/// The object that shows that a bucket takes objects, in the folder of all exports.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html>
const WRITE_TEST: &str = "aws-logs-write-test";
const WRITE_TEST_SAYS: &[u8] = b"Permission Check Successful";
/// What is said of a task that a restart ended.
const INTERRUPTED: &str = "the server stopped before the export's end was noted";
/// The wait for a table that is away, the first and the longest.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_CEILING: Duration = Duration::from_secs(30);

/// Runs export tasks.
#[derive(Clone)]
pub(crate) struct Exporter {
    pub(crate) tables: Arc<Tables>,
    /// How buckets are reached, by now.
    pub(crate) reach: Arc<dyn Fn() -> Store + Send + Sync>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) background: Background,
    /// Interrupts what runs; the next start goes on with it.
    pub(crate) shutdown: Shutdown,
    pub(crate) turns: Turns,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

/// Whose turn it is: one task at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<Option<Current>>>);

/// The task that has it, and what ends it.
#[derive(Debug)]
struct Current {
    id: String,
    ending: Shutdown,
}

/// A task's turn, which ends with this.
struct Turn {
    id: String,
    ending: Shutdown,
    turns: Turns,
}

impl Turns {
    /// The turn for a task; none while another has it.
    fn take(&self, id: &str) -> Option<Turn> {
        let mut current = self.0.lock();
        if current.is_some() {
            return None;
        }
        let ending = Shutdown::new();
        *current = Some(Current {
            id: id.to_owned(),
            ending: ending.clone(),
        });
        Some(Turn {
            id: id.to_owned(),
            ending,
            turns: self.clone(),
        })
    }

    /// Ends a task's turn at once.
    fn end(&self, id: &str) {
        let mut current = self.0.lock();
        if let Some(ended) = current.take_if(|current| current.id == id) {
            ended.ending.request();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.end(&self.id);
    }
}

#[async_trait]
impl Exports for Exporter {
    async fn start(&self, name: Option<String>, export: Export) -> Result<String, ExportRefused> {
        let away = |error: SinkError| ExportRefused::Away(error.into());
        let now = self.clock.now();
        let id = corelog_runtime::record_id(now).to_string();
        let turn = self.turns.take(&id).ok_or(ExportRefused::Busy)?;
        self.tables.table().await.map_err(away)?;
        let archive = self.archive(&export)?;
        let prefix = prefix_of(&export);
        let written = archive.put(vec![write_test(&archive, prefix)]).await;
        written.map_err(refused)?;
        let task = ExportTask {
            id: id.clone(),
            name,
            export,
            created: now,
            ended: None,
            state: ExportState::Running,
        };
        // In a task of its own: a caller who goes away does not leave one that nobody runs.
        let exporter = self.clone();
        let adding = async move {
            let catalog = &exporter.catalog;
            catalog.add_export_task(&task, REMEMBERED_MAX).await?;
            exporter.begin(task, turn);
            Ok::<_, CatalogError>(())
        };
        let added = self
            .tasks
            .spawn_on("export", adding, &self.background)
            .await;
        match added {
            Ok(Ok(())) => Ok(id),
            Ok(Err(error)) => Err(ExportRefused::Away(error.into())),
            Err(error) => Err(ExportRefused::Away(error.into())),
        }
    }

    fn end(&self, id: &str) {
        self.turns.end(id);
    }
}

impl Exporter {
    /// Begins anew what an earlier process left unfinished.
    pub(crate) async fn resume(&self) -> Result<(), CatalogError> {
        let mut tasks = self.catalog.export_tasks().await?;
        tasks.retain(|task| task.state == ExportState::Running);
        for task in tasks {
            if let Some(turn) = self.turns.take(&task.id) {
                tracing::info!(task = task.id, "an export that was interrupted begins anew");
                self.begin(task, turn);
            } else {
                // One of before the newest, whose end could not be noted.
                let state = ExportState::Failed(INTERRUPTED.to_owned());
                self.note(&task.id, &state).await;
            }
        }
        Ok(())
    }

    fn archive(&self, export: &Export) -> Result<Archive, ExportRefused> {
        let opened = Archive::open(&bucket(&export.bucket)?, &(self.reach)());
        opened.map_err(|error| ExportRefused::Away(error.into()))
    }

    fn begin(&self, task: ExportTask, turn: Turn) {
        let worker = self.clone();
        let running = async move {
            let exported = Exported::default();
            let done = tokio::select! {
                // Cancelled: the catalog says so already.
                () = turn.ending.requested() => return,
                () = worker.shutdown.requested() => return,
                done = worker.write(&task, &exported) => done,
            };
            let state = match done {
                Ok(()) => ExportState::Completed,
                Err(error) => ExportState::Failed(format!("{error:#}")),
            };
            tracing::info!(
                task = task.id,
                state = state.as_str(),
                events = exported.events(),
                "an export ended"
            );
            worker.note(&task.id, &state).await;
            drop(turn);
        };
        self.tasks.spawn_on("export", running, &self.background);
    }

    async fn write(&self, task: &ExportTask, exported: &Exported) -> anyhow::Result<()> {
        let table = self.table().await;
        let archive = self.archive(&task.export)?;
        let folder = format!("{}/{}", prefix_of(&task.export), task.id);
        let export = of(table, &task.export);
        let written = export.to_folders(&archive, &folder, exported).await?;
        Ok(written.remove_others(&archive).await?)
    }

    /// The table, as soon as it is there.
    async fn table(&self) -> Table {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
        loop {
            match self.tables.table().await {
                Ok(table) => return table.clone(),
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "an export waits for the table");
                    tokio::time::sleep(backoff.after_failure()).await;
                }
            }
        }
    }

    async fn note(&self, id: &str, state: &ExportState) {
        let ended = self.catalog.end_export_task(id, state, self.clock.now());
        match ended.await {
            // Cancelled as it came to its end.
            Ok(()) | Err(CatalogError::Stale) => {}
            Err(error) => {
                tracing::warn!(task = id, error = %Chain(&error), "an export's end is not noted");
            }
        }
    }
}

fn prefix_of(export: &Export) -> &str {
    export.prefix.trim_matches('/')
}

fn of(table: Table, export: &Export) -> corelog_transfer::Export {
    let end = export.to.unix_ms().saturating_add(1);
    let prefixed = export.stream_prefix.clone();
    corelog_transfer::Export {
        table,
        group: export.group.as_str().into(),
        streams: prefixed.map_or(Streams::All, Streams::Prefixed),
        times: export.from..Timestamp::from_unix_ms(end),
        filter: None,
    }
}

fn write_test(archive: &Archive, prefix: &str) -> Object {
    Object {
        key: archive.key(&format!("{prefix}/{WRITE_TEST}")),
        bytes: WRITE_TEST_SAYS.into(),
        zipped: false,
    }
}

/// A whole bucket of that name, which is a stranger's text.
fn bucket(name: &str) -> Result<Location, ExportRefused> {
    let parsed = Location::parse(&format!("s3://{name}"));
    let whole = |location: &Location| match location {
        Location::Bucket { name: found, .. } => found == name,
        Location::Directory(_) => false,
    };
    parsed.ok().filter(whole).ok_or(ExportRefused::NoBucket)
}

/// What a bucket's refusal means.
fn refused(error: SinkError) -> ExportRefused {
    let source = std::error::Error::source(&error);
    if source.is_some_and(<dyn std::error::Error>::is::<object_store::path::Error>) {
        return ExportRefused::NoKey;
    }
    let says = source.and_then(|source| source.downcast_ref::<object_store::Error>());
    match says {
        Some(object_store::Error::NotFound { .. }) => ExportRefused::NoBucket,
        Some(
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. },
        ) => ExportRefused::Denied,
        _ => ExportRefused::Away(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_name_and_nothing_else() {
        let logs = Location::Bucket {
            name: "acme-logs.eu".to_owned(),
            prefix: String::new(),
        };
        assert_eq!(bucket("acme-logs.eu").unwrap(), logs);
        for other in ["", "a/b", "a/", "a?x=1", "../a", "é"] {
            assert!(bucket(other).is_err(), "{other}");
        }
    }
}
