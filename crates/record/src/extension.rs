//! The `corelog` object of a record: what the original format lacks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use corelog_types::{Count, Provenance, Usage};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::Text;

/// Everything we know about an invocation that `ModelInvocationLog` has no field for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Extension {
    /// Our id of the record, also the `x-corelog-record-id` response header.
    pub record_id: String,
    /// The node that recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Its place in that node's history, without gaps from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Name of the provider in the configuration.
    pub provider: String,
    /// The wire language spoken.
    pub dialect: String,
    /// Where the call was forwarded to, query aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// HTTP method; empty where the call was reported rather than relayed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Path as the caller sent it, query aside; empty as above.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// HTTP version the caller spoke, such as `HTTP/1.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
    /// Status the caller received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The error in words; never prompt or answer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Whose error it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_source: Option<ErrorSource>,
    /// Request's arrival to the upstream's last byte, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shortest")]
    pub latency_ms: Option<f64>,
    /// Request's arrival to the upstream's first body byte, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shortest")]
    pub time_to_first_byte_ms: Option<f64>,
    /// The gateway's own part of it, in milliseconds: until the call went upstream, and from its end on until the record
    /// was made. Syncing the record is not in it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shortest")]
    pub overhead_ms: Option<f64>,
    /// Latency as the provider itself measured it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shortest")]
    pub reported_latency_ms: Option<f64>,
    /// Stream statistics; only for streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamFacts>,
    /// Why the model stopped, in the provider's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// The model that the answer names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_model: Option<String>,
    /// The answer's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// The provider's request id, whatever its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_request_id: Option<String>,
    /// End user on whose behalf the call was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Conversation or session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Trace and span the call belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// The span that reported the call; only where the gateway did not see it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Box<SpanFacts>>,
    /// `x-corelog-tag-*` and the tags of other gateways' headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Token counts of every kind, each with its provenance.
    #[serde(skip_serializing_if = "UsageCounts::is_empty")]
    pub usage: UsageCounts,
    /// The tier of service: that which served the call, or that which was asked for where the answer does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// How fast the provider says that it was set to be, in its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// Where the provider says that the model ran, in its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_geo: Option<String>,
    /// The quality of images that was asked for, in the provider's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_quality: Option<String>,
    /// What the call cost by the prices of its time, or why that is not known; only for calls of models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostFacts>,
    /// How many images the answer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_count: Option<u64>,
    /// Who called, as far as the gateway knows.
    pub caller: CallerFacts,
    /// What reached the caller: a fact apart from what the provider produced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivered>,
    /// What of the exchange is not in the record, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<Cut>,
    /// Size of the request body on the wire, where the gateway saw it pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_bytes: Option<u64>,
    /// Size of the answer's body on the wire, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_bytes: Option<u64>,
    /// `content-encoding` of the request, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_encoding: Option<String>,
    /// `content-encoding` of the answer, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_encoding: Option<String>,
    /// Request headers of the allow-list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub request_headers: BTreeMap<String, String>,
    /// Response headers of the allow-list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub response_headers: BTreeMap<String, String>,
}

/// Whose error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorSource {
    /// The provider answered with it, or broke off.
    Upstream,
    /// The gateway raised it.
    Gateway,
    /// The caller caused it before anything was sent upstream.
    Caller,
}

/// How a stream went.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StreamFacts {
    /// `sse`, `eventstream`, `ndjson` or `jsonarray`.
    pub framing: String,
    /// Chunks as they arrived from upstream.
    pub chunks: u64,
    /// Protocol events inside them.
    pub events: u64,
    /// Longest silence between two chunks, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shortest")]
    pub longest_gap_ms: Option<f64>,
    /// Whether the dialect's terminal event, or a clean end, was seen.
    pub complete: bool,
}

/// W3C trace context.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Trace {
    /// 32 hex digits, or whatever id another gateway's header carried.
    pub trace_id: String,
    /// 16 hex digits: the span that the call was made in or, where a span reported the call, that span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// 16 hex digits: the parent of the span that reported the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
}

/// The span that reported a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SpanFacts {
    /// Its name.
    pub name: String,
    /// `service.name` of what sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The instrumentation that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its attributes as they were sent, but those that hold content, and large ones.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// The caller, secrets left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CallerFacts {
    /// Name of the configured key that the caller used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fingerprint of the credential that came with the call: the first 16 hex digits of its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_fingerprint: Option<String>,
    /// Address of the peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What reached the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// Body bytes handed to the caller's connection when the record was made.
    pub bytes: u64,
    /// Chunks handed over.
    pub chunks: u64,
    /// When the caller hung up, in milliseconds after the request's arrival.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "shortest"
    )]
    pub closed_after_ms: Option<f64>,
}

