//! Which operation a request asks for, by dialect, method and path.

use corelog_types::{Dialect, Operation};
use percent_encoding::percent_decode_str;

use crate::family::Shape;

/// What the request line says about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The language of the provider.
    pub dialect: Dialect,
    /// What is asked for.
    pub operation: Operation,
    /// The shape of the bodies.
    pub shape: Shape,
    /// The model that the path names: percent-decoded once, an ARN that was encoded twice twice, otherwise
    /// verbatim.
    pub model: Option<String>,
    /// Whether the path alone says that the answer streams; `None` where the body decides.
    pub expects_stream: Option<bool>,
}

/// Finds the operation of a request. `path` is what follows the provider's prefix, still percent-encoded, with
/// or without its leading slash; `query` comes without the question mark.
///
/// A route without a name is [`Operation::Other`], and still read as far as its fields are known.
pub fn route(dialect: Dialect, method: &str, path: &str, query: Option<&str>) -> Route {
    let path = path.trim_start_matches('/').trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    let found = match dialect {
        Dialect::Bedrock => bedrock(method, &segments),
        Dialect::OpenAi => openai_realtime(&segments, query)
            .or_else(|| openai(method, &segments))
            .or_else(|| resource(dialect, &segments)),
        Dialect::Anthropic => anthropic(method, &segments).or_else(|| resource(dialect, &segments)),
        Dialect::Generic => generic(method, &segments, query),
    };
    let found = found.unwrap_or_else(|| Found::of(Operation::Other, default_shape(dialect)));
    Route {
        dialect,
        operation: found.operation,
        shape: found.shape,
        model: found.model,
        expects_stream: found.expects_stream,
    }
}

struct Found {
    operation: Operation,
    shape: Shape,
    model: Option<String>,
    expects_stream: Option<bool>,
}

impl Found {
    fn of(operation: Operation, shape: Shape) -> Self {
        Self {
            operation,
            shape,
            model: None,
            expects_stream: None,
        }
    }

    fn model(mut self, encoded: &str) -> Self {
        self.model = Some(decoded(encoded));
        self
    }

    fn streams(mut self, streams: bool) -> Self {
        self.expects_stream = Some(streams);
        self
    }
}

/// An ARN that a client encoded twice comes out as an ARN: no other name begins like one.
fn decoded(segment: &str) -> String {
    let once = percent_decode_str(segment).decode_utf8_lossy();
    match once.get(..6) {
        Some(begin) if begin.eq_ignore_ascii_case("arn%3a") => {
            percent_decode_str(&once).decode_utf8_lossy().into_owned()
        }
        _ => once.into_owned(),
    }
}

fn default_shape(dialect: Dialect) -> Shape {
    match dialect {
        Dialect::Anthropic => Shape::Anthropic,
        Dialect::Bedrock => Shape::BedrockInvoke,
        Dialect::OpenAi | Dialect::Generic => Shape::Generic,
    }
}

/// Source: the `bedrock-runtime` service model, and its OpenAI-compatible paths.
fn bedrock(method: &str, segments: &[&str]) -> Option<Found> {
    let post = method.eq_ignore_ascii_case("POST");
    let found = match segments {
        ["model", model, action] if post => return model_action(model, action),
        // A client that does not encode the slash of an ARN.
        ["model", start, end, action] if post => {
            return model_action(&[*start, *end].join("/"), action);
        }
        ["guardrail", _, "version", _, "apply"] if post => {
            Found::of(Operation::ApplyGuardrail, Shape::BedrockConverse)
        }
        ["guardrail-checks", "invoke"] if post => {
            Found::of(Operation::InvokeGuardrailChecks, Shape::BedrockConverse)
        }
        ["async-invoke"] if post => Found::of(Operation::StartAsyncInvoke, Shape::BedrockInvoke),
        ["async-invoke"] => Found::of(Operation::ListAsyncInvokes, Shape::BedrockInvoke),
        ["async-invoke", _] if !post => Found::of(Operation::GetAsyncInvoke, Shape::BedrockInvoke),
        ["openai", rest @ ..] => return openai(method, rest),
        _ => return None,
    };
    Some(found)
}

