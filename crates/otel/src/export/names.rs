//! What the conventions call operations and providers.

use corelog_record::{Document, Extension};

/// `gen_ai.operation.name` of a record; `None` if it is of no call to a model.
///
/// Decision: `InvokeModel` says nothing of what it does; a model whose id speaks of embeddings embeds, any other chats.
/// Moderation and reranking have no name in the conventions, which let one choose.
pub(super) fn operation(document: &Document) -> Option<&'static str> {
    Some(match document.operation.as_str() {
        "ChatCompletions" | "Responses" | "Messages" | "Converse" | "ConverseStream" => "chat",
        "InvokeModel" | "InvokeModelWithResponseStream" => {
            let model = document.model_id.as_deref().unwrap_or_default();
            if model.contains("embed") {
                "embeddings"
            } else {
                "chat"
            }
        }
        "InvokeModelWithBidirectionalStream"
        | "StartAsyncInvoke"
        | "GenerateContent"
        | "ImageGeneration"
        | "Speech"
        | "Transcription" => "generate_content",
        "Completions" => "text_completion",
        "Embeddings" => "embeddings",
        "Moderations" => "moderation",
        "Rerank" => "rerank",
        _ => return None,
    })
}

/// Hosts of providers that speak another's dialect.
const HOSTS: [(&str, &str); 14] = [
    ("api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".services.ai.azure.com", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    (".amazonaws.com", "aws.bedrock"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
];

/// `gen_ai.provider.name`: by the host that was called, then the dialect, else as the configuration calls it.
pub(super) fn provider(extension: &Extension) -> String {
    let host = server(extension).map(|(host, _)| host);
    let hosted = host.and_then(|host| HOSTS.iter().find(|(known, _)| host.ends_with(known)));
    match (hosted, extension.dialect.as_str()) {
        (Some((_, name)), _) => (*name).to_owned(),
        (None, "bedrock") => "aws.bedrock".to_owned(),
        (None, "anthropic") => "anthropic".to_owned(),
        _ => extension.provider.clone(),
    }
}

/// The host and port that were called.
pub(super) fn server(extension: &Extension) -> Option<(&str, Option<u16>)> {
    let upstream = extension.upstream.as_deref()?;
    let (scheme, rest) = upstream.split_once("://").unwrap_or(("", upstream));
    let authority = rest.split('/').next().filter(|it| !it.is_empty())?;
    let usual = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some((host, port.parse().ok()))
        }
        _ => Some((authority, usual)),
    }
}

/// A word for why a message ended that the conventions know.
pub(super) fn finish_reason(said: &str) -> &str {
    match said {
        "end_turn" | "stop_sequence" | "STOP" | "FINISH" | "COMPLETE" | "completed" => "stop",
        "max_tokens" | "MAX_TOKENS" | "LENGTH" | "max_output_tokens" => "length",
        "tool_use" | "tool_calls" | "function_call" | "TOOL_CALL" => "tool_call",
        "content_filtered" | "guardrail_intervened" | "refusal" | "SAFETY" => "content_filter",
        other => other,
    }
}
