//! `InvokeModel` and `InvokeModelWithResponseStream`: native bodies with Bedrock's headers around them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::families::Family;
use super::{converse, error, frames, guardrail};
use crate::answer::{Answer, Stop};
use crate::behaviour::{Ending, Fault};
use crate::reply::Reply;
use crate::routes::Call;

pub(super) fn whole(call: &Call<'_>, model: &str) -> Reply {
    let family = Family::of(model);
    let request = call.json();
    if request.is_null() {
        return error(
            call,
            Fault::Validation,
            "Malformed input request: not a JSON object.",
        );
    }
    let ask = family.ask(model, &request, call.body);
    call.respond(&ask, error, |answer| {
        let mut body = family.body(model, &request, answer);
        let reply = if answer.stop == Stop::Guardrail {
            guardrail::mark(&mut body);
            Reply::ok(&body)
        } else {
            counted(Reply::ok(&body), family, answer)
        };
        reply.with(
            "x-amzn-bedrock-invocation-latency",
            answer.latency_ms().to_string(),
        )
    })
}

/// The token counts as headers; the input's is without the cached ones.
fn counted(mut reply: Reply, family: Family, answer: &Answer) -> Reply {
    let tokens = &answer.tokens;
    if family.counts_input() {
        reply = reply.with("x-amzn-bedrock-input-token-count", tokens.input.to_string());
    }
    if family.streams() {
        reply = reply.with(
            "x-amzn-bedrock-output-token-count",
            tokens.output.to_string(),
        );
    }
    if family.caches() {
        let (read, write) = (
            tokens.cache_read.to_string(),
            tokens.cache_write.to_string(),
        );
        reply = reply
            .with("x-amzn-bedrock-cache-read-input-token-count", read)
            .with("x-amzn-bedrock-cache-write-input-token-count", write);
    }
    reply
}

pub(super) fn stream(call: &Call<'_>, model: &str) -> Reply {
    let family = Family::of(model);
    let request = call.json();
    if request.is_null() || !family.streams() {
        return error(
            call,
            Fault::Validation,
            "The model is unsupported for streaming.",
        );
    }
    let ask = family.ask(model, &request, call.body).streaming(true);
    call.respond(&ask, error, |answer| {
        let mut parts = family.parts(model, answer);
        if let Some(last) = parts.last_mut() {
            last["amazon-bedrock-invocationMetrics"] = metrics(family, answer);
            if answer.stop == Stop::Guardrail {
                guardrail::mark(last);
            }
        }
        let failed = ask.behaviour.ending == Ending::Error;
        if failed {
            parts.truncate(parts.len() / 2);
        }
        let framed = parts.iter().zip(0_u64..).map(|(part, number)| {
            let payload = json!({"bytes": STANDARD.encode(part.to_string())});
            frames::event("chunk", payload, answer.seed.wrapping_add(number))
        });
        let mut chunks: Vec<_> = framed.collect();
        if failed {
            chunks.push(converse::stream_error());
        }
        Reply::stream(frames::CONTENT_TYPE, chunks)
            .with("x-amzn-bedrock-content-type", "application/json")
    })
}

fn metrics(family: Family, answer: &Answer) -> Value {
    let tokens = &answer.tokens;
    let mut metrics = json!({
        "inputTokenCount": tokens.input,
        "outputTokenCount": tokens.output,
        "invocationLatency": answer.latency_ms(),
        "firstByteLatency": answer.latency_ms() / 3
    });
    if family.caches() {
        metrics["cacheReadInputTokenCount"] = json!(tokens.cache_read);
        metrics["cacheWriteInputTokenCount"] = json!(tokens.cache_write);
    }
    metrics
}
