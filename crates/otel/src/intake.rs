//! OTLP in: exports of spans and log events become records.
//!
//! A span of a call to a model becomes a record, unless the call is recorded already ([`crate::seen`]). A framework's
//! span around the SDK's span of the same call becomes a step, or its tokens would count twice. Log events that hold messages wait
//! for their span. Everything else of a trace (HTTP, databases) is none of ours: taken, and not kept.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use corelog_record::{Document, SpanFacts};
use corelog_types::{RecordId, Timestamp};

use crate::call::{Kind, Task, call, is_exception, kind};
use crate::content::{content, is_content};
use crate::joiner::Joiner;
use crate::record::{Booking, Record, record, span_facts};
use crate::request::{self, Encoding, LogEvent, Malformed, Origin, Span, SpanKey, Visitor};
use crate::seen::{Seen, Sought};
use crate::step::{Step, step};

/// How far up a span's ancestors are looked for.
const ANCESTORS_MAX: usize = 64;
/// How long ago a span may have begun, and how far ahead. Decision: as `PutLogEvents` has it, since each day that there is
/// a record of is a part of the table of its own.
const OLD_MS: u64 = 14 * 24 * 3_600_000;
const AHEAD_MS: u64 = 2 * 3_600_000;

/// What is remembered between exports.
#[derive(Debug, Default)]
pub struct Intake {
    joiner: Joiner,
    seen: Seen,
}

/// What an export holds for us.
#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    /// Calls to be recorded. Tell [`Intake::note`] of each once it is.
    pub records: Vec<Record>,
    /// Steps around calls.
    pub steps: Vec<Step>,
    /// Calls that are recorded already.
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

impl Intake {
    /// Remembers a record that is kept: one that the gateway made, or one of those that were taken here.
    pub fn note(&mut self, id: RecordId, began: Timestamp, document: &Document) {
        if let Some(key) = self.seen.note(id, began, document) {
            self.joiner.take(key);
        }
    }

    /// Reads an `ExportTraceServiceRequest`.
    ///
    /// # Errors
    /// [`Malformed`]; nothing of it is taken then.
    pub fn traces(
        &mut self,
        body: &[u8],
        encoding: Encoding,
        booking: &Booking,
        now: Timestamp,
    ) -> Result<Taken, Malformed> {
        let now_ms = now.unix_ms();
        let times = now_ms.saturating_sub(OLD_MS)..=now_ms.saturating_add(AHEAD_MS);
        let mut read = Read::of(times);
        request::spans(body, encoding, &mut read)?;
        let mut taken = Taken {
            steps: read.steps,
            others: read.others,
            refused: read.refused,
            why: read.why,
            ..Taken::default()
        };
        let tree = Tree::of(&read.parents, &read.models);
        let mut at_once = HashSet::new();
        for model in read.models {
            let key = model.span.key;
            if !at_once.insert(key) {
                taken.duplicates += 1;
                continue;
            }
            if tree.around.contains(&key) || self.seen.is_around(key) {
                taken.steps.push(step(model.facts, &model.span));
                continue;
            }
            match self.record(model, &tree, booking) {
                Some(record) => taken.records.push(record),
                None => taken.duplicates += 1,
            }
        }
        Ok(taken)
    }

    /// The record of a call, if there is none yet.
    fn record(&mut self, model: Model, tree: &Tree, booking: &Booking) -> Option<Record> {
        let Model { span, task, facts } = model;
        let call = call(&span, task);
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
        if self.seen.find(sought).is_some() {
            self.joiner.take(span.key);
            return None;
        }
        // They stay until the record is kept: if it cannot be, the span is sent again.
        let content = content(&span, self.joiner.of(span.key));
        Some(record(facts, &span, call, &content, booking))
    }

    /// Reads an `ExportLogsServiceRequest`.
    ///
    /// # Errors
    /// [`Malformed`]; nothing of it is taken then.
    pub fn logs(
        &mut self,
        body: &[u8],
        encoding: Encoding,
        now: Timestamp,
    ) -> Result<Taken, Malformed> {
        let mut read = ReadLogs::default();
        request::logs(body, encoding, &mut read)?;
        let mut taken = Taken {
            others: read.others,
            refused: read.refused,
            why: read.why,
            ..Taken::default()
        };
        for (key, event) in read.messages {
            self.joiner.hold(key, event, now);
            taken.held += 1;
        }
        Ok(taken)
    }
}

/// A span of a call to a model.
struct Model {
    span: Span,
    task: Task,
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
                    task,
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
        let mut tree = Self {
            around: HashSet::new(),
            below: HashMap::new(),
        };
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
