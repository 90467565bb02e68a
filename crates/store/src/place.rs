//! The order of events: by time, and where times are equal by what came first.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use corelog_types::{NodeId, Sequence, Timestamp};

use crate::{Event, Position};

/// Where an event stands among others. No two events have the same place.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>: events are
/// sorted by their timestamp, then by when they were taken in, then by the request they came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// When the event happened.
    pub timestamp: Timestamp,
    /// When it was taken in.
    pub ingested: Timestamp,
    /// What identifies it.
    pub position: Position,
}

impl Place {
    /// The first place that an event of this time can have.
    pub fn first_at(timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            ingested: Timestamp::from_unix_ms(0),
            position: Position {
                node: NodeId::from_u64(0),
                sequence: Sequence::from_u64(0),
                part: 0,
            },
        }
    }

    /// The first place behind this one.
    #[must_use]
    pub fn next(mut self) -> Self {
        let position = &mut self.position;
        let (part, is_last) = position.part.overflowing_add(1);
        position.part = part;
        if is_last {
            position.sequence = position.sequence.next();
        }
        self
    }
}

impl Event {
    /// Where it stands among others.
    pub fn place(&self) -> Place {
        Place {
            timestamp: self.timestamp,
            ingested: self.ingested,
            position: self.position,
        }
    }
}

/// From which end events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

/// Which log streams are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Streams {
    /// All of the group.
    All,
    /// Those with these names.
    Named(BTreeSet<String>),
    /// Those whose names begin so.
    Prefixed(String),
}

impl Streams {
    /// Whether a stream is one of them.
    pub fn contain(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
            Self::Prefixed(prefix) => name.starts_with(prefix),
        }
    }
}

/// Which events are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Those of this log group,
    pub group: Arc<str>,
    /// in these streams,
    pub streams: Streams,
    /// and from this place to just before that one.
    pub places: Range<Place>,
    /// From which end.
    pub order: Order,
}

impl Asked {
    /// Whether an event is one of them.
    pub fn has(&self, event: &Event) -> bool {
        self.group == event.group
            && self.places.contains(&event.place())
            && self.streams.contain(&event.stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestamp: u64, ingested: u64, sequence: u64, part: u32) -> Place {
        Place {
            timestamp: Timestamp::from_unix_ms(timestamp),
            ingested: Timestamp::from_unix_ms(ingested),
            position: Position {
                node: NodeId::from_u64(1),
                sequence: Sequence::from_u64(sequence),
                part,
            },
        }
    }

    #[test]
    fn time_comes_before_ingestion_and_ingestion_before_the_request() {
        let mut places = [
            at(2, 1, 1, 0),
            at(1, 9, 1, 0),
            at(1, 8, 3, 1),
            at(1, 8, 3, 0),
        ];
        places.sort();
        let expected = [
            at(1, 8, 3, 0),
            at(1, 8, 3, 1),
            at(1, 9, 1, 0),
            at(2, 1, 1, 0),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn nothing_fits_between_a_place_and_the_next() {
        assert_eq!(at(1, 2, 3, 4).next(), at(1, 2, 3, 5));
        assert_eq!(at(1, 2, 3, u32::MAX).next(), at(1, 2, 4, 0));
        assert!(Place::first_at(Timestamp::from_unix_ms(1)) < at(1, 0, 0, 0).next());
    }
}
