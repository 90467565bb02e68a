//! Turns the parts of a stream into the answer the provider would have given without streaming.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corelog_types::Operation;
use corelog_wire::event_stream::{Decoder, Frame};

use crate::answer::AnswerReader;
use crate::facts::AnswerFacts;
use crate::family::generic;
use crate::framing::{Framing, LineSplitter, SseSplitter};
use crate::headers::Headers;
use crate::json::{minify, string_of};
use crate::merge::member;
use crate::route::Route;

mod array;
mod repeat;

use array::ArraySplitter;
use repeat::Repeat;

/// One part of a stream: a text, nearly always JSON, with the name of its event, where it has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) data: &'a [u8],
    /// Whether `data` is valid JSON.
    pub(crate) valid: bool,
}

/// Builds a whole answer.
pub(crate) trait Assemble: std::fmt::Debug + Send {
    /// Takes the next part. Returns the inside of the one text in it by which the answer grew, where the part would
    /// do nothing else if it came again with another text in its place.
    fn add<'a>(&mut self, part: Part<'a>) -> Option<&'a [u8]>;

    /// Takes the last part again, with another text: see [`Assemble::add`].
    fn again(&mut self, _text: &[u8]) {}

    /// Whether parts that are no JSON are wanted too.
    fn wants_text(&self) -> bool {
        false
    }

    /// Appends the whole answer as JSON.
    fn write(&mut self, out: &mut Vec<u8>);
}

/// A stream, put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassembled {
    /// The whole answer as compact JSON; as it came where the stream held no event.
    pub body: Vec<u8>,
    /// What it says about itself.
    pub facts: AnswerFacts,
    /// How many events the stream had.
    pub events: u64,
}

/// Puts together a stream that comes in chunks. Memory is about the size of the answer.
#[derive(Debug)]
pub struct Reassembler {
    cutter: Cutter,
    parts: Parts,
}

#[derive(Debug)]
enum Cutter {
    Sse(SseSplitter),
    Lines(LineSplitter),
    Frames(Decoder),
    Array(ArraySplitter),
    Whole(Vec<u8>),
}

/// Where parts go: to the facts, and to the answer.
#[derive(Debug)]
struct Parts {
    reader: AnswerReader,
    assemble: Box<dyn Assemble>,
    repeat: Repeat,
    events: u64,
}

impl Reassembler {
    /// Starts a stream.
    pub fn new(route: &Route, framing: Framing) -> Self {
        // The parts of a native Bedrock stream are recorded one by one, as Bedrock records them; the events of a
        // route without a name have no whole shape that is known.
        let array = matches!(
            route.operation,
            Operation::InvokeModelWithResponseStream
                | Operation::InvokeModelWithBidirectionalStream
                | Operation::Other
        );
        let family = route.shape.family();
        let assemble = if array {
            generic::array
        } else {
            family.assemble
        };
        Self {
            cutter: match framing {
                Framing::Sse => Cutter::Sse(SseSplitter::default()),
                Framing::NdJson => Cutter::Lines(LineSplitter::default()),
                Framing::EventStream => Cutter::Frames(Decoder::new()),
                Framing::JsonArray => Cutter::Array(ArraySplitter::default()),
                Framing::None => Cutter::Whole(Vec::new()),
            },
            parts: Parts {
                reader: AnswerReader::new(route),
                assemble: assemble(),
                repeat: Repeat::default(),
                events: 0,
            },
        }
    }

    /// Takes the next bytes of the decoded stream.
    pub fn push(&mut self, chunk: &[u8]) {
        let parts = &mut self.parts;
        match &mut self.cutter {
            Cutter::Sse(events) => {
                events.push(chunk, &mut |event| parts.add(event.name, event.data));
            }
            Cutter::Lines(lines) => lines.push(chunk, &mut |line| parts.line(line)),
            Cutter::Frames(frames) => {
                // What is wrong with a frame says nothing about the frames before it, which are kept.
                let _ = frames.push(chunk, &mut |frame| parts.frame(frame));
            }
            Cutter::Array(elements) => elements.push(chunk, &mut |element| parts.add(b"", element)),
            Cutter::Whole(body) => body.extend_from_slice(chunk),
        }
    }

