//! The port to whoever exports events, and what export tasks have in common.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use corelog_types::{LogGroupName, Timestamp};

/// What is exported, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The log group.
    pub group: LogGroupName,
    /// Only streams whose names begin so.
    pub stream_prefix: Option<String>,
    /// Only events from then on,
    pub from: Timestamp,
    /// up to and including then.
    pub to: Timestamp,
    /// The bucket.
    pub bucket: String,
    /// What every key begins with.
    pub prefix: String,
}

/// A task, running or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTask {
    /// Its id.
    pub id: String,
    /// What whoever asked for it calls it.
    pub name: Option<String>,
    /// What it does.
    pub export: Export,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it is.
    pub state: ExportState,
}

/// How a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportState {
    /// It goes on.
    Running,
    /// All is written.
    Completed,
    /// It was ended before; what it wrote stays.
    Cancelled,
    /// It ended before, for this reason; what it wrote stays.
    Failed(String),
}

impl ExportState {
    /// The service's word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// Where exports run, one at a time.
#[async_trait]
pub trait Exports: Send + Sync + fmt::Debug {
    /// Tries whether the bucket can be written and begins; the task's id.
    ///
    /// # Errors
    /// [`ExportRefused`]; nothing has begun then.
    async fn start(&self, name: Option<String>, export: Export) -> Result<String, ExportRefused>;

    /// The tasks that are remembered, the newest first.
    fn list(&self) -> Vec<ExportTask>;

    /// Ends a task.
    ///
    /// # Errors
    /// [`NotCancelled`].
    fn cancel(&self, id: &str) -> Result<(), NotCancelled>;
}

/// Why an export does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ExportRefused {
    /// Another is running.
    #[error("another export is running")]
    Busy,
    /// There is no such bucket.
    #[error("the bucket does not exist")]
    NoBucket,
    /// The prefix cannot be what a key begins with.
    #[error("no key begins with the prefix")]
    NoKey,
    /// The bucket does not take objects of ours.
    #[error("the bucket cannot be written")]
    Denied,
    /// Nobody keeps events, or the store is away.
    #[error("events cannot be exported now")]
    Away(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a task was not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCancelled {
    /// There is none of that id.
    #[error("there is no such task")]
    Unknown,
    /// It has ended already.
    #[error("the task has ended")]
    Ended,
}

/// Nobody exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoExports;

#[async_trait]
impl Exports for NoExports {
    async fn start(&self, _name: Option<String>, _export: Export) -> Result<String, ExportRefused> {
        Err(ExportRefused::Away("no events are kept".into()))
    }

    fn list(&self) -> Vec<ExportTask> {
        Vec::new()
    }

    fn cancel(&self, _id: &str) -> Result<(), NotCancelled> {
        Err(NotCancelled::Unknown)
    }
}
