//! The events of consecutive entries: what is kept, let go and listened to as one.

use std::sync::Arc;

use corelog_store::Event;
use corelog_types::Sequence;

use crate::becomes::Became;

/// What an event costs in memory beside its message.
const EVENT_BYTES: usize = 160;

/// The events of consecutive entries of the spool, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The first entry.
    pub first: Sequence,
    /// The last entry.
    pub last: Sequence,
    /// Their events.
    pub events: Vec<Arc<Event>>,
    /// The entries that could not be decoded, whose events say so.
    pub unreadable: Vec<Sequence>,
    /// What it takes in memory, roughly.
    pub bytes: usize,
}

impl Chunk {
    pub(crate) fn begin(first: Sequence) -> Self {
        Self {
            first,
            last: first,
            events: Vec::new(),
            unreadable: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, sequence: Sequence, became: Became) {
        self.last = sequence;
        if became.unreadable {
            self.unreadable.push(sequence);
        }
        for event in became.events {
            self.bytes += event.message.len() + EVENT_BYTES;
            self.events.push(Arc::new(event));
        }
    }

    /// The events of one entry.
    pub fn of_entry(&self, sequence: Sequence) -> &[Arc<Event>] {
        let begin = self
            .events
            .partition_point(|it| it.position.sequence < sequence);
        let of_entry = self.events[begin..].iter();
        let count = of_entry
            .take_while(|it| it.position.sequence == sequence)
            .count();
        &self.events[begin..begin + count]
    }

    /// What of it is behind an entry that is not its last.
    pub(crate) fn behind(&self, sequence: Sequence) -> Self {
        let begin = self
            .events
            .partition_point(|it| it.position.sequence <= sequence);
        let events = self.events[begin..].to_vec();
        Self {
            first: sequence.next(),
            last: self.last,
            bytes: events.iter().map(|it| it.message.len() + EVENT_BYTES).sum(),
            events,
            unreadable: self
                .unreadable
                .iter()
                .copied()
                .filter(|it| *it > sequence)
                .collect(),
        }
    }
}
