//! Streams of every family put together, whole and cut short.

use corelog_types::{Count, Dialect};
use corelog_wire::event_stream::{encode, encode_event, encode_exception};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::route::route;
use crate::terminal::Terminal;

/// Reassembles in chunks of many sizes, and expects the same of each.
fn check(route: &Route, framing: Framing, stream: &[u8], expected: &Value) -> Reassembled {
    let whole = reassemble(route, framing, 200, &(), stream);
    let body: Value = serde_json::from_slice(&whole.body).unwrap();
    assert_eq!(&body, expected, "{body}");
    assert!(whole.facts.body_is_json);
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut reassembler = Reassembler::new(route, framing);
        for chunk in stream.chunks(size) {
            reassembler.push(chunk);
        }
        assert_eq!(
            reassembler.finish(route, 200, &()),
            whole,
            "chunks of {size}"
        );
    }
    whole
}

fn post(dialect: Dialect, path: &str) -> Route {
    route(dialect, "POST", path, None)
}

fn sse(events: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        let name = event["type"]
            .as_str()
            .map_or(String::new(), |name| format!("event: {name}\n"));
        out.extend_from_slice(format!("{name}data: {event}\n\n").as_bytes());
    }
    out
}

fn counts(found: &Reassembled) -> [Option<Count>; 4] {
    let usage = &found.facts.usage;
    [
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write,
    ]
}

#[test]
fn chat_completions() {
    let chunk = |choices: Value, usage: Value| {
        json!({"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-x","service_tier":"default",
            "choices":choices,"usage":usage,"obfuscation":"abc"})
    };
    let delta = |index: u64, delta: Value| json!([{"index":index,"delta":delta,"logprobs":null,"finish_reason":null}]);
    let mut stream = sse(&[
        chunk(
            delta(0, json!({"role":"assistant","content":"","refusal":null})),
            Value::Null,
        ),
        chunk(delta(0, json!({"content":"Hé"})), Value::Null),
        chunk(
            delta(
                1,
                json!({"role":"assistant","reasoning_content":"hm","content":"B"}),
            ),
            Value::Null,
        ),
        chunk(
            json!([{"index":0,"delta":{"content":"llo"},"logprobs":{"content":[{"token":"llo"}]},"finish_reason":null}]),
            Value::Null,
        ),
        chunk(
            delta(
                0,
                json!({"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}),
            ),
            Value::Null,
        ),
        chunk(
            delta(
                0,
                json!({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}),
            ),
            Value::Null,
        ),
        chunk(
            delta(
                0,
                json!({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}),
            ),
            Value::Null,
        ),
        chunk(
            json!([{"index":0,"delta":{},"finish_reason":"tool_calls"}]),
            Value::Null,
        ),
        chunk(
            json!([{"index":1,"delta":{"reasoning_content":"m"},"finish_reason":"tool_calls"}]),
            Value::Null,
        ),
        chunk(
            json!([]),
            json!({"prompt_tokens":30,"completion_tokens":9,"total_tokens":39,
            "prompt_tokens_details":{"cached_tokens":10},"completion_tokens_details":{"reasoning_tokens":4}}),
        ),
    ]);
    stream.extend_from_slice(b"data: [DONE]\n\n");
    let found = check(
        &post(Dialect::OpenAi, "/v1/chat/completions"),
        Framing::Sse,
        &stream,
        &json!({"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"gpt-x","service_tier":"default",
            "choices":[
                {"index":0,"message":{"role":"assistant","content":"Héllo","refusal":null,
                    "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
                 "logprobs":{"content":[{"token":"llo"}]},"finish_reason":"tool_calls"},
                {"index":1,"message":{"role":"assistant","reasoning_content":"hmm","content":"B"},
                 "logprobs":null,"finish_reason":"tool_calls"}],
            "usage":{"prompt_tokens":30,"completion_tokens":9,"total_tokens":39,
                "prompt_tokens_details":{"cached_tokens":10},"completion_tokens_details":{"reasoning_tokens":4}}}),
    );
    assert_eq!(
        counts(&found),
        [
            Some(Count::derived(20)),
            Some(Count::reported(9)),
            Some(Count::reported(10)),
            None
        ]
    );
    assert_eq!(found.facts.usage.reasoning, Some(Count::reported(4)));
    assert_eq!(found.facts.stop_reason.as_deref(), Some("tool_calls"));
    assert_eq!(found.facts.response_model.as_deref(), Some("gpt-x"));
    assert_eq!(found.events, 11);
}

#[test]
fn a_chat_without_usage_has_no_counts_and_a_broken_one_keeps_what_came() {
    let route = post(Dialect::OpenAi, "/v1/chat/completions");
    let stream = b"data: {\"id\":\"\",\"choices\":[]}\n\ndata: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ab\"}}]}\n\ndata: {\"choices\":[{\"ind";
    let found = check(
        &route,
        Framing::Sse,
        stream,
        &json!({"id":"x","choices":[{"index":0,"message":{"content":"ab"}}]}),
    );
    assert_eq!(counts(&found), [None; 4]);
    let stream = b"data: {\"choices\":[]}\n\ndata: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":null}}\n\n";
    let found = reassemble(&route, Framing::Sse, 200, &(), stream);
    let error = found.facts.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        ("server_error", Some("m"))
    );
}

