//! Bodies in a provider's own shape as messages of the conventions.

use corelog_record::Extension;
use serde_json::{Map, Value, json};

use super::names::finish_reason;
use crate::content::message;
use crate::record::DIALECT;

/// What was said, as far as the body's shape is known.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) system: Option<Value>,
    pub(super) input: Option<Value>,
    pub(super) output: Option<Value>,
    pub(super) tools: Option<Value>,
}

/// Reads the bodies.
pub(super) fn of(input: Option<&[u8]>, output: Option<&[u8]>, extension: &Extension) -> Said {
    let read = |body: Option<&[u8]>| match body.map(serde_json::from_slice) {
        Some(Ok(Value::Object(body))) => Some(body),
        _ => None,
    };
    let mut said = Said::default();
    if let Some(body) = read(input) {
        if extension.dialect == DIALECT {
            said.system = body.get("system_instructions").cloned();
            said.input = body.get("messages").cloned();
            said.tools = body.get("tool_definitions").cloned();
        } else {
            said.system = system(&body).map(message::system_parts);
            said.input = asked(&body).map(Value::Array);
            let of_converse = body.get("toolConfig").and_then(|it| it.get("tools"));
            said.tools = body.get("tools").or(of_converse).cloned();
        }
    }
    if let Some(body) = read(output) {
        said.output = if extension.dialect == DIALECT {
            body.get("messages").cloned()
        } else {
            answered(&body).map(Value::Array)
        };
    }
    said
}

fn system(body: &Map<String, Value>) -> Option<Value> {
    let said = body.get("system").or_else(|| body.get("instructions"));
    match said {
        Some(Value::String(text)) => Some(message::texts(text)),
        Some(said @ Value::Array(_)) => Some(said.clone()),
        _ => body.get("systemInstruction")?.get("parts").cloned(),
    }
}

fn asked(body: &Map<String, Value>) -> Option<Vec<Value>> {
    let user = |it: &Value| message::normal(it, "user");
    if let Some(Value::Array(messages)) = body.get("messages") {
        return Some(messages.iter().map(user).collect());
    }
    if let Some(Value::Array(contents)) = body.get("contents") {
        return Some(contents.iter().map(|it| gemini(it, "user")).collect());
    }
    match body.get("input").or_else(|| body.get("prompt")) {
        Some(Value::Array(items)) => Some(items.iter().map(|it| item(it, "user")).collect()),
        Some(text @ Value::String(_)) => Some(vec![user(text)]),
        _ => None,
    }
}

fn answered(body: &Map<String, Value>) -> Option<Vec<Value>> {
    let ended = |mut message: Value, reason: Option<&Value>| {
        if let (Some(reason), Value::Object(it)) = (reason.and_then(Value::as_str), &mut message) {
            it.insert("finish_reason".to_owned(), finish_reason(reason).into());
        }
        message
    };
    let assistant = |it: &Value| message::normal(it, "assistant");
    if let Some(Value::Array(choices)) = body.get("choices") {
        let said = choices.iter().filter_map(|choice| {
            let said = choice.get("message").or_else(|| choice.get("text"))?;
            Some(ended(assistant(said), choice.get("finish_reason")))
        });
        return Some(said.collect());
    }
    if let Some(Value::Array(candidates)) = body.get("candidates") {
        let said = candidates.iter().filter_map(|it| {
            let message = gemini(it.get("content")?, "assistant");
            Some(ended(message, it.get("finishReason")))
        });
        return Some(said.collect());
    }
    if let Some(message) = body.get("output").and_then(|it| it.get("message")) {
        return Some(vec![ended(assistant(message), body.get("stopReason"))]);
    }
    if let Some(Value::Array(items)) = body.get("output") {
        return Some(items.iter().map(|it| item(it, "assistant")).collect());
    }
    if body.get("content").is_some_and(Value::is_array) {
        let message = json!({"role": "assistant", "content": body.get("content")});
        return Some(vec![ended(assistant(&message), body.get("stop_reason"))]);
    }
    None
}

/// An item of the Responses API: a message, a call of a tool, what a tool said, a thought.
fn item(said: &Value, role: &str) -> Value {
    let kind = said.get("type").and_then(Value::as_str).unwrap_or_default();
    let of = |role: &str, part: Value| json!({"role": role, "parts": [part]});
    match kind {
        "function_call" => {
            let call = json!({
                "id": said.get("call_id"),
                "name": said.get("name"),
                "arguments": said.get("arguments"),
            });
            of("assistant", message::tool_call(&call))
        }
        "function_call_output" => {
            let part = json!({
                "type": "tool_call_response",
                "id": said.get("call_id"),
                "response": said.get("output"),
            });
            of("tool", part)
        }
        "reasoning" => {
            let summary = said.get("summary").and_then(Value::as_array);
            let texts = summary.into_iter().flatten();
            let parts: Vec<Value> = texts
                .filter_map(|it| it.get("text"))
                .map(|text| json!({"type": "reasoning", "content": text}))
                .collect();
            json!({"role": "assistant", "parts": parts})
        }
        _ => message::normal(said, role),
    }
}

/// A message of Gemini's.
fn gemini(said: &Value, role: &str) -> Value {
    let role = match said.get("role").and_then(Value::as_str) {
        Some("model") => "assistant",
        Some("user") => "user",
        _ => role,
    };
    let parts = said.get("parts").and_then(Value::as_array);
    let parts: Vec<Value> = parts
        .into_iter()
        .flatten()
        .map(|part| {
            if let Some(call) = part.get("functionCall") {
                return json!({"type": "tool_call", "name": call.get("name"),
                    "arguments": call.get("args")});
            }
            if let Some(response) = part.get("functionResponse") {
                return json!({"type": "tool_call_response", "id": response.get("name"),
                    "response": response.get("response")});
            }
            if let Some(data) = part.get("inlineData") {
                return json!({"type": "blob", "mime_type": data.get("mimeType"),
                    "content": data.get("data")});
            }
            match part.get("thought").and_then(Value::as_bool) {
                Some(true) => json!({"type": "reasoning", "content": part.get("text")}),
                _ => message::part(part),
            }
        })
        .collect();
    json!({"role": role, "parts": parts})
}
