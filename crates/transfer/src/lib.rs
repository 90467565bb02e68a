//! Log events in bulk, into the table and out of it.
//!
//! [`Import`] makes a log group of an existing bucket of Bedrock's invocation logs, or of lines. [`Export`] writes a
//! log group's events as lines, Parquet, that very layout, or as the files of an export task.
//!
//! # What identifies an imported event
//! Its position is made of the source, not of a spool: the node is a hash of the source's URL and the log group, the
//! sequence is the object's number in the import's ledger (see `ledger.rs`), and the part is the line in it, from 0.
//! The same line of the same object has the same position for good.
//!
//! # Exactly once
//! Appends are transactions of an appender named after the node, and an append's number says how far it goes: object
//! and line of the first event that is not in the table yet. Objects are read in the order of their numbers, so that
//! number is all there is to know: whoever comes next, after a crash or a month, goes on there. An append is refused
//! if the one before it is not the one that its writer saw, so two imports at once do not double an event.
//!
//! Absent here: the spool, queries, and any notion of a server.

mod error;
mod export;
mod import;
mod ledger;
mod source;

pub use error::Error;
pub use export::{Export, Exported, GzipFile, Owner, Written};
pub use import::{BATCH_BYTES, Form, Import, Named, Place, Progress, Reason, Summary};
pub use source::Source;
