//! What the conventions call operations and providers.

use corelog_record::{Document, Extension};

use crate::provider;

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

/// `gen_ai.provider.name`: by the host that was called, then the dialect, else as the configuration calls it.
pub(super) fn provider(extension: &Extension) -> String {
    let hosted = server(extension).and_then(|(host, _)| provider::of_host(host));
    match (hosted, extension.dialect.as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, "bedrock") => "aws.bedrock".to_owned(),
        (None, "anthropic") => "anthropic".to_owned(),
        _ => extension.provider.clone(),
    }
}

/// The host and port that were called.
pub(super) fn server(extension: &Extension) -> Option<(&str, Option<u16>)> {
    provider::authority(extension.upstream.as_deref()?)
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