#[test]
fn completions() {
    let chunk = |text: &str, stop: Value| json!({"id":"c","object":"text_completion","choices":[{"index":0,"text":text,"logprobs":null,"finish_reason":stop}]});
    check(
        &post(Dialect::OpenAi, "/v1/completions"),
        Framing::Sse,
        &sse(&[chunk("a", Value::Null), chunk("b", json!("stop"))]),
        &json!({"id":"c","object":"text_completion","choices":[{"index":0,"text":"ab","logprobs":null,"finish_reason":"stop"}]}),
    );
}

#[test]
fn responses_are_whole_in_their_last_event() {
    let route = post(Dialect::OpenAi, "/v1/responses");
    let item = json!({"type":"message","id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi!","annotations":[]}]});
    let done = json!({"id":"resp_1","object":"response","status":"completed","model":"gpt-x","output":[item],"error":null,
        "usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":0},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":8}});
    let begun = json!({"id":"resp_1","object":"response","status":"in_progress","model":"gpt-x","output":[],"usage":null,"error":null});
    let added =
        json!({"type":"message","id":"m","role":"assistant","status":"in_progress","content":[]});
    let events = [
        json!({"type":"response.created","response":begun}),
        json!({"type":"response.output_item.added","output_index":0,"item":added}),
        json!({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"H"}),
        json!({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"i!"}),
        json!({"type":"response.completed","response":done}),
    ];
    let found = check(&route, Framing::Sse, &sse(&events), &done);
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(5)),
            Some(Count::reported(3)),
            Some(Count::reported(0)),
            None
        ]
    );
    assert_eq!(found.facts.stop_reason.as_deref(), Some("completed"));
    let cut = check(
        &route,
        Framing::Sse,
        &sse(&events[..4]),
        &json!({"id":"resp_1","object":"response","status":"in_progress","model":"gpt-x","usage":null,"error":null,
            "output":[{"type":"message","id":"m","role":"assistant","status":"in_progress","content":[{"type":"output_text","text":"Hi!"}]}]}),
    );
    assert_eq!(counts(&cut), [None; 4]);
}

