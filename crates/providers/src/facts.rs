//! What a request and an answer say about themselves: the values the rest of the system works with.

use corelog_types::Usage;

/// Kinds of data a body carries, for the text / image / embedding / video / audio delivery switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataKinds(u8);

impl DataKinds {
    /// Nothing seen.
    pub const NONE: Self = Self(0);
    /// Text.
    pub const TEXT: Self = Self(1);
    /// Images and documents.
    pub const IMAGE: Self = Self(1 << 1);
    /// Embedding vectors.
    pub const EMBEDDING: Self = Self(1 << 2);
    /// Video.
    pub const VIDEO: Self = Self(1 << 3);
    /// Audio.
    pub const AUDIO: Self = Self(1 << 4);

    /// Whether every kind of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no kind is in this set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds the kinds of `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The kinds of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is known of the images a call makes: asked for in the request, or given in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImageFacts {
    /// Pixels.
    pub height: Option<u64>,
    /// Pixels.
    pub width: Option<u64>,
    /// How many images.
    pub count: Option<u64>,
    /// Diffusion steps asked for.
    pub steps: Option<u64>,
}

/// What a request says about itself, in its headers and its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestFacts {
    /// The model: from the path where the dialect has it there, otherwise from the body; verbatim.
    pub model: Option<String>,
    /// Whether the body asks for a stream.
    pub stream: Option<bool>,
    /// Who the caller says the end user is.
    pub user: Option<String>,
    /// The conversation or session the call belongs to.
    pub session: Option<String>,
    /// Trace id: from `traceparent` (32 hex digits) or as another gateway's header names it.
    pub trace: Option<String>,
    /// The parent span of a `traceparent` header: 16 hex digits.
    pub parent_span: Option<String>,
    /// Metadata in the provider's own terms (Bedrock `requestMetadata`, `OpenAI` `metadata`), in order.
    pub metadata: Vec<(String, String)>,
    /// Tags from gateway headers (`x-corelog-tag-*` and those of other gateways), in order.
    pub tags: Vec<(String, String)>,
    /// `standard` or `optimized`, where latency-optimised inference was asked for.
    pub performance_latency: Option<String>,
    /// The service tier asked for.
    pub service_tier: Option<String>,
    /// The quality of images asked for, in the provider's words.
    pub image_quality: Option<String>,
    /// Guardrail id or ARN.
    pub guardrail_id: Option<String>,
    /// Guardrail version.
    pub guardrail_version: Option<String>,
    /// Kinds of data in the request.
    pub kinds: DataKinds,
    /// Images asked for.
    pub image: Option<ImageFacts>,
    /// Whether the body was one valid JSON text.
    pub body_is_json: bool,
}

/// What went wrong, in the provider's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFacts {
    /// The record's `errorCode`: an exception's short name, an error code or an error type.
    pub code: String,
    /// The provider's message.
    pub message: Option<String>,
}

/// What an answer says about itself, in its headers and its body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerFacts {
    /// Token counts.
    pub usage: Usage,
    /// Why the model stopped, verbatim.
    pub stop_reason: Option<String>,
    /// The model that the provider says answered.
    pub response_model: Option<String>,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
    /// The error, where the answer is one or a stream ended in one.
    pub error: Option<ErrorFacts>,
    /// Milliseconds the provider says the model took.
    pub latency_ms: Option<u64>,
    /// Milliseconds to the first byte, as the provider says.
    pub first_byte_latency_ms: Option<u64>,
    /// Images in the answer.
    pub image: Option<ImageFacts>,
    /// What a guardrail did: `NONE`, `INTERVENED` or `GUARDRAIL_INTERVENED`.
    pub guardrail_action: Option<String>,
    /// The service tier that served the call.
    pub service_tier: Option<String>,
    /// Where the provider says that the model ran, in its own words (Anthropic: `us`, `global`).
    pub inference_geo: Option<String>,
    /// How fast the provider says that it was set to be (Anthropic: `fast`).
    pub speed: Option<String>,
    /// `standard` or `optimized`, as served.
    pub performance_latency: Option<String>,
    /// Kinds of data in the answer.
    pub kinds: DataKinds,
    /// Whether the body was one valid JSON text.
    pub body_is_json: bool,
}
