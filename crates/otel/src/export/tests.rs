//! Records as spans, read back by the reader of exports.

use corelog_types::{Count, Usage};
use serde_json::json;

use super::*;
use crate::id::hex;
use crate::intake::{Export, Intake};
use crate::protobuf::{Fields, Wire};
use crate::record::Booking;
use crate::reply::Signal;
use crate::request::{Encoding, Origin, Span, Visitor, spans};

const BEGAN: Timestamp = Timestamp::from_unix_ms(1_795_000_000_123);

fn sender() -> Sender {
    Sender {
        service: "corelog".to_owned(),
        version: "0.1.0".to_owned(),
        instance: "00000000000000ab".to_owned(),
    }
}

fn document(corelog: &Value, error: Option<&str>) -> Document {
    let mut document: Document = serde_json::from_value(json!({
        "timestamp": "t", "accountId": "a", "region": "r", "requestId": "q",
        "operation": "ChatCompletions", "modelId": "gpt-4o", "identity": {"arn": "a"},
        "schemaType": "s", "schemaVersion": "1.0", "corelog": corelog,
    }))
    .unwrap();
    document.error_code = error.map(str::to_owned);
    document
}

fn corelog() -> Value {
    json!({
        "recordId": "x", "provider": "mine", "dialect": "openai",
        "upstream": "https://api.openai.com/v1/chat/completions", "latencyMs": 240.5,
        "timeToFirstByteMs": 50, "httpStatus": 200, "stopReason": "stop",
        "responseModel": "gpt-4o-2024-08-06", "responseId": "chatcmpl-9",
        "session": "s-1", "user": "ada", "tags": {"team": "ports"},
        "stream": {"framing": "sse", "chunks": 3, "events": 3, "complete": true},
        "trace": {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7"},
        "usage": {"input": {"value": 20, "provenance": "derived"},
            "cacheRead": {"value": 10, "provenance": "reported"},
            "output": {"value": 9, "provenance": "reported"},
            "reasoning": {"value": 4, "provenance": "reported"}},
    })
}

fn exported<'a>(document: &'a Document, bodies: [Option<&'a [u8]>; 2]) -> Exported<'a> {
    Exported {
        id: RecordId::from_parts(BEGAN.unix_ms(), [7; 10]),
        began: BEGAN,
        document,
        input: bodies[0],
        output: bodies[1],
        content: true,
        media: Media::ALL,
    }
}

#[derive(Default)]
struct Only(Vec<(Origin, Span)>);

impl Visitor<Span> for Only {
    fn take(&mut self, origin: &Origin, item: Span) {
        self.0.push((origin.clone(), item));
    }

    fn refuse(&mut self, why: &'static str) {
        panic!("{why}");
    }
}

fn sent(record: Exported<'_>) -> (Origin, Span) {
    let request = traces(&[record], &sender()).unwrap();
    let mut only = Only::default();
    spans(&request, Encoding::Protobuf, &mut only).unwrap();
    only.0.remove(0)
}

#[test]
fn a_record_of_the_gateway_hangs_below_the_callers_span() {
    let document = document(&corelog(), None);
    let (origin, span) = sent(exported(&document, [None, None]));
    assert_eq!(
        origin.resource.text("service.instance.id"),
        Some("00000000000000ab")
    );
    assert_eq!(hex(&span.key.trace), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex(&span.parent.unwrap()), "00f067aa0ba902b7");
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.start_ns, 1_795_000_000_123_000_000);
    assert_eq!(span.end_ns, 1_795_000_000_363_500_000);
    let attributes: Value = span
        .attributes
        .iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect();
    let id = RecordId::from_parts(BEGAN.unix_ms(), [7; 10]).to_string();
    assert_eq!(
        attributes,
        json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.response.id": "chatcmpl-9",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.conversation.id": "s-1",
            "user.id": "ada",
            "server.address": "api.openai.com",
            "server.port": 443,
            "http.response.status_code": 200,
            "gen_ai.request.stream": true,
            "gen_ai.response.time_to_first_chunk": 0.05,
            "corelog.record_id": id,
            "corelog.tag.team": "ports",
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.cache_read.input_tokens": 10,
            "gen_ai.usage.reasoning.output_tokens": 4,
        })
    );
    let again = sent(exported(&document, [None, None])).1;
    assert_eq!(again.key, span.key, "a span that is sent again is the same");
}

