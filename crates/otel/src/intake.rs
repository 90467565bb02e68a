//! OTLP in: exports of spans and log events become records.
//!
//! A span of a call to a model becomes a record, unless the call is recorded already ([`crate::seen`]). A framework's
//! span around the SDK's span of the same call becomes a step, or its tokens would count twice. Log events that hold messages wait
//! for their span. Everything else of a trace (HTTP, databases) is none of ours: taken, and not kept.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use corelog_record::SpanFacts;
use corelog_types::Timestamp;

use crate::call::{Call, Kind, call, is_exception, kind};
use crate::content::{content, is_content};
use crate::joiner::Joiner;
use crate::record::{Booking, Record, record, span_facts};
use crate::reply::Signal;
use crate::request::{
    self, Encoding, LogEvent, Malformed, Origin, Span, SpanKey, TraceId, Visitor,
};
use crate::seen::{Noted, Seen, Sought};
use crate::step::{Step, step};

/// How far up a span's ancestors are looked for.
const ANCESTORS_MAX: usize = 64;
/// How long ago a span may have begun, and how far ahead. Decision: as `PutLogEvents` has it, since each day that there is
/// a record of is a part of the table of its own.
pub(crate) const OLD_MS: u64 = 14 * 24 * 3_600_000;
pub(crate) const AHEAD_MS: u64 = 2 * 3_600_000;

/// What is remembered between exports.
#[derive(Debug, Default)]
pub struct Intake {
    joiner: Joiner,
    seen: Seen,
}

/// An export that was read: what it holds, before anybody asked what of it is kept already.
#[derive(Debug, Default)]
pub struct Export {
    models: Vec<Model>,
    steps: Vec<Step>,
    tree: Tree,
    messages: Vec<(SpanKey, request::Event)>,
    others: u64,
    refused: u64,
    why: Option<&'static str>,
}

/// What of an export is to be kept.
#[derive(Debug, Default)]
pub struct Sifted {
    /// Calls, each with the messages that waited for it.
    calls: Vec<(Model, Vec<Arc<request::Event>>)>,
    taken: Taken,
}

/// What an export holds for us.
#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    /// Calls to be recorded.
    pub records: Vec<Record>,
    /// Steps around calls.
    pub steps: Vec<Step>,
    /// Calls and steps that are kept already.
    pub duplicates: u64,
    /// Messages that wait for their span.
    pub held: u64,
    /// Spans or log events that are about something else.
    pub others: u64,
    /// Spans or log events that are refused, and why one of them is.
    pub refused: u64,
    /// Why.
    pub why: Option<&'static str>,
}

impl Export {
    /// Reads an `ExportTraceServiceRequest` or an `ExportLogsServiceRequest`.
    ///
    /// # Errors
    /// [`Malformed`]; nothing of it is taken then.
    pub fn read(
        signal: Signal,
        body: &[u8],
        encoding: Encoding,
        now: Timestamp,
    ) -> Result<Self, Malformed> {
        match signal {
            Signal::Traces => Self::traces(body, encoding, now),
            Signal::Logs => Self::logs(body, encoding),
            // They have a reader of their own.
            Signal::Metrics => Ok(Self::default()),
        }
    }

    fn traces(body: &[u8], encoding: Encoding, now: Timestamp) -> Result<Self, Malformed> {
        let now_ms = now.unix_ms();
        let times = now_ms.saturating_sub(OLD_MS)..=now_ms.saturating_add(AHEAD_MS);
        let mut read = Read::of(times);
        request::spans(body, encoding, &mut read)?;
        Ok(Self {
            tree: Tree::of(&read.parents, &read.models),
            models: read.models,
            steps: read.steps,
            others: read.others,
            refused: read.refused,
            why: read.why,
            ..Self::default()
        })
    }

    fn logs(body: &[u8], encoding: Encoding) -> Result<Self, Malformed> {
        let mut read = ReadLogs::default();
        request::logs(body, encoding, &mut read)?;
        Ok(Self {
            messages: read.messages,
            others: read.others,
            refused: read.refused,
            why: read.why,
            ..Self::default()
        })
    }

    /// The traces that its calls and steps are of, each once.
    pub fn trace_ids(&self) -> Vec<TraceId> {
        let calls = self.models.iter().map(|model| model.span.key.trace);
        let steps = self.steps.iter().map(|step| step.key.trace);
        let traces: HashSet<TraceId> = calls.chain(steps).collect();
        traces.into_iter().collect()
    }
}

impl Intake {
    /// Remembers what is kept. All that was kept before an export has to be noted before it is [sifted](Self::sift).
    pub fn note(&mut self, noted: Noted) {
        if let Some(key) = self.seen.note(noted) {
            self.joiner.take(key);
        }
    }

    /// Takes out of an export what is kept already, and gives its calls the messages that wait for them. Quick: whoever
    /// shares this with others may hold on to it.
    pub fn sift(&mut self, export: Export, now: Timestamp) -> Sifted {
        let mut sifted = Sifted {
            taken: Taken {
                held: export.messages.len() as u64,
                others: export.others,
                refused: export.refused,
                why: export.why,
                ..Taken::default()
            },
            calls: Vec::new(),
        };
        for (key, event) in export.messages {
            self.joiner.hold(key, event, now);
        }
        let mut at_once = HashSet::new();
        for step in export.steps {
            self.sift_step(step, &mut at_once, &mut sifted.taken);
        }
        for model in export.models {
            let key = model.span.key;
            if export.tree.around.contains(&key) || self.seen.is_around(key) {
                let step = step(model.facts, &model.span);
                self.sift_step(step, &mut at_once, &mut sifted.taken);
            } else if at_once.insert(key) && !self.is_kept(&model, &export.tree) {
                // They stay until the record is kept: if it cannot be, the span is sent again.
                let messages = self.joiner.of(key);
                sifted.calls.push((model, messages));
            } else {
                sifted.taken.duplicates += 1;
            }
        }
        sifted
    }

