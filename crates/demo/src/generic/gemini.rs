//! Gemini: generateContent, and its streams as an array or as server-sent events.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Stop, count};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::Fault;
use crate::reply::{EVENT_STREAM, Reply};
use crate::routes::Call;

/// Answers `models/{model}:{method}`.
pub(super) fn reply(call: &Call<'_>, action: &str) -> Reply {
    let Some((model, method)) = action.rsplit_once(':') else {
        return error(call, Fault::Status(404), "no method is named");
    };
    let body = call.json();
    let ask = Ask::new(model, call.body, last_user_text(&body["contents"]))
        .streaming(method == "streamGenerateContent")
        .limited(&body["generationConfig"]["maxOutputTokens"]);
    call.respond(&ask, error, |answer| match method {
        "generateContent" => Reply::ok(&part(model, answer, &answer.text, true)),
        "streamGenerateContent" => stream(call, model, answer),
        "countTokens" => {
            let tokens = answer.tokens.input + answer.tokens.cache_read;
            Reply::ok(&json!({"totalTokens": tokens}))
        }
        _ => error(call, Fault::Status(404), "no such method"),
    })
}

fn error(_: &Call<'_>, fault: Fault, message: &str) -> Reply {
    let code = fault.status();
    let status = match code {
        400 => "INVALID_ARGUMENT",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    let body = json!({"error": {"code": code, "message": message, "status": status}});
    Reply::json(
        StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST),
        &body,
    )
}

/// One response object; the last of a stream says why it stops. Counts grow from part to part.
fn part(model: &str, answer: &Answer, text: &str, last: bool) -> Value {
    let mut candidate = json!({
        "content": {"parts": [{"text": text}], "role": "model"}, "index": 0
    });
    let output = if last {
        answer.tokens.output
    } else {
        count(text)
    };
    if last {
        candidate["finishReason"] = json!(match answer.stop {
            Stop::Limit => "MAX_TOKENS",
            Stop::Guardrail => "SAFETY",
            Stop::End | Stop::Tool => "STOP",
        });
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": answer.tokens.input,
            "candidatesTokenCount": output,
            "totalTokenCount": answer.tokens.input + output
        },
        "modelVersion": model,
        "responseId": answer.id(0)
    })
}

fn stream(call: &Call<'_>, model: &str, answer: &Answer) -> Reply {
    let mut pieces = answer.pieces();
    if pieces.is_empty() {
        pieces.push("");
    }
    let last = pieces.len() - 1;
    let parts = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| part(model, answer, piece, index == last));
    if call.query.split('&').any(|pair| pair == "alt=sse") {
        // Gemini ends its events with carriage returns, unlike the others.
        let chunks = parts.map(|part| Bytes::from(format!("data: {part}\r\n\r\n")));
        return Reply::stream(EVENT_STREAM, chunks.collect());
    }
    let mut chunks: Vec<Bytes> = Vec::new();
    for part in parts {
        let before = if chunks.is_empty() { "[" } else { ",\r\n" };
        chunks.push(format!("{before}{part}").into());
    }
    chunks.push(Bytes::from_static(b"\n]"));
    Reply::stream("application/json; charset=UTF-8", chunks)
}