#[test]
fn a_response_stream_may_end_in_an_error() {
    let route = post(Dialect::OpenAi, "/v1/responses");
    let stream = sse(&[
        json!({"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null}),
    ]);
    let error = reassemble(&route, Framing::Sse, 200, &(), &stream)
        .facts
        .error
        .unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        ("rate_limit_exceeded", Some("slow down"))
    );
    let stream = sse(&[
        json!({"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}),
    ]);
    let found = reassemble(&route, Framing::Sse, 200, &(), &stream);
    assert_eq!(
        found.facts.stop_reason.as_deref(),
        Some("max_output_tokens")
    );
    assert_eq!(found.facts.error, None);
}

fn anthropic_events() -> Vec<Value> {
    vec![
        json!({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],
            "stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":3,"output_tokens":1}}}),
        json!({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}),
        json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let "}}),
        json!({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"me."}}),
        json!({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB=="}}),
        json!({"type":"content_block_stop","index":0}),
        json!({"type":"ping"}),
        json!({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}),
        json!({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"It is \"wet\"\n"}}),
        json!({"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"cited_text":"wet"}}}),
        json!({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"é."}}),
        json!({"type":"content_block_stop","index":1}),
        json!({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}),
        json!({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}),
        json!({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\": \"\\\""}}),
        json!({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"x\"}"}}),
        json!({"type":"content_block_stop","index":2}),
        json!({"type":"content_block_start","index":3,"content_block":{"type":"redacted_thinking","data":"zzz"}}),
        json!({"type":"content_block_stop","index":3}),
        json!({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":42,"output_tokens_details":{"thinking_tokens":8}}}),
        json!({"type":"message_stop"}),
    ]
}

#[test]
fn anthropic_messages() {
    let found = check(
        &post(Dialect::Anthropic, "/v1/messages"),
        Framing::Sse,
        &sse(&anthropic_events()),
        &json!({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
            {"type":"thinking","thinking":"Let me.","signature":"EqQB=="},
            {"type":"text","text":"It is \"wet\"\né.","citations":[{"cited_text":"wet"}]},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":"\"x"}},
            {"type":"redacted_thinking","data":"zzz"}],
            "stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":12,"cache_read_input_tokens":100,"cache_creation_input_tokens":3,"output_tokens":42,"output_tokens_details":{"thinking_tokens":8}}}),
    );
    assert_eq!(
        counts(&found),
        [12, 42, 100, 3].map(|count| Some(Count::reported(count)))
    );
    assert_eq!(found.facts.usage.reasoning, Some(Count::reported(8)));
    assert_eq!(found.facts.response_id.as_deref(), Some("msg_1"));
}

#[test]
fn an_anthropic_stream_that_breaks_off() {
    let mut events = anthropic_events();
    events.truncate(15);
    events.push(json!({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}));
    let route = post(Dialect::Anthropic, "/v1/messages");
    let found = reassemble(&route, Framing::Sse, 200, &(), &sse(&events));
    let body: Value = serde_json::from_slice(&found.body).unwrap();
    assert_eq!(
        body["content"][2]["input"],
        json!("{\"a\": \"\\\""),
        "kept as the string it was streamed as"
    );
    assert_eq!(body["stop_reason"], Value::Null);
    let error = found.facts.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        ("overloaded_error", Some("Overloaded"))
    );
}

fn frames(events: &[(&str, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, payload) in events {
        encode_event(name, payload.to_string().as_bytes(), &mut out);
    }
    out
}

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
fn cohere_version_2() {
    let stream = sse(&[
        json!({"id":"i","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}),
        json!({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will"}}}),
        json!({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","type":"function","function":{"name":"f","arguments":""}}}}}),
        json!({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}),
        json!({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}),
        json!({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"A"}}}}),
        json!({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"B"}}}}),
        json!({"type":"content-end","index":0}),
        json!({"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1}}}}),
        json!({"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":3.0,"output_tokens":2.0},"tokens":{"input_tokens":70.0,"output_tokens":4.0}}}}),
    ]);
    let found = check(
        &post(Dialect::Generic, "/v2/chat"),
        Framing::Sse,
        &stream,
        &json!({"id":"i","message":{"role":"assistant","content":[{"type":"text","text":"AB"}],"tool_plan":"I will",
                "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}],"citations":[{"start":0,"end":1}]},
            "finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":3.0,"output_tokens":2.0},"tokens":{"input_tokens":70.0,"output_tokens":4.0}}}),
    );
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(70)),
            Some(Count::reported(4)),
            None,
            None
        ]
    );
}

