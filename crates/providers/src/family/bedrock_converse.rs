//! Bedrock Converse and `ConverseStream`.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family};
use crate::answer::AnswerSlot::{
    self, CacheDetail, CacheTtl, CacheTtlTokens, GuardrailAction, LatencyMs, Model,
    PerformanceLatency, ServiceTier, Stop, TopMessage,
};
use crate::answer::count::{CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOTAL};
use crate::answer::has;
use crate::json::{members, write_streamed};
use crate::merge::{
    Fields, Node, element_of, index_of, member, only_growth, push_element, write_key,
};
use crate::reassemble::{Assemble, Part};
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Rows, Table};
use crate::terminal::Ending;

/// What a block of a message's content may be; Nova's own bodies have the same blocks.
pub(super) const CONTENT: Rows<RequestSlot> = &[
    ("text", holds::TEXT),
    ("guardContent", holds::TEXT),
    ("image", holds::IMAGE),
    ("document", holds::IMAGE),
    ("video", holds::VIDEO),
    ("audio", holds::AUDIO),
];

const REQUEST: Table<RequestSlot> = &[
    (
        "",
        &[
            ("requestMetadata.*", RequestSlot::Metadata),
            ("performanceConfig.latency", RequestSlot::PerformanceLatency),
            ("serviceTier.type", RequestSlot::ServiceTier),
        ],
    ),
    (
        "guardrailConfig",
        &[
            ("guardrailIdentifier", RequestSlot::GuardrailId),
            ("guardrailVersion", RequestSlot::GuardrailVersion),
        ],
    ),
    ("messages[].content[]", CONTENT),
    ("messages[].content[].toolResult.content[]", CONTENT),
    // What a guardrail is applied to.
    ("content[]", CONTENT),
];

/// Both spellings: Converse says `Tokens`, Nova's own bodies say `TokenCount`.
pub(super) const USAGE: Rows<AnswerSlot> = &[
    ("inputTokens", INPUT),
    ("outputTokens", OUTPUT),
    ("totalTokens", TOTAL),
    ("cacheReadInputTokens", CACHE_READ),
    ("cacheWriteInputTokens", CACHE_WRITE),
    ("cacheReadInputTokenCount", CACHE_READ),
    ("cacheWriteInputTokenCount", CACHE_WRITE),
    ("cacheDetails[]", CacheDetail),
    ("cacheDetails[].ttl", CacheTtl),
    ("cacheDetails[].inputTokens", CacheTtlTokens),
];

/// A block of the answer, and what a frame of the stream adds to one.
const BLOCK: Rows<AnswerSlot> = &[("text", has::TEXT), ("image", has::IMAGE)];

/// The whole answer; a frame of the stream holds a part of the same shape.
const ANSWER: Table<AnswerSlot> = &[
    (
        "",
        &[
            ("stopReason", Stop),
            ("metrics.latencyMs", LatencyMs),
            ("performanceConfig.latency", PerformanceLatency),
            ("serviceTier.type", ServiceTier),
            ("trace.promptRouter.invokedModelId", Model),
            ("action", GuardrailAction),
            ("inputTokens", INPUT),
            ("message", TopMessage),
            ("Message", TopMessage),
        ],
    ),
    ("usage", USAGE),
    ("output.message.content[]", BLOCK),
    ("delta", BLOCK),
];

/// The texts by which a frame makes a block grow; Nova's own bodies have them in an object of their own.
pub(super) const GROWTH: Rows<Growth> = &[
    ("delta.text", Growth::Text),
    ("delta.toolUse.input", Growth::ToolInput),
    ("delta.reasoningContent.text", Growth::Reasoning),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[&[("", GROWTH)]])),
    ending: Ending {
        frames: &["messageStop", "metadata"],
        ..Ending::NONE
    },
    assemble: || Box::new(Converse::default()),
    error_code: CODE_FIRST,
    fractional_counts: false,
};

/// The answer of Converse out of the frames of `ConverseStream`.
#[derive(Debug, Default)]
struct Converse {
    role: Fields,
    blocks: Vec<(u64, Fields)>,
    stop: Fields,
    metadata: Fields,
    /// Where the last part made a block grow.
    grown: Option<(u64, Vec<u8>)>,
}

