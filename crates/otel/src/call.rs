//! What a span says of a call to a model, whichever of the conventions it follows.
//!
//! Three are read: OpenTelemetry's for generative AI (`gen_ai.*`, as they are and as they were), `OpenInference`
//! (`llm.*`, `openinference.*`) and `OpenLLMetry` (`traceloop.*`). A span may follow several; then the first of these
//! counts, name by name.
//!
//! Sources: <https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai>,
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>,
//! <https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai>

mod tokens;

use corelog_types::{Operation, Usage};
use serde::Deserialize;

use crate::attributes::Attributes;
use crate::provider;
use crate::record::is_secret;
use crate::request::{Event, Span};

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call to a model.
    Model(Task),
    /// A step around such calls: an agent, a tool, a workflow, a retrieval.
    Step,
    /// Something else.
    Other,
}

/// What a model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Chat,
    GenerateContent,
    Completion,
    Embeddings,
    Rerank,
}

/// Facts about a call, its content aside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) provider: String,
    pub(crate) model: Option<String>,
    pub(crate) response_model: Option<String>,
    pub(crate) response_id: Option<String>,
    /// The provider's own id of the request.
    pub(crate) request_id: Option<String>,
    pub(crate) stop_reason: Option<String>,
    /// The tier that served it, or that was asked for.
    pub(crate) service_tier: Option<String>,
    pub(crate) upstream: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) first_chunk_ms: Option<f64>,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) error: Option<Failure>,
}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
    pub(crate) status: Option<u16>,
}

/// What the span stands for.
pub(crate) fn kind(attributes: &Attributes) -> Kind {
    if let Some(operation) = attributes.text("gen_ai.operation.name") {
        return match operation {
            "chat" => Kind::Model(Task::Chat),
            "generate_content" => Kind::Model(Task::GenerateContent),
            "text_completion" => Kind::Model(Task::Completion),
            "embeddings" => Kind::Model(Task::Embeddings),
            "rerank" => Kind::Model(Task::Rerank),
            _ => Kind::Step,
        };
    }
    if let Some(kind) = attributes.text("openinference.span.kind") {
        return match kind {
            "LLM" => Kind::Model(Task::Chat),
            "EMBEDDING" => Kind::Model(Task::Embeddings),
            "RERANKER" if attributes.has("reranker.model_name") => Kind::Model(Task::Rerank),
            _ => Kind::Step,
        };
    }
    if let Some(kind) = attributes.text("llm.request.type") {
        return match kind {
            "completion" => Kind::Model(Task::Completion),
            "embedding" => Kind::Model(Task::Embeddings),
            "rerank" => Kind::Model(Task::Rerank),
            _ => Kind::Model(Task::Chat),
        };
    }
    if attributes.has("traceloop.span.kind") {
        return Kind::Step;
    }
    let asked = attributes.has("gen_ai.request.model");
    if asked && (attributes.has("gen_ai.system") || attributes.has("gen_ai.provider.name")) {
        return Kind::Model(Task::Chat);
    }
    Kind::Other
}

/// Reads the span of a call.
pub(crate) fn call(span: &Span, task: Task) -> Call {
    let it = &span.attributes;
    let text = |keys: &[&str]| it.first_text(keys).map(str::to_owned);
    // OpenInference: who serves the model, then whose it is.
    let provider = provider::of_said(it.first_text(&[
        "gen_ai.provider.name",
        "gen_ai.system",
        "llm.provider",
        "llm.system",
        "llm.vendor",
    ]));
    let asked = parameters(it);
    let response_id = text(&["gen_ai.response.id", "llm.response.id"]);
    Call {
        operation: operation(it, task, &provider),
        model: text(&["gen_ai.request.model", "llm.request.model_name"])
            .or(asked.model)
            .or_else(|| {
                text(&[
                    "llm.model_name",
                    "embedding.model_name",
                    "reranker.model_name",
                    "gen_ai.response.model",
                ])
            }),
        response_model: text(&[
            "gen_ai.response.model",
            "llm.response.model_name",
            "llm.model_name",
        ]),
        response_id: response_id.or_else(|| id_of_answer(it)),
        request_id: text(&["aws.request_id", "gen_ai.request.id"]),
        stop_reason: stop_reason(it),
        service_tier: text(&[
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "openai.request.service_tier",
            "gen_ai.openai.request.service_tier",
        ]),
        upstream: upstream(it),
        usage: tokens::usage(it),
        first_chunk_ms: it
            .number("gen_ai.response.time_to_first_chunk")
            .filter(|seconds| *seconds >= 0.0)
            .map(|seconds| (seconds * 1e6).round() / 1e3),
        user: text(&[
            "user.id",
            "enduser.id",
            "gen_ai.user",
            "llm.user",
            "traceloop.association.properties.user_id",
            "traceloop.association.properties.user",
        ])
        .or(asked.user),
        session: text(&[
            "gen_ai.conversation.id",
            "session.id",
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.conversation_id",
            "traceloop.association.properties.chat_id",
        ]),
        tags: tags(it),
        error: failure(span),
        provider,
    }
}

/// What `OpenInference` has among the parameters of a request.
#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

fn parameters(it: &Attributes) -> Parameters {
    let said = it.first_text(&[
        "llm.invocation_parameters",
        "embedding.invocation_parameters",
    ]);
    said.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// The id in the answer itself, which `OpenInference` keeps whole and has no name for its id.
fn id_of_answer(it: &Attributes) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        id: String,
    }
    if it.text("output.mime_type") != Some("application/json") {
        return None;
    }
    let answer: Answer = serde_json::from_str(it.text("output.value")?).ok()?;
    Some(answer.id).filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX)
}

