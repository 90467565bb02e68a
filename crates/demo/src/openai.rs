//! `OpenAI`: which resource answers, and how errors look.

mod chat;
mod completions;
mod embeddings;
mod files;
mod media;
mod responses;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Tokens;
use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::{Call, no_such_path};

pub(crate) use chat::{chunk_values, completion};
pub(crate) use embeddings::vector;

/// Answers a request under `/v1`; `segments` is the path after it.
pub(crate) fn reply(call: &Call<'_>, segments: &[&str]) -> Reply {
    let reply = match (call.method.as_str(), segments) {
        ("POST", ["chat", "completions"]) => chat::reply(call),
        ("POST", ["responses"]) => responses::reply(call),
        ("POST", ["completions"]) => completions::reply(call),
        ("POST", ["embeddings"]) => embeddings::reply(call),
        ("POST", ["images", "generations"]) => media::images(call),
        ("POST", ["audio", "speech"]) => media::speech(call),
        ("POST", ["audio", "transcriptions"]) => media::transcription(call),
        ("POST", ["moderations"]) => media::moderation(call),
        (_, ["models", rest @ ..]) => files::models(call, rest),
        (_, ["files", rest @ ..]) => files::files(call, rest),
        (_, ["batches", rest @ ..]) => files::batches(call, rest),
        _ => no_such_path(),
    };
    reply
        .with(
            "x-request-id",
            format!("req_{}", call.request_id.replace('-', "")),
        )
        .with("openai-processing-ms", "42")
        .with("openai-version", "2020-10-01")
        .with("x-ratelimit-remaining-requests", "9999")
}

/// `{"error":{…}}` with the status and the words `OpenAI` uses.
pub(crate) fn error(_: &Call<'_>, fault: Fault, message: &str) -> Reply {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let reply = Reply::json(status, &error_body(fault, message));
    match fault {
        Fault::Throttle => reply.with("retry-after", "1"),
        _ => reply,
    }
}

fn error_body(fault: Fault, message: &str) -> Value {
    let (kind, code) = match fault.status() {
        429 => ("requests", json!("rate_limit_exceeded")),
        401 => ("invalid_request_error", json!("invalid_api_key")),
        400..=499 => ("invalid_request_error", Value::Null),
        _ => ("server_error", Value::Null),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// The `usage` of chat completions and its older sibling: cached tokens are inside `prompt_tokens`.
fn usage(tokens: &Tokens) -> Value {
    let prompt = tokens.input + tokens.cache_read + tokens.cache_write;
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": tokens.output,
        "total_tokens": prompt + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.thinking,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    })
}
