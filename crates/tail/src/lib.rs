//! Live tail: sessions that show new log events as they come, filtered.
//!
//! A [`Session`] gives events at once, as soon as they are durable. [`Session::updates`] makes of it what
//! `StartLiveTail` sends: an update a second, of at most 500 events, in a buffer that drops the oldest when the reader
//! is slow.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>
//!
//! Absent here: the wire, who may tail what, whether a log group exists.

mod filter;
mod session;

mod sample;
mod updates;

pub use filter::{Filter, Streams};
pub use sample::{EVENTS_MAX, MESSAGE_BYTES_MAX};
pub use session::{Session, Tailed, Tails};
pub use updates::{Next, Update, Updates};