#[test]
fn cohere_version_1_repeats_its_answer() {
    let answer = json!({"text":"AB","generation_id":"g","finish_reason":"COMPLETE","meta":{"billed_units":{"input_tokens":3.0,"output_tokens":2.0}}});
    let lines = [
        json!({"is_finished":false,"event_type":"stream-start","generation_id":"g"}),
        json!({"is_finished":false,"event_type":"text-generation","text":"A"}),
        json!({"is_finished":false,"event_type":"text-generation","text":"B"}),
        json!({"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":answer}),
    ];
    let text = |lines: &[Value]| {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        lines.join(
            "
",
        )
    };
    let route = post(Dialect::Generic, "/v1/chat");
    let found = check(&route, Framing::NdJson, text(&lines).as_bytes(), &answer);
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(3)),
            Some(Count::reported(2)),
            None,
            None
        ]
    );
    check(
        &route,
        Framing::NdJson,
        text(&lines[..3]).as_bytes(),
        &json!({"generation_id":"g","text":"AB"}),
    );
}

#[test]
fn ollama() {
    let chat = "{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"A\"},\"done\":false}\n\
        {\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"B\",\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]},\"done\":false}\n\
        {\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":17,\"eval_count\":2}\n";
    let found = check(
        &post(Dialect::Generic, "/api/chat"),
        Framing::NdJson,
        chat.as_bytes(),
        &json!({"model":"l","message":{"role":"assistant","content":"AB","tool_calls":[{"function":{"name":"f"}}]},
            "done":true,"done_reason":"stop","prompt_eval_count":17,"eval_count":2}),
    );
    assert_eq!(
        counts(&found),
        [
            Some(Count::reported(17)),
            Some(Count::reported(2)),
            None,
            None
        ]
    );
    check(
        &post(Dialect::Generic, "/api/generate"),
        Framing::NdJson,
        b"{\"response\":\"A\",\"done\":false}\n{\"response\":\"B\",\"done\":true,\"context\":[1,2]}",
        &json!({"response":"AB","done":true,"context":[1,2]}),
    );
}

#[test]
fn gemini_as_events_and_as_an_array() {
    let chunk = |parts: Value, stop: Value, thoughts: u64| {
        json!({"candidates":[{"content":{"parts":parts,"role":"model"},"finishReason":stop,"index":0}],"modelVersion":"gemini-x",
            "usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":6,"thoughtsTokenCount":thoughts,"totalTokenCount":20}})
    };
    let chunks = [
        chunk(json!([{"text":"hm","thought":true}]), Value::Null, 1),
        chunk(json!([{"text":"A"}]), Value::Null, 4),
        chunk(
            json!([{"text":"B"},{"functionCall":{"name":"f","args":{}}},{"text":"C"}]),
            json!("STOP"),
            4,
        ),
    ];
    let expected = json!({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"AB"},{"functionCall":{"name":"f","args":{}}},{"text":"C"}],"role":"model"},
            "finishReason":"STOP","index":0}],"modelVersion":"gemini-x",
        "usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":6,"thoughtsTokenCount":4,"totalTokenCount":20}});
    let route = post(
        Dialect::Generic,
        "/v1beta/models/gemini-x:streamGenerateContent",
    );
    let array = serde_json::to_vec_pretty(&chunks).unwrap();
    for (framing, stream) in [(Framing::Sse, sse(&chunks)), (Framing::JsonArray, array)] {
        let found = check(&route, framing, &stream, &expected);
        assert_eq!(
            counts(&found),
            [
                Some(Count::derived(6)),
                Some(Count::derived(10)),
                Some(Count::reported(4)),
                None
            ]
        );
        assert_eq!(found.facts.usage.reasoning, Some(Count::reported(4)));
        assert_eq!(found.events, 3);
    }
}

#[test]
fn a_route_without_a_name_keeps_its_events() {
    check(
        &post(Dialect::OpenAi, "/v1/threads/t/runs"),
        Framing::Sse,
        b"event: thread.created\ndata: {\"id\": \"t\"}\n\nevent: done\ndata: [DONE]\n\n",
        &json!([{"id":"t"}, "[DONE]"]),
    );
    check(&post(Dialect::Generic, "/x"), Framing::Sse, b"", &json!([]));
}

