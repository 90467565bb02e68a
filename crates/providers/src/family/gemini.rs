//! Gemini `generateContent`, its stream, and embeddings.

use std::sync::LazyLock;

use super::{ErrorField, Family, generic};
use crate::answer::AnswerSlot::{
    self, ErrorCode, ErrorMessage, ErrorStatus, Id, Model, Stop, StopDetail,
};
use crate::answer::count::{CACHED_INSIDE, INPUT, INPUT_EXTRA, OUTPUT, REASONING_OUTSIDE, TOTAL};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("model", RequestSlot::Model),
    ("labels.*", RequestSlot::Metadata),
    ("contents[].parts[].text", RequestSlot::Has(DataKinds::TEXT)),
    (
        "contents[].parts[].inlineData",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "contents[].parts[].fileData",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    ("contents.parts[].text", RequestSlot::Has(DataKinds::TEXT)),
    ("content.parts[].text", RequestSlot::Has(DataKinds::TEXT)),
];

const ANSWER: &[(&str, AnswerSlot)] = &[
    ("responseId", Id),
    ("modelVersion", Model),
    ("candidates[].finishReason", Stop),
    ("promptFeedback.blockReason", StopDetail),
    ("candidates", AnswerSlot::Has(DataKinds::TEXT)),
    (
        "candidates[].content.parts[].inlineData",
        AnswerSlot::Has(DataKinds::IMAGE),
    ),
    ("embedding", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("embeddings", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("totalTokens", INPUT),
    ("usageMetadata.promptTokenCount", INPUT),
    ("usageMetadata.toolUsePromptTokenCount", INPUT_EXTRA),
    ("usageMetadata.cachedContentTokenCount", CACHED_INSIDE),
    ("usageMetadata.candidatesTokenCount", OUTPUT),
    ("usageMetadata.responseTokenCount", OUTPUT),
    ("usageMetadata.thoughtsTokenCount", REASONING_OUTSIDE),
    ("usageMetadata.totalTokenCount", TOTAL),
    ("error", AnswerSlot::Error),
    ("error.code", ErrorCode),
    ("error.status", ErrorStatus),
    ("error.message", ErrorMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: None,
        types: &[],
        frames: &[],
        last_frame: "",
    },
    assemble: generic::array,
    error_code: [ErrorField::Status, ErrorField::Code, ErrorField::Type],
    fractional_counts: false,
};
