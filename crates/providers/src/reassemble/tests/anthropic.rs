//! Anthropic Messages.

use super::*;

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
    let expected = [Some(12), None, Some(100), Some(3)].map(|count| count.map(Count::reported));
    assert_eq!(
        counts(&reassemble(&route, Framing::Sse, 200, &(), &sse(&events))),
        expected,
        "the output of `message_start` is provisional"
    );
}
