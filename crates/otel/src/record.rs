//! A call that a span reports, as a record.
//!
//! The record has what the gateway would have written of the same call, as far as the span says it; its bodies are
//! messages of the conventions rather than the provider's own, and `corelog.dialect` is `opentelemetry`. What nobody
//! saw is absent: sizes on the wire, chunks of a stream, what reached the caller.

use corelog_record::stored::{self, PartHeader, PartName, Place as PartPlace};
use corelog_record::{
    BodyForm, CallerFacts, Cut, CutReason, Document, ErrorSource, Extension, Identity, Input,
    Output, SCHEMA_TYPE, SCHEMA_VERSION, SpanFacts, Trace, UsageCounts,
};
use corelog_types::{RecordId, Timestamp};
use serde_json::{Map, Value};

use crate::attributes::{Attributes, structure_of};
use crate::call::{Call, cut};
use crate::content::Content;
use crate::id::{hex, record_id};
use crate::request::{Origin, Span};

/// The `corelog.dialect` of a record whose bodies are messages of the conventions.
pub const DIALECT: &str = "opentelemetry";

/// Attributes kept as they were sent, and the most characters of one.
const KEPT_MAX: usize = 64;
const KEPT_CHARS_MAX: usize = 1_024;
/// Names of spans, services and scopes are cut after so many bytes.
const NAME_BYTES_MAX: usize = 256;

/// What a record says beside what its span does: where it is booked, and who sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Booking {
    /// Twelve digits.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// Who exported it, as an ARN.
    pub identity_arn: String,
    /// Who exported it.
    pub caller: CallerFacts,
}

/// A record made of a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The same for the same span, whenever it is sent.
    pub id: RecordId,
    /// When the call began.
    pub time: Timestamp,
    /// All but the bodies.
    pub document: Document,
    /// The prompt: JSON on one line.
    pub input: Option<Vec<u8>>,
    /// The answer: JSON on one line.
    pub output: Option<Vec<u8>>,
}

impl Record {
    /// Leaves out bodies that are not to be kept.
    pub fn keep_only(&mut self, input: bool, output: bool) {
        let document = &mut self.document;
        let mut cut = Vec::new();
        if !input && self.input.take().is_some() {
            cut.push("input");
            if let Some(asked) = &mut document.input {
                asked.input_content_type = None;
            }
        }
        if !output && self.output.take().is_some() {
            cut.push("output");
            if let Some(answered) = &mut document.output {
                answered.output_content_type = None;
            }
        }
        document.input = document.input.take().filter(|it| *it != Input::default());
        document.output = document.output.take().filter(|it| *it != Output::default());
        if let Some(extension) = &mut document.corelog {
            extension.cut.extend(cut.into_iter().map(by_policy));
        }
    }

    /// The pieces of the stored record: the envelope, and the bodies behind it.
    ///
    /// # Errors
    /// As [`stored::encode_envelope`].
    pub fn pieces(&self) -> Result<Vec<Vec<u8>>, stored::Error> {
        let parts = [
            (PartName::Input, &self.input),
            (PartName::Output, &self.output),
        ];
        let headers: Vec<PartHeader> = parts
            .iter()
            .filter_map(|(name, body)| {
                Some(PartHeader {
                    name: *name,
                    form: BodyForm::Json,
                    at: PartPlace::Inline,
                    bytes: body.as_ref()?.len() as u64,
                })
            })
            .collect();
        let mut pieces = vec![stored::encode_envelope(&self.document, &headers)?];
        pieces.extend(parts.into_iter().filter_map(|(_, body)| body.clone()));
        Ok(pieces)
    }
}

/// Makes the record.
pub(crate) fn record(
    facts: SpanFacts,
    span: &Span,
    call: Call,
    content: &Content,
    booking: &Booking,
) -> Record {
    let time = Timestamp::from_unix_ms(span.start_ns / 1_000_000);
    let id = record_id(span.key, time.unix_ms());
    let input = content.input_body(&span.attributes);
    let output = content.output_body();
    let count = |count: Option<corelog_types::Count>| count.map(|count| count.value);
    let usage = call.usage;
    let json = |body: &Option<Vec<u8>>| body.as_ref().map(|_| "application/json".to_owned());
    let asked = Input {
        input_content_type: json(&input),
        input_token_count: count(usage.input),
        cache_read_input_token_count: count(usage.cache_read),
        cache_write_input_token_count: count(usage.cache_write),
    };
    let answered = Output {
        output_content_type: json(&output),
        output_token_count: count(usage.output),
        ..Output::default()
    };
    let request_id = call.request_id.as_deref();
    let request_id = request_id.filter(|it| it.len() == 36 && it.parse::<RecordId>().is_ok());
    let request_id = request_id.map_or_else(|| id.to_string(), str::to_owned);
    let document = Document {
        timestamp: time.rfc3339_seconds(),
        account_id: booking.account_id.clone(),
        region: booking.region.clone(),
        request_id,
        operation: call.operation.as_str().to_owned(),
        model_id: call.model.clone(),
        error_code: call.error.as_ref().map(|error| error.code.clone()),
        input: Some(asked).filter(|it| *it != Input::default()),
        output: Some(answered).filter(|it| *it != Output::default()),
        identity: Identity {
            arn: booking.identity_arn.clone(),
        },
        inference_region: None,
        performance_config: None,
        request_metadata: None,
        schema_type: SCHEMA_TYPE.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        corelog: Some(Box::new(extension(id, facts, span, call, content, booking))),
    };
    Record {
        id,
        time,
        document,
        input,
        output,
    }
}

