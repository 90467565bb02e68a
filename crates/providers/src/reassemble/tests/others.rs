//! Cohere, Ollama, Gemini, and routes without a name.

use super::*;

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