impl Assemble for Converse {
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]> {
        let index = index_of(part.data, b"contentBlockIndex").unwrap_or(0);
        let inside = |name: &[u8]| member(part.data, name).unwrap_or_default();
        match part.name {
            b"messageStart" => self.role.set(b"role", inside(b"role")),
            b"contentBlockStart" => {
                for (key, value) in members(inside(b"start")) {
                    element_of(&mut self.blocks, index)
                        .object(key)
                        .set_all(value);
                }
            }
            b"contentBlockDelta" => {
                let block = element_of(&mut self.blocks, index);
                for (key, value) in members(inside(b"delta")) {
                    match key {
                        b"citation" => block.push(b"citations", value),
                        b"toolResult" => {
                            for piece in crate::json::elements(value) {
                                block.object(key).push(b"content", piece);
                            }
                        }
                        _ => block.append(key, value),
                    }
                }
                let (key, text) = only_growth(inside(b"delta"))?;
                self.grown = Some((index, key.to_vec()));
                return Some(text);
            }
            b"messageStop" => {
                for (key, value) in members(part.data).filter(|(key, _)| key != b"p") {
                    self.stop.set(key, value);
                }
            }
            b"metadata" => {
                for (key, value) in members(part.data).filter(|(key, _)| key != b"p") {
                    self.metadata.set(key, value);
                }
            }
            _ => {}
        }
        None
    }

    fn again(&mut self, text: &[u8]) {
        if let Some((index, key)) = &self.grown {
            element_of(&mut self.blocks, *index).append_text(key, text);
        }
    }

    /// The order is the one in which the service writes a Converse answer.
    fn write(&mut self, out: &mut Vec<u8>) {
        let mut content = Vec::new();
        for (_, block) in &self.blocks {
            let mut element = Vec::new();
            write_block(block, &mut element);
            push_element(&mut content, &element);
        }
        let mut answer = Fields::default();
        if let Some(Node::Raw(role)) = self.role.get(b"role") {
            answer
                .object(b"output")
                .object(b"message")
                .set(b"role", role);
        }
        let message = answer.object(b"output").object(b"message");
        *message.entry(b"content", || Node::List(Vec::new())) = Node::List(content);
        let parts = [
            (b"stopReason".as_slice(), &self.stop),
            (b"metrics", &self.metadata),
            (b"usage", &self.metadata),
        ];
        for (key, from) in parts {
            if let Some(Node::Raw(value)) = from.get(key) {
                answer.set(key, value);
            }
        }
        for from in [&self.stop, &self.metadata] {
            let mut rest = vec![b'{'];
            from.write_members(&mut rest);
            rest.push(b'}');
            answer.set_all(&rest);
        }
        answer.write(out);
    }
}

/// Writes a block of a stream as Converse writes it whole.
fn write_block(block: &Fields, out: &mut Vec<u8>) {
    let text = |name: &[u8]| match block.get(name) {
        Some(Node::Object(fields)) => Some(fields),
        _ => None,
    };
    if let Some(call) = text(b"toolUse") {
        return write_tool_use(call, out);
    }
    if let Some(reasoning) = text(b"reasoningContent") {
        return write_reasoning(reasoning, out);
    }
    let Some(citations) = block.get(b"citations") else {
        return block.write(out);
    };
    out.extend_from_slice(b"{\"citationsContent\":{\"content\":[{\"text\":");
    match block.get(b"text") {
        Some(text) => text.write(out),
        None => out.extend_from_slice(b"\"\""),
    }
    out.extend_from_slice(b"}],\"citations\":");
    citations.write(out);
    out.extend_from_slice(b"}}");
}

/// The input arrives as the pieces of a JSON text. One that was cut off stays a string.
fn write_tool_use(call: &Fields, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"toolUse\":{");
    for key in [b"toolUseId".as_slice(), b"name", b"type"] {
        if let Some(value) = call.get(key) {
            write_key(key, out);
            value.write(out);
            out.push(b',');
        }
    }
    write_key(b"input", out);
    match call.get(b"input") {
        Some(Node::Text(text)) if !text.is_empty() => write_streamed(text, out),
        Some(Node::Raw(value)) => out.extend_from_slice(value),
        _ => out.extend_from_slice(b"{}"),
    }
    out.extend_from_slice(b"}}");
}

fn write_reasoning(reasoning: &Fields, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"reasoningContent\":");
    if reasoning.get(b"text").is_some() || reasoning.get(b"signature").is_some() {
        out.extend_from_slice(b"{\"reasoningText\":");
        reasoning.write(out);
        out.push(b'}');
    } else {
        reasoning.write(out);
    }
    out.push(b'}');
}