fn model_action(model: &str, action: &str) -> Option<Found> {
    let (operation, shape, streams) = match action {
        "invoke" => (Operation::InvokeModel, Shape::BedrockInvoke, false),
        "invoke-with-response-stream" => (
            Operation::InvokeModelWithResponseStream,
            Shape::BedrockInvoke,
            true,
        ),
        "invoke-with-bidirectional-stream" => (
            Operation::InvokeModelWithBidirectionalStream,
            Shape::BedrockInvoke,
            true,
        ),
        "converse" => (Operation::Converse, Shape::BedrockConverse, false),
        "converse-stream" => (Operation::ConverseStream, Shape::BedrockConverse, true),
        "count-tokens" => (Operation::CountTokens, Shape::BedrockConverse, false),
        _ => return None,
    };
    Some(Found::of(operation, shape).model(model).streams(streams))
}

/// The names that follow `/v1` or `/openai/deployments/{deployment}`.
const OPENAI: [(&[&str], Operation, Shape); 12] = [
    (
        &["chat", "completions"],
        Operation::ChatCompletions,
        Shape::OpenAiChat,
    ),
    (&["completions"], Operation::Completions, Shape::OpenAiChat),
    (&["responses"], Operation::Responses, Shape::OpenAiResponses),
    (&["embeddings"], Operation::Embeddings, Shape::Generic),
    (
        &["images", "generations"],
        Operation::ImageGeneration,
        Shape::Generic,
    ),
    (
        &["images", "edits"],
        Operation::ImageGeneration,
        Shape::Generic,
    ),
    (
        &["images", "variations"],
        Operation::ImageGeneration,
        Shape::Generic,
    ),
    (&["audio", "speech"], Operation::Speech, Shape::Generic),
    (
        &["audio", "transcriptions"],
        Operation::Transcription,
        Shape::Generic,
    ),
    (
        &["audio", "translations"],
        Operation::Transcription,
        Shape::Generic,
    ),
    (&["moderations"], Operation::Moderations, Shape::Generic),
    (&["rerank"], Operation::Rerank, Shape::Generic),
];

fn openai(method: &str, segments: &[&str]) -> Option<Found> {
    if !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let segments = segments.strip_prefix(&["openai"]).unwrap_or(segments);
    let (deployment, rest) = match segments {
        ["deployments", name, rest @ ..] => (Some(*name), rest),
        rest => (None, rest.strip_prefix(&["v1"]).unwrap_or(rest)),
    };
    let (_, operation, shape) = OPENAI.iter().find(|(path, ..)| *path == rest)?;
    let found = Found::of(*operation, *shape);
    Some(match deployment {
        Some(name) => found.model(name),
        None => found,
    })
}

/// A realtime connection, which names its model in the query.
fn openai_realtime(segments: &[&str], query: Option<&str>) -> Option<Found> {
    if *segments.last()? != "realtime" {
        return None;
    }
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, model) = pairs.find(|(key, _)| *key == "model")?;
    Some(Found::of(Operation::Other, default_shape(Dialect::OpenAi)).model(model))
}

/// What belongs to calls and is none: whatever is done to it, and to which one. It names no model: nothing is asked of
/// the one that a path of `Models` ends in.
fn resource(dialect: Dialect, segments: &[&str]) -> Option<Found> {
    let segments = segments.strip_prefix(&["openai"]).unwrap_or(segments);
    let operation = match segments.strip_prefix(&["v1"]).unwrap_or(segments) {
        ["batches", ..] | ["messages", "batches", ..] => Operation::Batches,
        ["files" | "uploads", ..] => Operation::Files,
        ["models", ..] => Operation::Models,
        _ => return None,
    };
    Some(Found::of(operation, default_shape(dialect)))
}

fn anthropic(method: &str, segments: &[&str]) -> Option<Found> {
    if !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let rest = segments.strip_prefix(&["v1"]).unwrap_or(segments);
    Some(match rest {
        ["messages"] => Found::of(Operation::Messages, Shape::Anthropic),
        ["messages", "count_tokens"] => Found::of(Operation::CountTokens, Shape::Anthropic),
        ["complete"] => Found::of(Operation::Completions, Shape::Anthropic),
        _ => return None,
    })
}

