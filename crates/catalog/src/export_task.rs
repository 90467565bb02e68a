//! Export tasks.

use async_trait::async_trait;
use corelog_types::{LogGroupName, Timestamp};

use crate::Error;

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
    /// Its id; ids rise with time.
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
    /// It goes on, also after a restart.
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

    /// The state of that word, with a reason where it failed.
    pub(crate) fn parse(word: &str, reason: Option<String>) -> Option<Self> {
        match word {
            "RUNNING" => Some(Self::Running),
            "COMPLETED" => Some(Self::Completed),
            "CANCELLED" => Some(Self::Cancelled),
            "FAILED" => Some(Self::Failed(reason.unwrap_or_default())),
            _ => None,
        }
    }
}

/// Where export tasks are kept.
#[async_trait]
pub trait ExportTasks {
    /// Adds a task. Of the tasks behind the newest `most`, those that have ended are forgotten.
    ///
    /// # Errors
    /// [`Error::Exists`] where there is one of its id.
    async fn add_export_task(&self, task: &ExportTask, most: u32) -> Result<(), Error>;

    /// Notes how a running task ended, and when.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`] where it has ended already.
    async fn end_export_task(
        &self,
        id: &str,
        state: &ExportState,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// All tasks, the newest first.
    async fn export_tasks(&self) -> Result<Vec<ExportTask>, Error>;
}
