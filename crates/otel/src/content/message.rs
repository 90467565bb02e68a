//! One message, in whichever shape, as today's conventions have it.

use serde_json::{Map, Value, json};

use crate::attributes::structure_of;

/// A message with `role` and `parts`. `role` is that of a message which names none.
pub(crate) fn normal(said: &Value, role: &str) -> Value {
    let Value::Object(said) = said else {
        let parts = match said {
            Value::Null => Vec::new(),
            Value::String(text) => vec![text_part(text)],
            other => vec![text_part(&other.to_string())],
        };
        return json!({"role": role, "parts": parts});
    };
    if said.get("parts").is_some_and(Value::is_array) {
        let mut said = said.clone();
        said.entry("role").or_insert_with(|| role.into());
        return Value::Object(said);
    }
    let role = said.get("role").and_then(Value::as_str).unwrap_or(role);
    let mut parts = Vec::new();
    let is_response = role == "tool" || role == "function";
    let id = ["tool_call_id", "id"].iter().find_map(|key| said.get(*key));
    match said.get("content") {
        None | Some(Value::Null) => {}
        Some(content) if is_response => parts.push(response_part(id, content)),
        Some(Value::String(text)) => parts.push(text_part(text)),
        Some(Value::Array(inner)) => parts.extend(inner.iter().map(part)),
        Some(other) => parts.push(part(other)),
    }
    if let Some(Value::Array(contents)) = said.get("contents") {
        parts.extend(contents.iter().map(part));
    }
    if let Some(Value::Array(calls)) = said.get("tool_calls") {
        parts.extend(calls.iter().map(tool_call));
    }
    if let Some(call) = said.get("function_call").filter(|call| call.is_object()) {
        parts.push(tool_call(call));
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), role.into());
    if let Some(name) = said.get("name").filter(|name| name.is_string()) {
        message.insert("name".to_owned(), name.clone());
    }
    message.insert("parts".to_owned(), Value::Array(parts));
    if let Some(reason) = said.get("finish_reason").filter(|it| it.is_string()) {
        message.insert("finish_reason".to_owned(), reason.clone());
    }
    Value::Object(message)
}

/// Whether a message has a part that says something: a call of a tool without its arguments does not.
pub(crate) fn says_something(message: &Value) -> bool {
    let Some(Value::Array(parts)) = message.get("parts") else {
        return false;
    };
    parts.iter().any(|part| {
        part.get("type").and_then(Value::as_str) != Some("tool_call")
            || part.get("arguments").is_some()
    })
}

/// A text as a list of parts.
pub(crate) fn texts(text: &str) -> Value {
    json!([text_part(text)])
}

/// System instructions: a list of parts, or a message of them.
pub(crate) fn system_parts(said: Value) -> Value {
    match said {
        Value::Array(said) => Value::Array(said.iter().map(part).collect()),
        other => json!([part(&other)]),
    }
}

pub(crate) fn text_part(text: &str) -> Value {
    json!({"type": "text", "content": text})
}

fn response_part(id: Option<&Value>, content: &Value) -> Value {
    let mut part = Map::new();
    part.insert("type".to_owned(), "tool_call_response".into());
    if let Some(id) = id {
        part.insert("id".to_owned(), id.clone());
    }
    part.insert("response".to_owned(), content.clone());
    Value::Object(part)
}

/// One part of a message's content, as `OpenAI`, Anthropic or Converse write it, or as the conventions do.
pub(crate) fn part(said: &Value) -> Value {
    let Value::Object(it) = said else {
        return match said {
            Value::String(text) => text_part(text),
            other => text_part(&other.to_string()),
        };
    };
    let text = |key: &str| it.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    match kind {
        // As the conventions have it.
        "text" | "reasoning" if it.contains_key("content") => said.clone(),
        "image_url" | "image" if url_of(it).is_some() => uri_part(url_of(it).unwrap_or_default()),
        "thinking" => json!({"type": "reasoning", "content": text("thinking").unwrap_or_default()}),
        "tool_use" => call_part(it.get("id"), it.get("name"), it.get("input")),
        "tool_result" => {
            let content = it.get("content").unwrap_or(&Value::Null);
            response_part(it.get("tool_use_id"), content)
        }
        "refusal" => text_part(text("refusal").unwrap_or_default()),
        "" | "text" | "input_text" | "output_text" => {
            if let Some(text) = text("text") {
                return text_part(text);
            }
            converse_part(it).unwrap_or_else(|| said.clone())
        }
        _ => said.clone(),
    }
}

/// A part of Converse's content: an object whose only member says what it is.
fn converse_part(it: &Map<String, Value>) -> Option<Value> {
    if let Some(call) = it.get("toolUse") {
        return Some(call_part(
            call.get("toolUseId"),
            call.get("name"),
            call.get("input"),
        ));
    }
    if let Some(result) = it.get("toolResult") {
        let content = result.get("content").unwrap_or(&Value::Null);
        return Some(response_part(result.get("toolUseId"), content));
    }
    let reasoning = it.get("reasoningContent")?;
    let text = reasoning.pointer("/reasoningText/text")?.as_str()?;
    Some(json!({"type": "reasoning", "content": text}))
}

/// The address of an image: of `OpenAI`'s part, and of `OpenInference`'s.
fn url_of(it: &Map<String, Value>) -> Option<&str> {
    let held = it.get("image_url").or_else(|| it.get("image"))?;
    held.as_str()
        .or_else(|| held.get("url")?.as_str())
        .or_else(|| held.pointer("/image/url")?.as_str())
}

/// An image by its address; one in a `data:` address is a blob.
fn uri_part(url: &str) -> Value {
    let blob = url.strip_prefix("data:").and_then(|rest| {
        let (head, content) = rest.split_once(',')?;
        Some((head.strip_suffix(";base64")?, content))
    });
    match blob {
        Some((mime, content)) => {
            json!({"type": "blob", "modality": "image", "mime_type": mime, "content": content})
        }
        None => json!({"type": "uri", "modality": "image", "uri": url}),
    }
}

/// A call of a tool, as `OpenAI` writes it or flatter.
pub(crate) fn tool_call(said: &Value) -> Value {
    let function = said.get("function").unwrap_or(said);
    let arguments = function.get("arguments").or_else(|| function.get("input"));
    call_part(said.get("id"), function.get("name"), arguments)
}

fn call_part(id: Option<&Value>, name: Option<&Value>, arguments: Option<&Value>) -> Value {
    let mut part = Map::new();
    part.insert("type".to_owned(), "tool_call".into());
    // Arguments are JSON in a string at most providers.
    let arguments = arguments.map(|said| structure_of(said).unwrap_or_else(|| said.clone()));
    for (key, value) in [
        ("id", id.cloned()),
        ("name", name.cloned()),
        ("arguments", arguments),
    ] {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            part.insert(key.to_owned(), value);
        }
    }
    Value::Object(part)
}
