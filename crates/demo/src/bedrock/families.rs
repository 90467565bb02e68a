//! The native bodies of the model families.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use serde_json::{Value, json};

use crate::answer::{Answer, Stop, count};
use crate::ask::{Ask, last_user_text};
use crate::picture::png;
use crate::{anthropic, openai};

/// Who made the model, as far as its bodies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Anthropic,
    Nova,
    Titan,
    TitanEmbed,
    Llama,
    Mistral,
    Cohere,
    CohereEmbed,
    OpenAi,
    Image,
}

/// The first word found in the model's id decides; the more special ones come first.
const WORDS: [(&str, Family); 12] = [
    ("nova-canvas", Family::Image),
    ("titan-image", Family::Image),
    ("titan-embed", Family::TitanEmbed),
    ("cohere.embed", Family::CohereEmbed),
    ("anthropic", Family::Anthropic),
    ("nova", Family::Nova),
    ("titan", Family::Titan),
    ("llama", Family::Llama),
    ("meta", Family::Llama),
    ("mistral", Family::Mistral),
    ("cohere", Family::Cohere),
    ("openai", Family::OpenAi),
];

impl Family {
    /// The family of a model id or ARN; Anthropic where nothing in it says.
    pub(super) fn of(model: &str) -> Self {
        WORDS
            .into_iter()
            .find(|(word, _)| model.contains(word))
            .map_or(Self::Anthropic, |(_, family)| family)
    }

    /// Whether its models can stream.
    pub(super) fn streams(self) -> bool {
        !matches!(self, Self::TitanEmbed | Self::CohereEmbed | Self::Image)
    }

    /// Whether the service counts its input.
    pub(super) fn counts_input(self) -> bool {
        self != Self::Image
    }

    /// Whether its models can cache prompts.
    pub(super) fn caches(self) -> bool {
        matches!(self, Self::Anthropic | Self::Nova)
    }

    /// What a native body asks for.
    pub(super) fn ask(self, model: &str, request: &Value, bytes: &[u8]) -> Ask {
        let text = |member: &str| request[member].as_str().unwrap_or_default().to_owned();
        let (prompt, limit) = match self {
            Self::Anthropic => return anthropic::ask(model, request, bytes),
            Self::Nova => {
                let limit = &request["inferenceConfig"]["maxTokens"];
                (last_user_text(&request["messages"]), limit)
            }
            Self::Titan => {
                let limit = &request["textGenerationConfig"]["maxTokenCount"];
                (text("inputText"), limit)
            }
            Self::Llama => (text("prompt"), &request["max_gen_len"]),
            Self::Mistral => (text("prompt"), &request["max_tokens"]),
            Self::Cohere => (text("message"), &request["max_tokens"]),
            Self::OpenAi => {
                let limit = &request["max_completion_tokens"];
                (last_user_text(&request["messages"]), limit)
            }
            Self::TitanEmbed => (text("inputText"), &Value::Null),
            Self::CohereEmbed | Self::Image => (String::new(), &Value::Null),
        };
        Ask::new(model, bytes, prompt).limited(limit)
    }

    /// A whole answer.
    pub(super) fn body(self, model: &str, request: &Value, answer: &Answer) -> Value {
        let tokens = &answer.tokens;
        match self {
            Self::Anthropic => anthropic::message(naming(model), answer),
            Self::Nova => json!({
                "output": {"message": {"content": [{"text": answer.text}], "role": "assistant"}},
                "stopReason": nova_stop(answer),
                "usage": nova_usage(answer)
            }),
            Self::Titan => json!({
                "inputTextTokenCount": tokens.input,
                "results": [{
                    "tokenCount": tokens.output,
                    "outputText": answer.text,
                    "completionReason": titan_stop(answer)
                }]
            }),
            Self::Llama => json!({
                "generation": answer.text,
                "prompt_token_count": tokens.input,
                "generation_token_count": tokens.output,
                "stop_reason": stop_or_length(answer)
            }),
            Self::Mistral => json!({
                "outputs": [{"text": answer.text, "stop_reason": stop_or_length(answer)}]
            }),
            Self::Cohere => cohere_body(answer),
            Self::OpenAi => openai::completion(model, std::slice::from_ref(answer)),
            Self::TitanEmbed => titan_embedding(request),
            Self::CohereEmbed => cohere_embeddings(request, answer),
            Self::Image => image(request, answer),
        }
    }

