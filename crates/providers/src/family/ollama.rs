//! Ollama's native API: chat, generate, embed.

use std::sync::LazyLock;

use super::{CODE_FIRST, ERROR, Family};
use crate::answer::AnswerSlot::{self, Model, Stop};
use crate::answer::count::{INPUT, OUTPUT};
use crate::answer::has;
use crate::json::members;
use crate::merge::Fields;
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

const REQUEST: Table<RequestSlot> = &[(
    "",
    &[
        ("model", RequestSlot::Model),
        ("stream", RequestSlot::Stream),
        ("prompt", holds::TEXT),
        ("input", holds::TEXT),
        ("images", holds::IMAGE),
        ("messages[].content", holds::TEXT),
        ("messages[].images", holds::IMAGE),
    ],
)];

const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("model", Model),
            ("done_reason", Stop),
            ("prompt_eval_count", INPUT),
            ("eval_count", OUTPUT),
            ("response", has::TEXT),
            ("message.content", has::TEXT),
            ("embedding", has::EMBEDDING),
            ("embeddings", has::EMBEDDING),
        ],
    ),
    ("error", ERROR),
];

/// The texts by which a line makes the answer grow.
const GROWTH: Rows<Growth> = &[
    ("message.content", Growth::Text),
    ("message.thinking", Growth::Reasoning),
    ("response", Growth::Text),
    ("thinking", Growth::Reasoning),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        done_flag: true,
        ..Ending::NONE
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
