//! Which language a provider speaks, and which of its operations a call is.

use std::fmt;
use std::str::FromStr;

/// The wire language of a provider: how its requests, answers and streams are shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// `OpenAI` and whoever copies it (Azure, Groq, Mistral, vLLM, …).
    OpenAi,
    /// Anthropic Messages.
    Anthropic,
    /// Amazon Bedrock Runtime.
    Bedrock,
    /// Any other HTTP API: relayed and recorded, usage read where a known shape is found.
    Generic,
}

impl Dialect {
    /// The name in config files and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
            Self::Generic => "generic",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no dialect; use one of `openai`, `anthropic`, `bedrock`, `generic`")]
pub struct UnknownDialect(String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "openai" => Ok(Self::OpenAi),
            "anthropic" => Ok(Self::Anthropic),
            "bedrock" => Ok(Self::Bedrock),
            "generic" => Ok(Self::Generic),
            other => Err(UnknownDialect(other.to_owned())),
        }
    }
}

/// What a call asks for. The text form is the record's `operation` field.
///
/// Source: the first four and `ChatCompletions` are what Bedrock's own invocation log writes; the
/// others follow the same pattern (the name of the API method).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the operation of that name")]
pub enum Operation {
    InvokeModel,
    InvokeModelWithResponseStream,
    InvokeModelWithBidirectionalStream,
    Converse,
    ConverseStream,
    CountTokens,
    ApplyGuardrail,
    InvokeGuardrailChecks,
    StartAsyncInvoke,
    GetAsyncInvoke,
    ListAsyncInvokes,
    ChatCompletions,
    Completions,
    Responses,
    Embeddings,
    ImageGeneration,
    Speech,
    Transcription,
    Moderations,
    Rerank,
    Messages,
    /// Gemini's generateContent family.
    GenerateContent,
    /// Batches of calls: made, looked at, cancelled; the record's method says which.
    Batches,
    /// Files for batches and calls: put, listed, read, deleted.
    Files,
    /// The list of models, and what is said of one.
    Models,
    /// Every route without a name of its own.
    Other,
}

impl Operation {
    /// Whether a model is asked for something that its provider may bill. Lists of models, files, batches as a whole, and
    /// counting tokens are not.
    pub fn is_of_a_model(self) -> bool {
        match self {
            Self::InvokeModel
            | Self::InvokeModelWithResponseStream
            | Self::InvokeModelWithBidirectionalStream
            | Self::Converse
            | Self::ConverseStream
            | Self::StartAsyncInvoke
            | Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Embeddings
            | Self::ImageGeneration
            | Self::Speech
            | Self::Transcription
            | Self::Moderations
            | Self::Rerank
            | Self::Messages
            | Self::GenerateContent => true,
            Self::CountTokens
            | Self::ApplyGuardrail
            | Self::InvokeGuardrailChecks
            | Self::GetAsyncInvoke
            | Self::ListAsyncInvokes
            | Self::Batches
            | Self::Files
            | Self::Models
            | Self::Other => false,
        }
    }

    /// The record's `operation` text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvokeModel => "InvokeModel",
            Self::InvokeModelWithResponseStream => "InvokeModelWithResponseStream",
            Self::InvokeModelWithBidirectionalStream => "InvokeModelWithBidirectionalStream",
            Self::Converse => "Converse",
            Self::ConverseStream => "ConverseStream",
            Self::CountTokens => "CountTokens",
            Self::ApplyGuardrail => "ApplyGuardrail",
            Self::InvokeGuardrailChecks => "InvokeGuardrailChecks",
            Self::StartAsyncInvoke => "StartAsyncInvoke",
            Self::GetAsyncInvoke => "GetAsyncInvoke",
            Self::ListAsyncInvokes => "ListAsyncInvokes",
            Self::ChatCompletions => "ChatCompletions",
            Self::Completions => "Completions",
            Self::Responses => "Responses",
            Self::Embeddings => "Embeddings",
            Self::ImageGeneration => "ImageGeneration",
            Self::Speech => "Speech",
            Self::Transcription => "Transcription",
            Self::Moderations => "Moderations",
            Self::Rerank => "Rerank",
            Self::Messages => "Messages",
            Self::GenerateContent => "GenerateContent",
            Self::Batches => "Batches",
            Self::Files => "Files",
            Self::Models => "Models",
            Self::Other => "Other",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
