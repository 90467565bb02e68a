//! Messages in every shape.

use serde_json::json;

use super::message::{normal, part, tool_call};

#[test]
fn messages_of_providers_are_messages_of_the_conventions() {
    let text = |text: &str| json!({"type": "text", "content": text});
    for (said, expected) in [
        (
            json!("hello"),
            json!({"role": "user", "parts": [text("hello")]}),
        ),
        (
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
            json!({"role": "assistant", "parts": [
                {"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]}),
        ),
        (
            json!({"role": "tool", "tool_call_id": "c", "content": "42"}),
            json!({"role": "tool", "parts": [
                {"type": "tool_call_response", "id": "c", "response": "42"}]}),
        ),
        (
            json!({"role": "user", "content": [{"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "https://h/i.png"}}]}),
            json!({"role": "user", "parts": [text("a"),
                {"type": "uri", "modality": "image", "uri": "https://h/i.png"}]}),
        ),
        (
            json!({"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"},
                {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]}),
            json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"},
                {"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]}),
        ),
        (
            json!({"role": "user", "content": [{"text": "a"},
                {"toolResult": {"toolUseId": "c", "content": [{"text": "42"}]}}]}),
            json!({"role": "user", "parts": [text("a"), {"type": "tool_call_response",
                "id": "c", "response": [{"text": "42"}]}]}),
        ),
        (
            json!({"role": "user", "parts": [{"type": "other", "x": 1}], "name": "n"}),
            json!({"role": "user", "parts": [{"type": "other", "x": 1}], "name": "n"}),
        ),
    ] {
        assert_eq!(normal(&said, "user"), expected, "{said}");
    }
}

#[test]
fn what_is_not_known_stays_as_it_is() {
    let strange = json!({"type": "input_audio", "input_audio": {"data": "x"}});
    assert_eq!(part(&strange), strange);
    let call = json!({"name": "f", "arguments": "no json"});
    assert_eq!(
        tool_call(&call),
        json!({"type": "tool_call", "name": "f", "arguments": "no json"})
    );
}
