//! A log event on its way into the table.

use std::fmt;
use std::sync::Arc;

use corelog_types::{NodeId, Sequence, Timestamp};

/// Digits of the parts of an id, at least.
const TIME: usize = 14;
const NODE: usize = 20;
const SEQUENCE: usize = 16;
const PART: usize = 6;

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

impl Event {
    /// Its id: its time, node, sequence and part together, 56 digits for nearly all events, the same for good.
    pub fn id(&self) -> String {
        let (time, node) = (self.timestamp.unix_ms(), self.position.node.to_u64());
        let (sequence, part) = (self.position.sequence.to_u64(), self.position.part);
        format!("{time:0TIME$}{node:0NODE$}{sequence:0SEQUENCE$}{part:0PART$}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_56_digits_that_say_what_the_event_is() {
        let event = Event {
            group: "/g".into(),
            stream: "s".into(),
            position: Position {
                node: NodeId::from_u64(u64::MAX),
                sequence: Sequence::from_u64(42),
                part: 9_999,
            },
            timestamp: Timestamp::from_unix_ms(1_795_338_942_123),
            ingested: Timestamp::from_unix_ms(1_795_338_942_125),
            message: String::new(),
        };
        let id = event.id();
        assert_eq!(
            id,
            "01795338942123184467440737095516150000000000000042009999"
        );
        assert_eq!(id.len(), 56);
    }
}
