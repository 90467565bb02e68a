//! Calls that are recorded already: by the gateway, which saw them pass, or by a span that came before.
//!
//! A call that goes through the gateway and is reported by a span too has one record, the gateway's: it has the bytes.
//! A span and a recorded call are the same
//!
//! 1. if the span's record is recorded (an export that is sent again),
//! 2. if both have the same response id, or the provider's same request id, and began within ten minutes (a mock may give
//!    one id for ever); of two spans, if they are of one trace: an application may be instrumented twice,
//! 3. if the call's `traceparent` names the span, or a span below it in the same export: that of the HTTP client,
//! 4. if both are of one trace, name one model (or one of them names none), and the call began while the span was
//!    open, give or take a second, and it is the only such call that no span stands for yet;
//!
//! but never, by the last two, if both have a response id and these differ: an SDK that tries again makes several calls
//! in one span.
//!
//! Known are the last calls, and of a busy time all of some minutes up to a number, so that what an SDK sends after its
//! five seconds finds its own. The record of a call is durable before its answer ends, and a span is sent after that: the
//! gateway's record is always first.
//!
//! A step is one that is kept already if it is of the same span; so many of the last are known, too.

use std::collections::{HashMap, HashSet, VecDeque};

use corelog_record::Document;
use corelog_types::{RecordId, Timestamp};
use serde::Deserialize;

use crate::id::{bytes_of_hex, digest};
use crate::request::SpanKey;

/// Calls that are remembered however old they are.
const CALLS_MIN: usize = 32_768;
/// Calls that are remembered while they are young: some 100 MB.
const CALLS_MAX: usize = 262_144;
/// How long a call is young: SDKs give up an export after a minute, collectors after five.
const YOUNG_MS: u64 = 10 * 60 * 1_000;
/// Steps that are remembered.
const STEPS_MAX: usize = 65_536;
/// Spans of one call that are remembered: an application that is instrumented twice has two.
const KEYS_MAX: usize = 16;
/// Calls of one trace that are compared.
const OF_TRACE_MAX: usize = 256;
/// How far apart the beginnings of what has one id may be.
const ID_APART_MS: u64 = 10 * 60 * 1_000;
/// How far the clocks of an application and ours may be apart.
const SKEW_MS: u64 = 1_000;

/// Eight bytes tell millions apart.
type Key = [u8; 8];

/// The calls recorded last.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    calls: VecDeque<Known>,
    /// The number of the first of them.
    first: u64,
    by_key: HashMap<Key, u64>,
    by_trace: HashMap<Key, Vec<u64>>,
    /// The steps kept last, oldest first.
    steps: VecDeque<SpanKey>,
    known_steps: HashSet<SpanKey>,
}

/// A record or a step that is kept, as far as it is remembered.
#[derive(Debug)]
pub struct Noted(What);

#[derive(Debug)]
enum What {
    Call(Known),
    /// A span's record, and the span.
    Span(Known, Option<SpanKey>),
    Step(SpanKey),
}

#[derive(Debug)]
struct Known {
    id: RecordId,
    began_ms: u64,
    /// When the record was made.
    made_ms: u64,
    model: Option<Key>,
    response: Option<Key>,
    trace: Option<Key>,
    /// By which it is found, to be forgotten with it.
    keys: Vec<Key>,
    /// Whether a span stands for it.
    is_claimed: bool,
}

/// What is known of a span's call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought<'a> {
    pub(crate) key: SpanKey,
    /// Spans below it in the same export.
    pub(crate) below: &'a [[u8; 8]],
    pub(crate) response_id: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
}

fn taken(key: SpanKey) -> Key {
    digest("taken", &[&key.trace, &key.span])
}

fn within(key: SpanKey) -> Key {
    digest("within", &[&key.trace, &key.span])
}

fn above(key: SpanKey) -> Key {
    digest("above", &[&key.trace, &key.span])
}

