//! Bodies of no family of their own: embeddings, images, audio, moderations, and whatever comes next. Facts are
//! taken wherever a known field appears.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, anthropic, openai_chat, openai_responses};
use crate::answer::AnswerSlot;
use crate::answer::count::{
    CACHED_INSIDE, INPUT_AUDIO, INPUT_IMAGE, OUTPUT_IMAGE, REASONING_INSIDE,
};
use crate::facts::DataKinds;
use crate::json::write_string;
use crate::reassemble::{Assemble, Part};
use crate::request::RequestSlot;
use crate::skim::Paths;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("input", RequestSlot::Has(DataKinds::TEXT)),
    ("n", RequestSlot::ImageCount),
    ("size", RequestSlot::ImageSize),
];

const ANSWER: &[(&str, AnswerSlot)] = &[
    ("data[].embedding", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("data[].b64_json", AnswerSlot::Image),
    ("data[].url", AnswerSlot::Image),
    ("size", AnswerSlot::ImageSize),
    ("text", AnswerSlot::Has(DataKinds::TEXT)),
    ("usage.input_tokens_details.cached_tokens", CACHED_INSIDE),
    ("usage.input_tokens_details.image_tokens", INPUT_IMAGE),
    ("usage.input_tokens_details.audio_tokens", INPUT_AUDIO),
    ("usage.output_tokens_details.image_tokens", OUTPUT_IMAGE),
    (
        "usage.output_tokens_details.reasoning_tokens",
        REASONING_INSIDE,
    ),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| {
    let tables = [
        anthropic::REQUEST,
        openai_responses::REQUEST,
        openai_chat::REQUEST,
    ];
    Paths::new(&[tables[0], tables[1], tables[2], REQUEST])
});
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> =
    LazyLock::new(|| Paths::new(&[anthropic::ANSWER, openai_chat::ANSWER, ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: openai_chat::ENDING,
    assemble: array,
    error_code: CODE_FIRST,
    fractional_counts: false,
};

/// Keeps every part as an element of an array; what is no JSON becomes a string.
pub(crate) fn array() -> Box<dyn Assemble> {
    Box::new(Parts::default())
}

#[derive(Debug, Default)]
struct Parts {
    written: Vec<u8>,
}

impl Assemble for Parts {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        self.written
            .push(if self.written.is_empty() { b'[' } else { b',' });
        if !(part.valid && crate::json::minify(part.data, &mut self.written)) {
            write_string(&String::from_utf8_lossy(part.data), &mut self.written);
        }
        None
    }

    fn wants_text(&self) -> bool {
        true
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        if self.written.is_empty() {
            self.written.push(b'[');
        }
        self.written.push(b']');
        out.append(&mut self.written);
    }
}