fn extension(
    id: RecordId,
    facts: SpanFacts,
    span: &Span,
    call: Call,
    content: &Content,
    booking: &Booking,
) -> Extension {
    let (code, message) = match call.error {
        Some(error) => (Some(error.status), error.message),
        None => (None, None),
    };
    let hidden = [
        ("input", content.hides_input),
        ("output", content.hides_output),
    ];
    Extension {
        record_id: id.to_string(),
        provider: call.provider,
        dialect: DIALECT.to_owned(),
        upstream: call.upstream,
        http_status: code.flatten(),
        error_message: message,
        error_source: code.map(|_| ErrorSource::Upstream),
        latency_ms: span.end_ns.checked_sub(span.start_ns).map(ms),
        time_to_first_byte_ms: call.first_chunk_ms,
        stop_reason: call.stop_reason,
        service_tier: call.service_tier,
        response_model: call.response_model,
        response_id: call.response_id,
        upstream_request_id: call.request_id,
        user: call.user,
        session: call.session,
        trace: Some(Trace {
            trace_id: hex(&span.key.trace),
            span_id: Some(hex(&span.key.span)),
            parent_span_id: span.parent.map(|parent| hex(&parent)),
        }),
        span: Some(Box::new(facts)),
        tags: call.tags.into_iter().collect(),
        usage: UsageCounts(call.usage),
        caller: booking.caller.clone(),
        cut: hidden
            .iter()
            .filter(|(_, hides)| *hides)
            .map(|(part, _)| by_policy(part))
            .collect(),
        ..Extension::default()
    }
}

fn by_policy(part: &str) -> Cut {
    Cut {
        part: part.to_owned(),
        reason: CutReason::Policy,
        bytes: None,
    }
}

pub(crate) fn span_facts(origin: &Origin, span: &Span) -> SpanFacts {
    let named = |name: &str| {
        let name = cut(name, NAME_BYTES_MAX);
        (!name.is_empty()).then(|| name.to_owned())
    };
    SpanFacts {
        name: cut(&span.name, NAME_BYTES_MAX).to_owned(),
        service: origin.resource.text("service.name").and_then(named),
        scope: named(&origin.scope),
        attributes: kept(&span.attributes),
    }
}

/// The attributes that stay as they were sent.
fn kept(attributes: &Attributes) -> Map<String, Value> {
    attributes
        .iter()
        .filter(|(key, value)| is_kept(key) && is_small(value) && !holds_secret(key, value))
        .take(KEPT_MAX)
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

/// Whether an attribute is neither content, which has its place, nor likely to hold a secret.
pub(crate) fn is_kept(key: &str) -> bool {
    const CONTENT: [&str; 26] = [
        "embedding.embeddings",
        "exception.",
        "gen_ai.completion",
        "gen_ai.evaluation.explanation",
        "gen_ai.event.content",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.retrieval",
        "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.definitions",
        "input.value",
        "llm.completions",
        "llm.input_messages",
        "llm.output_messages",
        "llm.prompt",
        "llm.prompts",
        "llm.request.functions",
        "llm.tools",
        "output.value",
        "retrieval.documents",
        "reranker.",
        "traceloop.entity.",
        "traceloop.prompt.",
    ];
    let lower = key.to_ascii_lowercase();
    !CONTENT.iter().any(|prefix| lower.starts_with(prefix)) && !is_secret(key)
}

/// Whether an attribute is likely to hold a secret, by its name.
pub(crate) fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 15] = [
        "header",
        "authorization",
        "api_key",
        "api-key",
        "apikey",
        "access_key",
        "private_key",
        "password",
        "secret",
        "credential",
        "cookie",
        "access_token",
        "auth_token",
        "refresh_token",
        "session_token",
    ];
    let lower = key.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part))
}

/// Whether an attribute is likely to hold a secret, by its name or by one inside: parameters and metadata come as objects,
/// or as JSON texts of such, and some providers take their key in the query of a URL.
pub(crate) fn holds_secret(key: &str, value: &Value) -> bool {
    if is_secret(key) {
        return true;
    }
    match value {
        Value::Array(values) => values.iter().any(|value| holds_secret("", value)),
        Value::Object(members) => members.iter().any(|(key, value)| holds_secret(key, value)),
        Value::String(text) if text.starts_with(['{', '[']) => {
            structure_of(value).is_some_and(|inner| holds_secret("", &inner))
        }
        Value::String(text) => {
            let is_url = key.contains("url") || key.starts_with("http.");
            is_url && text.contains(['?', '@'])
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_small(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => text.len() <= KEPT_CHARS_MAX,
        Value::Array(_) | Value::Object(_) => value.to_string().len() <= KEPT_CHARS_MAX,
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Milliseconds to the microsecond.
#[expect(
    clippy::cast_precision_loss,
    reason = "a latency in microseconds is far below 2^52"
)]
fn ms(ns: u64) -> f64 {
    (ns as f64 / 1_000.0).round() / 1_000.0
}
