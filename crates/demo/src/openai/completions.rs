//! The older text completions, whole and streamed.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{error, usage};
use crate::answer::{Answer, Stop};
use crate::ask::Ask;
use crate::behaviour::Fault;
use crate::reply::{EVENT_STREAM, Reply, sse};
use crate::routes::Call;

pub(super) fn reply(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["model"].as_str() else {
        return error(
            call,
            Fault::Validation,
            "you must provide a model parameter",
        );
    };
    let prompt = body["prompt"]
        .as_str()
        .or_else(|| body["prompt"][0].as_str());
    let ask = Ask::new(model, call.body, prompt.unwrap_or_default().to_owned())
        .streaming(body["stream"] == true)
        .limited(&body["max_tokens"]);
    call.respond(&ask, error, |answer| {
        if !ask.streams {
            let mut whole = envelope(model, answer, &answer.text, &finish_reason(answer));
            whole["usage"] = usage(&answer.tokens);
            return Reply::ok(&whole);
        }
        let mut chunks = Vec::new();
        for piece in answer.pieces() {
            chunks.push(sse(&envelope(model, answer, piece, &Value::Null)));
        }
        chunks.push(sse(&envelope(model, answer, "", &finish_reason(answer))));
        if body["stream_options"]["include_usage"] == true {
            let mut last = envelope(model, answer, "", &Value::Null);
            last["choices"] = json!([]);
            last["usage"] = usage(&answer.tokens);
            chunks.push(sse(&last));
        }
        chunks.push(Bytes::from_static(b"data: [DONE]\n\n"));
        Reply::stream(EVENT_STREAM, chunks)
    })
}

fn finish_reason(answer: &Answer) -> Value {
    json!(match answer.stop {
        Stop::Limit => "length",
        Stop::Guardrail => "content_filter",
        Stop::End | Stop::Tool => "stop",
    })
}

fn envelope(model: &str, answer: &Answer, text: &str, finish: &Value) -> Value {
    json!({
        "id": format!("cmpl-{}", answer.id(0)),
        "object": "text_completion",
        "created": answer.created(),
        "model": model,
        "choices": [{"text": text, "index": 0, "logprobs": null, "finish_reason": finish}]
    })
}
