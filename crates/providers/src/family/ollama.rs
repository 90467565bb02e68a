//! Ollama's native API: chat, generate, embed.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family};
use crate::answer::AnswerSlot::{self, Model, Stop};
use crate::answer::count::{INPUT, OUTPUT};
use crate::facts::DataKinds;
use crate::json::members;
use crate::merge::Fields;
use crate::reassemble::{Assemble, Part};
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("model", RequestSlot::Model),
    ("stream", RequestSlot::Stream),
    ("prompt", RequestSlot::Has(DataKinds::TEXT)),
    ("input", RequestSlot::Has(DataKinds::TEXT)),
    ("images", RequestSlot::Has(DataKinds::IMAGE)),
    ("messages[].content", RequestSlot::Has(DataKinds::TEXT)),
    ("messages[].images", RequestSlot::Has(DataKinds::IMAGE)),
];

const ANSWER: &[(&str, AnswerSlot)] = &[
    ("model", Model),
    ("done_reason", Stop),
    ("prompt_eval_count", INPUT),
    ("eval_count", OUTPUT),
    ("response", AnswerSlot::Has(DataKinds::TEXT)),
    ("message.content", AnswerSlot::Has(DataKinds::TEXT)),
    ("embedding", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("embeddings", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("error", AnswerSlot::Error),
    ("error.message", AnswerSlot::ErrorMessage),
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
        done_flag: true,
    },
    assemble: || Box::new(Lines::default()),
    error_code: CODE_FIRST,
    fractional_counts: false,
};

/// The answer out of its lines: texts grow, everything else is what the last line says.
#[derive(Debug, Default)]
struct Lines {
    answer: Fields,
}

impl Assemble for Lines {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        for (key, value) in members(part.data) {
            match key {
                b"message" => self.answer.object(key).append_all(value),
                b"response" | b"thinking" | b"logprobs" => self.answer.append(key, value),
                _ => self.answer.set(key, value),
            }
        }
        None
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        self.answer.write(out);
    }
}
