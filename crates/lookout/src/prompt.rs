//! What a prompt is, as hashes: all of it, how its conversation began, and what was added to it last.
//!
//! What was added last is what came behind the model's last words, and what tools the model had called with them. Ids
//! that are new in each call are left out, and so is what the model thought and said beside calling tools: an agent that
//! loops says it in other words each time.
//!
//! Bodies of every dialect are read alike, by the names that their messages have. One that is none of them has a hash
//! of all of it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Of a conversation's end, no more messages are looked at,
const LAST_MAX: usize = 32;
/// and no longer ones are read: they are hashed as they are.
const READ_BYTES_MAX: usize = 256 << 10;
/// Members that are new each time, or say nothing of what is asked.
const PASSING: [&str; 12] = [
    "id",
    "call_id",
    "tool_call_id",
    "tool_use_id",
    "toolUseId",
    "cache_control",
    "cachePoint",
    "signature",
    "thoughtSignature",
    "encrypted_content",
    "reasoningContent",
    "reasoning_content",
];
const THOUGHTS: [&str; 3] = ["thinking", "redacted_thinking", "reasoning"];

/// The hashes of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) whole: u64,
    pub(crate) conversation: Option<u64>,
    pub(crate) step: Option<u64>,
}

/// The members of requests in which messages are, and what is in front of them.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    contents: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    system: Option<&'a RawValue>,
    #[serde(borrow, default)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "systemInstruction")]
    system_instruction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    system_instructions: Option<&'a RawValue>,
}

/// Who speaks in a message, or what an item of the Responses API is.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    role: Option<String>,
    r#type: Option<String>,
}

/// Reads the body of a request.
pub(crate) fn read(body: &[u8]) -> Prompt {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    let unread = Prompt {
        whole: hasher.finish(),
        conversation: None,
        step: None,
    };
    let Ok(body) = serde_json::from_slice::<Body<'_>>(body) else {
        return unread;
    };
    let messages = body.messages.or(body.contents).or(body.input);
    let messages: Option<Vec<&RawValue>> =
        messages.and_then(|list| serde_json::from_str(list.get()).ok());
    let Some(messages) = messages.filter(|messages| !messages.is_empty()) else {
        return unread;
    };
    let before = [
        body.system,
        body.instructions,
        body.system_instruction,
        body.system_instructions,
    ];
    let mut begins = DefaultHasher::new();
    for part in before
        .into_iter()
        .flatten()
        .chain(messages.first().copied())
    {
        add(part, &mut begins);
    }
    Prompt {
        conversation: Some(begins.finish()),
        step: Some(step(&messages)),
        ..unread
    }
}

fn step(messages: &[&RawValue]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut in_answer = false;
    for message in messages.iter().rev().take(LAST_MAX) {
        let head: Head = serde_json::from_str(message.get()).unwrap_or_default();
        let is_models = is_of_the_model(&head);
        if in_answer && !is_models {
            break;
        }
        in_answer |= is_models;
        if is_models {
            add_answer(message, &mut hasher);
        } else {
            add(message, &mut hasher);
        }
    }
    hasher.finish()
}

fn is_of_the_model(head: &Head) -> bool {
    let by_role = matches!(head.role.as_deref(), Some("assistant" | "model"));
    let kind = head.r#type.as_deref().unwrap_or_default();
    // Outputs of tools end in `_call_output`.
    by_role || kind == "reasoning" || kind.ends_with("_call")
}

/// A message of the model: the tools that it calls, or all of it where it calls none.
fn add_answer(message: &RawValue, hasher: &mut DefaultHasher) {
    let Some(message) = parsed(message) else {
        add(message, hasher);
        return;
    };
    let mut calls = Vec::new();
    tool_calls(&message, &mut calls);
    if calls.is_empty() {
        add_value(&message, hasher);
    }
    for call in calls {
        add_value(call, hasher);
    }
}

/// What of a message are calls of tools, as each dialect has them.
fn tool_calls<'a>(message: &'a Value, calls: &mut Vec<&'a Value>) {
    let kind = message["type"].as_str().unwrap_or_default();
    let is_call = kind == "tool_use" || kind == "tool_call" || kind.ends_with("_call");
    if is_call {
        calls.push(message);
        return;
    }
    for member in ["tool_calls", "toolUse", "functionCall", "function_call"] {
        calls.extend(message.get(member).filter(|call| !call.is_null()));
    }
    for member in ["content", "parts"] {
        if let Some(parts) = message.get(member).and_then(Value::as_array) {
            for part in parts {
                tool_calls(part, calls);
            }
        }
    }
}

