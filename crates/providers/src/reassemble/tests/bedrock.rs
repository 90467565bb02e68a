//! Converse frames and native Bedrock streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corelog_wire::event_stream::{encode, encode_exception};

use super::*;
use crate::streams::frames;

#[test]
fn converse() {
    let delta = |index: u64, delta: Value| {
        (
            "contentBlockDelta",
            json!({"contentBlockIndex":index,"delta":delta,"p":"abcd"}),
        )
    };
    let stream = frames(&[
        ("messageStart", json!({"role":"assistant","p":"ab"})),
        delta(0, json!({"reasoningContent":{"text":"Think"}})),
        delta(0, json!({"reasoningContent":{"text":"ing"}})),
        delta(0, json!({"reasoningContent":{"signature":"sig"}})),
        ("contentBlockStop", json!({"contentBlockIndex":0})),
        delta(1, json!({"text":"Check"})),
        delta(1, json!({"text":"ing."})),
        (
            "contentBlockStart",
            json!({"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"berth"}}}),
        ),
        delta(2, json!({"toolUse":{"input":"{\"berth\":"}})),
        delta(2, json!({"toolUse":{"input":" 7}"}})),
        delta(3, json!({"text":"cited"})),
        delta(3, json!({"citation":{"title":"d"}})),
        delta(4, json!({"reasoningContent":{"redactedContent":"cmVk"}})),
        ("messageStop", json!({"stopReason":"tool_use"})),
        (
            "metadata",
            json!({"usage":{"inputTokens":402,"outputTokens":47,"totalTokens":449,"cacheReadInputTokens":5},
            "metrics":{"latencyMs":1288},"trace":{"guardrail":{}},"p":"abc"}),
        ),
    ]);
    let found = check(
        &post(
            Dialect::Bedrock,
            "/model/amazon.nova-lite-v1%3A0/converse-stream",
        ),
        Framing::EventStream,
        &stream,
        &json!({"output":{"message":{"role":"assistant","content":[
                {"reasoningContent":{"reasoningText":{"text":"Thinking","signature":"sig"}}},
                {"text":"Checking."},
                {"toolUse":{"toolUseId":"t1","name":"berth","input":{"berth":7}}},
                {"citationsContent":{"content":[{"text":"cited"}],"citations":[{"title":"d"}]}},
                {"reasoningContent":{"redactedContent":"cmVk"}}]}},
            "stopReason":"tool_use","metrics":{"latencyMs":1288},
            "usage":{"inputTokens":402,"outputTokens":47,"totalTokens":449,"cacheReadInputTokens":5},
            "trace":{"guardrail":{}}}),
    );
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(402)),
            Some(Count::reported(47)),
            Some(Count::reported(5)),
            None
        ]
    );
    assert_eq!(found.facts.latency_ms, Some(1288));
    assert_eq!(found.facts.stop_reason.as_deref(), Some("tool_use"));
}

#[test]
fn a_converse_stream_that_fails() {
    let route = post(Dialect::Bedrock, "/model/m/converse-stream");
    let mut stream = frames(&[(
        "contentBlockDelta",
        json!({"contentBlockIndex":0,"delta":{"text":"a"}}),
    )]);
    let before = stream.len();
    encode_exception(
        "modelStreamErrorException",
        br#"{"message":"it broke","originalStatusCode":500}"#,
        &mut stream,
    );
    let found = reassemble(&route, Framing::EventStream, 200, &(), &stream);
    let error = found.facts.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        ("ModelStreamErrorException", Some("it broke"))
    );
    assert_eq!(
        found.body,
        br#"{"output":{"message":{"content":[{"text":"a"}]}}}"#
    );
    stream.truncate(before);
    encode(
        &[
            (":message-type", "error"),
            (":error-code", "InternalError"),
            (":error-message", "m"),
        ],
        b"",
        &mut stream,
    );
    let error = reassemble(&route, Framing::EventStream, 200, &(), &stream)
        .facts
        .error
        .unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        ("InternalError", Some("m"))
    );
}

#[test]
fn native_streams_stay_arrays() {
    let chunk = |text: &str| {
        (
            "chunk",
            json!({"bytes": STANDARD.encode(text), "p": "abcdef"}),
        )
    };
    let stream = frames(&[
        chunk(
            r#"{"type":"message_start","message":{"model":"c","usage":{"input_tokens":9,"output_tokens":1}}}"#,
        ),
        chunk(
            r#"{ "type": "message_delta", "delta": {"stop_reason":"end_turn"}, "usage": {"output_tokens":5} }"#,
        ),
        chunk("[DONE]"),
        chunk(
            r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":10,"outputTokenCount":6,"invocationLatency":402,"firstByteLatency":251,"cacheReadInputTokenCount":1}}"#,
        ),
    ]);
    let found = check(
        &post(Dialect::Bedrock, "/model/m/invoke-with-response-stream"),
        Framing::EventStream,
        &stream,
        &json!([
            {"type":"message_start","message":{"model":"c","usage":{"input_tokens":9,"output_tokens":1}}},
            {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}},
            "[DONE]",
            {"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":10,"outputTokenCount":6,"invocationLatency":402,"firstByteLatency":251,"cacheReadInputTokenCount":1}}]),
    );
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(10)),
            Some(Count::reported(6)),
            Some(Count::reported(1)),
            None
        ]
    );
    assert_eq!(
        (found.facts.latency_ms, found.facts.first_byte_latency_ms),
        (Some(402), Some(251))
    );
    assert_eq!(found.facts.stop_reason.as_deref(), Some("end_turn"));
}

#[test]
fn nova_sonic_says_the_sums_so_far() {
    let chunk = |event: Value| {
        let part = json!({ "event": event }).to_string();
        ("chunk", json!({"bytes": STANDARD.encode(part)}))
    };
    let usage = |input: u64, output: u64| {
        chunk(json!({"usageEvent":{
            "details":{"delta":{"input":{"speechTokens":1,"textTokens":1},"output":{"speechTokens":1,"textTokens":1}},
                "total":{"input":{"speechTokens":input - 10,"textTokens":10},"output":{"speechTokens":output - 2,"textTokens":2}}},
            "totalInputTokens":input,"totalOutputTokens":output,"totalTokens":input + output}}))
    };
    let stream = frames(&[
        chunk(json!({"completionStart":{"completionId":"c"}})),
        usage(60, 5),
        chunk(json!({"audioOutput":{"content":"UklGRg=="}})),
        usage(75, 30),
        chunk(json!({"completionEnd":{"completionId":"c","stopReason":"END_TURN"}})),
    ]);
    let route = post(
        Dialect::Bedrock,
        "/model/amazon.nova-sonic-v1:0/invoke-with-bidirectional-stream",
    );
    let found = reassemble(&route, Framing::EventStream, 200, &(), &stream);
    let usage = found.facts.usage;
    assert_eq!(
        [
            usage.input,
            usage.output,
            usage.total,
            usage.input_audio,
            usage.output_audio
        ],
        [75, 30, 105, 65, 28].map(|count| Some(Count::reported(count)))
    );
    assert_eq!(found.facts.stop_reason.as_deref(), Some("END_TURN"));
    assert_eq!(found.events, 5);
}
