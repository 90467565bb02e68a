//! What keeps a transfer from going on. Whatever it was, running it again goes on where it stopped.

use std::path::PathBuf;

/// A transfer that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing at that place, or nothing that can be read.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The place.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// A store cannot be used with these settings, or does not do what was asked.
    #[error("cannot use the store")]
    Sink(#[from] corelog_delivery::SinkError),
    /// A store failed.
    #[error("cannot {attempt} `{at}`")]
    Store {
        /// What was attempted.
        attempt: &'static str,
        /// What it was about.
        at: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// Reading failed half way.
    #[error("cannot read `{at}`")]
    Read {
        /// What was read.
        at: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// Writing failed.
    #[error("cannot write `{at}`")]
    Write {
        /// What was written.
        at: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// What an earlier import noted cannot be read.
    #[error("`{at}` is not what this version writes")]
    Ledger {
        /// The file.
        at: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Another import of the same source into the same log group is under way.
    #[error("another import of `{0}` into this log group is running")]
    Busy(String),
    /// The table failed.
    #[error("the table of log events failed")]
    Table(#[from] corelog_store::Error),
    /// A task panicked or was ended with its runtime.
    #[error("a task of the transfer failed")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    pub(crate) fn store(
        attempt: &'static str,
        at: impl std::fmt::Display,
    ) -> impl FnOnce(object_store::Error) -> Self {
        let at = at.to_string();
        move |source| Self::Store {
            attempt,
            at,
            source,
        }
    }
}
