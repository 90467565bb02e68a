//! The events of log groups, as the API asks for them: the table, and what it lacks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_api::logs::{Away, Events};
use corelog_catalog::LogGroup;
use corelog_hot::{Error, Hot, Page, View, Wanted};
use corelog_runtime::{Clock, Tasks};
use corelog_sinks::groups::Tables;
use corelog_spool::Spool;
use corelog_store::Gone;
use corelog_telemetry::Chain;
use corelog_types::{LogGroupName, LogStreamName};
use tokio::runtime::Handle as Background;
use tokio::sync::Semaphore;

use crate::tables::{Deletion, Deletions};

/// How many pages are read at once; others wait. Each holds some megabytes.
const READERS_MAX: usize = 4;
/// How often a view is taken anew whose recent events went into the table, and out of the spool, as it was read.
const VIEWS_MAX: usize = 3;

/// The events of log groups.
pub(crate) struct StoredEvents {
    inner: Arc<Inner>,
    tasks: Tasks,
    /// Where pages are read: that is processor work.
    background: Background,
}

struct Inner {
    parts: Parts,
    readers: Semaphore,
}

/// What the events are in.
pub(crate) struct Parts {
    pub(crate) tables: Arc<Tables>,
    pub(crate) hot: Hot,
    /// Who brings events into the table.
    pub(crate) appender: String,
    /// What is to be removed of it.
    pub(crate) deletions: Arc<Deletions>,
    pub(crate) spool: Spool,
    pub(crate) clock: Clock,
}

impl fmt::Debug for StoredEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoredEvents")
            .field(&self.inner.parts.tables)
            .finish()
    }
}

impl StoredEvents {
    pub(crate) fn new(parts: Parts, tasks: Tasks, background: Background) -> Self {
        let readers = Semaphore::new(READERS_MAX);
        Self {
            inner: Arc::new(Inner { parts, readers }),
            tasks,
            background,
        }
    }

    /// Has events removed once all of them are in the table: some may still be on their way.
    fn forget(&self, group: &LogGroupName, stream: Option<&LogStreamName>) {
        let Parts {
            deletions,
            spool,
            clock,
            ..
        } = &self.inner.parts;
        deletions.add(Deletion {
            gone: Gone {
                group: group.as_str().into(),
                stream: stream.map(|stream| stream.as_str().into()),
                until: clock.now(),
            },
            // Some of it may not be durable yet.
            before: spool.status().next,
        });
    }
}

impl Inner {
    async fn page(&self, wanted: &Wanted) -> Result<Page, Away> {
        let _turn = self.readers.acquire().await.map_err(away)?;
        let table = self.parts.tables.table().await.map_err(away)?;
        let mut views = 1;
        loop {
            let view = View::take(&self.parts.hot, table, &self.parts.appender).await;
            match view.map_err(away)?.page(wanted).await {
                Err(Error::Gone { .. }) if views < VIEWS_MAX => views += 1,
                page => return page.map_err(away),
            }
        }
    }
}

fn away(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Away {
    Away(error.into())
}

#[async_trait]
impl Events for StoredEvents {
    fn are_kept(&self) -> bool {
        true
    }

    async fn page(&self, wanted: &Wanted) -> Result<Page, Away> {
        let (inner, wanted) = (Arc::clone(&self.inner), wanted.clone());
        let reading = async move { inner.page(&wanted).await };
        let reading = self.tasks.spawn_on("page", reading, &self.background);
        reading.await.map_err(away)?
    }

    /// Zeros while the store is away.
    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64> {
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        if let Ok(table) = self.inner.parts.tables.table().await
            && let Ok(snapshot) = table.snapshot().await
        {
            for file in snapshot.files() {
                *bytes.entry(file.group).or_default() += file.bytes;
            }
        }
        let of = |group: &LogGroup| bytes.get(group.name.as_str()).copied().unwrap_or(0);
        groups.iter().map(of).collect()
    }

    /// What is in the table goes at once, what is on its way as a stream's events do. Should it fail, the log says how to
    /// do it again.
    async fn group_deleted(&self, group: &LogGroupName) {
        self.forget(group, None);
        let dropped = match self.inner.parts.tables.table().await {
            Ok(table) => table
                .drop_group(group.as_str())
                .await
                .map(drop)
                .map_err(|error| Chain(&error).to_string()),
            Err(error) => Err(Chain(&error).to_string()),
        };
        if let Err(error) = dropped {
            tracing::error!(
                error, %group,
                "a deleted log group's events are still stored; create and delete the group again to remove them"
            );
        }
    }

    /// Streams share files, which are written anew in a while.
    async fn stream_deleted(&self, group: &LogGroupName, stream: &LogStreamName) {
        self.forget(group, Some(stream));
    }
}
