//! The table of all events and the log groups of the catalog, joined: the table's files are looked after, and what the
//! catalog says of a group holds for its events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use corelog_catalog::{
    Catalog, Error as CatalogError, GroupFilter, LogGroup, LogStream, LoggingConfiguration,
};
use corelog_hot::STREAM;
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::groups::Tables;
use corelog_store::{Compaction, Gone, Table};
use corelog_telemetry::Chain;
use corelog_types::{LogGroupName, LogStreamName, Sequence, Timestamp};
use parking_lot::Mutex;

/// For how long files are kept that newer versions of the table no longer have: queries of other engines may be
/// reading them.
const KEEP_FILES: Duration = Duration::from_hours(1);
/// How often they are looked for.
const VACUUM_EVERY: Duration = Duration::from_mins(10);
const GROUPS_PAGE: u32 = 1_000;
const DAY_MS: u64 = 86_400_000;

/// Looks after the table.
pub(crate) struct Care {
    pub(crate) tables: Arc<Tables>,
    pub(crate) catalog: Arc<dyn Catalog>,
    /// The group that records are events of. It and its stream are made anew where somebody has deleted them: records
    /// keep coming.
    pub(crate) group: LogGroupName,
    /// So is the logging configuration's.
    pub(crate) of_api: Arc<Mutex<Option<LoggingConfiguration>>>,
    pub(crate) deletions: Arc<Deletions>,
    /// Who brings this node's events into the table.
    pub(crate) appender: String,
    pub(crate) every: Duration,
    pub(crate) clock: Clock,
}

/// Deleted streams and groups whose events are still stored, or on their way into the table.
///
/// A process that ends first forgets them: see [`corelog_api::logs::Events`].
#[derive(Debug, Default)]
pub(crate) struct Deletions(Mutex<Vec<Deletion>>);

/// What was deleted, and the first entry of the spool that has nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deletion {
    pub(crate) gone: Gone,
    pub(crate) before: Sequence,
}

impl Deletions {
    pub(crate) fn add(&self, deletion: Deletion) {
        self.0.lock().push(deletion);
    }

    /// Takes the events out of the table, once all of them are in it.
    async fn complete(&self, table: &Table, appender: &str) -> Result<(), corelog_store::Error> {
        let waiting = self.0.lock().clone();
        if waiting.is_empty() {
            return Ok(());
        }
        let has_upto = table.snapshot().await?.appended(appender).await?;
        let has_upto = Sequence::from_u64(has_upto.unwrap_or(0));
        for deletion in waiting.iter().filter(|it| it.before <= has_upto.next()) {
            let events = table.remove(&deletion.gone).await?;
            let Gone { group, stream, .. } = &deletion.gone;
            tracing::info!(%group, ?stream, events, "removed events of what was deleted");
            self.0.lock().retain(|other| other != deletion);
        }
        Ok(())
    }
}

impl Care {
    /// Goes on until `shutdown`. What fails is tried again the next time.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let mut since_vacuum = Duration::ZERO;
        loop {
            if let Err(error) = self.keep_groups().await {
                tracing::warn!(error = %Chain(&error), "a log group was not made");
            }
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(self.every) => since_vacuum += self.every,
            }
            // A store that is away is the sink's to report.
            let Ok(table) = self.tables.table().await else {
                continue;
            };
            if let Err(error) = self.let_go(table).await {
                tracing::warn!(error = %error, "retention was not applied");
            }
            if let Err(error) = self.deletions.complete(table, &self.appender).await {
                tracing::warn!(error = %Chain(&error), "events of what was deleted were not removed yet");
            }
            compact(table, &shutdown).await;
            if since_vacuum >= VACUUM_EVERY {
                since_vacuum = Duration::ZERO;
                match table.vacuum(KEEP_FILES).await {
                    Ok(0) => {}
                    Ok(files) => {
                        tracing::info!(files, "deleted files that the table no longer has");
                    }
                    Err(error) => {
                        tracing::warn!(error = %Chain(&error), "the table was not vacuumed");
                    }
                }
            }
        }
    }

    async fn keep_groups(&self) -> Result<(), CatalogError> {
        let of_api = self.of_api.lock().as_ref().and_then(|logging| {
            let target = logging.log_group.as_ref()?;
            LogGroupName::new(target.log_group_name.clone()).ok()
        });
        for group in of_api.iter().chain([&self.group]) {
            if self.catalog.group(group).await?.is_none() {
                let group = LogGroup::new(group.clone(), self.clock.now());
                self.catalog.create_group(&group).await?;
            }
            if let Ok(name) = LogStreamName::new(STREAM)
                && self.catalog.stream(group, &name).await?.is_none()
            {
                let stream = LogStream::new(name, self.clock.now());
                self.catalog.create_stream(group, &stream).await?;
            }
        }
        Ok(())
    }

    /// Takes events out of the table that their group no longer keeps.
    ///
    /// Events of a group that the catalog lacks stay: the table may be shared with another node, and a catalog may
    /// have been lost, but the events cannot be had again.
    async fn let_go(&self, table: &Table) -> anyhow::Result<()> {
        let files = table.snapshot().await?.files();
        let mut groups: BTreeMap<String, Option<u32>> = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let all = GroupFilter::default();
            let page = self
                .catalog
                .groups(&all, after.as_deref(), GROUPS_PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.name.as_str().to_owned());
            let kept = |group: LogGroup| (group.name.as_str().to_owned(), group.retention_days);
            groups.extend(page.into_iter().map(kept));
        }
        let stored: BTreeSet<String> = files.into_iter().map(|file| file.group).collect();
        for group in stored {
            let Some(Some(days)) = groups.get(&group) else {
                continue;
            };
            let first = first_day_kept(self.clock.now(), *days);
            if table.drop_days_before(&group, &first).await?.is_some() {
                tracing::info!(group, before = first, "dropped days past retention");
            }
        }
        Ok(())
    }
}

/// The first day of which some event may be younger than `days`.
fn first_day_kept(now: Timestamp, days: u32) -> String {
    let kept_ms = u64::from(days) * DAY_MS;
    Timestamp::from_unix_ms(now.unix_ms().saturating_sub(kept_ms)).day()
}

async fn compact(table: &Table, shutdown: &Shutdown) {
    while !shutdown.is_requested() {
        match table.compact(Compaction::default()).await {
            Ok(None) => return,
            Ok(Some(done)) => tracing::info!(
                files = done.files,
                bytes_before = done.bytes_before,
                bytes_after = done.bytes_after,
                "merged small files of the table"
            ),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the table was not compacted");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_until_all_of_it_is_too_old() {
        // 2026-11-22T09:15:42Z
        let now = Timestamp::from_unix_ms(1_795_338_942_000);
        assert_eq!(first_day_kept(now, 1), "2026-11-21");
        assert_eq!(first_day_kept(now, 30), "2026-10-23");
        assert_eq!(first_day_kept(Timestamp::from_unix_ms(5), 1), "1970-01-01");
    }
}