#[test]
fn errors_are_a_status_and_an_event() {
    let mut facts = corelog();
    facts["errorMessage"] = json!("slow down");
    let document = document(&facts, Some("rate_limit_exceeded"));
    let (_, span) = sent(exported(&document, [None, None]));
    assert!(span.status.is_error);
    assert_eq!(span.status.message, "slow down");
    assert_eq!(
        span.attributes.text("error.type"),
        Some("rate_limit_exceeded")
    );
    let exception = &span.events[0];
    assert_eq!(exception.name, "exception");
    let said = exception.attributes.text("exception.message");
    assert_eq!(said, Some("slow down"));
    // Providers repeat in it what they were asked.
    let (_, span) = sent(Exported {
        content: false,
        ..exported(&document, [None, None])
    });
    assert!(span.status.is_error && span.status.message.is_empty());
    let exception = &span.events[0].attributes;
    assert_eq!(exception.text("exception.message"), None);
    let kind = exception.text("exception.type");
    assert_eq!(kind, Some("rate_limit_exceeded"));
}

#[test]
fn what_is_no_call_to_a_model_has_no_span() {
    let mut document = document(&corelog(), None);
    document.operation = "Models".to_owned();
    assert_eq!(
        traces(&[exported(&document, [None, None])], &sender()),
        None
    );
}

#[test]
fn a_span_that_came_in_goes_out_as_itself() {
    let attributes = json!([{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.input.messages", "value": {"stringValue": "[\"What rock?\"]"}}]);
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "parentSpanId": "ef".repeat(8),
        "startTimeUnixNano": "1795000000123000000", "endTimeUnixNano": "1795000000223000000",
        "attributes": attributes}]}]}]})
    .to_string();
    let now = Timestamp::from_unix_ms(1_795_000_001_000);
    let booking = Booking::default();
    let export = Export::read(Signal::Traces, body.as_bytes(), Encoding::Json, now).unwrap();
    let sifted = Intake::default().sift(export, now);
    let record = sifted.taken(&booking).records.remove(0);
    let out = Exported {
        id: record.id,
        began: record.time,
        document: &record.document,
        input: record.input.as_deref(),
        output: None,
        content: true,
        media: Media::ALL,
    };
    let (_, span) = sent(out);
    assert_eq!(hex(&span.key.trace), "ab".repeat(16));
    assert_eq!(span.key.span, [0xcd; 8]);
    assert_eq!(span.parent, Some([0xef; 8]));
    assert_eq!(span.end_ns - span.start_ns, 100_000_000);
    assert_eq!(
        span.attributes.structure("gen_ai.input.messages"),
        Some(json!([{"role": "user", "parts": [{"type": "text", "content": "What rock?"}]}]))
    );
}

#[test]
fn content_of_every_dialect_where_it_is_asked_for() {
    let text = |role: &str, text: &str| json!({"role": role, "parts": [{"type": "text", "content": text}]});
    let ended = |mut message: Value, reason: &str| {
        message["finish_reason"] = reason.into();
        message
    };
    for (input, output, asked, answered) in [
        (
            json!({"messages": [{"role": "user", "content": "q"}]}),
            json!({"choices": [{"message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]}),
            json!([text("user", "q")]),
            json!([ended(text("assistant", "a"), "stop")]),
        ),
        (
            json!({"system": "s", "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}]}),
            json!({"role": "assistant", "content": [{"type": "text", "text": "a"}], "stop_reason": "max_tokens"}),
            json!([text("user", "q")]),
            json!([ended(text("assistant", "a"), "length")]),
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"text": "q"}]}]}),
            json!({"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}}, "stopReason": "end_turn"}),
            json!([text("user", "q")]),
            json!([ended(text("assistant", "a"), "stop")]),
        ),
        (
            json!({"contents": [{"role": "user", "parts": [{"text": "q"}]}]}),
            json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP"}]}),
            json!([text("user", "q")]),
            json!([ended(text("assistant", "a"), "stop")]),
        ),
        (
            json!({"instructions": "s", "input": [{"role": "user", "content": [{"type": "input_text", "text": "q"}]}]}),
            json!({"output": [
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}]}),
            json!([text("user", "q")]),
            json!([
                {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]},
                text("assistant", "a"),
            ]),
        ),
    ] {
        let document = document(&corelog(), None);
        let (input, output) = (input.to_string(), output.to_string());
        let bodies = [Some(input.as_bytes()), Some(output.as_bytes())];
        let (_, span) = sent(exported(&document, bodies));
        let sent = |key| span.attributes.structure(key).unwrap_or_default();
        assert_eq!(sent("gen_ai.input.messages"), asked, "{input}");
        assert_eq!(sent("gen_ai.output.messages"), answered, "{output}");
    }
}

