//! Cohere's own API: chat in versions 1 and 2, generate, embed, rerank.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, generic};
use crate::answer::AnswerSlot::{self, Id, Stop, TopMessage};
use crate::answer::count::{BILLED_INPUT, BILLED_OUTPUT, CACHED_INSIDE, INPUT, OUTPUT};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("model", RequestSlot::Model),
    ("stream", RequestSlot::Stream),
    ("conversation_id", RequestSlot::Session),
    ("message", RequestSlot::Has(DataKinds::TEXT)),
    ("prompt", RequestSlot::Has(DataKinds::TEXT)),
    ("texts", RequestSlot::Has(DataKinds::TEXT)),
    ("query", RequestSlot::Has(DataKinds::TEXT)),
    ("images", RequestSlot::Has(DataKinds::IMAGE)),
    ("messages[].content", RequestSlot::Has(DataKinds::TEXT)),
    ("messages[].content[].type", RequestSlot::PartType),
];

/// Version 2 says `usage`, version 1 says `meta`; the end of a stream wraps either.
const ANSWER: &[(&str, AnswerSlot)] = &[
    ("id", Id),
    ("generation_id", Id),
    ("finish_reason", Stop),
    ("text", AnswerSlot::Has(DataKinds::TEXT)),
    ("message.content", AnswerSlot::Has(DataKinds::TEXT)),
    ("generations[].finish_reason", Stop),
    ("embeddings", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("usage.tokens.input_tokens", INPUT),
    ("usage.tokens.output_tokens", OUTPUT),
    ("usage.billed_units.input_tokens", BILLED_INPUT),
    ("usage.billed_units.output_tokens", BILLED_OUTPUT),
    ("usage.cached_tokens", CACHED_INSIDE),
    ("meta.tokens.input_tokens", INPUT),
    ("meta.tokens.output_tokens", OUTPUT),
    ("meta.billed_units.input_tokens", BILLED_INPUT),
    ("meta.billed_units.output_tokens", BILLED_OUTPUT),
    ("meta.cached_tokens", CACHED_INSIDE),
    ("delta.finish_reason", Stop),
    ("delta.usage.tokens.input_tokens", INPUT),
    ("delta.usage.tokens.output_tokens", OUTPUT),
    ("delta.usage.billed_units.input_tokens", BILLED_INPUT),
    ("delta.usage.billed_units.output_tokens", BILLED_OUTPUT),
    ("delta.usage.cached_tokens", CACHED_INSIDE),
    ("response.generation_id", Id),
    ("response.finish_reason", Stop),
    ("response.meta.tokens.input_tokens", INPUT),
    ("response.meta.tokens.output_tokens", OUTPUT),
    ("response.meta.billed_units.input_tokens", BILLED_INPUT),
    ("response.meta.billed_units.output_tokens", BILLED_OUTPUT),
    ("response.meta.cached_tokens", CACHED_INSIDE),
    ("message", TopMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: Some("[DONE]"),
        types: &["message-end", "stream-end"],
        frames: &[],
        last_frame: "",
    },
    assemble: generic::array,
    error_code: CODE_FIRST,
    fractional_counts: true,
};
