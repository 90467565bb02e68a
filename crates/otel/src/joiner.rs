//! Messages that came as log events, kept until the span they belong to comes.
//!
//! An SDK sends log events after a second and spans after five, so messages come first. A span does not wait for them: its
//! record is made at once, with what there is.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use corelog_types::Timestamp;
use serde_json::Value;

use crate::request::{Event, SpanKey};

/// Bytes that are kept of all together, about.
const BYTES_MAX: usize = 32 << 20;
/// How long messages wait for their span.
const WAIT_MS: u64 = 15 * 60 * 1_000;

/// Messages whose span is to come.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    waiting: HashMap<SpanKey, Held>,
    /// Oldest first; the number tells a span's messages from those of an earlier time.
    order: VecDeque<(SpanKey, u64)>,
    next: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    events: Vec<Arc<Event>>,
    bytes: usize,
    since: Timestamp,
    number: u64,
}

impl Joiner {
    /// Keeps a message for its span.
    pub(crate) fn hold(&mut self, key: SpanKey, event: Event, now: Timestamp) {
        let bytes = size_of(&event);
        let number = self.next;
        let held = self.waiting.entry(key).or_insert_with(|| Held {
            events: Vec::new(),
            bytes: 0,
            since: now,
            number,
        });
        if held.number == number {
            self.next += 1;
            self.order.push_back((key, number));
        }
        held.events.push(Arc::new(event));
        held.bytes += bytes;
        self.bytes += bytes;
        self.trim(now);
    }

    /// The messages of a span, which stay.
    pub(crate) fn of(&self, key: SpanKey) -> Vec<Arc<Event>> {
        let held = self.waiting.get(&key);
        held.map(|held| held.events.clone()).unwrap_or_default()
    }

    /// The messages of a span, which go.
    pub(crate) fn take(&mut self, key: SpanKey) -> Vec<Arc<Event>> {
        let Some(held) = self.waiting.remove(&key) else {
            return Vec::new();
        };
        self.bytes -= held.bytes;
        held.events
    }

    fn trim(&mut self, now: Timestamp) {
        while let Some((key, number)) = self.order.front().copied() {
            let held = self.waiting.get(&key).filter(|held| held.number == number);
            if let Some(held) = held {
                let waited = now.unix_ms().saturating_sub(held.since.unix_ms());
                if self.bytes <= BYTES_MAX && waited <= WAIT_MS {
                    return;
                }
                self.bytes -= held.bytes;
                self.waiting.remove(&key);
            }
            self.order.pop_front();
        }
    }
}

/// About what an event takes in memory.
fn size_of(event: &Event) -> usize {
    let attributes: usize = event
        .attributes
        .iter()
        .map(|(key, value)| key.len() + size_of_value(value))
        .sum();
    128 + event.name.len() + attributes + size_of_value(&event.body)
}

fn size_of_value(value: &Value) -> usize {
    let inside: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size_of_value).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + 48 + size_of_value(value))
            .sum(),
        _ => 0,
    };
    48 + inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> SpanKey {
        SpanKey {
            trace: [1; 16],
            span: [number; 8],
        }
    }

    fn event(bytes: usize) -> Event {
        Event {
            name: "gen_ai.user.message".to_owned(),
            body: Value::String("x".repeat(bytes)),
            ..Event::default()
        }
    }

    const NOW: Timestamp = Timestamp::from_unix_ms(1_795_000_000_000);

    #[test]
    fn a_span_finds_its_messages_once() {
        let mut joiner = Joiner::default();
        joiner.hold(key(1), event(1), NOW);
        joiner.hold(key(2), event(2), NOW);
        joiner.hold(key(1), event(3), NOW);
        assert_eq!(joiner.take(key(1)), [event(1).into(), event(3).into()]);
        assert!(joiner.take(key(1)).is_empty());
        assert_eq!(joiner.take(key(2)).len(), 1);
        assert_eq!(joiner.bytes, 0);
    }

    #[test]
    fn the_oldest_give_way_to_size_and_time() {
        let mut joiner = Joiner::default();
        joiner.hold(key(1), event(BYTES_MAX / 2), NOW);
        joiner.hold(key(2), event(BYTES_MAX / 2), NOW);
        assert!(joiner.take(key(1)).is_empty());
        assert_eq!(joiner.take(key(2)).len(), 1);
        joiner.hold(key(3), event(1), NOW);
        let later = Timestamp::from_unix_ms(NOW.unix_ms() + WAIT_MS + 1);
        joiner.hold(key(4), event(1), later);
        assert!(joiner.take(key(3)).is_empty());
        assert_eq!(joiner.take(key(4)).len(), 1);
        joiner.hold(key(5), event(1), later);
        assert_eq!(joiner.order.len(), 1, "places of what was taken go, too");
    }
}
