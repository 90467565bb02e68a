//! Ollama: chat and generate, streamed as JSON lines unless the request says no.

use bytes::Bytes;
use serde_json::{Value, json};

use super::plain_error;
use crate::answer::{Answer, Stop};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::{Ending, Fault};
use crate::reply::Reply;
use crate::routes::Call;

const CREATED: &str = "2026-09-21T12:00:00.000000Z";

/// Where the text stands in a line.
type Said = fn(&str) -> (&'static str, Value);

pub(super) fn chat(call: &Call<'_>) -> Reply {
    let body = call.json();
    let prompt = last_user_text(&body["messages"]);
    reply(call, &body, prompt, |text| {
        ("message", json!({"role": "assistant", "content": text}))
    })
}

pub(super) fn generate(call: &Call<'_>) -> Reply {
    let body = call.json();
    let prompt = body["prompt"].as_str().unwrap_or_default().to_owned();
    reply(call, &body, prompt, |text| ("response", json!(text)))
}

pub(super) fn tags() -> Reply {
    let models = ["demo-model", "demo-echo"]
        .map(|name| json!({"name": name, "model": name, "modified_at": CREATED, "size": 0}));
    Reply::ok(&json!({"models": models}))
}

fn error(_: &Call<'_>, fault: Fault, message: &str) -> Reply {
    plain_error(fault, "error", message)
}

fn reply(call: &Call<'_>, body: &Value, prompt: String, said: Said) -> Reply {
    let model = body["model"].as_str().unwrap_or_default();
    let ask = Ask::new(model, call.body, prompt)
        .streaming(body["stream"] != false)
        .limited(&body["options"]["num_predict"]);
    call.respond(&ask, error, |answer| {
        if !ask.streams {
            return Reply::ok(&last(model, answer, &answer.text, said));
        }
        let mut lines: Vec<_> = answer
            .pieces()
            .into_iter()
            .map(|piece| line(model, piece, said))
            .collect();
        if ask.behaviour.ending == Ending::Error {
            lines.truncate(lines.len() / 2);
            lines.push(json!({"error": "the model runner stopped"}));
        } else {
            lines.push(last(model, answer, "", said));
        }
        let chunks = lines.iter().map(|line| Bytes::from(format!("{line}\n")));
        Reply::stream("application/x-ndjson", chunks.collect())
    })
}

fn line(model: &str, text: &str, said: Said) -> Value {
    let (member, value) = said(text);
    json!({"model": model, "created_at": CREATED, member: value, "done": false})
}

fn last(model: &str, answer: &Answer, text: &str, said: Said) -> Value {
    let reason = match answer.stop {
        Stop::Limit => "length",
        _ => "stop",
    };
    let mut last = line(model, text, said);
    last["done"] = json!(true);
    last["done_reason"] = json!(reason);
    last["total_duration"] = json!(answer.latency_ms() * 1_000_000);
    last["load_duration"] = json!(12_000_000);
    last["prompt_eval_count"] = json!(answer.tokens.input);
    last["prompt_eval_duration"] = json!(40_000_000);
    last["eval_count"] = json!(answer.tokens.output);
    last["eval_duration"] = json!(answer.latency_ms() * 900_000);
    last
}
