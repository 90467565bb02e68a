//! Anthropic: which resource answers, and how errors look.

mod batches;
mod messages;

use http::StatusCode;
use serde_json::{Value, json};

use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::{Call, no_such_path};

pub(crate) use messages::{Naming, ask, event_values, message};

/// Answers a request under `/v1`; `segments` is the path after it.
pub(crate) fn reply(call: &Call<'_>, segments: &[&str]) -> Reply {
    let reply = match (call.method.as_str(), segments) {
        ("POST", ["messages"]) => messages::reply(call),
        ("POST", ["messages", "count_tokens"]) => messages::count(call),
        (_, ["messages", "batches", rest @ ..]) => batches::reply(call, rest),
        ("GET", ["models"]) => {
            let models = ["demo-model", "demo-echo", "demo-slow"].map(model);
            Reply::ok(&json!({
                "data": models, "first_id": "demo-model", "last_id": "demo-slow", "has_more": false
            }))
        }
        ("GET", ["models", id]) => Reply::ok(&model(id)),
        _ => no_such_path(),
    };
    reply
        .with("request-id", request_id(call))
        .with(
            "anthropic-organization-id",
            "00000000-0000-4000-8000-000000000000",
        )
        .with("anthropic-ratelimit-requests-remaining", "3999")
}

fn model(id: &str) -> Value {
    json!({
        "type": "model", "id": id, "display_name": id, "created_at": "2026-09-01T00:00:00Z"
    })
}

fn request_id(call: &Call<'_>) -> String {
    format!("req_{}", call.request_id.replace('-', ""))
}

/// `{"type":"error",…}` with the status and the words Anthropic uses.
pub(crate) fn error(call: &Call<'_>, fault: Fault, message: &str) -> Reply {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut body = error_body(fault, message);
    body["request_id"] = json!(request_id(call));
    let reply = Reply::json(status, &body);
    match fault {
        Fault::Throttle => reply.with("retry-after", "1"),
        _ => reply,
    }
}

fn error_body(fault: Fault, message: &str) -> Value {
    let kind = match fault.status() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}})
}
