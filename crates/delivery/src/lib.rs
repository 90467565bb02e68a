//! Moves records out of the spool to where they are wanted; defines the [`Sink`] port.
//!
//! One destination is one [`Delivery`]: a task with a cursor of its own in the spool. It reads durable
//! records, cuts a batch by age, count or size, writes the batch's [`Plan`] into the cursor, hands the
//! batch to its [`Sink`], moves the cursor and lets the spool trim. After a crash at any point the stored
//! plan is carried out again with the same records and the same names, so a sink that overwrites has each
//! record exactly once.
//!
//! Absent here: what a record says. Delivery sees an id, a time and bytes; sinks decode them.

mod batch;
mod sink;

pub use batch::{Batch, BlobSource, Entry, Plan};
pub use sink::{Receipt, Sink, SinkError};
