//! Steps around calls: agents, tools, workflows and retrievals, which complete the tree that a trace is.
//!
//! They are no invocations and have no record. Each is a line of JSON for a log event: its ids, its times and all it was
//! sent with.

use corelog_record::SpanFacts;
use corelog_types::Timestamp;
use serde_json::{Map, Value};

use crate::call::cut;
use crate::id::hex;
use crate::record::{holds_secret, is_kept, is_secret};
use crate::request::{Span, SpanKey};

/// A line longer than this loses its largest attributes; a log event may have 1 MB.
const LINE_BYTES_MAX: usize = 256 * 1_024;
const ERROR_BYTES_MAX: usize = 1_024;
const KIND_BYTES_MAX: usize = 64;

/// A step of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it began.
    pub time: Timestamp,
    pub(crate) key: SpanKey,
    /// All but its attributes.
    facts: Map<String, Value>,
    attributes: Vec<(String, Value)>,
}

impl Step {
    /// What is known of it, as JSON on one line; with what went into it and came out of it, or without.
    pub fn line(&self, content: bool) -> String {
        let mut room = LINE_BYTES_MAX;
        let mut attributes = Map::new();
        for (key, value) in &self.attributes {
            let bytes = key.len() + value.to_string().len() + 4;
            if bytes <= room && (content || is_kept(key)) {
                room -= bytes;
                attributes.insert(key.clone(), value.clone());
            }
        }
        let mut line = self.facts.clone();
        line.insert("attributes".to_owned(), Value::Object(attributes));
        Value::Object(line).to_string()
    }
}

pub(crate) fn step(facts: SpanFacts, span: &Span) -> Step {
    let mut line = Map::new();
    let ms = |ns: u64| Timestamp::from_unix_ms(ns / 1_000_000).rfc3339_ms();
    let optional = |value: Option<String>| value.map_or(Value::Null, Value::String);
    let error = || cut(&span.status.message, ERROR_BYTES_MAX).to_owned();
    let error = span.status.is_error.then(error);
    for (name, value) in [
        ("traceId", hex(&span.key.trace).into()),
        ("spanId", hex(&span.key.span).into()),
        ("parentSpanId", optional(span.parent.map(|it| hex(&it)))),
        ("name", facts.name.into()),
        ("kind", kind(span).into()),
        ("service", optional(facts.service)),
        ("scope", optional(facts.scope)),
        ("startTime", ms(span.start_ns).into()),
        ("endTime", ms(span.end_ns.max(span.start_ns)).into()),
        ("error", optional(error)),
    ] {
        if !value.is_null() {
            line.insert(name.to_owned(), value);
        }
    }
    // What went in and came out is the application's own: it is kept whole, or not at all.
    let public = span
        .attributes
        .iter()
        .filter(|(key, value)| !(is_secret(key) || is_kept(key) && holds_secret(key, value)));
    Step {
        time: Timestamp::from_unix_ms(span.start_ns / 1_000_000),
        key: span.key,
        facts: line,
        attributes: public
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect(),
    }
}

/// What it does, in the words of the convention that it follows.
fn kind(span: &Span) -> String {
    let it = &span.attributes;
    let said = it.first_text(&[
        "gen_ai.operation.name",
        "openinference.span.kind",
        "traceloop.span.kind",
    ]);
    cut(said.unwrap_or("step"), KIND_BYTES_MAX).to_ascii_lowercase()
}
