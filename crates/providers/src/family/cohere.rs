//! Cohere's own API: chat in versions 1 and 2, generate, embed, rerank.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family};
use crate::answer::AnswerSlot::{self, Id, Stop, TopMessage};
use crate::answer::count::{BILLED_INPUT, BILLED_OUTPUT, CACHED_INSIDE, INPUT, OUTPUT};
use crate::answer::has;
use crate::json::{elements, members};
use crate::merge::{Fields, index_of, member};
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
        ("conversation_id", RequestSlot::Session),
        ("message", holds::TEXT),
        ("prompt", holds::TEXT),
        ("texts", holds::TEXT),
        ("query", holds::TEXT),
        ("images", holds::IMAGE),
        ("messages[].content", holds::TEXT),
        ("messages[].content[].type", RequestSlot::PartType),
    ],
)];

const USAGE: Rows<AnswerSlot> = &[
    ("tokens.input_tokens", INPUT),
    ("tokens.output_tokens", OUTPUT),
    ("billed_units.input_tokens", BILLED_INPUT),
    ("billed_units.output_tokens", BILLED_OUTPUT),
    ("cached_tokens", CACHED_INSIDE),
];

/// Version 2 says `usage`, version 1 says `meta`; the end of a stream wraps either.
const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("id", Id),
            ("generation_id", Id),
            ("finish_reason", Stop),
            ("text", has::TEXT),
            ("message.content", has::TEXT),
            ("generations[].finish_reason", Stop),
            ("embeddings", has::EMBEDDING),
            ("delta.finish_reason", Stop),
            ("response.generation_id", Id),
            ("response.finish_reason", Stop),
            ("message", TopMessage),
        ],
    ),
    ("usage", USAGE),
    ("meta", USAGE),
    ("delta.usage", USAGE),
    ("response.meta", USAGE),
];

/// The texts by which an event makes the answer grow, in version 1 and 2.
const GROWTH: Rows<Growth> = &[
    ("text", Growth::Text),
    ("delta.message.content.text", Growth::Text),
    ("delta.message.content.thinking", Growth::Reasoning),
    ("delta.message.tool_plan", Growth::Reasoning),
    (
        "delta.message.tool_calls.function.arguments",
        Growth::ToolInput,
    ),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        data: Some("[DONE]"),
        types: &["message-end", "stream-end"],
        ..Ending::NONE
    },
    assemble: || Box::new(Chat::default()),
    error_code: CODE_FIRST,
    fractional_counts: true,
};

/// The answer out of its events. Version 2 streams the pieces of a message; version 1 streams text, and repeats the
/// whole answer at its end.
#[derive(Debug, Default)]
struct Chat {
    answer: Fields,
    whole: Vec<u8>,
}

impl Assemble for Chat {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        let data = part.data;
        if let Some(delta) = member(data, b"delta") {
            self.delta(data, delta);
            return None;
        }
        for (key, value) in members(data) {
            match key {
                b"type" if value.starts_with(b"\"") => {}
                b"response" => {
                    self.whole.clear();
                    self.whole.extend_from_slice(value);
                }
                b"event_type" | b"is_finished" | b"index" => {}
                b"text" | b"citations" | b"tool_plan" => self.answer.append(key, value),
                _ => self.answer.set(key, value),
            }
        }
        None
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        if self.whole.starts_with(b"{") {
            self.answer = Fields::default();
            self.answer.set_all(&self.whole);
        }
        self.answer.write(out);
    }
}

impl Chat {
    /// Takes an event of version 2.
    fn delta(&mut self, data: &[u8], delta: &[u8]) {
        if let Some(id) = member(data, b"id") {
            self.answer.set(b"id", id);
        }
        let index = index_of(data, b"index").unwrap_or(0);
        for (key, value) in members(delta) {
            if key != b"message" {
                self.answer.set(key, value);
                continue;
            }
            let message = self.answer.object(b"message");
            for (key, value) in members(value) {
                match (key, value.first()) {
                    (b"content" | b"tool_calls", Some(b'{')) => {
                        message.element(key, index).append_all(value);
                    }
                    (b"citations", Some(b'{')) => message.push(key, value),
                    (b"content" | b"tool_calls" | b"citations", Some(b'[')) => {
                        for element in elements(value) {
                            message.push(key, element);
                        }
                    }
                    (b"tool_plan", _) => message.append(key, value),
                    _ => message.set(key, value),
                }
            }
        }
    }
}