fn generic(method: &str, segments: &[&str], query: Option<&str>) -> Option<Found> {
    if let Some(last) = segments.last()
        && let Some((model, verb)) = last.rsplit_once(':')
        && let Some(found) = gemini(model, verb, query)
    {
        return Some(found);
    }
    if let Some(found) = bedrock(method, segments).filter(|found| found.model.is_some()) {
        return Some(found);
    }
    if !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let tail = |length: usize| &segments[segments.len().saturating_sub(length)..];
    let found = match tail(2) {
        ["v1" | "v2", "chat"] => Found::of(Operation::ChatCompletions, Shape::Cohere),
        ["v1", "generate"] => Found::of(Operation::Completions, Shape::Cohere),
        ["v1" | "v2", "embed"] => Found::of(Operation::Embeddings, Shape::Cohere),
        ["v1" | "v2", "rerank"] => Found::of(Operation::Rerank, Shape::Cohere),
        ["api", "chat"] => Found::of(Operation::ChatCompletions, Shape::Ollama),
        ["api", "generate"] => Found::of(Operation::Completions, Shape::Ollama),
        ["api", "embeddings" | "embed"] => Found::of(Operation::Embeddings, Shape::Ollama),
        ["v1", "messages"] => Found::of(Operation::Messages, Shape::Anthropic),
        ["v1", "complete"] => Found::of(Operation::Completions, Shape::Anthropic),
        ["messages", "count_tokens"] => Found::of(Operation::CountTokens, Shape::Anthropic),
        _ => {
            // Wherever a provider puts the OpenAI paths (`/api/v1/…`, `/inference/v1/…`), their tail is the same.
            return (0..segments.len()).find_map(|start| openai(method, &segments[start..]));
        }
    };
    Some(found)
}

