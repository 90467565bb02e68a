//! `Converse` and `ConverseStream`, and the counting of tokens.

use bytes::Bytes;
use serde_json::{Value, json};

use super::frames::{self, event, exception};
use super::{error, guardrail};
use crate::answer::{Answer, Stop, pieces};
use crate::ask::{Ask, last_user_text};
use crate::behaviour::Ending;
use crate::reply::Reply;
use crate::routes::Call;

pub(super) fn whole(call: &Call<'_>, model: &str) -> Reply {
    let ask = ask(call, model);
    call.respond(&ask, error, |answer| {
        let mut body = json!({
            "metrics": {"latencyMs": answer.latency_ms()},
            "output": {"message": {"content": blocks(answer), "role": "assistant"}},
            "stopReason": stop_reason(answer),
            "usage": usage(model, answer)
        });
        if answer.stop == Stop::Guardrail {
            body["trace"] = json!({"guardrail": guardrail::trace()});
        }
        Reply::ok(&body)
    })
}

pub(super) fn stream(call: &Call<'_>, model: &str) -> Reply {
    let ask = ask(call, model).streaming(true);
    call.respond(&ask, error, |answer| {
        let mut events = events(model, answer);
        let failed = ask.behaviour.ending == Ending::Error;
        if failed {
            events.truncate(events.len() / 2);
        }
        let framed = events
            .into_iter()
            .zip(0_u64..)
            .map(|((name, payload), number)| {
                event(name, payload, answer.seed.wrapping_add(number))
            });
        let mut chunks: Vec<Bytes> = framed.collect();
        if failed {
            chunks.push(stream_error());
        }
        Reply::stream(frames::CONTENT_TYPE, chunks)
    })
}

/// What a stream ends with when the model fails in the middle.
pub(super) fn stream_error() -> Bytes {
    let message = "The model stopped in the middle of its answer.";
    exception(
        "modelStreamErrorException",
        &json!({"message": message, "originalMessage": message, "originalStatusCode": 500}),
    )
}

pub(super) fn count_tokens(call: &Call<'_>, model: &str) -> Reply {
    let ask = Ask::new(model, call.body, String::new());
    call.respond(&ask, error, |_| {
        Reply::ok(&json!({"inputTokens": (call.body.len() as u64).div_ceil(4)}))
    })
}

fn ask(call: &Call<'_>, model: &str) -> Ask {
    let body = call.json();
    let messages = &body["messages"];
    let more = &body["additionalModelRequestFields"];
    let thinking = ["thinking", "reasoning_config"]
        .iter()
        .any(|member| more[member]["type"] == "enabled");
    Ask::new(model, call.body, last_user_text(messages))
        .with_tools(
            &body["toolConfig"]["tools"],
            &["inputSchema", "json"],
            messages,
        )
        .thinking(thinking)
        .limited(&body["inferenceConfig"]["maxTokens"])
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Tool => "tool_use",
        Stop::Guardrail => "guardrail_intervened",
    }
}

fn usage(model: &str, answer: &Answer) -> Value {
    let tokens = &answer.tokens;
    let total = tokens.input + tokens.cache_read + tokens.cache_write + tokens.output;
    let mut usage = json!({
        "inputTokens": tokens.input, "outputTokens": tokens.output, "totalTokens": total
    });
    // Only models that can cache say that they did not.
    if (model.contains("anthropic") || model.contains("nova")) && answer.stop != Stop::Guardrail {
        usage["cacheReadInputTokens"] = json!(tokens.cache_read);
        usage["cacheWriteInputTokens"] = json!(tokens.cache_write);
    }
    usage
}

fn signature(answer: &Answer) -> String {
    answer.id(4) + &answer.id(5)
}

fn tool_use_id(answer: &Answer) -> String {
    format!("tooluse_{}", answer.id(3))
}

fn blocks(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(thinking) = answer.thinking {
        let text = json!({"text": thinking, "signature": signature(answer)});
        blocks.push(json!({"reasoningContent": {"reasoningText": text}}));
    }
    blocks.push(json!({"text": answer.text}));
    if let Some(tool) = &answer.tool {
        blocks.push(json!({"toolUse": {
            "toolUseId": tool_use_id(answer), "name": tool.name, "input": tool.arguments
        }}));
    }
    blocks
}

fn events(model: &str, answer: &Answer) -> Vec<(&'static str, Value)> {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    let mut index = 0_u32;
    let delta = |index: u32, delta: Value| {
        let payload = json!({"contentBlockIndex": index, "delta": delta});
        ("contentBlockDelta", payload)
    };
    let stop = |index: u32| ("contentBlockStop", json!({"contentBlockIndex": index}));
    if let Some(thinking) = answer.thinking {
        for piece in pieces(thinking, 4) {
            events.push(delta(index, json!({"reasoningContent": {"text": piece}})));
        }
        let signature = json!({"reasoningContent": {"signature": signature(answer)}});
        events.push(delta(index, signature));
        events.push(stop(index));
        index += 1;
    }
    for piece in answer.pieces() {
        events.push(delta(index, json!({"text": piece})));
    }
    events.push(stop(index));
    if let Some(tool) = &answer.tool {
        index += 1;
        let start = json!({"toolUse": {"name": tool.name, "toolUseId": tool_use_id(answer)}});
        let payload = json!({"contentBlockIndex": index, "start": start});
        events.push(("contentBlockStart", payload));
        let input = tool.arguments.to_string();
        for piece in pieces(&input, 1) {
            events.push(delta(index, json!({"toolUse": {"input": piece}})));
        }
        events.push(stop(index));
    }
    events.push(("messageStop", json!({"stopReason": stop_reason(answer)})));
    let mut metadata = json!({
        "metrics": {"latencyMs": answer.latency_ms()}, "usage": usage(model, answer)
    });
    if answer.stop == Stop::Guardrail {
        metadata["trace"] = json!({"guardrail": guardrail::trace()});
    }
    events.push(("metadata", metadata));
    events
}
