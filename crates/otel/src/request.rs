//! What an OTLP export holds, in either of its encodings: spans and log events, each with what it came out of.
//!
//! Spans are read one at a time and handed on, so that memory follows what is kept rather than what is sent. The limits
//! here are far beyond what SDKs send; what passes them is left out, and a span or event that is none is refused.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/>,
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto>

pub(crate) mod binary;
pub(crate) mod json;

use std::cell::OnceCell;

use serde_json::Value;

use crate::attributes::Attributes;
use crate::id::digest;

/// Attributes of one span, event or resource that are read; a conversation laid flat has several for each message.
const ATTRIBUTES_MAX: usize = 16_384;
/// Events of one span that are read.
const EVENTS_MAX: usize = 4_096;
/// How deep lists and maps of values may be.
const DEPTH_MAX: usize = 32;
/// Spans or log events of one request that are taken; SDKs send 512 at once, collectors 8,192.
const ITEMS_MAX: u64 = 20_000;
/// Resources of one request, and scopes of one resource, that an export in JSON may have.
const GROUPS_MAX: usize = 20_000;
/// Members of lists and maps that are read of one span, event or resource, and in all that one request keeps twice as
/// many. Two bytes may be one, and each takes a hundred.
pub(crate) const VALUES_MAX: usize = 1 << 19;

/// The encoding of a request, and so of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

impl Encoding {
    /// The encoding that a `content-type` names; `None` for any other.
    pub fn of_content_type(value: &str) -> Option<Self> {
        let kind = value.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case(Self::Protobuf.content_type()) {
            Some(Self::Protobuf)
        } else if kind.eq_ignore_ascii_case(Self::Json.content_type()) {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// The name in `content-type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// The bytes are no request of OTLP in that encoding: the status is 400, and sending them again does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no OTLP request in {}", .0.content_type())]
pub struct Malformed(pub Encoding);

/// What made a span or event.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Origin {
    /// Attributes of the resource: the service, its host.
    pub(crate) resource: Attributes,
    /// Name of the instrumentation.
    pub(crate) scope: String,
    /// Of the resource, made when somebody asks for it.
    pub(crate) resource_digest: OnceCell<[u8; 16]>,
}

impl Origin {
    /// What tells the resource from others. There may be thousands of items of one.
    pub(crate) fn resource_digest(&self) -> [u8; 16] {
        *self.resource_digest.get_or_init(|| {
            let attributes: Vec<(&str, &Value)> = self.resource.iter().collect();
            // Texts and numbers always have a JSON form.
            let text = serde_json::to_vec(&attributes).unwrap_or_default();
            digest("resource", &[&text])
        })
    }
}

/// The id of a trace.
pub type TraceId = [u8; 16];

/// Where a span is in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SpanKey {
    pub(crate) trace: TraceId,
    pub(crate) span: [u8; 8],
}

/// A span as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) key: SpanKey,
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) name: String,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<Event>,
    pub(crate) status: Status,
}

/// How a span ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) is_error: bool,
    pub(crate) message: String,
}

/// An event: of a span, or a log record that has the name of one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) time_ns: u64,
    pub(crate) attributes: Attributes,
    /// Only of log records.
    pub(crate) body: Value,
}

/// A log record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogEvent {
    /// The span it belongs to, where it says so.
    pub(crate) key: Option<SpanKey>,
    pub(crate) event: Event,
}

/// Takes what a request holds. What it cannot use it says why.
pub(crate) trait Visitor<T> {
    fn take(&mut self, origin: &Origin, item: T);
    fn refuse(&mut self, why: &'static str);
}

/// Reads an `ExportTraceServiceRequest`.
pub(crate) fn spans(
    body: &[u8],
    encoding: Encoding,
    visitor: &mut dyn Visitor<Span>,
) -> Result<(), Malformed> {
    let mut counted = Counted::of(visitor);
    let read = match encoding {
        Encoding::Protobuf => binary::spans(body, &mut counted).map_err(drop),
        Encoding::Json => json::spans(body, &mut counted).map_err(drop),
    };
    read.map_err(|()| Malformed(encoding))
}

/// Reads an `ExportLogsServiceRequest`.
pub(crate) fn logs(
    body: &[u8],
    encoding: Encoding,
    visitor: &mut dyn Visitor<LogEvent>,
) -> Result<(), Malformed> {
    let mut counted = Counted::of(visitor);
    let read = match encoding {
        Encoding::Protobuf => binary::logs(body, &mut counted).map_err(drop),
        Encoding::Json => json::logs(body, &mut counted).map_err(drop),
    };
    read.map_err(|()| Malformed(encoding))
}

/// Refuses what is more than a request may hold, and spans without what makes them one.
struct Counted<'a, T> {
    visitor: &'a mut dyn Visitor<T>,
    taken: u64,
    /// How many values it may still hand on.
    room: usize,
}

