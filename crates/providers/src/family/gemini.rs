//! Gemini `generateContent`, its stream, and embeddings.

use std::sync::LazyLock;

use super::{ERROR, ErrorField, Family};
use crate::answer::AnswerSlot::{self, ErrorStatus, Id, Modality, Model, Stop, StopDetail};
use crate::answer::count::{
    CACHED_INSIDE, INPUT, INPUT_BY_MODALITY, INPUT_EXTRA, OUTPUT, OUTPUT_BY_MODALITY,
    REASONING_OUTSIDE, TOTAL,
};
use crate::answer::has;
use crate::json::{Kind, elements, kind, members};
use crate::merge::{Fields, Node, index_of, push_element};
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

/// What a part of a content may be.
const PART: Rows<RequestSlot> = &[
    ("text", holds::TEXT),
    ("inlineData", holds::IMAGE),
    ("fileData", holds::IMAGE),
];

const REQUEST: Table<RequestSlot> = &[
    (
        "",
        &[
            ("model", RequestSlot::Model),
            ("labels.*", RequestSlot::Metadata),
        ],
    ),
    ("contents[].parts[]", PART),
    ("contents.parts[]", PART),
    ("content.parts[]", PART),
];

const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("responseId", Id),
            ("modelVersion", Model),
            ("candidates[].finishReason", Stop),
            ("promptFeedback.blockReason", StopDetail),
            ("candidates", has::TEXT),
            ("candidates[].content.parts[].inlineData", has::IMAGE),
            ("embedding", has::EMBEDDING),
            ("embeddings", has::EMBEDDING),
            ("totalTokens", INPUT),
        ],
    ),
    (
        "usageMetadata",
        &[
            ("promptTokenCount", INPUT),
            ("toolUsePromptTokenCount", INPUT_EXTRA),
            ("cachedContentTokenCount", CACHED_INSIDE),
            ("candidatesTokenCount", OUTPUT),
            ("responseTokenCount", OUTPUT),
            ("thoughtsTokenCount", REASONING_OUTSIDE),
            ("totalTokenCount", TOTAL),
        ],
    ),
    (
        "usageMetadata.promptTokensDetails[]",
        &[("modality", Modality), ("tokenCount", INPUT_BY_MODALITY)],
    ),
    (
        "usageMetadata.candidatesTokensDetails[]",
        &[("modality", Modality), ("tokenCount", OUTPUT_BY_MODALITY)],
    ),
    (
        "usageMetadata.responseTokensDetails[]",
        &[("modality", Modality), ("tokenCount", OUTPUT_BY_MODALITY)],
    ),
    ("error", ERROR),
    ("error", &[("status", ErrorStatus)]),
    // What refuses a stream of an array is an array too.
    ("[].error", ERROR),
    ("[].error", &[("status", ErrorStatus)]),
];

/// The texts by which a chunk makes the answer grow.
const GROWTH: Rows<Growth> = &[
    ("candidates[].content.parts[]", Growth::PartBegins),
    ("candidates[].content.parts[].text", Growth::Text),
    ("candidates[].content.parts[].thought", Growth::IsThought),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending::NONE,
    assemble: || Box::new(Candidates::default()),
    error_code: [ErrorField::Status, ErrorField::Code, ErrorField::Type],
    fractional_counts: false,
};

/// The answer out of its chunks, which have its shape and pieces of its text.
#[derive(Debug, Default)]
struct Candidates {
    answer: Fields,
    parts: Vec<(u64, Parts)>,
}

/// The parts of one candidate: those that are complete, and the text that still grows.
#[derive(Debug, Default)]
struct Parts {
    written: Vec<u8>,
    /// The inside of the text, and whether it is a thought.
    open: Option<(Vec<u8>, bool)>,
}

impl Assemble for Candidates {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        for (key, value) in members(part.data) {
            if key != b"candidates" {
                self.answer.set(key, value);
                continue;
            }
            for (place, candidate) in (0u64..).zip(elements(value)) {
                let index = index_of(candidate, b"index").unwrap_or(place);
                self.candidate(index, candidate);
            }
        }
        None
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        for (index, mut parts) in std::mem::take(&mut self.parts) {
            parts.close();
            let content = self.answer.element(b"candidates", index).object(b"content");
            *content.entry(b"parts", || Node::List(Vec::new())) = Node::List(parts.written);
        }
        self.answer.write(out);
    }
}

impl Candidates {
    fn candidate(&mut self, index: u64, candidate: &[u8]) {
        let at = self.parts.iter().position(|(known, _)| *known == index);
        for (key, value) in members(candidate) {
            let merged = self.answer.element(b"candidates", index);
            if key != b"content" {
                merged.set(key, value);
                continue;
            }
            for (key, value) in members(value) {
                if key != b"parts" {
                    merged.object(b"content").set(key, value);
                    continue;
                }
                merged
                    .object(b"content")
                    .entry(b"parts", || Node::List(Vec::new()));
                let at = at.unwrap_or_else(|| {
                    self.parts.push((index, Parts::default()));
                    self.parts.len() - 1
                });
                for part in elements(value) {
                    self.parts[at].1.add(part);
                }
            }
        }
    }
}

impl Parts {
    fn add(&mut self, part: &[u8]) {
        let Some((text, thought)) = plain_text(part) else {
            self.close();
            return push_element(&mut self.written, part);
        };
        match &mut self.open {
            Some((open, kind)) if *kind == thought => open.extend_from_slice(text),
            _ => {
                self.close();
                self.open = Some((text.to_vec(), thought));
            }
        }
    }

    fn close(&mut self) {
        if let Some((text, thought)) = self.open.take() {
            let end: &[u8] = if thought {
                b"\",\"thought\":true}"
            } else {
                b"\"}"
            };
            push_element(
                &mut self.written,
                &[b"{\"text\":\"", &text[..], end].concat(),
            );
        }
    }
}

/// The inside of the text of a part that has nothing else, and whether it is a thought.
fn plain_text(part: &[u8]) -> Option<(&[u8], bool)> {
    let mut text = None;
    let mut thought = false;
    for (key, value) in members(part) {
        match (key, kind(value)) {
            (b"text", Kind::String) => text = Some(&value[1..value.len() - 1]),
            (b"thought", Kind::Literal) => thought = value == b"true",
            _ => return None,
        }
    }
    text.map(|text| (text, thought))
}