fn parsed(text: &RawValue) -> Option<Value> {
    let text = text.get();
    (text.len() <= READ_BYTES_MAX)
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// Adds a part of a body, without what is passing.
fn add(text: &RawValue, hasher: &mut DefaultHasher) {
    match parsed(text) {
        Some(value) => add_value(&value, hasher),
        None => text.get().hash(hasher),
    }
}

/// As deep as the parser lets it be.
fn add_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Bool(it) => it.hash(hasher),
        Value::Number(it) => it.hash(hasher),
        Value::String(it) => it.hash(hasher),
        Value::Array(parts) => {
            hasher.write_u8(1);
            for part in parts {
                add_value(part, hasher);
            }
        }
        Value::Object(members) => {
            hasher.write_u8(2);
            let kind = members.get("type").and_then(Value::as_str);
            if kind.is_some_and(|kind| THOUGHTS.contains(&kind)) {
                return;
            }
            for (name, value) in members {
                if !PASSING.contains(&name.as_str()) {
                    name.hash(hasher);
                    add_value(value, hasher);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: &Value) -> Prompt {
        read(body.to_string().as_bytes())
    }

    fn check_same(one: &Value, other: &Value) {
        let (one, other) = (of(one), of(other));
        assert!(one.step.is_some());
        assert_eq!(one.step, other.step);
        assert_eq!(one.conversation, other.conversation);
        assert_ne!(one.whole, other.whole);
    }

    /// An agent's conversation after so many rounds, each of which calls the same tool and hears the same.
    fn anthropic(rounds: usize, result: &str) -> Value {
        let mut messages = vec![json!({"role": "user", "content": "Fix the test."})];
        for round in 0..rounds {
            let id = format!("toolu_{round}");
            messages.push(json!({"role": "assistant", "content": [
                {"type": "thinking", "thinking": format!("attempt {round}"), "signature": id},
                {"type": "text", "text": format!("Let me try again, {round}.")},
                {"type": "tool_use", "id": id, "name": "run", "input": {"command": "make"}},
            ]}));
            messages.push(json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": id, "content": result},
            ]}));
        }
        json!({"model": "claude", "system": "You code.", "messages": messages})
    }

    #[test]
    fn a_loop_of_a_tool_is_one_step_in_every_dialect() {
        check_same(&anthropic(3, "error 1"), &anthropic(4, "error 1"));
        assert_ne!(
            of(&anthropic(3, "error 1")).step,
            of(&anthropic(4, "ok")).step
        );

        let openai = |rounds: usize| {
            let mut messages = vec![json!({"role": "system", "content": "You code."})];
            for round in 0..rounds {
                let id = format!("call_{round}");
                messages.push(
                    json!({"role": "assistant", "content": format!("Again {round}"),
                    "tool_calls": [{"id": id, "type": "function",
                        "function": {"name": "run", "arguments": "{}"}}]}),
                );
                messages.push(json!({"role": "tool", "tool_call_id": id, "content": "error"}));
            }
            json!({"messages": messages})
        };
        check_same(&openai(3), &openai(4));

        let responses = |rounds: usize| {
            let mut items = vec![json!({"role": "user", "content": "Fix it."})];
            for round in 0..rounds {
                let id = format!("call_{round}");
                items.push(json!({"type": "reasoning", "id": id, "summary": [round]}));
                items.push(json!({"type": "function_call", "call_id": id, "id": id,
                    "name": "run", "arguments": "{}"}));
                items.push(
                    json!({"type": "function_call_output", "call_id": id, "output": "error"}),
                );
            }
            json!({"instructions": "You code.", "input": items})
        };
        check_same(&responses(3), &responses(4));

        let converse = |rounds: usize| {
            let mut messages = vec![json!({"role": "user", "content": [{"text": "Fix it."}]})];
            for round in 0..rounds {
                let id = format!("tooluse_{round}");
                messages.push(json!({"role": "assistant", "content": [
                    {"text": format!("Again {round}")},
                    {"toolUse": {"toolUseId": id, "name": "run", "input": {}}},
                ]}));
                messages.push(json!({"role": "user", "content": [
                    {"toolResult": {"toolUseId": id, "content": [{"text": "error"}]}},
                ]}));
            }
            json!({"messages": messages})
        };
        check_same(&converse(3), &converse(4));

        let gemini = |rounds: usize| {
            let mut contents = vec![json!({"role": "user", "parts": [{"text": "Fix it."}]})];
            for _ in 0..rounds {
                contents.push(json!({"role": "model", "parts": [
                    {"functionCall": {"name": "run", "args": {}}, "thoughtSignature": rounds},
                ]}));
                contents.push(json!({"role": "user", "parts": [
                    {"functionResponse": {"name": "run", "response": {"output": "error"}}},
                ]}));
            }
            json!({"contents": contents})
        };
        check_same(&gemini(3), &gemini(4));
    }

    #[test]
    fn other_tools_with_the_same_result_are_other_steps() {
        let call = |path: &str| {
            json!({"messages": [
                {"role": "user", "content": "Write the files."},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": path, "name": "write", "input": {"path": path}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": path, "content": "ok"}]},
            ]})
        };
        assert_ne!(of(&call("a")).step, of(&call("b")).step);
    }

    #[test]
    fn what_has_no_messages_is_whole() {
        for body in [
            &b"{\"prompt\":\"hi\"}"[..],
            b"not json",
            b"",
            b"{\"messages\":3}",
            b"[]",
        ] {
            let prompt = read(body);
            assert_eq!((prompt.conversation, prompt.step), (None, None));
        }
        assert_ne!(read(b"a").whole, read(b"b").whole);
        let text = of(&json!({"input": "hi"}));
        assert_eq!(text.step, None);
    }
}