/// `models/{model}:verb`, on Google's own API and on Vertex.
fn gemini(model: &str, verb: &str, query: Option<&str>) -> Option<Found> {
    let (operation, streams) = match verb {
        "generateContent" => (Operation::GenerateContent, false),
        "streamGenerateContent" => (Operation::GenerateContent, true),
        "embedContent" | "batchEmbedContents" => (Operation::Embeddings, false),
        "countTokens" => (Operation::CountTokens, false),
        "rawPredict" => return Some(Found::of(Operation::Messages, Shape::Anthropic).model(model)),
        "streamRawPredict" => {
            let found = Found::of(Operation::Messages, Shape::Anthropic);
            return Some(found.model(model).streams(true));
        }
        _ => return None,
    };
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    let found = Found::of(operation, Shape::Gemini);
    Some(found.model(model).streams(streams || sse))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        dialect: Dialect,
        path: &str,
        operation: Operation,
        shape: Shape,
        model: Option<&str>,
    ) {
        let found = route(dialect, "POST", path, None);
        assert_eq!(
            (found.operation, found.shape, found.model.as_deref()),
            (operation, shape, model),
            "{path}"
        );
    }

    #[test]
    fn bedrock_paths() {
        use Operation as O;
        let check =
            |path, operation, shape, model| check(Dialect::Bedrock, path, operation, shape, model);
        let haiku = Some("anthropic.claude-3-haiku-20240307-v1:0");
        check(
            "/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke",
            O::InvokeModel,
            Shape::BedrockInvoke,
            haiku,
        );
        check(
            "/model/anthropic.claude-3-haiku-20240307-v1:0/converse",
            O::Converse,
            Shape::BedrockConverse,
            haiku,
        );
        let arn = Some(
            "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
        );
        check(
            "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A111122223333%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0/converse-stream",
            O::ConverseStream,
            Shape::BedrockConverse,
            arn,
        );
        check(
            "/model/arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.amazon.nova-pro-v1:0/invoke-with-response-stream",
            O::InvokeModelWithResponseStream,
            Shape::BedrockInvoke,
            arn,
        );
        check(
            "/guardrail/gr7xk2p9q1zz/version/DRAFT/apply",
            O::ApplyGuardrail,
            Shape::BedrockConverse,
            None,
        );
        check(
            "/async-invoke",
            O::StartAsyncInvoke,
            Shape::BedrockInvoke,
            None,
        );
        check(
            "/openai/v1/chat/completions",
            O::ChatCompletions,
            Shape::OpenAiChat,
            None,
        );
        check(
            "/openai/v1/responses",
            O::Responses,
            Shape::OpenAiResponses,
            None,
        );
        check("/nothing/known", O::Other, Shape::BedrockInvoke, None);
        let list = route(Dialect::Bedrock, "GET", "/async-invoke", None);
        assert_eq!(list.operation, O::ListAsyncInvokes);
    }

    #[test]
    fn of_doubly_encoded_models_only_arns_are_decoded_twice() {
        let arn = "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.m";
        for (encoded, model) in [
            ("a%253Ab", "a%3Ab"),
            (
                "arn%3Aaws%3Abedrock%3Aus-west-2%3A111122223333%3Ainference-profile%2Fus.m",
                arn,
            ),
            (
                "arn%253Aaws%253Abedrock%253Aus-west-2%253A111122223333%253Ainference-profile%252Fus.m",
                arn,
            ),
        ] {
            check(
                Dialect::Bedrock,
                &format!("/model/{encoded}/invoke"),
                Operation::InvokeModel,
                Shape::BedrockInvoke,
                Some(model),
            );
        }
    }

    #[test]
    fn realtime_connections_name_their_model_in_the_query() {
        for (query, model) in [
            (
                Some("a=1&model=gpt-realtime%2Dmini"),
                Some("gpt-realtime-mini"),
            ),
            (Some("intent=transcription"), None),
            (None, None),
        ] {
            let found = route(Dialect::OpenAi, "GET", "/v1/realtime", query);
            assert_eq!(found.operation, Operation::Other);
            assert_eq!(found.model.as_deref(), model, "{query:?}");
        }
    }

    #[test]
    fn openai_paths() {
        use Operation as O;
        for prefix in ["/v1", "", "/openai/v1"] {
            let path = |rest| [prefix, rest].concat();
            check(
                Dialect::OpenAi,
                &path("/chat/completions"),
                O::ChatCompletions,
                Shape::OpenAiChat,
                None,
            );
            check(
                Dialect::OpenAi,
                &path("/embeddings"),
                O::Embeddings,
                Shape::Generic,
                None,
            );
            for (rest, operation) in [
                ("/files", O::Files),
                ("/files/file-1/content", O::Files),
                ("/uploads/upload_1/parts", O::Files),
                ("/batches", O::Batches),
                ("/batches/batch_1/cancel", O::Batches),
                ("/models/gpt-x", O::Models),
                ("/fine_tuning/jobs", O::Other),
            ] {
                for method in ["GET", "POST", "DELETE"] {
                    let found = route(Dialect::OpenAi, method, &path(rest), None);
                    assert_eq!((found.operation, found.model), (operation, None), "{rest}");
                    assert_eq!(found.shape, Shape::Generic);
                }
            }
        }
        check(
            Dialect::OpenAi,
            "/openai/deployments/my%20gpt/chat/completions",
            O::ChatCompletions,
            Shape::OpenAiChat,
            Some("my gpt"),
        );
        assert_eq!(
            route(Dialect::OpenAi, "GET", "/v1/responses", None).operation,
            O::Other
        );
    }

    #[test]
    fn other_paths() {
        use Operation as O;
        check(
            Dialect::Anthropic,
            "/v1/messages",
            O::Messages,
            Shape::Anthropic,
            None,
        );
        check(
            Dialect::Anthropic,
            "/v1/messages/count_tokens",
            O::CountTokens,
            Shape::Anthropic,
            None,
        );
        check(
            Dialect::Anthropic,
            "/v1/messages/batches",
            O::Batches,
            Shape::Anthropic,
            None,
        );
        check(
            Dialect::Generic,
            "/v2/chat",
            O::ChatCompletions,
            Shape::Cohere,
            None,
        );
        check(
            Dialect::Generic,
            "/api/chat",
            O::ChatCompletions,
            Shape::Ollama,
            None,
        );
        check(
            Dialect::Generic,
            "/v1beta/models/gemini-2.5-pro:generateContent",
            O::GenerateContent,
            Shape::Gemini,
            Some("gemini-2.5-pro"),
        );
        check(
            Dialect::Generic,
            "/api/v1/chat/completions",
            O::ChatCompletions,
            Shape::OpenAiChat,
            None,
        );
        check(
            Dialect::Generic,
            "/openai/deployments/d/chat/completions",
            O::ChatCompletions,
            Shape::OpenAiChat,
            Some("d"),
        );
        check(
            Dialect::Generic,
            "/v1/whatever",
            O::Other,
            Shape::Generic,
            None,
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(method in "(GET|POST|.{0,4})", path in "[/a-z:%0-9é?]{0,60}", query in ".{0,20}") {
            for dialect in [Dialect::Bedrock, Dialect::OpenAi, Dialect::Anthropic, Dialect::Generic] {
                route(dialect, &method, &path, Some(&query));
            }
        }
    }
}
