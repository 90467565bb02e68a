//! Bodies of no family of their own: embeddings, images, audio, moderations, and whatever comes next. Facts are
//! taken wherever a known field appears.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, anthropic, openai_chat, openai_responses};
use crate::answer::AnswerSlot::{self, Stop};
use crate::answer::count::{CACHED_INSIDE, INPUT, INPUT_AUDIO, INPUT_EACH, OUTPUT};
use crate::answer::has;
use crate::json::write_string;
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Table};
use crate::terminal::Ending;

const REQUEST: Table<RequestSlot> = &[(
    "",
    &[
        ("input", holds::TEXT),
        ("n", RequestSlot::ImageCount),
        ("size", RequestSlot::ImageSize),
        ("quality", RequestSlot::ImageQualityName),
    ],
)];

const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("data[].embedding", has::EMBEDDING),
            ("data[].b64_json", AnswerSlot::Image),
            ("data[].url", AnswerSlot::Image),
            ("size", AnswerSlot::ImageSize),
            ("text", has::TEXT),
        ],
    ),
    ("usage", openai_responses::USAGE),
    // Transcriptions say `token` where others say `tokens`
    (
        "usage.input_token_details",
        &[
            ("audio_tokens", INPUT_AUDIO),
            ("cached_tokens", CACHED_INSIDE),
        ],
    ),
    // Text Generation Inference
    (
        "details",
        &[
            ("generated_tokens", OUTPUT),
            ("input_length", INPUT),
            ("finish_reason", Stop),
        ],
    ),
    // Embeddings on Vertex
    (
        "predictions[].embeddings",
        &[
            ("values", has::EMBEDDING),
            ("statistics.token_count", INPUT_EACH),
        ],
    ),
];

/// The texts by which a part makes an answer grow, in whichever shape. Text Generation Inference streams tokens.
const GROWTH: Table<Growth> = &[
    ("", anthropic::GROWTH),
    ("", openai_chat::GROWTH),
    ("", openai_responses::GROWTH),
    ("", &[("token.text", Growth::Text)]),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| {
        Paths::new(&[
            anthropic::REQUEST,
            openai_responses::REQUEST,
            openai_chat::REQUEST,
            REQUEST,
        ])
    }),
    answer: LazyLock::new(|| Paths::new(&[anthropic::ANSWER, openai_chat::ANSWER, ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[GROWTH])),
    ending: Ending {
        data: Some("[DONE]"),
        types: &["transcript.text.done", "speech.audio.done"],
        ..Ending::NONE
    },
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
