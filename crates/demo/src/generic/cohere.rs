//! Cohere's chat, version 2.

use serde_json::{Value, json};

use super::plain_error;
use crate::answer::{Answer, Stop};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::Fault;
use crate::reply::{EVENT_STREAM, Reply, named_sse};
use crate::routes::Call;

pub(super) fn chat(call: &Call<'_>) -> Reply {
    let body = call.json();
    let model = body["model"].as_str().unwrap_or_default();
    let ask = Ask::new(model, call.body, last_user_text(&body["messages"]))
        .streaming(body["stream"] == true)
        .limited(&body["max_tokens"]);
    call.respond(&ask, error, |answer| {
        if ask.streams {
            return Reply::stream(EVENT_STREAM, events(answer).iter().map(named_sse).collect());
        }
        Reply::ok(&json!({
            "id": answer.id(0),
            "message": {
                "role": "assistant", "content": [{"type": "text", "text": answer.text}]
            },
            "finish_reason": finish_reason(answer),
            "usage": usage(answer)
        }))
    })
}

fn error(_: &Call<'_>, fault: Fault, message: &str) -> Reply {
    plain_error(fault, "message", message)
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::Limit => "MAX_TOKENS",
        Stop::Guardrail => "ERROR",
        Stop::End | Stop::Tool => "COMPLETE",
    }
}

fn usage(answer: &Answer) -> Value {
    let tokens = json!({
        "input_tokens": answer.tokens.input, "output_tokens": answer.tokens.output
    });
    json!({"billed_units": tokens, "tokens": tokens, "cached_tokens": answer.tokens.cache_read})
}

fn events(answer: &Answer) -> Vec<Value> {
    let opening = json!({
        "message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    });
    let mut events = vec![
        json!({"type": "message-start", "id": answer.id(0), "delta": opening}),
        json!({
            "type": "content-start", "index": 0,
            "delta": {"message": {"content": {"type": "text", "text": ""}}}
        }),
    ];
    for piece in answer.pieces() {
        events.push(json!({
            "type": "content-delta", "index": 0,
            "delta": {"message": {"content": {"text": piece}}}
        }));
    }
    events.push(json!({"type": "content-end", "index": 0}));
    let delta = json!({"finish_reason": finish_reason(answer), "usage": usage(answer)});
    events.push(json!({"type": "message-end", "delta": delta}));
    events
}