/// The name that the gateway would have given the operation.
fn operation(it: &Attributes, task: Task, provider: &str) -> Operation {
    let streams = [
        "gen_ai.request.stream",
        "gen_ai.is_streaming",
        "llm.is_streaming",
    ];
    let streams = streams.iter().any(|key| it.flag(key) == Some(true));
    match (task, provider) {
        (Task::Embeddings, _) => Operation::Embeddings,
        (Task::Rerank, _) => Operation::Rerank,
        (Task::Chat | Task::GenerateContent, "aws.bedrock") if streams => Operation::ConverseStream,
        (Task::Chat | Task::GenerateContent, "aws.bedrock") => Operation::Converse,
        (Task::Completion, "aws.bedrock") => Operation::InvokeModel,
        (Task::Completion, _) => Operation::Completions,
        (Task::GenerateContent, _)
        | (Task::Chat, "gcp.gemini" | "gcp.gen_ai" | "gcp.vertex_ai") => Operation::GenerateContent,
        (Task::Chat, "anthropic") => Operation::Messages,
        (Task::Chat, _) => match it.first_text(&["openai.api.type", "gen_ai.openai.api_type"]) {
            Some("responses") => Operation::Responses,
            _ => Operation::ChatCompletions,
        },
    }
}

fn stop_reason(it: &Attributes) -> Option<String> {
    let reasons = it.get("gen_ai.response.finish_reasons");
    let first = reasons.and_then(|reasons| match reasons {
        serde_json::Value::Array(reasons) => reasons.iter().find_map(|reason| reason.as_str()),
        reason => reason.as_str(),
    });
    first
        .filter(|reason| !reason.is_empty())
        .or_else(|| {
            it.first_text(&[
                "llm.finish_reason",
                "gen_ai.response.finish_reason",
                "gen_ai.response.stop_reason",
                "gen_ai.completion.0.finish_reason",
            ])
        })
        .map(str::to_owned)
}

/// Where the call went: the base of the API, or the server. What stands before an `@` may be a secret.
fn upstream(it: &Attributes) -> Option<String> {
    if let Some(base) = it.text("gen_ai.openai.api_base") {
        let base = base.split('?').next().unwrap_or_default();
        return (!base.contains('@')).then(|| base.to_owned());
    }
    let server = it.text("server.address")?;
    Some(match it.count("server.port") {
        Some(port) => format!("{server}:{port}"),
        None => server.to_owned(),
    })
}

/// Longer tags, and more of them, are not taken.
const TAG_CHARS_MAX: usize = 1_024;
const TAGS_MAX: usize = 64;

/// What the application said of the call beside the conventions' own names.
fn tags(it: &Attributes) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: &serde_json::Value| {
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let fits = key.len() <= TAG_CHARS_MAX && value.len() <= TAG_CHARS_MAX;
        if tags.len() < TAGS_MAX && fits && !is_secret(key) {
            tags.push((key.to_owned(), value));
        }
    };
    for (name, key) in [
        ("agent", "gen_ai.agent.name"),
        ("agent", "agent.name"),
        ("workflow", "gen_ai.workflow.name"),
        ("workflow", "traceloop.workflow.name"),
        ("tags", "tag.tags"),
    ] {
        if let Some(value) = it.get(key) {
            add(name, value);
        }
    }
    for (key, value) in it.iter() {
        if let Some(name) = key.strip_prefix("traceloop.association.properties.") {
            add(name, value);
        }
    }
    if let Some(serde_json::Value::Object(metadata)) = it.structure("metadata") {
        for (key, value) in &metadata {
            add(key, value);
        }
    }
    tags
}

/// A longer id is none.
const ID_BYTES_MAX: usize = 256;
/// A message longer than this is cut.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// Whether an event tells of an exception.
pub(crate) fn is_exception(event: &Event) -> bool {
    event.name == "exception"
}

fn failure(span: &Span) -> Option<Failure> {
    let exception = span.events.iter().rev().find(|it| is_exception(it));
    let thrown = exception.and_then(|it| it.attributes.text("exception.type"));
    let kind = span.attributes.text("error.type");
    if !span.status.is_error && kind.is_none() {
        return None;
    }
    // The last part of a class's name is what people know it by.
    let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let code = kind
        .or(thrown)
        .map_or_else(|| "UnknownError".to_owned(), short);
    let said = Some(span.status.message.as_str()).filter(|text| !text.is_empty());
    let message = said.or_else(|| exception?.attributes.text("exception.message"));
    let said_status = span
        .attributes
        .first_count(&["http.response.status_code", "http.status_code"])
        .and_then(|status| u16::try_from(status).ok());
    Some(Failure {
        status: said_status.or_else(|| status_of(&code)),
        message: message.map(|text| cut(text, MESSAGE_BYTES_MAX).to_owned()),
        code,
    })
}

/// The status behind a code: a status itself, as the conventions have it for HTTP, or the name of an error that SDKs of
/// providers give to one status alone.
///
/// Source: <https://github.com/openai/openai-python/blob/main/src/openai/_exceptions.py>, the same in Anthropic's.
fn status_of(code: &str) -> Option<u16> {
    Some(match code {
        "BadRequestError" => 400,
        "AuthenticationError" => 401,
        "PermissionDeniedError" => 403,
        "NotFoundError" => 404,
        "ConflictError" => 409,
        "UnprocessableEntityError" => 422,
        "RateLimitError" => 429,
        code => {
            return code
                .parse()
                .ok()
                .filter(|status| (400..600).contains(status));
        }
    })
}

/// The text up to so many bytes, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
