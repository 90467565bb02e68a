//! Messages, whole and streamed, with thinking and tools; Bedrock's native Claude bodies too.

use serde_json::{Value, json};

use super::{error, error_body};
use crate::answer::{Answer, Stop, Tokens, pieces};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::{Ending, Fault};
use crate::reply::{EVENT_STREAM, Reply, named_sse};
use crate::routes::Call;

/// Under which name and id an answer goes; Bedrock's differ.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming<'a> {
    pub(crate) model: &'a str,
    pub(crate) id_prefix: &'a str,
}

pub(super) fn reply(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["model"].as_str() else {
        return error(call, Fault::Validation, "model: Field required");
    };
    if !body["max_tokens"].is_u64() {
        return error(call, Fault::Validation, "max_tokens: Field required");
    }
    let ask = ask(model, &body, call.body).streaming(body["stream"] == true);
    let naming = Naming {
        model,
        id_prefix: "msg_",
    };
    call.respond(&ask, error, |answer| {
        if !ask.streams {
            return Reply::ok(&message(naming, answer));
        }
        let mut events = event_values(naming, answer);
        events.insert(2.min(events.len()), json!({"type": "ping"}));
        if ask.behaviour.ending == Ending::Error {
            events.truncate(events.len() / 2);
            events.push(error_body(Fault::Status(529), "Overloaded"));
        }
        Reply::stream(EVENT_STREAM, events.iter().map(named_sse).collect())
    })
}

/// What a Messages body asks for.
pub(crate) fn ask(model: &str, body: &Value, bytes: &[u8]) -> Ask {
    let messages = &body["messages"];
    Ask::new(model, bytes, last_user_text(messages))
        .with_tools(&body["tools"], &["input_schema"], messages)
        .thinking(matches!(
            body["thinking"]["type"].as_str(),
            Some("enabled" | "adaptive")
        ))
        .limited(&body["max_tokens"])
}

pub(super) fn count(call: &Call<'_>) -> Reply {
    let body = call.json();
    let model = body["model"].as_str().unwrap_or_default();
    let ask = ask(model, &body, call.body);
    call.respond(&ask, error, |_| {
        Reply::ok(&json!({"input_tokens": (call.body.len() as u64).div_ceil(4)}))
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Tool => "tool_use",
        Stop::Guardrail => "refusal",
    }
}

fn usage(tokens: &Tokens, output: u64) -> Value {
    json!({
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0
        },
        "output_tokens": output,
        "service_tier": "standard"
    })
}

/// The content blocks, in order.
fn blocks(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(thinking) = answer.thinking {
        let signature = format!("{}{}", answer.id(4), answer.id(5));
        blocks.push(json!({"type": "thinking", "thinking": thinking, "signature": signature}));
    }
    blocks.push(json!({"type": "text", "text": answer.text}));
    if let Some(tool) = &answer.tool {
        blocks.push(json!({
            "type": "tool_use",
            "id": format!("toolu_{}", answer.id(3)),
            "name": tool.name,
            "input": tool.arguments
        }));
    }
    blocks
}

/// A whole message.
pub(crate) fn message(naming: Naming<'_>, answer: &Answer) -> Value {
    json!({
        "id": format!("{}{}", naming.id_prefix, answer.id(0)),
        "type": "message",
        "role": "assistant",
        "model": naming.model,
        "content": blocks(answer),
        "stop_reason": stop_reason(answer),
        "stop_sequence": null,
        "usage": usage(&answer.tokens, answer.tokens.output)
    })
}

/// The events of a stream, pings aside.
pub(crate) fn event_values(naming: Naming<'_>, answer: &Answer) -> Vec<Value> {
    let mut opening = message(naming, answer);
    opening["content"] = json!([]);
    opening["stop_reason"] = Value::Null;
    opening["usage"] = usage(&answer.tokens, 1);
    let mut events = vec![json!({"type": "message_start", "message": opening})];
    for (index, block) in blocks(answer).iter().enumerate() {
        let (start, deltas) = in_deltas(block, answer);
        events.push(json!({
            "type": "content_block_start", "index": index, "content_block": start
        }));
        for delta in deltas {
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason(answer), "stop_sequence": null},
        "usage": {"output_tokens": answer.tokens.output}
    }));
    events.push(json!({"type": "message_stop"}));
    events
}

/// How a block begins, and what comes after.
fn in_deltas(block: &Value, answer: &Answer) -> (Value, Vec<Value>) {
    let mut start = block.clone();
    let deltas = match block["type"].as_str() {
        Some("thinking") => {
            start["thinking"] = json!("");
            start["signature"] = json!("");
            let text = block["thinking"].as_str().unwrap_or_default();
            let mut deltas: Vec<_> = pieces(text, 4)
                .into_iter()
                .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                .collect();
            deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
            deltas
        }
        Some("tool_use") => {
            start["input"] = json!({});
            let input = block["input"].to_string();
            // The first delta of a tool's input is empty, as the real service sends it.
            std::iter::once("")
                .chain(pieces(&input, 1))
                .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                .collect()
        }
        _ => {
            start["text"] = json!("");
            let delta = |piece| json!({"type": "text_delta", "text": piece});
            answer.pieces().into_iter().map(delta).collect()
        }
    };
    (start, deltas)
}
