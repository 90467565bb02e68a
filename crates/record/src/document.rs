//! `ModelInvocationLog` 1.0 without its bodies, field for field.
//!
//! These structs *are* the stored format, which is why they derive serde. Unknown fields of a stored
//! document are ignored, so an older binary reads what a newer one wrote.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Extension;

/// One invocation, bodies aside. Absent means unknown; nothing is ever written as `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// When the request arrived, UTC, to the second: `2026-11-20T09:15:42Z`.
    pub timestamp: String,
    /// The twelve digits of the account the call is booked on.
    pub account_id: String,
    /// Region of the endpoint that was called.
    pub region: String,
    /// A UUID; the provider's own request id where it gave a fitting one, else the record id.
    pub request_id: String,
    /// The API method, such as `Converse` or `ChatCompletions`.
    pub operation: String,
    /// What identifies the model, verbatim: an id, an ARN, a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// The exception's short name; only on failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Facts about the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// Facts about the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Who called.
    pub identity: Identity,
    /// Region that ran the model, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_region: Option<String>,
    /// Latency-optimised inference, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<PerformanceConfig>,
    /// What the caller tagged the call with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_metadata: Option<BTreeMap<String, String>>,
    /// Constant [`crate::SCHEMA_TYPE`].
    pub schema_type: String,
    /// Constant [`crate::SCHEMA_VERSION`].
    pub schema_version: String,
    /// What the original lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corelog: Option<Box<Extension>>,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// An IAM or STS ARN.
    pub arn: String,
}

/// `performanceConfig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceConfig {
    /// `standard` or `optimized`.
    pub latency: String,
}

/// The prompt, its body aside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// MIME type of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_content_type: Option<String>,
    /// Uncached input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_token_count: Option<u64>,
    /// Tokens read from the prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_input_token_count: Option<u64>,
    /// Tokens written to the prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_input_token_count: Option<u64>,
}

/// The answer, its body aside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// MIME type of the body; `application/json` for a reassembled stream too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_content_type: Option<String>,
    /// Output tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_token_count: Option<u64>,
    /// Height of generated images in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image_height: Option<u64>,
    /// Width of generated images in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image_width: Option<u64>,
    /// Step count of generated images, as billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image_bucketed_step_size: Option<u64>,
}
