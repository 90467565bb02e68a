//! Bedrock Converse and `ConverseStream`.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family};
use crate::answer::AnswerSlot::{
    self, GuardrailAction, LatencyMs, Model, PerformanceLatency, ServiceTier, Stop, TopMessage,
};
use crate::answer::count::{CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOTAL};
use crate::facts::DataKinds;
use crate::json::{members, write_streamed};
use crate::merge::{
    Fields, Node, element_of, index_of, member, only_growth, push_element, write_key,
};
use crate::reassemble::{Assemble, Part};
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    ("requestMetadata.*", RequestSlot::Metadata),
    ("performanceConfig.latency", RequestSlot::PerformanceLatency),
    ("serviceTier.type", RequestSlot::ServiceTier),
    (
        "guardrailConfig.guardrailIdentifier",
        RequestSlot::GuardrailId,
    ),
    (
        "guardrailConfig.guardrailVersion",
        RequestSlot::GuardrailVersion,
    ),
    (
        "messages[].content[].text",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].guardContent",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].image",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].document",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].video",
        RequestSlot::Has(DataKinds::VIDEO),
    ),
    (
        "messages[].content[].audio",
        RequestSlot::Has(DataKinds::AUDIO),
    ),
    (
        "messages[].content[].toolResult.content[].text",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].toolResult.content[].image",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].toolResult.content[].document",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].toolResult.content[].video",
        RequestSlot::Has(DataKinds::VIDEO),
    ),
    ("content[].text", RequestSlot::Has(DataKinds::TEXT)),
    ("content[].image", RequestSlot::Has(DataKinds::IMAGE)),
];

/// The whole answer; a frame of the stream holds a part of the same shape.
const ANSWER: &[(&str, AnswerSlot)] = &[
    ("stopReason", Stop),
    ("usage.inputTokens", INPUT),
    ("usage.outputTokens", OUTPUT),
    ("usage.totalTokens", TOTAL),
    ("usage.cacheReadInputTokens", CACHE_READ),
    ("usage.cacheWriteInputTokens", CACHE_WRITE),
    ("metrics.latencyMs", LatencyMs),
    ("performanceConfig.latency", PerformanceLatency),
    ("serviceTier.type", ServiceTier),
    ("trace.promptRouter.invokedModelId", Model),
    ("action", GuardrailAction),
    ("inputTokens", INPUT),
    (
        "output.message.content[].text",
        AnswerSlot::Has(DataKinds::TEXT),
    ),
    (
        "output.message.content[].image",
        AnswerSlot::Has(DataKinds::IMAGE),
    ),
    ("delta.text", AnswerSlot::Has(DataKinds::TEXT)),
    ("delta.image", AnswerSlot::Has(DataKinds::IMAGE)),
    ("message", TopMessage),
    ("Message", TopMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> = LazyLock::new(|| Paths::new(&[REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> = LazyLock::new(|| Paths::new(&[ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: None,
        types: &[],
        frames: &["messageStop", "metadata"],
        done_flag: false,
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
