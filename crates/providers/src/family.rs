//! The families of body shapes. Each has one module with the same parts: the paths of its request's facts, the
//! paths of its answer's facts, its terminal event, and how its stream becomes a whole answer.

use std::sync::LazyLock;

use crate::answer::AnswerSlot;
use crate::reassemble::Assemble;
use crate::request::RequestSlot;
use crate::said::Growth;
use crate::skim::{Paths, Rows};
use crate::terminal::Ending;

pub(crate) mod anthropic;
pub(crate) mod bedrock_converse;
pub(crate) mod bedrock_invoke;
pub(crate) mod cohere;
pub(crate) mod gemini;
pub(crate) mod generic;
pub(crate) mod ollama;
pub(crate) mod openai_chat;
pub(crate) mod openai_responses;

/// The shape of a call's bodies, which decides how they are read. Many providers share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Chat Completions and Completions, as `OpenAI` and its many followers speak them.
    OpenAiChat,
    /// `OpenAI` Responses.
    OpenAiResponses,
    /// Anthropic Messages and the older text completions.
    Anthropic,
    /// Bedrock Converse and `ConverseStream`.
    BedrockConverse,
    /// Bedrock `InvokeModel`: the native body of whichever family the model belongs to.
    BedrockInvoke,
    /// Cohere chat, version 1 and 2.
    Cohere,
    /// Ollama's native API.
    Ollama,
    /// Gemini `generateContent`.
    Gemini,
    /// Anything else: facts are taken wherever a known field appears.
    Generic,
}

/// What a family's module provides.
pub(crate) struct Family {
    /// Paths of the request's facts.
    pub(crate) request: LazyLock<Paths<RequestSlot>>,
    /// Paths of the answer's facts, for whole answers and for the parts of a stream alike.
    pub(crate) answer: LazyLock<Paths<AnswerSlot>>,
    /// Paths of the texts by which a part of a stream makes the answer grow.
    pub(crate) growth: LazyLock<Paths<Growth>>,
    /// What the last event of a stream looks like.
    pub(crate) ending: Ending,
    /// Starts to build a whole answer out of a stream's parts.
    pub(crate) assemble: fn() -> Box<dyn Assemble>,
    /// Where an error's code is, best first.
    pub(crate) error_code: [ErrorField; 3],
    /// Whether counts may be written as fractions (Cohere writes `12.0`).
    pub(crate) fractional_counts: bool,
}

/// A field of an error object that may name the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorField {
    Code,
    Type,
    Status,
}

/// `OpenAI`'s order: `error.code` where it says more than `error.type`.
pub(crate) const CODE_FIRST: [ErrorField; 3] =
    [ErrorField::Code, ErrorField::Type, ErrorField::Status];

/// An error object, as most have it.
pub(crate) const ERROR: Rows<AnswerSlot> = &[
    ("", AnswerSlot::Error),
    ("code", AnswerSlot::ErrorCode),
    ("type", AnswerSlot::ErrorType),
    ("message", AnswerSlot::ErrorMessage),
];

impl Shape {
    pub(crate) fn family(self) -> &'static Family {
        match self {
            Self::OpenAiChat => &openai_chat::FAMILY,
            Self::OpenAiResponses => &openai_responses::FAMILY,
            Self::Anthropic => &anthropic::FAMILY,
            Self::BedrockConverse => &bedrock_converse::FAMILY,
            Self::BedrockInvoke => &bedrock_invoke::FAMILY,
            Self::Cohere => &cohere::FAMILY,
            Self::Ollama => &ollama::FAMILY,
            Self::Gemini => &gemini::FAMILY,
            Self::Generic => &generic::FAMILY,
        }
    }
}
