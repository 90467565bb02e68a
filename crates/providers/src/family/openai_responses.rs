//! `OpenAI` Responses.

use std::sync::LazyLock;

use super::{CODE_FIRST, ERROR, Family, openai_chat};
use crate::answer::AnswerSlot::{self, Id, Model, ServiceTier, Stop, StopDetail};
use crate::answer::count::{
    CACHED_INSIDE, INPUT, INPUT_AUDIO, INPUT_IMAGE, OUTPUT, OUTPUT_AUDIO, OUTPUT_IMAGE,
    REASONING_INSIDE, TOTAL, WRITTEN_INSIDE,
};
use crate::answer::has;
use crate::merge::{Fields, Node, element_of, index_of, member, push_element};
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

pub(super) const REQUEST: Table<RequestSlot> = &[
    ("", openai_chat::CALL),
    (
        "",
        &[
            ("conversation", RequestSlot::Session),
            ("conversation.id", RequestSlot::Session),
            ("input", holds::TEXT),
            ("input[].content[].type", RequestSlot::PartType),
        ],
    ),
];

/// The response itself, which events of its stream hold too.
const RESPONSE: Rows<AnswerSlot> = &[
    ("id", Id),
    ("model", Model),
    ("service_tier", ServiceTier),
    ("status", Stop),
    ("incomplete_details.reason", StopDetail),
    ("output", has::TEXT),
    ("output[].type", AnswerSlot::OutputType),
];

pub(super) const USAGE: Rows<AnswerSlot> = &[
    ("input_tokens", INPUT),
    ("output_tokens", OUTPUT),
    ("total_tokens", TOTAL),
    ("input_tokens_details.cached_tokens", CACHED_INSIDE),
    ("input_tokens_details.cache_write_tokens", WRITTEN_INSIDE),
    ("input_tokens_details.audio_tokens", INPUT_AUDIO),
    ("input_tokens_details.image_tokens", INPUT_IMAGE),
    ("output_tokens_details.reasoning_tokens", REASONING_INSIDE),
    ("output_tokens_details.audio_tokens", OUTPUT_AUDIO),
    ("output_tokens_details.image_tokens", OUTPUT_IMAGE),
];

const ANSWER: Table<AnswerSlot> = &[
    ("", RESPONSE),
    ("usage", USAGE),
    ("error", ERROR),
    ("response", RESPONSE),
    ("response.usage", USAGE),
    ("response.error", ERROR),
    (
        "",
        &[
            ("type", AnswerSlot::EventType),
            ("message", AnswerSlot::TopMessage),
            ("code", AnswerSlot::TopCode),
        ],
    ),
];

/// The texts by which an event makes the answer grow: text, reasoning, the input of tools.
pub(super) const GROWTH: Rows<Growth> = &[("type", Growth::EventType), ("delta", Growth::Text)];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        data: Some("[DONE]"),
        types: &[
            "response.completed",
            "response.failed",
            "response.incomplete",
            "response.cancelled",
            "error",
        ],
        ..Ending::NONE
    },
    assemble: || Box::new(Response::default()),
    error_code: CODE_FIRST,
    fractional_counts: false,
};

/// The response out of its events: the terminal event holds it whole. Cut off before that, it is put together from
/// the items that came.
#[derive(Debug, Default)]
struct Response {
    /// The `response` of the latest event that had one.
    latest: Vec<u8>,
    whole: bool,
    items: Vec<(u64, Fields)>,
}

impl Assemble for Response {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        if let Some(response) = member(part.data, b"response") {
            self.latest.clear();
            self.latest.extend_from_slice(response);
        }
        let name = member(part.data, b"type").unwrap_or_default();
        let name = name.strip_prefix(b"\"response.").unwrap_or_default();
        let name = name.strip_suffix(b"\"").unwrap_or_default();
        match name {
            b"completed" | b"failed" | b"incomplete" | b"cancelled" => {
                self.whole = true;
                self.items.clear();
            }
            b"created" | b"in_progress" | b"queued" => {}
            _ => self.item(name, part.data),
        }
        None
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        if self.whole {
            out.append(&mut self.latest);
            return;
        }
        let mut answer = Fields::default();
        answer.set_all(&self.latest);
        let mut output = Vec::new();
        for (_, item) in &self.items {
            let mut element = Vec::new();
            item.write(&mut element);
            push_element(&mut output, &element);
        }
        *answer.entry(b"output", || Node::List(Vec::new())) = Node::List(output);
        answer.write(out);
    }
}

impl Response {
    /// Takes an event about one item of the output.
    fn item(&mut self, name: &[u8], data: &[u8]) {
        let Some(index) = index_of(data, b"output_index") else {
            return;
        };
        let item = element_of(&mut self.items, index);
        let delta = member(data, b"delta").unwrap_or_default();
        let part = |name: &[u8]| index_of(data, name).unwrap_or(0);
        let content = part(b"content_index");
        match name {
            b"output_item.added" => item.set_all(member(data, b"item").unwrap_or_default()),
            b"output_item.done" => {
                *item = Fields::default();
                item.set_all(member(data, b"item").unwrap_or_default());
            }
            b"output_text.delta" => {
                let piece = item.element(b"content", content);
                piece.set(b"type", b"\"output_text\"");
                piece.append(b"text", delta);
            }
            b"refusal.delta" => {
                let piece = item.element(b"content", content);
                piece.set(b"type", b"\"refusal\"");
                piece.append(b"refusal", delta);
            }
            b"reasoning_text.delta" => {
                let piece = item.element(b"content", content);
                piece.set(b"type", b"\"reasoning_text\"");
                piece.append(b"text", delta);
            }
            b"reasoning_summary_text.delta" => {
                let piece = item.element(b"summary", part(b"summary_index"));
                piece.set(b"type", b"\"summary_text\"");
                piece.append(b"text", delta);
            }
            b"function_call_arguments.delta" | b"mcp_call_arguments.delta" => {
                grow(item, b"arguments", delta);
            }
            b"custom_tool_call_input.delta" => grow(item, b"input", delta),
            b"code_interpreter_call_code.delta" => grow(item, b"code", delta),
            _ => {}
        }
    }
}

/// Appends to a text that `output_item.added` set to the empty string.
fn grow(item: &mut Fields, key: &[u8], delta: &[u8]) {
    let node = item.entry(key, || Node::Text(Vec::new()));
    if let Node::Raw(value) = node
        && matches!(&value[..], b"\"\"" | b"null")
    {
        *node = Node::Text(Vec::new());
    }
    item.append(key, delta);
}