impl<'a, T> Counted<'a, T> {
    fn of(visitor: &'a mut dyn Visitor<T>) -> Self {
        Self {
            visitor,
            taken: 0,
            room: 2 * VALUES_MAX,
        }
    }

    /// Whether one more is read at all.
    fn admit(&mut self) -> bool {
        self.taken += 1;
        let fits = self.taken <= ITEMS_MAX;
        if !fits {
            self.visitor
                .refuse("more than 20,000 spans or log records in one request");
        }
        fits
    }

    /// Whether the values of a span or log event fit with those that were handed on.
    fn has_room(&mut self, values: usize) -> bool {
        let room = self.room.checked_sub(values);
        self.room = room.unwrap_or(self.room);
        if room.is_none() {
            self.refuse_values();
        }
        room.is_some()
    }

    fn refuse_values(&mut self) {
        self.visitor
            .refuse("more values than the spans or log records of one request may have");
    }
}

/// How many values there are in one, itself among them.
fn values_in(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(values_in).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(values_in).sum::<usize>() + 1,
        _ => 1,
    }
}

fn values_of(attributes: &Attributes) -> usize {
    attributes.iter().map(|(_, value)| values_in(value)).sum()
}

/// A span as its fields came, before it is known to be one.
#[derive(Default)]
struct RawSpan {
    trace: Vec<u8>,
    span: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    start_ns: u64,
    end_ns: u64,
    attributes: Attributes,
    events: Vec<Event>,
    status: Status,
}

impl Counted<'_, Span> {
    fn take(&mut self, origin: &Origin, raw: RawSpan) {
        let Some(key) = key_of(&raw.trace, &raw.span) else {
            return self
                .visitor
                .refuse("a span without a valid trace id and span id");
        };
        if raw.start_ns == 0 {
            return self.visitor.refuse("a span without a start time");
        }
        let in_events: usize = raw
            .events
            .iter()
            .map(|it| values_of(&it.attributes) + 1)
            .sum();
        if !self.has_room(values_of(&raw.attributes) + in_events) {
            return;
        }
        let span = Span {
            key,
            parent: <[u8; 8]>::try_from(raw.parent.as_slice())
                .ok()
                .filter(|parent| *parent != [0; 8]),
            name: raw.name,
            start_ns: raw.start_ns,
            end_ns: raw.end_ns,
            attributes: raw.attributes,
            events: raw.events,
            status: raw.status,
        };
        self.visitor.take(origin, span);
    }
}

impl Counted<'_, LogEvent> {
    fn take(&mut self, origin: &Origin, trace: &[u8], span: &[u8], mut event: Event) {
        // Before there was a field for it, the name was an attribute.
        if event.name.is_empty()
            && let Some(name) = event.attributes.text("event.name").map(str::to_owned)
        {
            event.name = name;
        }
        if !self.has_room(values_of(&event.attributes) + values_in(&event.body)) {
            return;
        }
        let key = key_of(trace, span);
        self.visitor.take(origin, LogEvent { key, event });
    }
}

/// Ids of the right length, not all zero.
fn key_of(trace: &[u8], span: &[u8]) -> Option<SpanKey> {
    let key = SpanKey {
        trace: trace.try_into().ok()?,
        span: span.try_into().ok()?,
    };
    (key.trace != [0; 16] && key.span != [0; 8]).then_some(key)
}

#[cfg(test)]
mod tests;
