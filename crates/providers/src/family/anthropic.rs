//! Anthropic Messages, and the text completions before them.

use std::sync::LazyLock;

use super::{ErrorField, Family, generic};
use crate::answer::AnswerSlot::{self, ErrorMessage, ErrorType, Id, Model, ServiceTier, Stop};
use crate::answer::count::{CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, REASONING_INSIDE};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

pub(super) const REQUEST: &[(&str, RequestSlot)] = &[
    ("model", RequestSlot::Model),
    ("stream", RequestSlot::Stream),
    ("metadata.user_id", RequestSlot::User),
    ("litellm_metadata.*", RequestSlot::Tag),
    ("service_tier", RequestSlot::ServiceTier),
    ("container.id", RequestSlot::Session),
    ("prompt", RequestSlot::Has(DataKinds::TEXT)),
    ("messages[].content", RequestSlot::Has(DataKinds::TEXT)),
    ("messages[].content[].type", RequestSlot::PartType),
    ("messages[].content[].content[].type", RequestSlot::PartType),
];

/// The message itself, and what the events of its stream say of it.
pub(super) const ANSWER: &[(&str, AnswerSlot)] = &[
    ("id", Id),
    ("model", Model),
    ("stop_reason", Stop),
    ("content", AnswerSlot::Has(DataKinds::TEXT)),
    ("completion", AnswerSlot::Has(DataKinds::TEXT)),
    ("input_tokens", INPUT),
    ("usage.input_tokens", INPUT),
    ("usage.output_tokens", OUTPUT),
    ("usage.cache_read_input_tokens", CACHE_READ),
    ("usage.cache_creation_input_tokens", CACHE_WRITE),
    (
        "usage.output_tokens_details.thinking_tokens",
        REASONING_INSIDE,
    ),
    ("usage.service_tier", ServiceTier),
    ("message.id", Id),
    ("message.model", Model),
    ("message.content", AnswerSlot::Has(DataKinds::TEXT)),
    ("message.stop_reason", Stop),
    ("message.usage.input_tokens", INPUT),
    ("message.usage.output_tokens", OUTPUT),
    ("message.usage.cache_read_input_tokens", CACHE_READ),
    ("message.usage.cache_creation_input_tokens", CACHE_WRITE),
    (
        "message.usage.output_tokens_details.thinking_tokens",
        REASONING_INSIDE,
    ),
    ("message.usage.service_tier", ServiceTier),
    ("delta.stop_reason", Stop),
    ("error", AnswerSlot::Error),
    ("error.type", ErrorType),
    ("error.message", ErrorMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: None,
        types: &["message_stop", "error"],
        frames: &[],
        last_frame: "",
    },
    assemble: generic::array,
    error_code: [ErrorField::Type, ErrorField::Code, ErrorField::Status],
    fractional_counts: false,
};
