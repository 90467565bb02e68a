//! Control-plane state: what an operator configured through the API and expects to find after a restart.
//!
//! So far that is one thing, the model invocation logging configuration. [`Catalog`] is the port; the
//! embedded adapter is [`FileCatalog`], a versioned JSON file replaced atomically. The port is kept this
//! narrow so that `SQLite` (embedded) and `PostgreSQL` (fleets) can stand behind it next, and
//! [`contract::check`] is the suite that each of them has to pass.
//!
//! Absent here: HTTP shapes, validation of what a caller sent, and any idea of how a record is delivered.

pub mod contract;
mod file;
mod logging;

use std::fmt;
use std::path::PathBuf;

pub use file::FileCatalog;
pub use logging::{BucketTarget, LogGroupTarget, LoggingConfiguration, Modalities, Modality};

/// Where control-plane state is kept. Calls may block on a disk; call them off the async threads.
pub trait Catalog: Send + Sync + fmt::Debug {
    /// The logging configuration, if there is one.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Format`].
    fn logging(&self) -> Result<Option<LoggingConfiguration>, Error>;

    /// Replaces the logging configuration as a whole. Durable once this returns `Ok`; after an error
    /// the former one stands.
    ///
    /// # Errors
    /// [`Error::Write`].
    fn put_logging(&self, configuration: &LoggingConfiguration) -> Result<(), Error>;

    /// Removes the logging configuration; removing none is fine. Durable once this returns `Ok`.
    ///
    /// # Errors
    /// [`Error::Write`].
    fn delete_logging(&self) -> Result<(), Error>;
}

/// A catalog's failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read the catalog `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a catalog that this version reads.
    #[error("`{}` is not a catalog this version reads", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The file was written by a newer version.
    #[error("catalog `{}` has version {found}, this binary reads {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version we read.
        known: u32,
    },
    /// The file could not be replaced.
    #[error("cannot write the catalog `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
}