#[test]
fn events_without_an_empty_line_between_them_are_told_apart() {
    check(
        &post(Dialect::OpenAi, "/v1/chat/completions"),
        Framing::Sse,
        b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n",
        &json!({"choices":[{"message":{"content":"ab"}}]}),
    );
}

#[test]
fn a_part_is_only_taken_for_the_one_right_before_it() {
    let text = |index: u64, text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"{text}\"}}}}]}}\n"
        )
    };
    let stop = "data: {\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"stop\"}]}\n";
    let stream = [
        &text(0, "a"),
        "\n",
        &text(0, "b"),
        "\n",
        &text(1, "x"),
        "\n",
        &text(0, "c"),
        stop,
        "\n",
        &text(0, "d"),
        "\n",
    ];
    check(
        &post(Dialect::OpenAi, "/v1/chat/completions"),
        Framing::Sse,
        stream.concat().as_bytes(),
        &json!({"choices":[{"index":0,"message":{"content":"abcd"}},{"index":1,"message":{"content":"x"},"finish_reason":"stop"}]}),
    );
}

const PATHS: [(Dialect, &str); 13] = [
    (Dialect::OpenAi, "/v1/chat/completions"),
    (Dialect::OpenAi, "/v1/completions"),
    (Dialect::OpenAi, "/v1/responses"),
    (Dialect::OpenAi, "/v1/embeddings"),
    (Dialect::OpenAi, "/v1/images/generations"),
    (Dialect::Anthropic, "/v1/messages"),
    (Dialect::Bedrock, "/model/m/invoke"),
    (Dialect::Bedrock, "/model/m/invoke-with-response-stream"),
    (Dialect::Bedrock, "/model/m/converse-stream"),
    (Dialect::Generic, "/v2/chat"),
    (Dialect::Generic, "/api/chat"),
    (Dialect::Generic, "/v1/models/g:streamGenerateContent"),
    (Dialect::Generic, "/unknown"),
];

const FRAMINGS: [Framing; 5] = [
    Framing::Sse,
    Framing::EventStream,
    Framing::NdJson,
    Framing::JsonArray,
    Framing::None,
];

/// Streams that are nearly right: known keys, odd values, every framing's punctuation.
fn nearly_a_stream() -> impl Strategy<Value = Vec<u8>> {
    let json = "\\{\"(type|choices|delta|index|message|content|candidates|usage|response|item|output_index|text|tool_calls|bytes)\":(\\{\"(content|text|parts|tool_calls|index|id|type)\":(\"x\"|1|null|\\[\\{\"index\":[01],\"id\":\"[ab]\",\"text\":\"y\"\\},2\\])\\}|\\[\\{\"index\":[0-9]{1,20},\"delta\":\\{\"content\":\"z\"\\}\\},null\\]|\"content_block_delta\"|-1|9999999999999999999|1.5)\\}";
    let line = prop_oneof![
        json.prop_map(|text| format!("data: {text}\n\n").into_bytes()),
        json.prop_map(|text| format!("{text}\n").into_bytes()),
        json.prop_map(|text| format!("[{text},").into_bytes()),
        (
            "(chunk|messageStart|contentBlockDelta|contentBlockStart|metadata)",
            json
        )
            .prop_map(|(name, text)| {
                let mut out = Vec::new();
                encode_event(&name, text.as_bytes(), &mut out);
                out
            }),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_chunking_never_matters(stream in nearly_a_stream(), size in 1usize..40) {
        for (dialect, path) in PATHS {
            let route = post(dialect, path);
            for framing in FRAMINGS {
                let whole = reassemble(&route, framing, 200, &(), &stream);
                let mut reassembler = Reassembler::new(&route, framing);
                let mut terminal = Terminal::new(&route, framing);
                for chunk in stream.chunks(size) {
                    reassembler.push(chunk);
                    terminal.push(chunk);
                }
                prop_assert_eq!(&reassembler.finish(&route, 200, &()), &whole);
                if framing != Framing::None {
                    prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&whole.body).is_ok());
                }
                crate::read_request(&route, &(), &stream);
                crate::read_answer(&route, 500, &(), &stream);
            }
        }
        crate::model_of(&stream);
    }
}
