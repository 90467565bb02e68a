//! Chat Completions, Completions and Responses.

use super::*;

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
