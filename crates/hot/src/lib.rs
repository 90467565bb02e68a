//! Log events of the last seconds: what the spool holds and the table has not got yet, and whatever comes next.
//!
//! A [`Follower`] reads the spool's durable entries as they come, makes log events of each once, keeps them in memory
//! until the table has them, and hands them to everybody who listens. It is woken by the sync that makes an entry
//! durable; nothing is polled.
//!
//! # Everything there is, once
//! A view of all events is [`Hot::recent`], and then the table's newest snapshot, in this order: what the table had of
//! the spool at that moment (`snapshot.appended("<node>/log-groups")`) is left out of the recent events with
//! [`Recent::after`], and the rest is what the table lacks. In the other order, events could pass from memory to the
//! table in between and be missed. [`View`] takes both, and reads them in the order of time.
//!
//! # Memory
//! Events in memory are bounded in bytes. While the table's store is away and they reach the bound, the oldest leave
//! memory; the spool still has their entries, and a [`Recent`] reads them there. What a slow listener has not heard is
//! bounded too: the oldest is dropped, and it learns how much.
//!
//! After a restart the first entry is the one behind what the table's cursor passed, so events that are not in the
//! table are recent again.
//!
//! Absent here: writing the table, queries, log groups' settings.

mod becomes;
mod message;
mod put;

mod chunk;
mod held;
mod read;

mod follow;
mod hot;
mod recent;
mod subscription;
mod view;

pub use becomes::{Entry, Further, STREAM, Targets};
pub use chunk::Chunk;
pub use follow::Follower;
pub use hot::{Config, Converted, Hot};
pub use message::BODY_BYTES_MAX;
pub use recent::Recent;
pub use subscription::{Heard, Subscription};
pub use view::{EVENT_BYTES, Page, View, Wanted};

use corelog_types::Sequence;

/// Why recent events cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spool could not be read.
    #[error("cannot read the spool")]
    Read(#[source] corelog_spool::Error),
    /// No events could be made of an entry.
    #[error("cannot make log events of entry {sequence}")]
    Convert {
        /// The entry.
        sequence: Sequence,
        /// What was in the way: a body beside the spool that cannot be read.
        #[source]
        source: std::io::Error,
    },
    /// The spool may have let go of entries, because the table has them by now. Taking [`Hot::recent`] and the
    /// table's snapshot again gives a whole view.
    #[error("the spool may have let go of entries from {from} on, which the table has by now")]
    Gone {
        /// The first of them.
        from: Sequence,
    },
    /// The table could not be read.
    #[error("cannot read the table")]
    Table(#[source] corelog_store::Error),
    /// The work was given up because the process ends.
    #[error("reading recent events was given up")]
    Stopped(#[source] tokio::task::JoinError),
}
