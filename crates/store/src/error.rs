//! What can go wrong with a table.

use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitConflictError, TransactionError};

/// An attempt on a table that failed. Trying again is safe; it helps where the store was away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table could not be opened or created.
    #[error("cannot open the table at `{url}`")]
    Open {
        /// Where it is.
        url: String,
        /// What Delta says.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// The table's newest version could not be read.
    #[error("cannot read the newest version of the table")]
    Refresh(#[source] Box<DeltaTableError>),
    /// Somebody else appends under the same name.
    #[error("somebody else appends as `{0}`")]
    Overtaken(String),
    /// A version of the table could not be committed; the table is as it was.
    #[error("cannot commit to the table")]
    Commit(#[source] Box<DeltaTableError>),
    /// Files that the table no longer has could not be deleted; some may be gone.
    #[error("cannot free the space of what the table no longer has")]
    Vacuum(#[source] Box<DeltaTableError>),
    /// Rows could not be made a Parquet file.
    #[error("cannot encode rows as Parquet")]
    Encode(#[from] parquet::errors::ParquetError),
    /// Rows could not be put in columns.
    #[error("cannot put rows in columns")]
    Rows(#[from] arrow::error::ArrowError),
    /// A file could not be put into the store.
    #[error("cannot put `{path}`")]
    Put {
        /// Which one.
        path: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// A file of the table could not be read.
    #[error("cannot get `{path}`")]
    Get {
        /// Which one.
        path: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// A file of the table could not be read as Parquet, or not got.
    #[error("cannot read `{path}`")]
    Read {
        /// Which one.
        path: String,
        /// What is wrong with it.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// Encoding panicked or was ended with its runtime.
    #[error("a task of the store failed")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// Whether somebody else has appended under the same name meanwhile.
    pub fn is_overtaken(&self) -> bool {
        match self {
            Self::Overtaken(_) => true,
            Self::Commit(error) => is_concurrent(error),
            _ => false,
        }
    }
}

fn is_concurrent(error: &DeltaTableError) -> bool {
    let DeltaTableError::Transaction { source } = error else {
        return false;
    };
    matches!(
        source,
        TransactionError::CommitConflict(CommitConflictError::ConcurrentTransaction)
    )
}