    /// The parts of a streamed answer, metrics aside.
    pub(super) fn parts(self, model: &str, answer: &Answer) -> Vec<Value> {
        match self {
            Self::Anthropic => anthropic::event_values(naming(model), answer),
            Self::Nova => nova_parts(answer),
            Self::Titan => titan_parts(answer),
            Self::Llama => llama_parts(answer),
            Self::Mistral => mistral_parts(answer),
            Self::Cohere => cohere_parts(answer),
            Self::OpenAi => openai::chunk_values(model, std::slice::from_ref(answer), true),
            Self::TitanEmbed | Self::CohereEmbed | Self::Image => Vec::new(),
        }
    }
}

/// Bedrock's Claude leaves out who serves it, and marks its ids.
fn naming(model: &str) -> anthropic::Naming<'_> {
    let name = model
        .rsplit_once("anthropic.")
        .map_or(model, |(_, name)| name);
    anthropic::Naming {
        model: name.split_once("-v1:").map_or(name, |(name, _)| name),
        id_prefix: "msg_bdrk_",
    }
}

fn nova_stop(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::Limit => "max_tokens",
        Stop::Guardrail => "guardrail_intervened",
        Stop::End | Stop::Tool => "end_turn",
    }
}

/// Nova's own spelling of the cache counts ends in `TokenCount`, unlike Converse's.
fn nova_usage(answer: &Answer) -> Value {
    let tokens = &answer.tokens;
    json!({
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.cache_read + tokens.cache_write + tokens.output,
        "cacheReadInputTokenCount": tokens.cache_read,
        "cacheWriteInputTokenCount": tokens.cache_write
    })
}

fn nova_parts(answer: &Answer) -> Vec<Value> {
    let mut parts = vec![json!({"messageStart": {"role": "assistant"}})];
    for piece in answer.pieces() {
        let delta = json!({"delta": {"text": piece}, "contentBlockIndex": 0});
        parts.push(json!({"contentBlockDelta": delta}));
    }
    parts.push(json!({"contentBlockStop": {"contentBlockIndex": 0}}));
    parts.push(json!({"messageStop": {"stopReason": nova_stop(answer)}}));
    let metadata = json!({"usage": nova_usage(answer), "metrics": {}, "trace": {}});
    parts.push(json!({"metadata": metadata}));
    parts
}

fn titan_stop(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::Limit => "LENGTH",
        Stop::Guardrail => "CONTENT_FILTERED",
        Stop::End | Stop::Tool => "FINISH",
    }
}

fn titan_parts(answer: &Answer) -> Vec<Value> {
    let pieces = answer.pieces();
    let last = pieces.len().saturating_sub(1);
    let mut said = String::new();
    let part = |(index, piece): (usize, &&str)| {
        said.push_str(piece);
        let at_end = index == last;
        json!({
            "outputText": piece,
            "index": 0,
            "totalOutputTextTokenCount": at_end.then(|| count(&said)),
            "completionReason": at_end.then(|| titan_stop(answer)),
            "inputTextTokenCount": (index == 0).then_some(answer.tokens.input)
        })
    };
    pieces.iter().enumerate().map(part).collect()
}

fn stop_or_length(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::Limit => "length",
        _ => "stop",
    }
}

