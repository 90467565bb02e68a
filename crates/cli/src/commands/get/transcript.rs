//! The readable text of prompts and answers in the shapes most models use. What is in none of them is shown as
//! JSON: this is for reading, the record keeps the truth.

use serde_json::Value;

/// The prompt as text, a block a message; `None` for a shape that is not known.
pub(super) fn prompt(body: &Value) -> Option<String> {
    let mut blocks = Vec::new();
    for name in ["system", "instructions"] {
        push(&mut blocks, "system", body.get(name));
    }
    for name in ["messages", "input"] {
        match body.get(name) {
            Some(Value::Array(messages)) => messages
                .iter()
                .for_each(|message| push_message(&mut blocks, message)),
            other => push(&mut blocks, "user", other),
        }
    }
    for name in ["prompt", "inputText"] {
        push(&mut blocks, "user", body.get(name));
    }
    finish(blocks)
}

/// The answer as text; `None` for a shape that is not known.
pub(super) fn answer(body: &Value) -> Option<String> {
    if let Value::Array(events) = body {
        return stream(events);
    }
    let mut blocks = Vec::new();
    for choice in array(body.get("choices")) {
        push(&mut blocks, "", choice.get("text"));
        if let Some(message) = choice.get("message") {
            push_message(&mut blocks, message);
        }
    }
    push(&mut blocks, "", body.get("content"));
    if let Some(message) = body.pointer("/output/message") {
        push_message(&mut blocks, message);
    }
    for item in array(body.get("output")) {
        push_message(&mut blocks, item);
    }
    for name in ["completion", "generation", "outputText"] {
        push(&mut blocks, "", body.get(name));
    }
    for result in array(body.get("results")) {
        push(&mut blocks, "", result.get("outputText"));
    }
    for name in ["/error/message", "/message"] {
        if let Some(text) = body.pointer(name).and_then(Value::as_str) {
            blocks.push(format!("error: {text}"));
        }
    }
    finish(blocks)
}

/// The text of a stream kept as an array of its events.
fn stream(events: &[Value]) -> Option<String> {
    const TEXTS: [&str; 6] = [
        "/delta/text",
        "/contentBlockDelta/delta/text",
        "/outputText",
        "/generation",
        "/completion",
        "/choices/0/delta/content",
    ];
    let text_of = |event: &Value| {
        TEXTS
            .iter()
            .find_map(|pointer| event.pointer(pointer).and_then(Value::as_str))
            .map(str::to_owned)
    };
    let text: String = events.iter().filter_map(text_of).collect();
    finish(vec![text])
}

fn finish(mut blocks: Vec<String>) -> Option<String> {
    blocks.retain(|block| !block.trim().is_empty());
    (!blocks.is_empty()).then(|| blocks.join("\n"))
}

fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn push_message(blocks: &mut Vec<String>, message: &Value) {
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match message {
        Value::String(_) => push(blocks, role, Some(message)),
        _ if message.get("content").is_some() => push(blocks, role, message.get("content")),
        _ => push(blocks, role, Some(&Value::Array(vec![message.clone()]))),
    }
    for call in array(message.get("tool_calls")) {
        blocks.push(tool_call(call.get("function").unwrap_or(call)));
    }
}

/// Pushes a content: a string, or a list of blocks.
fn push(blocks: &mut Vec<String>, role: &str, content: Option<&Value>) {
    let text = match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(part).collect::<Vec<_>>().join("\n"),
        _ => return,
    };
    if role.is_empty() || role == "assistant" {
        blocks.push(text);
    } else {
        blocks.push(format!("{role}: {text}"));
    }
}

fn part(part: &Value) -> String {
    let text = |pointer: &str| part.pointer(pointer).and_then(Value::as_str);
    if let Value::String(text) = part {
        return text.clone();
    }
    if let Some(text) = text("/text").or_else(|| text("/refusal")) {
        return text.to_owned();
    }
    if let Some(thought) =
        text("/thinking").or_else(|| text("/reasoningContent/reasoningText/text"))
    {
        return format!("[thinking] {thought}");
    }
    match text("/type") {
        Some("tool_use" | "function_call" | "server_tool_use") => tool_call(part),
        Some(kind) => format!("[{kind}]"),
        None => match (
            part.get("toolUse"),
            part.as_object().and_then(|object| object.keys().next()),
        ) {
            (Some(call), _) => tool_call(call),
            (None, Some(kind)) => format!("[{kind}]"),
            (None, None) => part.to_string(),
        },
    }
}

fn tool_call(call: &Value) -> String {
    let name = call.get("name").and_then(Value::as_str).unwrap_or("?");
    let arguments = call.get("arguments").or_else(|| call.get("input"));
    let arguments = match arguments {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    format!("[tool call] {name}({arguments})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prompts_of_every_dialect_are_read() {
        for (body, expected) in [
            (
                json!({"messages": [{"role": "user", "content": "hi"}]}),
                "user: hi",
            ),
            (
                json!({"system": [{"text": "be brief"}], "messages": [{"role": "user", "content": [{"text": "a"}, {"image": {}}]}]}),
                "system: be brief\nuser: a\n[image]",
            ),
            (json!({"input": "hi"}), "user: hi"),
            (
                json!({"instructions": "s", "input": [{"role": "user", "content": [{"type": "input_text", "text": "q"}]}]}),
                "system: s\nuser: q",
            ),
            (json!({"input": ["a", "b"]}), "a\nb"),
            (json!({"prompt": "p"}), "user: p"),
            (json!({"inputText": "t"}), "user: t"),
        ] {
            assert_eq!(prompt(&body).as_deref(), Some(expected), "{body}");
        }
        assert_eq!(prompt(&json!({"weights": [1, 2]})), None);
    }

    #[test]
    fn answers_of_every_dialect_are_read() {
        for (body, expected) in [
            (
                json!({"choices": [{"message": {"role": "assistant", "content": "hello"}}]}),
                "hello",
            ),
            (
                json!({"choices": [{"message": {"content": null, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}}]}),
                "[tool call] f({})",
            ),
            (
                json!({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ok"}]}),
                "[thinking] hm\nok",
            ),
            (
                json!({"output": {"message": {"role": "assistant", "content": [{"toolUse": {"name": "f", "input": {"a": 1}}}]}}}),
                "[tool call] f({\"a\":1})",
            ),
            (
                json!({"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "r"}]}]}),
                "r",
            ),
            (json!({"results": [{"outputText": "titan"}]}), "titan"),
            (json!({"error": {"message": "no"}}), "error: no"),
            (
                json!([{"delta": {"text": "a"}}, {"x": 1}, {"delta": {"text": "b"}}]),
                "ab",
            ),
        ] {
            assert_eq!(answer(&body).as_deref(), Some(expected), "{body}");
        }
        assert_eq!(answer(&json!({"embedding": [0.1]})), None);
    }
}