fn reported(key: SpanKey, response_id: &str) -> Key {
    digest("reported", &[&key.trace, response_id.as_bytes()])
}

fn text(name: &str, text: &str) -> Key {
    digest(name, &[text.as_bytes()])
}

impl Noted {
    /// A record: one of the gateway's, or one that was made of a span.
    pub fn record(id: RecordId, made: Timestamp, document: &Document) -> Option<Self> {
        let extension = document.corelog.as_deref()?;
        let trace = extension.trace.as_ref();
        let trace_id = trace.map(|it| bytes_of_hex(&it.trace_id));
        let key_of = |span: &Option<String>| {
            let span = bytes_of_hex(span.as_deref()?).try_into().ok()?;
            let trace = trace_id.clone()?.try_into().ok()?;
            Some(SpanKey { trace, span })
        };
        let key = trace.and_then(|it| key_of(&it.span_id));
        let response_id = extension.response_id.as_deref();
        let mut known = Known {
            id,
            began_ms: id.unix_ms(),
            made_ms: made.unix_ms(),
            model: None,
            response: response_id.map(|id| text("response", id)),
            trace: None,
            keys: Vec::new(),
            is_claimed: false,
        };
        if extension.span.is_some() {
            let parent = trace.and_then(|it| key_of(&it.parent_span_id));
            let of_response = key.zip(response_id).map(|(key, id)| reported(key, id));
            let keys = [key.map(taken), parent.map(above), of_response];
            known.keys = keys.into_iter().flatten().collect();
            known.is_claimed = true;
            return Some(Self(What::Span(known, key)));
        }
        // The first is the one that every call has.
        known.keys.push(text("request", &document.request_id));
        known.keys.extend(key.map(within));
        known.keys.extend(known.response);
        let upstream = extension.upstream_request_id.as_deref();
        known.keys.extend(upstream.map(|id| text("request", id)));
        let model = document.model_id.as_deref();
        known.model = model.map(|model| text("model", model));
        known.trace = trace_id.map(|trace| digest("trace", &[&trace]));
        Some(Self(What::Call(known)))
    }

    /// A step, of the line that is kept of it.
    pub fn step(line: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Ids<'a> {
            trace_id: &'a str,
            span_id: &'a str,
        }
        let ids: Ids<'_> = serde_json::from_str(line).ok()?;
        Some(Self(What::Step(SpanKey {
            trace: bytes_of_hex(ids.trace_id).try_into().ok()?,
            span: bytes_of_hex(ids.span_id).try_into().ok()?,
        })))
    }
}

impl Seen {
    /// Remembers what is kept; gives the span that it was made of.
    pub(crate) fn note(&mut self, noted: Noted) -> Option<SpanKey> {
        match noted.0 {
            What::Call(known) => {
                let first = known.keys.first().copied();
                let same = first.and_then(|key| self.keyed(key));
                if same.is_none_or(|(_, same)| same.id != known.id) {
                    self.insert(known);
                }
                None
            }
            What::Span(known, key) => {
                if !key.is_some_and(|key| self.by_key.contains_key(&taken(key))) {
                    self.insert(known);
                }
                key
            }
            What::Step(key) => {
                self.note_step(key);
                None
            }
        }
    }

    fn note_step(&mut self, key: SpanKey) {
        if !self.known_steps.insert(key) {
            return;
        }
        self.steps.push_back(key);
        if self.steps.len() > STEPS_MAX
            && let Some(oldest) = self.steps.pop_front()
        {
            self.known_steps.remove(&oldest);
        }
    }

    /// Whether the step of a span is kept.
    pub(crate) fn has_step(&self, key: SpanKey) -> bool {
        self.known_steps.contains(&key)
    }

