//! Export tasks: a log group's events to a bucket, one task at a time, on the threads for background work.
//!
//! Tasks are in memory: one that a restart ends is gone, what it wrote stays, and asking again writes it anew.
//!
//! Decision: `PENDING` and `PENDING_CANCEL` are never seen, for a task begins as it is made and ends as it is
//! cancelled. What is exported is in the table, which events reach within `store.interval`; the service asks its users
//! for the patience of hours here.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_api::logs::{Export, ExportRefused, ExportState, ExportTask, Exports, NotCancelled};
use corelog_delivery::SinkError;
use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_sinks::groups::Tables;
use corelog_sinks::s3::{Archive, Location, Object, Store};
use corelog_store::Streams;
use corelog_telemetry::Chain;
use corelog_transfer::Exported;
use corelog_types::Timestamp;
use parking_lot::Mutex;
use tokio::runtime::Handle as Background;

/// How many tasks that have ended are remembered.
const REMEMBERED_MAX: usize = 100;
/// The object that shows that a bucket takes objects, in the folder of all exports.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html>
const WRITE_TEST: &str = "aws-logs-write-test";
const WRITE_TEST_SAYS: &[u8] = b"Permission Check Successful";

/// Runs export tasks.
pub(crate) struct ExportTasks {
    pub(crate) tables: Arc<Tables>,
    /// How buckets are reached, by now.
    pub(crate) reach: Box<dyn Fn() -> Store + Send + Sync>,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) background: Background,
    /// Ends what runs.
    pub(crate) shutdown: Shutdown,
    pub(crate) known: Arc<Known>,
}

impl fmt::Debug for ExportTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportTasks").finish_non_exhaustive()
    }
}

/// The tasks that are remembered, the newest first, and what ends each.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<VecDeque<(ExportTask, Shutdown)>>);

#[async_trait]
impl Exports for ExportTasks {
    async fn start(&self, name: Option<String>, export: Export) -> Result<String, ExportRefused> {
        let away = |error: SinkError| ExportRefused::Away(error.into());
        if self.known.is_busy() {
            return Err(ExportRefused::Busy);
        }
        let table = self.tables.table().await.map_err(away)?.clone();
        let location = bucket(&export.bucket)?;
        let archive = Archive::open(&location, &(self.reach)()).map_err(away)?;
        let prefix = export.prefix.trim_matches('/').to_owned();
        let written = archive.put(vec![write_test(&archive, &prefix)]).await;
        written.map_err(refused)?;

        let now = self.clock.now();
        let id = corelog_runtime::record_id(now).to_string();
        let ending = self.shutdown.child();
        let task = ExportTask {
            id: id.clone(),
            name,
            export: export.clone(),
            created: now,
            ended: None,
            state: ExportState::Running,
        };
        // Whoever asked meanwhile was first.
        if !self.known.begin(task, ending.clone()) {
            return Err(ExportRefused::Busy);
        }
        let folder = format!("{prefix}/{id}");
        let what = of(table, export);
        let (known, clock, of_task) = (Arc::clone(&self.known), self.clock.clone(), id.clone());
        let running = async move {
            let exported = Exported::default();
            let state = tokio::select! {
                () = ending.requested() => ExportState::Cancelled,
                done = what.to_folders(&archive, &folder, &exported) => match done {
                    Ok(()) => ExportState::Completed,
                    Err(error) => ExportState::Failed(Chain(&error).to_string()),
                },
            };
            tracing::info!(
                task = of_task,
                state = state.as_str(),
                events = exported.events(),
                "an export ended"
            );
            known.end(&of_task, state, clock.now());
        };
        self.tasks.spawn_on("export", running, &self.background);
        Ok(id)
    }

    fn list(&self) -> Vec<ExportTask> {
        let known = self.known.0.lock();
        known.iter().map(|(task, _)| task.clone()).collect()
    }

    fn cancel(&self, id: &str) -> Result<(), NotCancelled> {
        let mut known = self.known.0.lock();
        let found = known.iter_mut().find(|(task, _)| task.id == id);
        let (task, ending) = found.ok_or(NotCancelled::Unknown)?;
        if task.state != ExportState::Running {
            return Err(NotCancelled::Ended);
        }
        ending.request();
        task.state = ExportState::Cancelled;
        task.ended = Some(self.clock.now());
        Ok(())
    }
}

impl Known {
    fn is_busy(&self) -> bool {
        let known = self.0.lock();
        known
            .iter()
            .any(|(task, _)| task.state == ExportState::Running)
    }

    /// Takes a task, unless another runs.
    fn begin(&self, task: ExportTask, ending: Shutdown) -> bool {
        let mut known = self.0.lock();
        if known
            .iter()
            .any(|(task, _)| task.state == ExportState::Running)
        {
            return false;
        }
        known.push_front((task, ending));
        known.truncate(REMEMBERED_MAX);
        true
    }

    /// A task that was cancelled stays so.
    fn end(&self, id: &str, state: ExportState, now: Timestamp) {
        let mut known = self.0.lock();
        let found = known.iter_mut().find(|(task, _)| task.id == id);
        if let Some((task, _)) = found
            && task.state == ExportState::Running
        {
            task.state = state;
            task.ended = Some(now);
        }
    }
}

fn of(table: corelog_store::Table, export: Export) -> corelog_transfer::Export {
    let end = export.to.unix_ms().saturating_add(1);
    corelog_transfer::Export {
        table,
        group: export.group.as_str().into(),
        streams: export.stream_prefix.map_or(Streams::All, Streams::Prefixed),
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
