//! Moves records out of the spool to where they are wanted; defines the [`Sink`] port.
//!
//! One destination is one [`Delivery`]: a task with a cursor of its own in the spool. It reads durable
//! records, cuts a batch by age, count or size, writes the batch's [`Plan`] into the cursor, hands the
//! batch to its [`Sink`], moves the cursor and lets the spool trim. After a crash at any point the stored
//! plan is carried out again with the same records and the same names, so a sink that overwrites has each
//! record exactly once.
//!
//! A destination that is new begins with the first record after its creation: what was recorded before
//! was recorded for others, and a bucket that suddenly fills with last week's prompts would surprise. One
//! that is gone from the configuration must be forgotten with [`forget`], or the spool keeps records for
//! it for ever.
//!
//! Absent here: what a record says. Delivery sees an id, a time and bytes; sinks decode them.

mod batch;
mod sink;

mod fill;
mod plan;

mod report;
mod run;

use corelog_spool::Spool;

pub use batch::{Batch, BlobSource, Entry, Plan};
pub use report::{Handle, Report};
pub use run::{Config, Delivery, Ended, Ports};
pub use sink::{Receipt, Sink, SinkError};

/// Why a destination cannot be opened or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spool would not hand out or remove the destination's cursor.
    #[error("the cursor of destination `{destination}` cannot be used")]
    Cursor {
        /// The destination.
        destination: String,
        /// What the spool said.
        #[source]
        source: corelog_spool::Error,
    },
}

/// Forgets a destination that is no longer configured: what only it waited for may then be trimmed.
/// Forgetting one that nobody knows is fine. Blocks on the disk.
///
/// # Errors
/// [`Error::Cursor`], also while the destination still runs.
pub fn forget(spool: &Spool, destination: &str) -> Result<(), Error> {
    spool
        .remove_cursor(destination)
        .map_err(|source| Error::Cursor {
            destination: destination.to_owned(),
            source,
        })
}

/// The bodies beside a spool, as sinks read them.
pub fn blobs_of(spool: &Spool) -> std::sync::Arc<dyn BlobSource> {
    std::sync::Arc::new(fill::SpoolBlobs(spool.clone()))
}

#[cfg(test)]
mod tests;
