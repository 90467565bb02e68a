//! Chat Completions and Completions: `OpenAI`, Azure, Groq, Mistral, `DeepSeek`, xAI, Together, vLLM and others.

use std::sync::LazyLock;

use super::{CODE_FIRST, ERROR, Family};
use crate::answer::AnswerSlot::{self, Id, Model, ServiceTier, Stop, TopCode, TopMessage};
use crate::answer::count::{
    CACHED_INSIDE, INPUT, INPUT_AUDIO, INPUT_IMAGE, OUTPUT, OUTPUT_AUDIO, OUTPUT_IMAGE,
    REASONING_INSIDE, TOTAL, WRITTEN_INSIDE,
};
use crate::answer::has;
use crate::json::{elements, members};
use crate::merge::{Fields, Node, index_of, only_growth};
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

/// What every call to `OpenAI` may say, Responses too.
pub(super) const CALL: Rows<RequestSlot> = &[
    ("model", RequestSlot::Model),
    ("stream", RequestSlot::Stream),
    ("user", RequestSlot::User),
    ("safety_identifier", RequestSlot::UserFallback),
    ("session_id", RequestSlot::Session),
    ("metadata.*", RequestSlot::Metadata),
    ("metadata.session_id", RequestSlot::Session),
    ("litellm_session_id", RequestSlot::Session),
    ("litellm_trace_id", RequestSlot::Trace),
    ("litellm_metadata.*", RequestSlot::Tag),
    ("service_tier", RequestSlot::ServiceTier),
];

pub(super) const REQUEST: Table<RequestSlot> = &[
    ("", CALL),
    (
        "",
        &[
            ("prompt", holds::TEXT),
            ("messages[].content", holds::TEXT),
            ("messages[].content[].type", RequestSlot::PartType),
        ],
    ),
];

/// Source: `prompt_cache_hit_tokens` is `DeepSeek`'s, `cached_tokens` beside the counts is Moonshot's; the others
/// are in `OpenAI`'s API reference.
const USAGE: Rows<AnswerSlot> = &[
    ("prompt_tokens", INPUT),
    ("completion_tokens", OUTPUT),
    ("total_tokens", TOTAL),
    ("prompt_cache_hit_tokens", CACHED_INSIDE),
    ("cached_tokens", CACHED_INSIDE),
    ("prompt_tokens_details.cached_tokens", CACHED_INSIDE),
    ("prompt_tokens_details.cache_write_tokens", WRITTEN_INSIDE),
    ("prompt_tokens_details.audio_tokens", INPUT_AUDIO),
    ("prompt_tokens_details.image_tokens", INPUT_IMAGE),
    (
        "completion_tokens_details.reasoning_tokens",
        REASONING_INSIDE,
    ),
    ("completion_tokens_details.audio_tokens", OUTPUT_AUDIO),
    ("completion_tokens_details.image_tokens", OUTPUT_IMAGE),
];

pub(super) const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("id", Id),
            ("model", Model),
            ("service_tier", ServiceTier),
            ("choices[].finish_reason", Stop),
            ("choices[].stop_reason", Stop),
            ("choices[].message.audio", has::AUDIO),
            ("choices[].delta.audio", has::AUDIO),
            ("choices", has::TEXT),
            ("message", TopMessage),
            ("code", TopCode),
        ],
    ),
    ("usage", USAGE),
    // Groq's streams
    ("x_groq.usage", USAGE),
    ("error", ERROR),
    // Gemini behind OpenAI's paths refuses with an array, whose `code` is the status in digits.
    (
        "[].error",
        &[
            ("", AnswerSlot::Error),
            ("status", AnswerSlot::ErrorStatus),
            ("message", AnswerSlot::ErrorMessage),
        ],
    ),
];

/// The texts by which a chunk makes the answer grow. Mistral models on Bedrock stream `message` where others stream
/// `delta`.
pub(super) const GROWTH: Rows<Growth> = &[
    ("choices[].text", Growth::Text),
    ("choices[].message.content", Growth::Text),
    ("choices[].delta.content", Growth::Text),
    ("choices[].delta.content[].text", Growth::Text),
    ("choices[].delta.refusal", Growth::Text),
    ("choices[].delta.reasoning", Growth::Reasoning),
    ("choices[].delta.reasoning_content", Growth::Reasoning),
    (
        "choices[].delta.tool_calls[].function.arguments",
        Growth::ToolInput,
    ),
    ("choices[].delta.function_call.arguments", Growth::ToolInput),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        data: Some("[DONE]"),
        ..Ending::NONE
    },
    assemble: || Box::new(Chat::default()),
    error_code: CODE_FIRST,
    fractional_counts: false,
};

/// A `chat.completion` out of its chunks; a `text_completion` out of its own.
#[derive(Debug, Default)]
struct Chat {
    answer: Fields,
    /// Where the last part made the answer grow: the choice, whether inside its message, and the key.
    grown: Option<(u64, bool, Vec<u8>)>,
}

impl Assemble for Chat {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        let mut grown = None;
        for (key, value) in members(part.data) {
            match key {
                b"choices" => grown = self.choices(value),
                b"object" if value == b"\"chat.completion.chunk\"" => {
                    self.answer.set(key, b"\"chat.completion\"");
                }
                // Padding against guessing tokens from sizes.
                b"obfuscation" | b"p" => {}
                _ => self.answer.set(key, value),
            }
        }
        grown
    }

    fn again(&mut self, text: &[u8]) {
        if let Some((index, in_message, key)) = &self.grown {
            let choice = self.answer.element(b"choices", *index);
            let fields = if *in_message {
                choice.object(b"message")
            } else {
                choice
            };
            fields.append_text(key, text);
        }
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        self.answer.write(out);
    }
}

impl Chat {
    /// Takes the choices of a part, and says by which one text they grew, where there is only one.
    fn choices<'a>(&mut self, choices: &'a [u8]) -> Option<&'a [u8]> {
        self.answer.entry(b"choices", || Node::Indexed(Vec::new()));
        let mut grown = None;
        let mut growths = 0;
        for (place, choice) in (0u64..).zip(elements(choices)) {
            let index = index_of(choice, b"index").unwrap_or(place);
            let merged = self.answer.element(b"choices", index);
            for (key, value) in members(choice) {
                match key {
                    // Mistral models on Bedrock stream `message` where others stream `delta`.
                    b"delta" | b"message" => {
                        growths += 1;
                        grown = only_growth(value).map(|(key, text)| (index, true, key, text));
                        merged.object(b"message").append_all(value);
                    }
                    b"text" => {
                        growths += 1;
                        grown = text_inside(value).map(|text| (index, false, key, text));
                        merged.append(key, value);
                    }
                    b"logprobs" => {
                        growths += usize::from(value != b"null");
                        merged.append(key, value);
                    }
                    _ => merged.set(key, value),
                }
            }
        }
        let (index, in_message, key, text) = grown.filter(|_| growths == 1)?;
        self.grown = Some((index, in_message, key.to_vec()));
        Some(text)
    }
}

fn text_inside(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}
