//! Embeddings, as numbers or as base64 of little-endian floats.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::error;
use crate::answer;
use crate::ask::{Ask, seed};
use crate::behaviour::Fault;
use crate::corpus::mix;
use crate::reply::Reply;
use crate::routes::Call;

const DIMENSIONS: u64 = 256;
const DIMENSIONS_MAX: u64 = 3_072;

pub(super) fn reply(call: &Call<'_>) -> Reply {
    let body = call.json();
    let Some(model) = body["model"].as_str() else {
        return error(
            call,
            Fault::Validation,
            "you must provide a model parameter",
        );
    };
    let ask = Ask::new(model, call.body, String::new());
    call.respond(&ask, error, |_| {
        let inputs = texts(&body["input"]);
        let dimensions = body["dimensions"].as_u64().unwrap_or(DIMENSIONS);
        let as_base64 = body["encoding_format"] == "base64";
        let data: Vec<_> = inputs
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let vector = vector(text, dimensions);
                let embedding = if as_base64 {
                    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                    json!(STANDARD.encode(bytes))
                } else {
                    json!(vector)
                };
                json!({"object": "embedding", "index": index, "embedding": embedding})
            })
            .collect();
        let tokens: u64 = inputs.iter().map(|text| answer::count(text).max(1)).sum();
        Reply::ok(&json!({
            "object": "list",
            "data": data,
            "model": model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens}
        }))
    })
}

fn texts(input: &Value) -> Vec<String> {
    match input {
        Value::Array(inputs) if inputs.iter().any(|i| i.is_string() || i.is_array()) => {
            inputs.iter().flat_map(texts).collect()
        }
        Value::String(text) => vec![text.clone()],
        tokens => vec![tokens.to_string()],
    }
}

/// A vector of length 1 that the text decides.
pub(crate) fn vector(text: &str, dimensions: u64) -> Vec<f32> {
    let start = seed(b"embedding", text.as_bytes());
    let raw: Vec<f32> = (0..dimensions.clamp(1, DIMENSIONS_MAX))
        .map(|n| {
            let sixteen = u16::try_from(mix(start.wrapping_add(n)) >> 48).unwrap_or(0);
            f32::from(sixteen) / f32::from(u16::MAX) - 0.5
        })
        .collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
    raw.iter().map(|x| x / length.max(f32::EPSILON)).collect()
}
