//! What of a record is counted, borrowed from its stored bytes: who only counts reads no more than that, and allocates
//! next to nothing.
//!
//! It is read of the document's JSON, or of the array of the same values that a stored record begins with: what `serde`
//! derives takes a struct from either. An array of another version's length is refused, and then the document is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use corelog_types::{Count, Usage};
use serde::{Deserialize, Serialize, Serializer};

use crate::extension::decimal;
use crate::{DeliveryOutcome, Document, Extension};

/// The countable part of a [`Document`], under its names.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outline<'a> {
    /// [`Document::operation`].
    #[serde(borrow)]
    pub operation: Text<'a>,
    /// [`Document::model_id`].
    pub model_id: Option<Text<'a>>,
    /// [`Document::error_code`].
    pub error_code: Option<Text<'a>>,
    /// [`Document::input`].
    #[serde(default)]
    pub input: InputCounts,
    /// [`Document::output`].
    #[serde(default)]
    pub output: OutputCounts,
    /// [`Document::corelog`].
    pub corelog: Option<ExtensionOutline<'a>>,
}

/// The counts of [`crate::Input`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct InputCounts {
    pub input_token_count: Option<u64>,
    pub cache_read_input_token_count: Option<u64>,
    pub cache_write_input_token_count: Option<u64>,
}

/// The counts of [`crate::Output`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct OutputCounts {
    pub output_token_count: Option<u64>,
    pub output_image_height: Option<u64>,
    pub output_image_width: Option<u64>,
    pub output_image_bucketed_step_size: Option<u64>,
}

/// The countable part of an [`Extension`].
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct ExtensionOutline<'a> {
    #[serde(borrow)]
    pub provider: Text<'a>,
    pub method: Text<'a>,
    pub http_status: Option<u16>,
    pub latency_ms: Option<f64>,
    pub time_to_first_byte_ms: Option<f64>,
    pub overhead_ms: Option<f64>,
    pub stream: Option<StreamOutline>,
    pub stop_reason: Option<Text<'a>>,
    pub user: Option<Text<'a>>,
    pub session: Option<Text<'a>>,
    pub tags: BTreeMap<Text<'a>, Text<'a>>,
    pub usage: TokenCounts,
    pub cost: Option<CostOutline>,
    pub image_count: Option<u64>,
    pub caller: CallerOutline<'a>,
    pub delivery: Option<DeliveryOutline>,
}

/// Those of [`crate::UsageCounts`] that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct TokenCounts {
    pub input: Option<TokenCount>,
    pub output: Option<TokenCount>,
    pub cache_read: Option<TokenCount>,
    pub cache_write: Option<TokenCount>,
    pub reasoning: Option<TokenCount>,
}

/// A count, whoever says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "named as the field that it is")]
pub struct TokenCount {
    pub value: u64,
}

/// The countable part of [`crate::Delivered`].
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct DeliveryOutline {
    pub outcome: DeliveryOutcome,
    pub closed_after_ms: Option<f64>,
}

/// The countable part of [`crate::StreamFacts`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the field that it is")]
pub struct StreamOutline {
    pub longest_gap_ms: Option<f64>,
}

/// The countable part of [`crate::CostFacts`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the field that it is")]
pub struct CostOutline {
    pub amount: Option<f64>,
}

/// The countable part of [`crate::CallerFacts`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "named as the fields that they are")]
pub struct CallerOutline<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    pub key_fingerprint: Option<Text<'a>>,
}

/// A text that is borrowed unless it has escapes. (`serde` borrows a `Cow` only where it is a field of its own.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

fn text(text: Option<&String>) -> Option<Text<'_>> {
    text.map(|text| text.as_str().into())
}

impl<'a> From<&'a Document> for Outline<'a> {
    fn from(document: &'a Document) -> Self {
        let (input, output) = (document.input.as_ref(), document.output.as_ref());
        Self {
            operation: document.operation.as_str().into(),
            model_id: text(document.model_id.as_ref()),
            error_code: text(document.error_code.as_ref()),
            input: input.map_or_else(InputCounts::default, |input| InputCounts {
                input_token_count: input.input_token_count,
                cache_read_input_token_count: input.cache_read_input_token_count,
                cache_write_input_token_count: input.cache_write_input_token_count,
            }),
            output: output.map_or_else(OutputCounts::default, |output| OutputCounts {
                output_token_count: output.output_token_count,
                output_image_height: output.output_image_height,
                output_image_width: output.output_image_width,
                output_image_bucketed_step_size: output.output_image_bucketed_step_size,
            }),
            corelog: document.corelog.as_deref().map(ExtensionOutline::from),
        }
    }
}

impl<'a> From<&'a Extension> for ExtensionOutline<'a> {
    fn from(extension: &'a Extension) -> Self {
        let tags = extension.tags.iter();
        Self {
            provider: extension.provider.as_str().into(),
            method: extension.method.as_str().into(),
            http_status: extension.http_status,
            latency_ms: extension.latency_ms,
            time_to_first_byte_ms: extension.time_to_first_byte_ms,
            overhead_ms: extension.overhead_ms,
            stream: extension.stream.as_ref().map(|stream| StreamOutline {
                longest_gap_ms: stream.longest_gap_ms,
            }),
            stop_reason: text(extension.stop_reason.as_ref()),
            user: text(extension.user.as_ref()),
            session: text(extension.session.as_ref()),
            tags: tags
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            usage: TokenCounts::from(&extension.usage.0),
            cost: extension.cost.as_ref().map(|cost| CostOutline {
                amount: cost.amount,
            }),
            image_count: extension.image_count,
            caller: CallerOutline {
                name: text(extension.caller.name.as_ref()),
                key_fingerprint: text(extension.caller.key_fingerprint.as_ref()),
            },
            delivery: extension.delivery.as_ref().map(|delivery| DeliveryOutline {
                outcome: delivery.outcome,
                closed_after_ms: delivery.closed_after_ms,
            }),
        }
    }
}

impl From<&Usage> for TokenCounts {
    fn from(usage: &Usage) -> Self {
        let count = |count: Option<Count>| count.map(|count| TokenCount { value: count.value });
        Self {
            input: count(usage.input),
            output: count(usage.output),
            cache_read: count(usage.cache_read),
            cache_write: count(usage.cache_write),
            reasoning: count(usage.reasoning),
        }
    }
}

/// Writes a struct as the array of its fields, which has to name them in their order.
macro_rules! as_array {
    ($name:ty: $($field:ident),+) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($(&self.$field,)+).serialize(serializer)
            }
        }
    };
}

as_array!(Outline<'_>: operation, model_id, error_code, input, output, corelog);
as_array!(InputCounts: input_token_count, cache_read_input_token_count, cache_write_input_token_count);
as_array!(OutputCounts: output_token_count, output_image_height, output_image_width, output_image_bucketed_step_size);
as_array!(ExtensionOutline<'_>: provider, method, http_status, latency_ms, time_to_first_byte_ms, overhead_ms, stream,
    stop_reason, user, session, tags, usage, cost, image_count, caller, delivery);
as_array!(StreamOutline: longest_gap_ms);
as_array!(TokenCounts: input, output, cache_read, cache_write, reasoning);
as_array!(TokenCount: value);
as_array!(CallerOutline<'_>: name, key_fingerprint);
as_array!(DeliveryOutline: outcome, closed_after_ms);

/// Written as in the document, so that it is read as the same number.
impl Serialize for CostOutline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(transparent)]
        struct Decimal(#[serde(serialize_with = "decimal")] Option<f64>);
        (Decimal(self.amount),).serialize(serializer)
    }
}