    /// The answer, as far as it came.
    pub fn finish(self, route: &Route, status: u16, headers: &dyn Headers) -> Reassembled {
        let Self { cutter, mut parts } = self;
        match cutter {
            Cutter::Sse(mut events) => {
                events.finish(&mut |event| parts.add(event.name, event.data));
            }
            Cutter::Lines(mut lines) => lines.finish(&mut |line| parts.line(line)),
            Cutter::Frames(_) => {}
            Cutter::Array(mut elements) => elements.finish(&mut |element| parts.add(b"", element)),
            Cutter::Whole(body) => return whole(parts.reader, body, route, status, headers),
        }
        let Parts {
            reader,
            mut assemble,
            events,
            ..
        } = parts;
        let mut written = Vec::new();
        assemble.write(&mut written);
        // Before the answer is copied once more.
        drop(assemble);
        let mut body = Vec::with_capacity(written.len());
        let valid = minify(&written, &mut body);
        if !valid {
            body = written;
        }
        Reassembled {
            body,
            facts: reader.into_facts(route, status, headers, valid),
            events,
        }
    }
}

/// A body that was no stream after all.
fn whole(
    mut reader: AnswerReader,
    body: Vec<u8>,
    route: &Route,
    status: u16,
    headers: &dyn Headers,
) -> Reassembled {
    let mut compact = Vec::with_capacity(body.len());
    let valid = minify(&body, &mut compact);
    reader.push(&body);
    Reassembled {
        body: if valid { compact } else { body },
        facts: reader.finish(route, status, headers),
        events: 0,
    }
}

/// Puts together a stream that is at hand.
pub fn reassemble(
    route: &Route,
    framing: Framing,
    status: u16,
    headers: &dyn Headers,
    stream: &[u8],
) -> Reassembled {
    let mut reassembler = Reassembler::new(route, framing);
    reassembler.push(stream);
    reassembler.finish(route, status, headers)
}

impl Parts {
    fn add(&mut self, name: &[u8], data: &[u8]) {
        self.events += 1;
        if let Some(text) = self.repeat.text(name, data) {
            return self.assemble.again(text);
        }
        let valid = self.reader.part(data);
        if !valid && memchr::memchr(b'\n', data).is_some() {
            return self.add_lines(name, data);
        }
        self.assemble_part(name, data, valid);
    }

    /// Some servers leave out the empty line between events, so that several texts arrive as one.
    fn add_lines(&mut self, name: &[u8], data: &[u8]) {
        for line in data.split(|byte| *byte == b'\n') {
            let valid = self.reader.part(line);
            self.assemble_part(name, line, valid);
        }
    }

    fn assemble_part(&mut self, name: &[u8], data: &[u8], valid: bool) {
        self.repeat.forget();
        if (valid || self.assemble.wants_text())
            && let Some(text) = self.assemble.add(Part { name, data, valid })
        {
            self.repeat.remember(name, data, text);
        }
    }

    /// A line of a stream of lines. Cohere and others send server-sent events under other content types.
    fn line(&mut self, line: &[u8]) {
        let line = line.strip_prefix(b"data:").unwrap_or(line).trim_ascii();
        if !line.is_empty() && !line.starts_with(b"event:") && !line.starts_with(b":") {
            self.add(b"", line);
        }
    }

    fn frame(&mut self, frame: Frame<'_>) {
        let header = |name| frame.header(name).unwrap_or_default();
        match header(":message-type") {
            "exception" => {
                self.events += 1;
                let message = member(frame.payload(), b"message").and_then(string_of);
                let message = message.map(std::borrow::Cow::into_owned);
                self.reader
                    .fail(exception_name(header(":exception-type")), message);
            }
            "error" => {
                self.events += 1;
                let message = frame.header(":error-message").map(str::to_owned);
                self.reader
                    .fail(exception_name(header(":error-code")), message);
            }
            _ if header(":event-type") == "chunk" => self.chunk(frame.payload()),
            _ => self.add(header(":event-type").as_bytes(), frame.payload()),
        }
    }

    /// The part of a native stream: base64 inside JSON, beside padding.
    fn chunk(&mut self, payload: &[u8]) {
        let decoded = member(payload, b"bytes")
            .and_then(string_of)
            .and_then(|text| STANDARD.decode(text.as_bytes()).ok());
        match decoded {
            Some(part) => self.add(b"", &part),
            None => self.add(b"", payload),
        }
    }
}

/// `ModelStreamErrorException` for `modelStreamErrorException`: errors are recorded under the name of the shape.
fn exception_name(member: &str) -> String {
    let mut characters = member.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => "UnknownError".to_owned(),
    }
}

#[cfg(test)]
mod tests;
