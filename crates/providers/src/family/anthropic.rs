//! Anthropic Messages, and the text completions before them.

use std::sync::LazyLock;

use super::{ERROR, ErrorField, Family};
use crate::answer::AnswerSlot::{self, Id, InferenceGeo, Model, ServiceTier, Speed, Stop};
use crate::answer::count::{
    CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H, INPUT, OUTPUT, REASONING_INSIDE,
};
use crate::answer::has;
use crate::json::{members, write_streamed};
use crate::merge::{Fields, Node, element_of, index_of, member, only_growth, push_element};
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

pub(super) const REQUEST: Table<RequestSlot> = &[(
    "",
    &[
        ("model", RequestSlot::Model),
        ("stream", RequestSlot::Stream),
        ("metadata.user_id", RequestSlot::User),
        ("litellm_metadata.*", RequestSlot::Tag),
        ("service_tier", RequestSlot::ServiceTier),
        ("container.id", RequestSlot::Session),
        ("prompt", holds::TEXT),
        ("messages[].content", holds::TEXT),
        ("messages[].content[].type", RequestSlot::PartType),
        ("messages[].content[].content[].type", RequestSlot::PartType),
    ],
)];

/// The message itself, which an event of its stream holds too.
const MESSAGE: Rows<AnswerSlot> = &[
    ("id", Id),
    ("model", Model),
    ("stop_reason", Stop),
    ("content", has::TEXT),
];

const USAGE: Rows<AnswerSlot> = &[("output_tokens", OUTPUT)];

/// What `message_start` counts too. Its `output_tokens` are provisional: a stream that ends before its
/// `message_delta` has not said how many there were.
const USAGE_AT_START: Rows<AnswerSlot> = &[
    ("input_tokens", INPUT),
    ("cache_read_input_tokens", CACHE_READ),
    ("cache_creation_input_tokens", CACHE_WRITE),
    ("cache_creation.ephemeral_1h_input_tokens", CACHE_WRITE_1H),
    ("output_tokens_details.thinking_tokens", REASONING_INSIDE),
    ("service_tier", ServiceTier),
    ("inference_geo", InferenceGeo),
    ("speed", Speed),
];

pub(super) const ANSWER: Table<AnswerSlot> = &[
    ("", MESSAGE),
    ("usage", USAGE),
    ("usage", USAGE_AT_START),
    ("message", MESSAGE),
    ("message.usage", USAGE_AT_START),
    ("delta", &[("stop_reason", Stop)]),
    // Text completions, and the count of tokens.
    ("", &[("completion", has::TEXT), ("input_tokens", INPUT)]),
    ("error", ERROR),
];

/// The texts by which an event makes the message grow.
pub(super) const GROWTH: Rows<Growth> = &[
    ("delta.text", Growth::Text),
    ("delta.thinking", Growth::Reasoning),
    ("delta.partial_json", Growth::ToolInput),
    ("completion", Growth::Text),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        types: &["message_stop", "error"],
        ..Ending::NONE
    },
    assemble: || Box::new(Message::default()),
    error_code: [ErrorField::Type, ErrorField::Code, ErrorField::Status],
    fractional_counts: false,
};

/// A message out of its events.
#[derive(Debug, Default)]
struct Message {
    answer: Fields,
    blocks: Vec<(u64, Fields)>,
    /// The JSON of tool inputs, as the inside of a string.
    inputs: Vec<(u64, Fields)>,
    /// Where the last part made a block grow.
    grown: Option<(u64, Vec<u8>)>,
}

impl Assemble for Message {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        let data = part.data;
        let index = index_of(data, b"index").unwrap_or(0);
        match member(data, b"type").unwrap_or_default() {
            b"\"message_start\"" => {
                for (key, value) in members(member(data, b"message").unwrap_or_default()) {
                    match key {
                        b"usage" => self.answer.object(key).set_all(value),
                        b"content" => {
                            self.answer.entry(key, || Node::List(Vec::new()));
                        }
                        _ => self.answer.set(key, value),
                    }
                }
            }
            b"\"content_block_start\"" => {
                let block = member(data, b"content_block").unwrap_or_default();
                let fields = element_of(&mut self.blocks, index);
                for (key, value) in members(block) {
                    match key {
                        b"text" | b"thinking" => fields.append(key, value),
                        _ => fields.set(key, value),
                    }
                }
            }
            b"\"content_block_delta\"" => {
                return self.delta(index, member(data, b"delta").unwrap_or_default());
            }
            b"\"message_delta\"" => {
                for (key, value) in members(data) {
                    match key {
                        b"type" => {}
                        b"delta" => self.answer.set_all(value),
                        b"usage" => self.answer.object(key).set_all(value),
                        _ => self.answer.set(key, value),
                    }
                }
            }
            b"\"message_stop\"" | b"\"content_block_stop\"" | b"\"ping\"" | b"\"error\"" => {}
            // The text completions of old: every event is a piece of one object.
            _ => {
                for (key, value) in members(data) {
                    match key {
                        b"completion" => self.answer.append(key, value),
                        _ => self.answer.set(key, value),
                    }
                }
            }
        }
        None
    }

    fn again(&mut self, text: &[u8]) {
        if let Some((index, key)) = self.grown.take() {
            self.block(index, &key).append_text(&key, text);
            self.grown = Some((index, key));
        }
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        let mut content = Vec::new();
        for (index, block) in &mut self.blocks {
            let input = self.inputs.iter().find(|(known, _)| known == index);
            if let Some((_, input)) = input
                && let Some(Node::Text(text)) = input.get(b"partial_json")
                && !text.is_empty()
            {
                let mut value = Vec::new();
                write_streamed(text, &mut value);
                block.set(b"input", &value);
            }
            let mut element = Vec::new();
            block.write(&mut element);
            push_element(&mut content, &element);
        }
        if !self.blocks.is_empty() {
            *self.answer.entry(b"content", || Node::List(Vec::new())) = Node::List(content);
        }
        self.answer.write(out);
    }
}

impl Message {
    /// The JSON of a tool's input grows beside its block, everything else in it.
    fn block(&mut self, index: u64, key: &[u8]) -> &mut Fields {
        if key == b"partial_json" {
            element_of(&mut self.inputs, index)
        } else {
            element_of(&mut self.blocks, index)
        }
    }

    fn delta<'a>(&mut self, index: u64, delta: &'a [u8]) -> Option<&'a [u8]> {
        for (key, value) in members(delta) {
            match key {
                b"type" => {}
                b"citation" => self.block(index, key).push(b"citations", value),
                _ => self.block(index, key).append(key, value),
            }
        }
        let (key, text) = only_growth(delta)?;
        self.grown = Some((index, key.to_vec()));
        Some(text)
    }
}
