//! `OpenAI` Responses.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, generic};
use crate::answer::AnswerSlot::{
    self, ErrorCode, ErrorMessage, ErrorType, Id, Model, ServiceTier, Stop, StopDetail,
};
use crate::answer::count::{
    CACHED_INSIDE, INPUT, INPUT_AUDIO, INPUT_IMAGE, OUTPUT, OUTPUT_AUDIO, OUTPUT_IMAGE,
    REASONING_INSIDE, TOTAL, WRITTEN_INSIDE,
};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

pub(super) const REQUEST: &[(&str, RequestSlot)] = &[
    ("model", RequestSlot::Model),
    ("stream", RequestSlot::Stream),
    ("user", RequestSlot::User),
    ("safety_identifier", RequestSlot::UserFallback),
    ("conversation", RequestSlot::Session),
    ("conversation.id", RequestSlot::Session),
    ("metadata.*", RequestSlot::Metadata),
    ("litellm_metadata.*", RequestSlot::Tag),
    ("service_tier", RequestSlot::ServiceTier),
    ("input", RequestSlot::Has(DataKinds::TEXT)),
    ("input[].content[].type", RequestSlot::PartType),
];

/// The response itself, and the response inside an event of its stream.
const ANSWER: &[(&str, AnswerSlot)] = &[
    ("id", Id),
    ("model", Model),
    ("service_tier", ServiceTier),
    ("status", Stop),
    ("incomplete_details.reason", StopDetail),
    ("output", AnswerSlot::Has(DataKinds::TEXT)),
    ("output[].type", AnswerSlot::OutputType),
    ("usage.input_tokens", INPUT),
    ("usage.output_tokens", OUTPUT),
    ("usage.total_tokens", TOTAL),
    ("usage.input_tokens_details.cached_tokens", CACHED_INSIDE),
    (
        "usage.input_tokens_details.cache_write_tokens",
        WRITTEN_INSIDE,
    ),
    ("usage.input_tokens_details.audio_tokens", INPUT_AUDIO),
    ("usage.input_tokens_details.image_tokens", INPUT_IMAGE),
    (
        "usage.output_tokens_details.reasoning_tokens",
        REASONING_INSIDE,
    ),
    ("usage.output_tokens_details.audio_tokens", OUTPUT_AUDIO),
    ("usage.output_tokens_details.image_tokens", OUTPUT_IMAGE),
    ("error", AnswerSlot::Error),
    ("error.code", ErrorCode),
    ("error.type", ErrorType),
    ("error.message", ErrorMessage),
    ("message", AnswerSlot::TopMessage),
    ("code", AnswerSlot::TopCode),
    ("response.id", Id),
    ("response.model", Model),
    ("response.status", Stop),
    ("response.incomplete_details.reason", StopDetail),
    ("response.service_tier", ServiceTier),
    ("response.usage.input_tokens", INPUT),
    ("response.usage.output_tokens", OUTPUT),
    ("response.usage.total_tokens", TOTAL),
    (
        "response.usage.input_tokens_details.cached_tokens",
        CACHED_INSIDE,
    ),
    (
        "response.usage.input_tokens_details.cache_write_tokens",
        WRITTEN_INSIDE,
    ),
    (
        "response.usage.output_tokens_details.reasoning_tokens",
        REASONING_INSIDE,
    ),
    ("response.error", AnswerSlot::Error),
    ("response.error.code", ErrorCode),
    ("response.error.type", ErrorType),
    ("response.error.message", ErrorMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: Some("[DONE]"),
        types: &[
            "response.completed",
            "response.failed",
            "response.incomplete",
            "response.cancelled",
            "error",
        ],
        frames: &[],
        last_frame: "",
    },
    assemble: generic::array,
    error_code: CODE_FIRST,
    fractional_counts: false,
};
