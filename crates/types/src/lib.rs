//! The nouns everyone shares: ids, times, sizes, dialects and token counts, with their validity rules.
//!
//! Absent here: I/O, clocks, randomness, serde. Each stored or wire format converts by hand.

mod dialect;
mod id;
mod size;
mod time;
mod usage;

pub use dialect::{Dialect, Operation, UnknownDialect};
pub use id::{InvalidId, NodeId, RecordId, Sequence};
pub use size::{ByteSize, InvalidSize};
pub use time::{InvalidDuration, Timestamp, format_duration, parse_duration};
pub use usage::{Count, Provenance, Usage};