fn llama_parts(answer: &Answer) -> Vec<Value> {
    let mut said = 0;
    let mut part = |text: &str, first: bool, stop: Option<&str>| {
        said += text.len() as u64;
        json!({
            "generation": text,
            "prompt_token_count": first.then_some(answer.tokens.input),
            "generation_token_count": said.div_ceil(4),
            "stop_reason": stop
        })
    };
    let mut parts = Vec::new();
    for piece in answer.pieces() {
        parts.push(part(piece, parts.is_empty(), None));
    }
    parts.push(part("", parts.is_empty(), Some(stop_or_length(answer))));
    parts
}

fn mistral_parts(answer: &Answer) -> Vec<Value> {
    let part =
        |text: &str, stop: Option<&str>| json!({"outputs": [{"text": text, "stop_reason": stop}]});
    let pieces = answer.pieces().into_iter().map(|piece| part(piece, None));
    let last = part("", Some(stop_or_length(answer)));
    pieces.chain(std::iter::once(last)).collect()
}

fn cohere_stop(answer: &Answer) -> &'static str {
    match answer.stop {
        Stop::Limit => "MAX_TOKENS",
        Stop::Guardrail => "ERROR_TOXIC",
        Stop::End | Stop::Tool => "COMPLETE",
    }
}

fn cohere_body(answer: &Answer) -> Value {
    json!({
        "response_id": answer.id(0),
        "text": answer.text,
        "generation_id": answer.id(1),
        "chat_history": [{"role": "CHATBOT", "message": answer.text}],
        "finish_reason": cohere_stop(answer)
    })
}

fn cohere_parts(answer: &Answer) -> Vec<Value> {
    let pieces = answer
        .pieces()
        .into_iter()
        .map(|piece| json!({"is_finished": false, "event_type": "text-generation", "text": piece}));
    let last = json!({
        "is_finished": true,
        "event_type": "stream-end",
        "response": cohere_body(answer),
        "finish_reason": cohere_stop(answer)
    });
    pieces.chain(std::iter::once(last)).collect()
}

fn titan_embedding(request: &Value) -> Value {
    let text = request["inputText"].as_str().unwrap_or_default();
    let vector = openai::vector(text, request["dimensions"].as_u64().unwrap_or(1_024));
    json!({
        "embedding": vector,
        "embeddingsByType": {"float": vector},
        "inputTextTokenCount": count(text).max(1)
    })
}

fn cohere_embeddings(request: &Value, answer: &Answer) -> Value {
    let texts = request["texts"].as_array().map_or(&[][..], Vec::as_slice);
    let vectors: Vec<_> = texts
        .iter()
        .map(|text| openai::vector(text.as_str().unwrap_or_default(), 1_024))
        .collect();
    json!({
        "id": answer.id(0),
        "texts": texts,
        "embeddings": vectors,
        "response_type": "embeddings_floats"
    })
}

/// An image that is not compressed, so that it has the size of a real one.
fn image(request: &Value, answer: &Answer) -> Value {
    let config = &request["imageGenerationConfig"];
    let side = |member: &str| {
        let side = config[member].as_u64().unwrap_or(512);
        u32::try_from(side).unwrap_or(512)
    };
    let image = png(
        answer.seed,
        side("width"),
        side("height"),
        Compression::none(),
    );
    json!({"images": [STANDARD.encode(image)], "error": null})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_found_in_ids_and_arns() {
        let check = |model, family| assert_eq!(Family::of(model), family, "{model}");
        check("anthropic.demo-echo-v1:0", Family::Anthropic);
        check("us.amazon.nova-lite-v1:0", Family::Nova);
        check("amazon.nova-canvas-v1:0", Family::Image);
        check("amazon.titan-embed-text-v2:0", Family::TitanEmbed);
        check("amazon.titan-text-express-v1", Family::Titan);
        check("meta.llama3-1-70b-instruct-v1:0", Family::Llama);
        check("cohere.embed-english-v3", Family::CohereEmbed);
        check("cohere.command-r-v1:0", Family::Cohere);
        check("mistral.mixtral-8x7b-instruct-v0:1", Family::Mistral);
        check(
            "arn:aws:bedrock:us-east-1:1:inference-profile/x",
            Family::Anthropic,
        );
    }
}
