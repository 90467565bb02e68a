//! APIs that Corelog has no dialect of its own for: Ollama, Cohere, Gemini.

mod cohere;
mod gemini;
mod ollama;

use http::StatusCode;
use serde_json::json;

use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::{Call, no_such_path};

/// Answers a request; `segments` is the whole path, decoded.
pub(crate) fn reply(call: &Call<'_>, segments: &[&str]) -> Reply {
    match (call.method.as_str(), segments) {
        ("POST", ["api", "chat"]) => ollama::chat(call),
        ("POST", ["api", "generate"]) => ollama::generate(call),
        ("GET", ["api", "tags"]) => ollama::tags(),
        ("POST", ["v2", "chat"]) => cohere::chat(call),
        ("POST", ["v1beta", "models", action]) => gemini::reply(call, action),
        _ => no_such_path(),
    }
}

/// `{"error":"…"}` or `{"message":"…"}`, as the simpler APIs say it.
fn plain_error(fault: Fault, member: &str, message: &str) -> Reply {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Reply::json(status, &json!({member: message}))
}