/// The one field of a number in a message, as bytes.
fn inside(message: &[u8], path: &[u64]) -> Vec<u8> {
    let mut message = message.to_vec();
    for number in path {
        let mut fields = Fields::of(&message);
        let found = loop {
            match fields.next().unwrap() {
                Some((found, Wire::Bytes(bytes))) if found == *number => break bytes.to_vec(),
                Some(_) => {}
                None => panic!("no field {number}"),
            }
        };
        message = found;
    }
    message
}

#[test]
fn histograms_have_the_bounds_of_the_conventions() {
    let mut histograms = Histograms::since(BEGAN);
    assert_eq!(histograms.request(BEGAN, &sender()), None);
    let mut document = document(&corelog(), None);
    histograms.note(exported(&document, [None, None]));
    let extension = document.corelog.as_deref_mut().unwrap();
    extension.usage.0 = Usage {
        output: Some(Count::reported(64)),
        ..Usage::default()
    };
    extension.latency_ms = None;
    histograms.note(exported(&document, [None, None]));
    let request = histograms.request(BEGAN, &sender()).unwrap();
    // resource_metrics / scope_metrics / metrics
    let metric = inside(&request, &[1, 2, 2]);
    assert_eq!(inside(&metric, &[1]), b"gen_ai.client.token.usage");
    assert_eq!(inside(&metric, &[3]), b"{token}");
    // The first set is that of input tokens: one value, of 30.
    let point = inside(&metric, &[9, 1]);
    let numbers = |bytes: &[u8]| -> Vec<u64> {
        let eight = bytes.chunks_exact(8);
        eight
            .map(|it| u64::from_le_bytes(it.try_into().unwrap()))
            .collect()
    };
    let mut expected = vec![0; 15];
    expected[3] = 1;
    assert_eq!(numbers(&inside(&point, &[6])), expected, "16 < 30 <= 64");
    let bounds: Vec<f64> = numbers(&inside(&point, &[7]))
        .into_iter()
        .map(f64::from_bits)
        .collect();
    assert_eq!(bounds[..4], [1.0, 4.0, 16.0, 64.0]);
    assert_eq!(bounds.last(), Some(&67_108_864.0));
    // Output tokens: 9 and 64, the latter at a bound and so below it; one call has no duration.
    let held = histograms.tokens.values().nth(1).unwrap();
    assert_eq!((held.count, held.sum), (2, 73.0));
    assert_eq!((held.buckets[2], held.buckets[3]), (1, 1));
    assert_eq!(
        histograms.seconds.values().map(|it| it.count).sum::<u64>(),
        1
    );
}

#[test]
fn sets_of_attributes_have_a_limit() {
    let mut histograms = Histograms::since(BEGAN);
    let mut document = document(&corelog(), None);
    for number in 0..3_000 {
        document.model_id = Some(format!("m-{number}"));
        histograms.note(exported(&document, [None, None]));
    }
    assert_eq!(histograms.seconds.len(), 2_001);
    let rest =
        &histograms.seconds[&BTreeMapKey::from([("otel.metric.overflow", "true".to_owned())])];
    assert_eq!(rest.count, 1_000);
}

type BTreeMapKey = std::collections::BTreeMap<&'static str, String>;