    fn sift_step(&self, step: Step, at_once: &mut HashSet<SpanKey>, taken: &mut Taken) {
        if at_once.insert(step.key) && !self.seen.has_step(step.key) {
            taken.steps.push(step);
        } else {
            taken.duplicates += 1;
        }
    }

    /// Whether there is a record of a call.
    fn is_kept(&mut self, model: &Model, tree: &Tree) -> bool {
        let (span, call) = (&model.span, &model.call);
        let start_ms = span.start_ns / 1_000_000;
        let sought = Sought {
            key: span.key,
            below: tree.below.get(&span.key).map_or(&[], Vec::as_slice),
            response_id: call.response_id.as_deref(),
            request_id: call.request_id.as_deref(),
            model: call.model.as_deref(),
            start_ms,
            end_ms: (span.end_ns / 1_000_000).max(start_ms),
        };
        let is_kept = self.seen.find(sought).is_some();
        if is_kept {
            self.joiner.take(span.key);
        }
        is_kept
    }
}

impl Sifted {
    /// Makes the records.
    pub fn taken(self, booking: &Booking) -> Taken {
        let Self { calls, mut taken } = self;
        let records = calls.into_iter().map(|(model, messages)| {
            let Model { span, call, facts } = model;
            let content = content(&span, &messages);
            record(facts, &span, call, &content, booking)
        });
        taken.records = records.collect();
        taken
    }
}

/// A span of a call to a model.
#[derive(Debug)]
struct Model {
    span: Span,
    call: Call,
    facts: SpanFacts,
}

/// What an export of spans holds.
struct Read {
    /// When a span that is kept may have begun, in milliseconds.
    times: RangeInclusive<u64>,
    parents: Vec<(SpanKey, [u8; 8])>,
    models: Vec<Model>,
    steps: Vec<Step>,
    others: u64,
    refused: u64,
    why: Option<&'static str>,
}

impl Read {
    fn of(times: RangeInclusive<u64>) -> Self {
        Self {
            times,
            parents: Vec::new(),
            models: Vec::new(),
            steps: Vec::new(),
            others: 0,
            refused: 0,
            why: None,
        }
    }
}

impl Visitor<Span> for Read {
    fn take(&mut self, origin: &Origin, mut span: Span) {
        if let Some(parent) = span.parent {
            self.parents.push((span.key, parent));
        }
        let kind = kind(&span.attributes);
        if kind != Kind::Other && !self.times.contains(&(span.start_ns / 1_000_000)) {
            return self
                .refuse("a span that began more than 14 days ago, or more than 2 hours ahead");
        }
        match kind {
            Kind::Model(task) => {
                span.events
                    .retain(|event| is_exception(event) || is_content(event));
                self.models.push(Model {
                    call: call(&span, task),
                    facts: span_facts(origin, &span),
                    span,
                });
            }
            Kind::Step => self.steps.push(step(span_facts(origin, &span), &span)),
            Kind::Other => self.others += 1,
        }
    }

    fn refuse(&mut self, why: &'static str) {
        self.refused += 1;
        self.why = Some(why);
    }
}

/// How the spans of an export hang together.
#[derive(Debug, Default)]
struct Tree {
    /// Spans of calls around other such spans.
    around: HashSet<SpanKey>,
    /// Spans below the span of a call.
    below: HashMap<SpanKey, Vec<[u8; 8]>>,
}

impl Tree {
    fn of(parents: &[(SpanKey, [u8; 8])], models: &[Model]) -> Self {
        let calls: HashSet<SpanKey> = models.iter().map(|model| model.span.key).collect();
        let parent_of: HashMap<SpanKey, [u8; 8]> = parents.iter().copied().collect();
        let mut tree = Self::default();
        for (key, _) in parents {
            let is_call = calls.contains(key);
            let mut at = *key;
            for _ in 0..ANCESTORS_MAX {
                let Some(parent) = parent_of.get(&at) else {
                    break;
                };
                at = SpanKey {
                    trace: at.trace,
                    span: *parent,
                };
                if !calls.contains(&at) || at == *key {
                    continue;
                }
                if is_call {
                    tree.around.insert(at);
                } else {
                    // It belongs to the nearest call above it.
                    tree.below.entry(at).or_default().push(key.span);
                    break;
                }
            }
        }
        tree
    }
}

/// What an export of log events holds.
#[derive(Default)]
struct ReadLogs {
    messages: Vec<(SpanKey, request::Event)>,
    others: u64,
    refused: u64,
    why: Option<&'static str>,
}

impl Visitor<LogEvent> for ReadLogs {
    fn take(&mut self, _origin: &Origin, log: LogEvent) {
        match log.key {
            Some(key) if is_content(&log.event) => self.messages.push((key, log.event)),
            _ => self.others += 1,
        }
    }

    fn refuse(&mut self, why: &'static str) {
        self.refused += 1;
        self.why = Some(why);
    }
}

#[cfg(test)]
mod tests;