/// How delivery to the caller ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// All but what waits for this very record was handed over.
    Complete,
    /// The caller closed first.
    HungUp,
    /// An operator ended the call.
    Killed,
    /// The upstream broke off, so the caller got a cut answer.
    Truncated,
    /// The process died, or its disk took no more; what the caller got is not known.
    Unknown,
}

/// Something left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cut {
    /// `input`, `output` or `events`.
    pub part: String,
    /// Why.
    pub reason: CutReason,
    /// How many bytes there were, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutReason {
    /// The body is larger than the recorder keeps.
    OverLimit,
    /// The capture policy says so.
    Policy,
    /// The body could not be decoded; it is kept as it came.
    NotDecoded,
    /// Decoding it would have passed the cap against decompression bombs.
    DecodedOverLimit,
    /// The disk refused it.
    Disk,
    /// It is binary, which has no place in a log event.
    Binary,
    /// The destination, or the logging configuration, does not take this kind of data.
    NotDelivered,
    /// The bytes are no HTTP body: they passed after a change of protocol, and were not kept.
    Opaque,
}

/// What a call cost: an amount with the prices it is by, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CostFacts {
    /// In the currency, written to its last decimal and never with an exponent.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal")]
    pub amount: Option<f64>,
    /// What the amount is in, such as `USD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Whose list of prices it is by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The model as that list names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What had to be taken as given, because the provider did not say it: `cacheWrite5m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
    /// Why there is no amount, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<String>,
    /// Which prices these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Token counts with provenance, as an object of `{"value":…,"provenance":…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageCounts(pub Usage);

impl UsageCounts {
    /// Whether nobody counted anything.
    pub fn is_empty(&self) -> bool {
        self.0 == Usage::default()
    }
}

#[derive(Serialize, Deserialize)]
struct CountForm<'a> {
    value: u64,
    #[serde(borrow)]
    provenance: Cow<'a, str>,
}

impl Serialize for UsageCounts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.entries().iter().filter_map(|(name, count)| {
            let count = (*count)?;
            let provenance = count.provenance.as_str().into();
            Some((
                *name,
                CountForm {
                    value: count.value,
                    provenance,
                },
            ))
        }))
    }
}

impl<'de> Deserialize<'de> for UsageCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UsageVisitor)
    }
}

struct UsageVisitor;

impl<'de> Visitor<'de> for UsageVisitor {
    type Value = UsageCounts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counts of tokens")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UsageCounts, A::Error> {
        let mut usage = Usage::default();
        while let Some((name, form)) = map.next_entry::<Text<'de>, CountForm<'de>>()? {
            if let Some(slot) = usage.entry_mut(&name) {
                let provenance = match form.provenance.as_ref() {
                    "derived" => Provenance::Derived,
                    _ => Provenance::Reported,
                };
                *slot = Some(Count {
                    value: form.value,
                    provenance,
                });
            }
        }
        Ok(UsageCounts(usage))
    }
}

/// A number as it is mostly written: without a fraction where it has none, so that a column of numbers says all that
/// the record says.
#[expect(clippy::ref_option, reason = "as serde calls it")]
fn shortest<S: serde::Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    /// Whole numbers below are exact.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match *number {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole, and small enough"
        )]
        Some(number) if number.fract() == 0.0 && number.abs() < EXACT_MAX => {
            serializer.serialize_i64(number as i64)
        }
        Some(number) => serializer.serialize_f64(number),
        None => serializer.serialize_none(),
    }
}

/// A number with all of its decimals: a column of numbers says what the record says, and every reader of JSON, sums in
/// decimals among them, reads it alike.
#[expect(clippy::ref_option, reason = "as serde calls it")]
pub(crate) fn decimal<S: serde::Serializer>(
    number: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = number.filter(|it| it.is_finite()).map(|it| it.to_string());
    let raw = text.and_then(|text| RawValue::from_string(text).ok());
    raw.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_no_exponent() {
        let cost = CostFacts {
            amount: Some(0.000_000_25),
            ..CostFacts::default()
        };
        let text = serde_json::to_string(&cost).unwrap_or_default();
        assert_eq!(text, r#"{"amount":0.00000025}"#);
        let read: CostFacts = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(read, cost);
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        let written = |latency_ms| {
            let extension = Extension {
                latency_ms: Some(latency_ms),
                ..Extension::default()
            };
            let text = serde_json::to_string(&extension).unwrap_or_default();
            let read: Extension = serde_json::from_str(&text).unwrap_or_default();
            assert_eq!(read.latency_ms, Some(latency_ms));
            text
        };
        assert!(written(910.0).contains("\"latencyMs\":910,"));
        assert!(written(910.25).contains("\"latencyMs\":910.25,"));
        assert!(written(0.0).contains("\"latencyMs\":0,"));
    }
}
