//! The nouns everyone shares: ids, times, sizes, dialects, token counts, names of logs and pointers to their events,
//! with their validity rules.
//!
//! Absent here: I/O, clocks, randomness, serde. Each stored or wire format converts by hand.

mod destination;
mod dialect;
mod glob;
mod id;
mod log;
mod pointer;
mod size;
mod time;
mod usage;

pub use destination::{DestinationArn, InvalidDestination, Vendor};
pub use dialect::{Dialect, Operation, UnknownDialect};
pub use glob::fits_pattern;
pub use id::{InvalidId, NodeId, RecordId, Sequence};
pub use log::{InvalidLogName, LOG_NAME_CHARS_MAX, LogGroupName, LogStreamName};
pub use pointer::{EventPointer, InvalidPointer};
pub use size::{ByteSize, InvalidSize};
pub use time::{InvalidDuration, Timestamp, format_duration, parse_duration};
pub use usage::{Count, Provenance, Usage};
