//! Streams watched for their end, cut at every byte.

use base64::engine::general_purpose::STANDARD;
use corelog_types::Dialect;
use corelog_wire::event_stream::{encode_event, encode_exception};

use super::*;
use crate::route::route;

fn watch(dialect: Dialect, path: &str, framing: Framing) -> Terminal {
    Terminal::new(&route(dialect, "POST", path, None), framing)
}

/// Pushes `before` and `last` in chunks of every size: only a chunk that reaches into `last` may end the stream,
/// and the one that completes it must.
fn check(dialect: Dialect, path: &str, framing: Framing, before: &[u8], last: &[u8], events: u64) {
    let stream = [before, last].concat();
    for size in 1..=stream.len() {
        let mut terminal = watch(dialect, path, framing);
        let mut passed = 0;
        for chunk in stream.chunks(size) {
            passed += chunk.len();
            let held = terminal.push(chunk);
            assert!(
                !held || passed > before.len(),
                "{path} held too early at {passed}"
            );
        }
        assert!(terminal.push(b""), "{path} in chunks of {size}");
        assert!(terminal.is_complete(), "{path}");
        assert_eq!(terminal.events(), events, "{path}");
    }
}

#[test]
fn server_sent_events() {
    for end in ["\n", "\r\n", "\r"] {
        let check = |dialect, path, before: &str, last: &str, events| {
            let (before, last) = (before.replace('\n', end), last.replace('\n', end));
            check(
                dialect,
                path,
                Framing::Sse,
                before.as_bytes(),
                last.as_bytes(),
                events,
            );
        };
        check(
            Dialect::OpenAi,
            "/v1/chat/completions",
            "data: {\"choices\":[{\"delta\":{\"content\":\"data: [DONE]\"}}]}\n\n: ping\n\n",
            "data: [DONE]\n\n",
            2,
        );
        check(
            Dialect::OpenAi,
            "/v1/audio/transcriptions",
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"transcript.text.done\"}\n\n",
            "data: {\"type\":\"transcript.text.done\",\"text\":\"a\"}\n\n",
            2,
        );
        check(
            Dialect::OpenAi,
            "/v1/audio/speech",
            "data: {\"type\":\"speech.audio.delta\",\"audio\":\"UklGRg==\"}\n\n",
            "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":1}}\n\n",
            2,
        );
        check(
            Dialect::Anthropic,
            "/v1/messages",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"x\":\"message_stop\"}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            2,
        );
        check(
            Dialect::Anthropic,
            "/v1/messages",
            "data: {\"x\":\"message_stop\",\"type\":\"ping\"}\n\n",
            "data: {\"extra\":1, \"type\": \"message_stop\"}\n\n",
            2,
        );
        check(
            Dialect::OpenAi,
            "/v1/responses",
            "event: response.created\ndata: {\"type\":\"response.created\"}\n\n",
            "data: {\"type\":\"response.incomplete\",\"response\":{}}\n\n",
            2,
        );
        check(
            Dialect::Generic,
            "/v2/chat",
            "data: {\"type\":\"content-delta\"}\n\n",
            "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{}}\n\n",
            2,
        );
    }
}

#[test]
fn lines() {
    check(
        Dialect::Generic,
        "/api/chat",
        Framing::NdJson,
        b"{\"message\":{\"content\":\"\\\"done\\\":true\"},\"done\":false}\n",
        b"{\"message\":{\"content\":\"\"},\"done\": true}\n",
        2,
    );
    check(
        Dialect::Generic,
        "/v1/chat",
        Framing::NdJson,
        b"{\"event_type\":\"text-generation\",\"text\":\"stream-end\"}\n",
        b"{\"is_finished\":true,\"event_type\":\"stream-end\"}\n",
        2,
    );
}

#[test]
fn a_long_last_line_is_recognised_by_its_beginning() {
    let mut terminal = watch(Dialect::OpenAi, "/v1/responses", Framing::Sse);
    let line = format!(
        "data: {{\"type\":\"response.completed\",\"x\":\"{}\"}}",
        "y".repeat(100_000)
    );
    for chunk in line.as_bytes().chunks(1000) {
        assert!(!terminal.push(chunk));
    }
    assert!(terminal.push(b"\n"));
}

#[test]
fn converse_holds_from_message_stop_and_completes_with_metadata() {
    let mut stream = Vec::new();
    encode_event("contentBlockDelta", b"{}", &mut stream);
    let mut stop = Vec::new();
    encode_event("messageStop", b"{\"stopReason\":\"end_turn\"}", &mut stop);
    let mut metadata = Vec::new();
    encode_event("metadata", b"{\"usage\":{}}", &mut metadata);
    let path = "/model/m/converse-stream";
    let mut terminal = watch(Dialect::Bedrock, path, Framing::EventStream);
    assert!(!terminal.push(&stream));
    assert!(!terminal.push(&stop[..20]));
    assert!(terminal.push(&stop[20..]));
    assert!(!terminal.is_complete());
    assert!(terminal.push(&metadata));
    assert!(terminal.is_complete());
    assert_eq!(terminal.events(), 3);
}

fn chunk_frame(json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let payload = format!("{{\"bytes\":\"{}\",\"p\":\"abc\"}}", STANDARD.encode(json));
    encode_event("chunk", payload.as_bytes(), &mut out);
    out
}

#[test]
fn native_streams_end_with_the_metrics_at_every_alignment() {
    let decoy = r#"{"x":"\"amazon-bedrock-invocationMetrics\":","type":"message_stop"}"#;
    for padding in ["", "1", "12", "123"] {
        let last = format!(
            r#"{{"t":"{padding}","amazon-bedrock-invocationMetrics":{{"inputTokenCount":1}}}}"#
        );
        check(
            Dialect::Bedrock,
            "/model/m/invoke-with-response-stream",
            Framing::EventStream,
            &[chunk_frame(r#"{"type":"ping"}"#), chunk_frame(decoy)].concat(),
            &chunk_frame(&last),
            3,
        );
    }
    check(
        Dialect::Bedrock,
        "/model/m/invoke-with-response-stream",
        Framing::EventStream,
        b"",
        &chunk_frame(r#"{"type":"message_stop"}"#),
        1,
    );
}

#[test]
fn an_exception_ends_a_stream() {
    let mut exception = Vec::new();
    encode_exception(
        "throttlingException",
        b"{\"message\":\"slow\"}",
        &mut exception,
    );
    for path in [
        "/model/m/converse-stream",
        "/model/m/invoke-with-response-stream",
    ] {
        check(
            Dialect::Bedrock,
            path,
            Framing::EventStream,
            b"",
            &exception,
            1,
        );
    }
}

#[test]
fn broken_frames_are_not_looked_at_any_more() {
    let mut terminal = watch(
        Dialect::Bedrock,
        "/model/m/converse-stream",
        Framing::EventStream,
    );
    assert!(!terminal.push(&[0; 64]));
    let mut metadata = Vec::new();
    encode_event("metadata", b"{}", &mut metadata);
    assert!(!terminal.push(&metadata));
}
