//! At most so many events of a second: all of them, or some from all over it.

use std::sync::Arc;

use corelog_store::Event;

use crate::Update;

/// The most events of an update.
pub const EVENTS_MAX: usize = 500;
/// The most of a message that is shown: the longest that the original takes in.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// The most bytes of an update's messages. Escaped in JSON they stay within what clients take as one frame, 24 MB.
const UPDATE_BYTES_MAX: usize = 3 << 20;

/// The events since the last update. Holds twice what an update may have; beyond, it forgets every second one and
/// takes every second one.
#[derive(Debug)]
pub(crate) struct Sample {
    kept: Vec<Arc<Event>>,
    bytes: usize,
    /// One of so many is taken.
    of: usize,
    seen: usize,
    /// Whether some were passed over.
    passed_over: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            bytes: 0,
            of: 1,
            seen: 0,
            passed_over: false,
        }
    }
}

impl Sample {
    pub(crate) fn push(&mut self, event: Arc<Event>) {
        let taken = self.seen.is_multiple_of(self.of);
        self.seen += 1;
        if !taken {
            return;
        }
        self.bytes += shown_bytes(&event);
        self.kept.push(event);
        while self.kept.len() >= 2 * EVENTS_MAX
            || self.bytes > 2 * UPDATE_BYTES_MAX && self.kept.len() > 1
        {
            self.halve();
            self.of = self.of.saturating_mul(2);
        }
    }

    /// Notes that events went by unseen.
    pub(crate) fn missed(&mut self) {
        self.passed_over = true;
    }

    fn halve(&mut self) {
        let mut index = 0;
        self.kept.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.weigh();
    }

    fn weigh(&mut self) {
        self.bytes = self.kept.iter().map(|event| shown_bytes(event)).sum();
        self.passed_over = true;
    }

    /// The update of what was pushed since the last one.
    pub(crate) fn take(&mut self) -> Update {
        let count = self.kept.len();
        if count > EVENTS_MAX {
            // Evenly from first to last.
            self.kept = (0..EVENTS_MAX)
                .map(|index| Arc::clone(&self.kept[index * count / EVENTS_MAX]))
                .collect();
            self.weigh();
        }
        while self.bytes > UPDATE_BYTES_MAX && self.kept.len() > 1 {
            self.halve();
        }
        let done = std::mem::take(self);
        Update {
            events: done.kept,
            sampled: done.passed_over,
        }
    }
}

fn shown_bytes(event: &Event) -> usize {
    event.message.len().min(MESSAGE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use corelog_store::Position;
    use corelog_types::{NodeId, Sequence, Timestamp};

    use super::*;

    fn event(sequence: u64, message: String) -> Arc<Event> {
        Arc::new(Event {
            group: "/a".into(),
            stream: "s".into(),
            position: Position {
                node: NodeId::from_u64(1),
                sequence: Sequence::from_u64(sequence),
                part: 0,
            },
            timestamp: Timestamp::from_unix_ms(1),
            ingested: Timestamp::from_unix_ms(2),
            message,
        })
    }

    fn update_of(count: u64, message_bytes: usize) -> (Vec<u64>, bool) {
        let mut sample = Sample::default();
        for sequence in 1..=count {
            sample.push(event(sequence, "x".repeat(message_bytes)));
        }
        let update = sample.take();
        let sequence = |event: &Arc<Event>| event.position.sequence.to_u64();
        (update.events.iter().map(sequence).collect(), update.sampled)
    }

    #[test]
    fn up_to_the_limit_everything_is_shown() {
        assert_eq!(update_of(0, 10), (Vec::new(), false));
        assert_eq!(update_of(500, 10), ((1..=500).collect(), false));
    }

    #[test]
    fn beyond_it_as_many_as_may_be_from_all_over() {
        for count in [501, 999, 1_000, 1_001, 1_999, 10_000] {
            let (shown, sampled) = update_of(count, 10);
            assert_eq!((shown.len(), sampled), (500, true), "{count}");
            assert!(shown.is_sorted_by(|a, b| a < b), "{count}");
            // None is far from its place in an even picture.
            for (index, sequence) in (0..).zip(shown) {
                let even = index * count / 500;
                assert!(
                    sequence.abs_diff(even) <= count / 50 + 2,
                    "{count}: {sequence} at {index}"
                );
            }
        }
    }

    #[test]
    fn large_messages_are_fewer() {
        let (shown, sampled) = update_of(16, 1 << 20);
        assert!(sampled && (1..=3).contains(&shown.len()), "{shown:?}");
        // One that is larger than an update counts as what is shown of it.
        assert_eq!(update_of(1, 20 << 20), (vec![1], false));
    }

    #[test]
    fn the_next_second_begins_anew() {
        let mut sample = Sample::default();
        for sequence in 1..=600 {
            sample.push(event(sequence, String::new()));
        }
        sample.missed();
        assert!(sample.take().sampled);
        sample.push(event(601, String::new()));
        let update = sample.take();
        assert_eq!((update.events.len(), update.sampled), (1, false));
    }
}
