//! Ids drawn at random.

use corelog_types::{NodeId, RecordId, Timestamp};

/// A fresh id for a request that arrived at `now`.
pub fn record_id(now: Timestamp) -> RecordId {
    RecordId::from_parts(now.unix_ms(), rand::random())
}

/// A fresh id for a data directory.
pub fn node_id() -> NodeId {
    NodeId::from_u64(rand::random())
}
