//! A log event on its way into the table.

use std::fmt;
use std::sync::Arc;

use corelog_types::{NodeId, Sequence, Timestamp};

/// Where an event stands in its node's history: it identifies the event for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The node whose spool it came through.
    pub node: NodeId,
    /// The entry there.
    pub sequence: Sequence,
    /// Which of the entry's events, from 0.
    pub part: u32,
}

/// One log event.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its log group.
    pub group: Arc<str>,
    /// Its log stream.
    pub stream: Arc<str>,
    /// What identifies it.
    pub position: Position,
    /// When it happened, as whoever sent it says.
    pub timestamp: Timestamp,
    /// When it was taken in.
    pub ingested: Timestamp,
    /// Its text.
    pub message: String,
}

impl fmt::Debug for Event {
    /// Messages hold prompts and answers, so only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("group", &self.group)
            .field("stream", &self.stream)
            .field("position", &self.position)
            .field("timestamp", &self.timestamp)
            .field("message_bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}
