//! What the clients know: every call that was made, and what its client saw of the answer.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use corelog_runtime::Clock;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::ask::Ask;

/// A text, remembered small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest {
    bytes: usize,
    hash: u64,
}

impl Digest {
    pub(crate) fn of(text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self {
            bytes: text.len(),
            hash: hasher.finish(),
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes #{:08x}", self.bytes, self.hash >> 32)
    }
}

/// How an answer looked from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing came; the connection broke.
    Broken,
    /// It began, and the connection broke before its end.
    Cut,
    /// All of it: the body's last byte, or the event that says it was the last.
    Complete(Digest),
    /// The client itself closed before the end.
    HungUp,
    /// An error status instead.
    Refused(u16),
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) prompt: Digest,
    /// The answer, where it is known without the gateway.
    pub(crate) expected: Option<Digest>,
    pub(crate) record_id: Option<String>,
    pub(crate) seen: Seen,
}

/// A complete answer.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) record_id: String,
    /// When the call was made, in milliseconds since 1970: the record's own time is not before.
    pub(crate) begun_ms: u64,
    /// When the answer's last byte came.
    pub(crate) at: Instant,
}

/// All calls by their marker.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    calls: Mutex<BTreeMap<String, Call>>,
    /// When each call was made that has not ended.
    in_flight: Mutex<BTreeMap<String, u64>>,
    /// As they came.
    answered: Mutex<Vec<Answered>>,
    wrong: Mutex<Vec<String>>,
    /// Log events by their messages, and whether they were taken.
    puts: Mutex<BTreeMap<String, bool>>,
}

impl Ledger {
    /// A call is about to be made.
    pub(crate) fn begin(&self, ask: &Ask) {
        let call = Call {
            prompt: Digest::of(&ask.prompt),
            expected: ask.expected().map(Digest::of),
            record_id: None,
            seen: Seen::Broken,
        };
        let now = Clock::system().now().unix_ms();
        self.in_flight.lock().insert(ask.marker.clone(), now);
        self.calls.lock().insert(ask.marker.clone(), call);
    }

    /// The call was not sent at all.
    pub(crate) fn withdraw(&self, ask: &Ask) {
        self.in_flight.lock().remove(&ask.marker);
        self.calls.lock().remove(&ask.marker);
    }

    /// What its client saw.
    pub(crate) fn end(&self, ask: &Ask, record_id: Option<String>, seen: Seen) {
        let begun = self.in_flight.lock().remove(&ask.marker);
        if let (Seen::Complete(_), Some(begun_ms), Some(record_id)) = (seen, begun, &record_id) {
            self.answered.lock().push(Answered {
                record_id: record_id.clone(),
                begun_ms,
                at: Instant::now(),
            });
        }
        let mut calls = self.calls.lock();
        let Some(call) = calls.get_mut(&ask.marker) else {
            return;
        };
        call.record_id = record_id;
        call.seen = seen;
        let expected = call.expected;
        drop(calls);
        if let (Seen::Complete(seen), Some(expected)) = (seen, expected)
            && seen != expected
        {
            let (marker, dialect) = (&ask.marker, ask.dialect);
            let wrong = format!("{marker}: {dialect:?} answered {seen} instead of {expected}");
            self.odd(wrong);
        }
    }

    /// The complete answers behind the first `skip` that came until then.
    pub(crate) fn answered(&self, skip: usize, until: Instant) -> Vec<Answered> {
        let answered = self.answered.lock();
        let new = answered.iter().skip(skip);
        new.take_while(|answer| answer.at <= until)
            .cloned()
            .collect()
    }

    /// How many complete answers came until then.
    pub(crate) fn answered_by(&self, until: Instant) -> u64 {
        let answered = self.answered.lock();
        answered.partition_point(|answer| answer.at <= until) as u64
    }

    /// How many calls were made.
    pub(crate) fn made(&self) -> u64 {
        self.calls.lock().len() as u64
    }

    /// When the oldest call was made that has not ended.
    pub(crate) fn oldest_in_flight_ms(&self) -> Option<u64> {
        self.in_flight.lock().values().min().copied()
    }

    /// Log events are about to be put.
    pub(crate) fn put(&self, messages: &[String]) {
        let mut puts = self.puts.lock();
        puts.extend(messages.iter().map(|message| (message.clone(), false)));
    }

    /// They were taken.
    pub(crate) fn taken(&self, messages: &[String]) {
        let mut puts = self.puts.lock();
        puts.extend(messages.iter().map(|message| (message.clone(), true)));
    }

    /// All log events by their messages, and whether they were taken.
    pub(crate) fn puts(&self) -> BTreeMap<String, bool> {
        self.puts.lock().clone()
    }

    /// A client got something that it ought not to.
    pub(crate) fn odd(&self, what: String) {
        self.wrong.lock().push(what);
    }

    /// The answer was learnt from the provider.
    pub(crate) fn expect(&self, ask: &Ask, answer: &str) {
        if let Some(call) = self.calls.lock().get_mut(&ask.marker) {
            call.expected = Some(Digest::of(answer));
        }
    }

    pub(crate) fn calls(&self) -> BTreeMap<String, Call> {
        self.calls.lock().clone()
    }

    /// What clients got that they ought not to.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().clone()
    }

    /// How many calls ended so.
    pub(crate) fn count(&self, matches: impl Fn(Seen) -> bool) -> u64 {
        self.calls
            .lock()
            .values()
            .filter(|call| matches(call.seen))
            .count() as u64
    }
}
