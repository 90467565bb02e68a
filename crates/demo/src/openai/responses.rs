//! The Responses API, whole and as its stream of named events.

use serde_json::{Value, json};

use super::error;
use crate::answer::{Answer, Stop, pieces};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::{Ending, Fault};
use crate::reply::{EVENT_STREAM, Reply, named_sse};
use crate::routes::Call;

pub(super) fn reply(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["model"].as_str() else {
        return error(
            call,
            Fault::Validation,
            "Missing required parameter: 'model'.",
        );
    };
    let input = &body["input"];
    let ask = Ask::new(model, call.body, last_user_text(input))
        .with_tools(&body["tools"], &["parameters"], input)
        .streaming(body["stream"] == true)
        .thinking(body["reasoning"]["effort"].is_string())
        .limited(&body["max_output_tokens"]);
    call.respond(&ask, error, |answer| {
        if ask.streams {
            Reply::stream(EVENT_STREAM, events(&ask, answer, &body))
        } else {
            Reply::ok(&finished(model, answer, &body))
        }
    })
}

fn items(answer: &Answer) -> Vec<Value> {
    let mut items = vec![json!({
        "id": format!("msg_{}", answer.id(1)),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [text_part(&answer.text)]
    })];
    if let Some(tool) = &answer.tool {
        items.push(json!({
            "id": format!("fc_{}", answer.id(2)),
            "type": "function_call",
            "status": "completed",
            "call_id": format!("call_{}", answer.id(3)),
            "name": tool.name,
            "arguments": tool.arguments.to_string()
        }));
    }
    items
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// The response object while it is being made.
fn begun(model: &str, answer: &Answer, request: &Value) -> Value {
    let or = |member: &str, otherwise: Value| request.get(member).cloned().unwrap_or(otherwise);
    json!({
        "id": format!("resp_{}", answer.id(0)),
        "object": "response",
        "created_at": answer.created(),
        "status": "in_progress",
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": or("instructions", Value::Null),
        "max_output_tokens": or("max_output_tokens", Value::Null),
        "model": model,
        "output": [],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": or("reasoning", json!({"effort": null, "summary": null})),
        "store": true,
        "temperature": or("temperature", json!(1.0)),
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": or("tools", json!([])),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
        "user": or("user", Value::Null),
        "metadata": or("metadata", json!({}))
    })
}

fn finished(model: &str, answer: &Answer, request: &Value) -> Value {
    let mut response = begun(model, answer, request);
    response["status"] = json!("completed");
    let incomplete = match answer.stop {
        Stop::Limit => Some("max_output_tokens"),
        Stop::Guardrail => Some("content_filter"),
        Stop::End | Stop::Tool => None,
    };
    if let Some(reason) = incomplete {
        response["status"] = json!("incomplete");
        response["incomplete_details"] = json!({"reason": reason});
    }
    response["output"] = json!(items(answer));
    let tokens = &answer.tokens;
    let input = tokens.input + tokens.cache_read + tokens.cache_write;
    response["usage"] = json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.thinking},
        "total_tokens": input + tokens.output
    });
    response
}

/// The events in order, numbered.
fn events(ask: &Ask, answer: &Answer, request: &Value) -> Vec<bytes::Bytes> {
    let begun = begun(&ask.model, answer, request);
    let mut events = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
    ];
    for (index, item) in items(answer).into_iter().enumerate() {
        if item["type"] == "message" {
            message_events(&mut events, answer, index, &item);
        } else {
            tool_events(&mut events, index, &item);
        }
    }
    if ask.behaviour.ending == Ending::Error {
        events.truncate(events.len() / 2);
        let message = "The server had an error while processing your request.";
        events.push(json!({
            "type": "error", "code": "server_error", "message": message, "param": null
        }));
    } else {
        let response = finished(&ask.model, answer, request);
        let last = match response["status"].as_str() {
            Some("incomplete") => "response.incomplete",
            _ => "response.completed",
        };
        events.push(json!({"type": last, "response": response}));
    }
    let numbered = events.into_iter().enumerate().map(|(number, mut event)| {
        event["sequence_number"] = json!(number);
        named_sse(&event)
    });
    numbered.collect()
}

fn message_events(events: &mut Vec<Value>, answer: &Answer, index: usize, item: &Value) {
    let mut opening = item.clone();
    opening["status"] = json!("in_progress");
    opening["content"] = json!([]);
    let id = &item["id"];
    let at = |kind: &str, member: &str, value: Value| {
        json!({
            "type": kind, "item_id": id, "output_index": index, "content_index": 0, member: value
        })
    };
    events.push(json!({
        "type": "response.output_item.added", "output_index": index, "item": opening
    }));
    events.push(at("response.content_part.added", "part", text_part("")));
    for piece in answer.pieces() {
        let mut delta = at("response.output_text.delta", "delta", json!(piece));
        delta["logprobs"] = json!([]);
        events.push(delta);
    }
    let mut done = at("response.output_text.done", "text", json!(answer.text));
    done["logprobs"] = json!([]);
    events.push(done);
    events.push(at(
        "response.content_part.done",
        "part",
        text_part(&answer.text),
    ));
    events.push(json!({
        "type": "response.output_item.done", "output_index": index, "item": item
    }));
}

fn tool_events(events: &mut Vec<Value>, index: usize, item: &Value) {
    let mut opening = item.clone();
    opening["status"] = json!("in_progress");
    opening["arguments"] = json!("");
    events.push(json!({
        "type": "response.output_item.added", "output_index": index, "item": opening
    }));
    let id = &item["id"];
    let arguments = item["arguments"].as_str().unwrap_or_default();
    for piece in pieces(arguments, 1) {
        events.push(json!({
            "type": "response.function_call_arguments.delta",
            "item_id": id, "output_index": index, "delta": piece
        }));
    }
    events.push(json!({
        "type": "response.function_call_arguments.done",
        "item_id": id, "output_index": index, "name": item["name"], "arguments": arguments
    }));
    events.push(json!({
        "type": "response.output_item.done", "output_index": index, "item": item
    }));
}
