//! The destination that is a log group of our own: records become log events, rows of the table of all events.
//!
//! Each record is one event whose message is the record's line with its bodies inside; a batch of `PutLogEvents` is
//! the events it has, of their own group and stream. The batch's last sequence is
//! the number of its append, so a batch that comes again changes nothing.

mod event;
mod put;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_delivery::{Batch, Receipt, Sink, SinkError};
use corelog_runtime::Clock;
use corelog_store::{Appender, Directory, Table};
use corelog_types::ByteSize;
use object_store::ObjectStore;
use tokio::sync::OnceCell;
use url::Url;

use crate::s3::{Location, Store, remote};

/// The log stream of invocations, as the original calls it.
pub const STREAM: &str = "aws/bedrock/modelinvocations";
/// Bodies up to this size are in an event's message.
pub const BODY_BYTES_MAX: ByteSize = ByteSize::from_bytes(16 << 20);

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

/// The sink of one log group.
pub struct GroupSink {
    tables: Arc<Tables>,
    group: Arc<str>,
}

impl fmt::Debug for GroupSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupSink").field(&self.group).finish()
    }
}

impl GroupSink {
    /// A sink for a log group of the table.
    pub fn new(tables: Arc<Tables>, group: &str) -> Self {
        Self {
            tables,
            group: group.into(),
        }
    }
}

#[async_trait]
impl Sink for GroupSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let table = self.tables.table().await?;
        let (reading, group) = (Arc::clone(&batch), Arc::clone(&self.group));
        let (events, receipt) =
            tokio::task::spawn_blocking(move || event::of_batch(&reading, &group))
                .await
                .map_err(|error| SinkError::new("render", batch.destination.clone(), error))?
                .map_err(|error| SinkError::new("render", batch.destination.clone(), error))?;
        let appender = Appender {
            name: format!("{}/{}", batch.node, batch.destination),
            number: batch.plan.last.to_u64(),
        };
        table
            .append(&appender, events)
            .await
            .map_err(|error| SinkError::new("append to", self.group.to_string(), error))?;
        Ok(receipt)
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
