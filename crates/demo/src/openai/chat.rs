//! Chat completions, whole and streamed, with tools and several choices.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{error, error_body, usage};
use crate::answer::{Answer, Call as ToolCall, Stop, Tokens, pieces};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::{Ending, Fault};
use crate::reply::{EVENT_STREAM, Reply, sse};
use crate::routes::Call;

const CHOICES_MAX: u64 = 8;

pub(super) fn reply(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["model"].as_str() else {
        return error(
            call,
            Fault::Validation,
            "you must provide a model parameter",
        );
    };
    let messages = &body["messages"];
    let limit = body
        .get("max_completion_tokens")
        .unwrap_or(&body["max_tokens"]);
    let ask = Ask::new(model, call.body, last_user_text(messages))
        .with_tools(&body["tools"], &["parameters"], messages)
        .streaming(body["stream"] == true)
        .thinking(body["reasoning_effort"].is_string())
        .limited(limit);
    call.respond(&ask, error, |first| {
        let answers = choices(call, &ask, &body, first);
        if ask.streams {
            let with_usage = body["stream_options"]["include_usage"] == true;
            stream(&ask, &answers, with_usage)
        } else {
            Reply::ok(&completion(&ask.model, &answers))
        }
    })
}

/// As many answers as `n` asks for, each with a seed of its own.
fn choices(call: &Call<'_>, ask: &Ask, body: &Value, first: &Answer) -> Vec<Answer> {
    let n = body["n"].as_u64().unwrap_or(1).clamp(1, CHOICES_MAX);
    let mut answers = vec![first.clone()];
    for choice in 1..n {
        let seed = ask.seed.wrapping_add(choice);
        let next = Ask {
            seed,
            ..ask.clone()
        };
        answers.extend(Answer::to(&next, call.script));
    }
    answers
}

fn sum(answers: &[Answer]) -> Tokens {
    let mut tokens = answers.first().map(|a| a.tokens).unwrap_or_default();
    tokens.output = answers.iter().map(|answer| answer.tokens.output).sum();
    tokens.thinking = answers.iter().map(|answer| answer.tokens.thinking).sum();
    tokens
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::End => "stop",
        Stop::Limit => "length",
        Stop::Tool => "tool_calls",
        Stop::Guardrail => "content_filter",
    }
}

fn tool_id(answer: &Answer) -> String {
    format!("call_{}", answer.id(7))
}

fn tool_call(answer: &Answer, tool: &ToolCall) -> Value {
    json!({
        "id": tool_id(answer),
        "type": "function",
        "function": {"name": tool.name, "arguments": tool.arguments.to_string()}
    })
}

/// A whole `chat.completion` object.
pub(crate) fn completion(model: &str, answers: &[Answer]) -> Value {
    let choices: Vec<_> = answers
        .iter()
        .enumerate()
        .map(|(index, answer)| {
            let mut message = json!({
                "role": "assistant", "content": answer.text, "refusal": null, "annotations": []
            });
            if let Some(tool) = &answer.tool {
                message["tool_calls"] = json!([tool_call(answer, tool)]);
            }
            json!({
                "index": index,
                "message": message,
                "logprobs": null,
                "finish_reason": finish_reason(answer)
            })
        })
        .collect();
    let mut completion = envelope(model, answers, "chat.completion");
    completion["choices"] = json!(choices);
    completion["usage"] = usage(&sum(answers));
    completion
}

fn envelope(model: &str, answers: &[Answer], object: &str) -> Value {
    let first = answers.first();
    json!({
        "id": format!("chatcmpl-{}", first.map(|a| a.id(0)).unwrap_or_default()),
        "object": object,
        "created": first.map(Answer::created),
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_demo",
        "choices": []
    })
}

/// The `chat.completion.chunk` objects of a stream, the one with the usage last if it is asked for.
pub(crate) fn chunk_values(model: &str, answers: &[Answer], with_usage: bool) -> Vec<Value> {
    let mut envelope = envelope(model, answers, "chat.completion.chunk");
    if with_usage {
        envelope["usage"] = Value::Null;
    }
    let chunk = |index: usize, delta: Value, finish: Value| {
        let mut chunk = envelope.clone();
        chunk["choices"] = json!([{
            "index": index, "delta": delta, "logprobs": null, "finish_reason": finish
        }]);
        chunk
    };
    let mut chunks = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let opening = json!({"role": "assistant", "content": "", "refusal": null});
        chunks.push(chunk(index, opening, Value::Null));
        for piece in answer.pieces() {
            chunks.push(chunk(index, json!({"content": piece}), Value::Null));
        }
        for delta in tool_deltas(answer) {
            chunks.push(chunk(index, json!({"tool_calls": [delta]}), Value::Null));
        }
        chunks.push(chunk(index, json!({}), json!(finish_reason(answer))));
    }
    if with_usage {
        let mut last = envelope;
        last["usage"] = usage(&sum(answers));
        chunks.push(last);
    }
    chunks
}

fn tool_deltas(answer: &Answer) -> Vec<Value> {
    let Some(tool) = &answer.tool else {
        return Vec::new();
    };
    let mut opening = tool_call(answer, tool);
    opening["index"] = json!(0);
    opening["function"]["arguments"] = json!("");
    let arguments = tool.arguments.to_string();
    let rest = pieces(&arguments, 1)
        .into_iter()
        .map(|piece| json!({"index": 0, "function": {"arguments": piece}}));
    std::iter::once(opening).chain(rest).collect()
}

fn stream(ask: &Ask, answers: &[Answer], with_usage: bool) -> Reply {
    let values = chunk_values(&ask.model, answers, with_usage);
    let mut chunks: Vec<_> = values.iter().map(sse).collect();
    if ask.behaviour.ending == Ending::Error {
        chunks.truncate(chunks.len() / 2);
        let message = "The server had an error while processing your request.";
        chunks.push(sse(&error_body(Fault::Status(500), message)));
    } else {
        chunks.push(Bytes::from_static(b"data: [DONE]\n\n"));
    }
    Reply::stream(EVENT_STREAM, chunks)
}