    fn insert(&mut self, known: Known) {
        while self.has_too_many(known.made_ms) {
            self.forget_first();
        }
        let number = self.first + self.calls.len() as u64;
        for key in &known.keys {
            self.by_key.insert(*key, number);
        }
        if let Some(trace) = known.trace {
            let of_trace = self.by_trace.entry(trace).or_default();
            if of_trace.len() < OF_TRACE_MAX {
                of_trace.push(number);
            }
        }
        self.calls.push_back(known);
    }

    /// Whether the first has to go for another.
    fn has_too_many(&self, now_ms: u64) -> bool {
        let is_old = |first: &Known| now_ms.saturating_sub(first.made_ms) > YOUNG_MS;
        self.calls.len() >= CALLS_MAX
            || self.calls.len() >= CALLS_MIN && self.calls.front().is_some_and(is_old)
    }

    fn forget_first(&mut self) {
        let Some(known) = self.calls.pop_front() else {
            return;
        };
        let number = self.first;
        self.first += 1;
        for key in &known.keys {
            if self.by_key.get(key) == Some(&number) {
                self.by_key.remove(key);
            }
        }
        if let Some(trace) = known.trace
            && let Some(of_trace) = self.by_trace.get_mut(&trace)
        {
            of_trace.retain(|it| *it != number);
            if of_trace.is_empty() {
                self.by_trace.remove(&trace);
            }
        }
    }

    fn at(&self, number: u64) -> Option<&Known> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.calls.get(at)
    }

    fn keyed(&self, key: Key) -> Option<(u64, &Known)> {
        let number = *self.by_key.get(&key)?;
        Some((number, self.at(number)?))
    }

    /// Whether the span is around one whose call is recorded.
    pub(crate) fn is_around(&self, key: SpanKey) -> bool {
        self.by_key.contains_key(&above(key))
    }

    /// The record that there is of the span's call.
    pub(crate) fn find(&mut self, sought: Sought<'_>) -> Option<RecordId> {
        let number = self.number_of(sought)?;
        let key = taken(sought.key);
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let known = self.calls.get_mut(at)?;
        known.is_claimed = true;
        if known.keys.len() < KEYS_MAX && self.by_key.insert(key, number).is_none() {
            known.keys.push(key);
        }
        Some(known.id)
    }

    fn number_of(&self, sought: Sought<'_>) -> Option<u64> {
        let response = sought.response_id.map(|id| text("response", id));
        if let Some((number, _)) = self.keyed(taken(sought.key)) {
            return Some(number);
        }
        let by_id = [
            response,
            sought.request_id.map(|id| text("request", id)),
            sought.response_id.map(|id| reported(sought.key, id)),
        ];
        let near = |known: &Known| known.began_ms.abs_diff(sought.start_ms) <= ID_APART_MS;
        let mut by_id = by_id
            .into_iter()
            .flatten()
            .filter_map(|key| self.keyed(key));
        if let Some((number, _)) = by_id.find(|(_, known)| near(known)) {
            return Some(number);
        }
        let agrees = |known: &Known| match (known.response, response) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let trace = sought.key.trace;
        let spans = std::iter::once(&sought.key.span).chain(sought.below);
        let by_span = spans
            .filter_map(|span| self.keyed(within(SpanKey { trace, span: *span })))
            .find(|(_, known)| agrees(known) && !known.is_claimed);
        if let Some((number, _)) = by_span {
            return Some(number);
        }
        let model = sought.model.map(|model| text("model", model));
        let open = sought.start_ms.saturating_sub(SKEW_MS)..=sought.end_ms.saturating_add(SKEW_MS);
        let mut in_trace = self
            .by_trace
            .get(&digest("trace", &[&trace]))?
            .iter()
            .filter(|number| {
                self.at(**number).is_some_and(|known| {
                    let same = known.model.is_none() || model.is_none() || known.model == model;
                    same && agrees(known) && !known.is_claimed && open.contains(&known.began_ms)
                })
            });
        let only = in_trace.next()?;
        in_trace.next().is_none().then_some(*only)
    }
}

#[cfg(test)]
mod tests;
