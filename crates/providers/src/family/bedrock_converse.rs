//! Bedrock Converse and `ConverseStream`.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, generic};
use crate::answer::AnswerSlot::{
    self, GuardrailAction, LatencyMs, Model, PerformanceLatency, ServiceTier, Stop, TopMessage,
};
use crate::answer::count::{CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOTAL};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("requestMetadata.*", RequestSlot::Metadata),
    ("performanceConfig.latency", RequestSlot::PerformanceLatency),
    ("serviceTier.type", RequestSlot::ServiceTier),
    (
        "guardrailConfig.guardrailIdentifier",
        RequestSlot::GuardrailId,
    ),
    (
        "guardrailConfig.guardrailVersion",
        RequestSlot::GuardrailVersion,
    ),
    (
        "messages[].content[].text",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].guardContent",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].image",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].document",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].video",
        RequestSlot::Has(DataKinds::VIDEO),
    ),
    (
        "messages[].content[].audio",
        RequestSlot::Has(DataKinds::AUDIO),
    ),
    (
        "messages[].content[].toolResult.content[].text",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].toolResult.content[].image",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].toolResult.content[].document",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].toolResult.content[].video",
        RequestSlot::Has(DataKinds::VIDEO),
    ),
    ("content[].text", RequestSlot::Has(DataKinds::TEXT)),
    ("content[].image", RequestSlot::Has(DataKinds::IMAGE)),
];

/// The whole answer; a frame of the stream holds a part of the same shape.
const ANSWER: &[(&str, AnswerSlot)] = &[
    ("stopReason", Stop),
    ("usage.inputTokens", INPUT),
    ("usage.outputTokens", OUTPUT),
    ("usage.totalTokens", TOTAL),
    ("usage.cacheReadInputTokens", CACHE_READ),
    ("usage.cacheWriteInputTokens", CACHE_WRITE),
    ("metrics.latencyMs", LatencyMs),
    ("performanceConfig.latency", PerformanceLatency),
    ("serviceTier.type", ServiceTier),
    ("trace.promptRouter.invokedModelId", Model),
    ("action", GuardrailAction),
    ("inputTokens", INPUT),
    (
        "output.message.content[].text",
        AnswerSlot::Has(DataKinds::TEXT),
    ),
    (
        "output.message.content[].image",
        AnswerSlot::Has(DataKinds::IMAGE),
    ),
    ("delta.text", AnswerSlot::Has(DataKinds::TEXT)),
    ("delta.image", AnswerSlot::Has(DataKinds::IMAGE)),
    ("message", TopMessage),
    ("Message", TopMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: None,
        types: &[],
        frames: &["messageStop", "metadata"],
        last_frame: "metadata",
    },
    assemble: generic::array,
    error_code: CODE_FIRST,
    fractional_counts: false,
};
