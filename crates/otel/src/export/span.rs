//! A record as a span.

use corelog_record::Extension;
use corelog_types::Count;
use serde_json::{Value, json};

use super::{Exported, key_value, messages, names};
use crate::id::{bytes_of_hex, digest};
use crate::protobuf::Message;

/// `SPAN_KIND_CLIENT`
const CLIENT: u64 = 3;
/// `STATUS_CODE_ERROR`
const ERROR: u64 = 2;
/// Content longer than this is left out.
const CONTENT_BYTES_MAX: usize = 256 * 1_024;

/// The span of a call to a model.
pub(super) fn span(record: Exported<'_>) -> Option<Message> {
    let document = record.document;
    let extension = document.corelog.as_deref()?;
    let operation = names::operation(document)?;
    let mut attributes = Vec::new();
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            attributes.push((key.to_owned(), value));
        }
    };
    add("gen_ai.operation.name", operation.into());
    add("gen_ai.provider.name", names::provider(extension).into());
    facts(record, extension, &mut add);
    usage(extension, &mut add);
    content(record, extension, &mut add);

    let (trace, own, parent) = ids(record, extension);
    let mut span = Message::default();
    span.bytes(1, &trace);
    span.bytes(2, &own);
    span.bytes(4, &parent);
    let name = match &document.model_id {
        Some(model) => format!("{operation} {model}"),
        None => operation.to_owned(),
    };
    span.bytes(5, name.as_bytes());
    span.number(6, CLIENT);
    let start_ns = record.began.unix_ms().saturating_mul(1_000_000);
    let end_ns = start_ns.saturating_add(extension.latency_ms.map_or(0, ns));
    span.fixed64(7, start_ns);
    span.fixed64(8, end_ns);
    for (key, value) in &attributes {
        span.message(9, &key_value(key, value));
    }
    if let Some(code) = &document.error_code {
        let message = extension.error_message.as_deref();
        let message = message.filter(|_| record.content).unwrap_or_default();
        span.message(11, &exception(code, message, end_ns));
        let mut status = Message::default();
        status.bytes(2, message.as_bytes());
        status.number(3, ERROR);
        span.message(15, &status);
    }
    Some(span)
}

/// The ids of trace, span and parent.
fn ids(record: Exported<'_>, extension: &Extension) -> ([u8; 16], [u8; 8], Vec<u8>) {
    let id = record.id.to_bytes();
    let trace = extension.trace.as_ref();
    let said = trace.and_then(|it| <[u8; 16]>::try_from(bytes_of_hex(&it.trace_id)).ok());
    let trace_id = said.unwrap_or_else(|| digest("trace", &[&id]));
    let span_id = trace
        .filter(|_| said.is_some())
        .and_then(|it| it.span_id.as_deref())
        .map(bytes_of_hex)
        .filter(|span| span.len() == 8);
    if extension.span.is_some()
        && let Some(own) = span_id.as_deref().and_then(|it| it.try_into().ok())
    {
        let parent = trace.and_then(|it| it.parent_span_id.as_deref());
        return (trace_id, own, parent.map(bytes_of_hex).unwrap_or_default());
    }
    (
        trace_id,
        digest("span", &[&id]),
        span_id.unwrap_or_default(),
    )
}

fn facts(record: Exported<'_>, extension: &Extension, add: &mut dyn FnMut(&str, Value)) {
    let document = record.document;
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    add("gen_ai.request.model", text(&document.model_id));
    add("gen_ai.response.model", text(&extension.response_model));
    add("gen_ai.response.id", text(&extension.response_id));
    if let Some(reason) = &extension.stop_reason {
        add("gen_ai.response.finish_reasons", json!([reason]));
    }
    add("gen_ai.conversation.id", text(&extension.session));
    add("user.id", text(&extension.user));
    add("error.type", text(&document.error_code));
    if let Some((host, port)) = names::server(extension) {
        add("server.address", host.into());
        add("server.port", port.map_or(Value::Null, Value::from));
    }
    let status = extension.http_status;
    add(
        "http.response.status_code",
        status.map_or(Value::Null, Value::from),
    );
    if extension.stream.is_some() {
        add("gen_ai.request.stream", true.into());
        let first = extension.time_to_first_byte_ms;
        let seconds = first.map_or(Value::Null, |ms| Value::from(ms / 1e3));
        add("gen_ai.response.time_to_first_chunk", seconds);
    }
    add("corelog.record_id", record.id.to_string().into());
    add("corelog.caller", text(&extension.caller.name));
    for (key, value) in &extension.tags {
        add(&format!("corelog.tag.{key}"), value.as_str().into());
    }
}

fn usage(extension: &Extension, add: &mut dyn FnMut(&str, Value)) {
    let usage = &extension.usage.0;
    let number = |count: Option<u64>| count.map_or(Value::Null, Value::from);
    let value = |count: Option<Count>| number(count.map(|count| count.value));
    add("gen_ai.usage.input_tokens", number(input_tokens(extension)));
    add("gen_ai.usage.output_tokens", value(usage.output));
    add(
        "gen_ai.usage.cache_read.input_tokens",
        value(usage.cache_read),
    );
    add(
        "gen_ai.usage.cache_creation.input_tokens",
        value(usage.cache_write),
    );
    add(
        "gen_ai.usage.reasoning.output_tokens",
        value(usage.reasoning),
    );
}

/// All input tokens, cached ones included, as the conventions count them.
pub(super) fn input_tokens(extension: &Extension) -> Option<u64> {
    let usage = &extension.usage.0;
    let cached = |count: Option<Count>| count.map_or(0, |count| count.value);
    let input = usage.input?.value;
    Some(
        input
            .saturating_add(cached(usage.cache_read))
            .saturating_add(cached(usage.cache_write)),
    )
}

fn content(record: Exported<'_>, extension: &Extension, add: &mut dyn FnMut(&str, Value)) {
    let said = messages::of(record.input, record.output, extension);
    let sifted = |value: Option<Value>| {
        let mut value = value?;
        record.media.sift(&mut value);
        Some(value)
    };
    for (key, value) in [
        ("gen_ai.system_instructions", sifted(said.system)),
        ("gen_ai.input.messages", sifted(said.input)),
        ("gen_ai.output.messages", sifted(said.output)),
        ("gen_ai.tool.definitions", said.tools),
    ] {
        let text = value.map(|value| value.to_string());
        if let Some(text) = text.filter(|text| text.len() <= CONTENT_BYTES_MAX) {
            add(key, text.into());
        }
    }
}

/// The event that tells of an error.
fn exception(code: &str, message: &str, at_ns: u64) -> Message {
    let mut event = Message::default();
    event.fixed64(1, at_ns);
    event.bytes(2, b"exception");
    event.message(3, &key_value("exception.type", &code.into()));
    if !message.is_empty() {
        event.message(3, &key_value("exception.message", &message.into()));
    }
    event
}

/// Nanoseconds of milliseconds.
fn ns(ms: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a latency; the cast saturates where it is none"
    )]
    let ns = (ms * 1e6).round() as u64;
    ns
}
