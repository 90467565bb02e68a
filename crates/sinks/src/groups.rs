//! The destination that is a log group of our own: records become log events, rows of the table of all events.
//!
//! The events are made by [`corelog_hot`], which mostly has them already and is told once they are in the table. The
//! batch's last sequence is the number of its append, so a batch that comes again changes nothing.

mod logging;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_delivery::{Batch, Entry, Receipt, Sink, SinkError};
use corelog_hot::Hot;
use corelog_runtime::Clock;
use corelog_store::{Appender, Directory, Table};
use object_store::ObjectStore;
use tokio::sync::OnceCell;
use url::Url;

use crate::s3::{Location, Store, remote};

pub use logging::{LoggingConfig, LoggingGroup};

/// Where the table of all events is.
#[derive(Debug, Clone)]
pub struct TableAt {
    /// The directory, or bucket and prefix.
    pub location: Location,
    /// How to reach the store; not used for a local directory.
    pub store: Store,
    /// Time, for the table's versions.
    pub clock: Clock,
}

/// The table, opened when it is first needed and there: a store may be away when we start.
#[derive(Debug)]
pub struct Tables {
    at: TableAt,
    opened: OnceCell<Table>,
}

impl Tables {
    /// Prepares for a place; nothing is asked of it.
    pub fn new(at: TableAt) -> Self {
        Self {
            at,
            opened: OnceCell::new(),
        }
    }

    /// The table, created where there is none.
    ///
    /// # Errors
    /// [`SinkError`]; asking again tries again.
    pub async fn table(&self) -> Result<&Table, SinkError> {
        self.opened.get_or_try_init(|| self.open()).await
    }

    async fn open(&self) -> Result<Table, SinkError> {
        let (store, url) = self.place()?;
        let shown = url.to_string();
        Table::open(store, url, self.at.clock.clone())
            .await
            .map_err(|error| SinkError::new("open", shown, error))
    }

    fn place(&self) -> Result<(Arc<dyn ObjectStore>, Url), SinkError> {
        match &self.at.location {
            Location::Directory(dir) => {
                let shown = dir.display().to_string();
                let directory = Directory::open(dir.clone())
                    .map_err(|error| SinkError::new("create", shown.clone(), error))?;
                let url = Url::from_directory_path(dir)
                    .map_err(|()| SinkError::new("open", shown, "it is no absolute path"))?;
                Ok((Arc::new(directory), url))
            }
            Location::Bucket { name, prefix } => {
                let shown = format!("s3://{name}/{prefix}");
                let url = Url::parse(&format!("{}/", shown.trim_end_matches('/')))
                    .map_err(|error| SinkError::new("open", shown, error))?;
                Ok((remote(name, &self.at.store)?, url))
            }
        }
    }
}

/// The sink of the log groups.
pub struct GroupSink {
    tables: Arc<Tables>,
    hot: Hot,
}

impl fmt::Debug for GroupSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupSink").field(&self.location()).finish()
    }
}

impl GroupSink {
    /// A sink of the table, for the events that `hot` makes of records.
    pub fn new(tables: Arc<Tables>, hot: Hot) -> Self {
        Self { tables, hot }
    }
}

#[async_trait]
impl Sink for GroupSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let table = self.tables.table().await?;
        let (reading, hot) = (Arc::clone(&batch), self.hot.clone());
        let events_of = move || hot.events(reading.entries.iter().map(entry_of));
        let converted = tokio::task::spawn_blocking(events_of)
            .await
            .map_err(|error| SinkError::new("render", batch.destination.clone(), error))?
            .map_err(|error| SinkError::new("render", batch.destination.clone(), error))?;
        let appender = Appender {
            name: format!("{}/{}", batch.node, batch.destination),
            number: batch.plan.last.to_u64(),
        };
        table
            .append(&appender, converted.events)
            .await
            .map_err(|error| SinkError::new("append to", self.location(), error))?;
        self.hot.committed(batch.plan.last);
        Ok(Receipt {
            records: batch.entries.len() as u64,
            unreadable: converted.unreadable.len() as u64,
            rejected: 0,
        })
    }

    async fn check(&self) -> Result<(), SinkError> {
        self.tables.table().await.map(|_| ())
    }

    fn location(&self) -> String {
        match &self.tables.at.location {
            Location::Directory(dir) => format!("file://{}", dir.display()),
            Location::Bucket { name, prefix } => format!("s3://{name}/{prefix}"),
        }
    }
}

pub(crate) fn entry_of(entry: &Entry) -> corelog_hot::Entry<'_> {
    corelog_hot::Entry {
        sequence: entry.sequence,
        id: entry.id,
        time: entry.time,
        payload: &entry.payload,
    }
}
