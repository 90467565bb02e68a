//! What the clients know: every call that was made, and what its client saw of the answer.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use parking_lot::Mutex;

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

/// All calls by their marker.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    calls: Mutex<BTreeMap<String, Call>>,
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
        self.calls.lock().insert(ask.marker.clone(), call);
    }

    /// The call was not sent at all.
    pub(crate) fn withdraw(&self, ask: &Ask) {
        self.calls.lock().remove(&ask.marker);
    }

    /// What its client saw.
    pub(crate) fn end(&self, ask: &Ask, record_id: Option<String>, seen: Seen) {
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
