//! Cuts a stream into its parts, in whichever framing it comes.

mod array;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corelog_wire::event_stream::{Decoder, Frame};

use self::array::ArraySplitter;
use crate::framing::{Framing, LineSplitter, SseSplitter};
use crate::json::string_of;
use crate::merge::member;

/// Whoever takes the parts of a stream.
pub(crate) trait TakeParts {
    /// Takes a part: a text, nearly always JSON, with the name of its event, where it has one.
    fn part(&mut self, name: &[u8], data: &[u8]);

    /// Takes an error that the framing reports.
    fn exception(&mut self, code: String, message: Option<String>);
}

/// A place in a stream.
#[derive(Debug)]
pub(crate) struct Cutter(Framed);

#[derive(Debug)]
enum Framed {
    Sse(SseSplitter),
    Lines(LineSplitter),
    Frames(Decoder),
    Array(ArraySplitter),
    Whole(Vec<u8>),
}

impl Cutter {
    pub(crate) fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Sse => Framed::Sse(SseSplitter::default()),
            Framing::NdJson => Framed::Lines(LineSplitter::default()),
            Framing::EventStream => Framed::Frames(Decoder::new()),
            Framing::JsonArray => Framed::Array(ArraySplitter::default()),
            Framing::None => Framed::Whole(Vec::new()),
        })
    }

    /// Takes the next bytes of the decoded stream.
    pub(crate) fn push(&mut self, chunk: &[u8], to: &mut impl TakeParts) {
        match &mut self.0 {
            Framed::Sse(events) => events.push(chunk, &mut |event| to.part(event.name, event.data)),
            Framed::Lines(lines) => lines.push(chunk, &mut |text| line(text, to)),
            Framed::Frames(frames) => {
                // What is wrong with a frame says nothing about the frames before it, which are kept.
                let _ = frames.push(chunk, &mut |found| frame(found, to));
            }
            Framed::Array(elements) => elements.push(chunk, &mut |element| to.part(b"", element)),
            Framed::Whole(body) => body.extend_from_slice(chunk),
        }
    }

    /// Gives what the end of the stream left open. A body that was no stream after all comes back whole.
    pub(crate) fn finish(self, to: &mut impl TakeParts) -> Option<Vec<u8>> {
        match self.0 {
            Framed::Sse(mut events) => events.finish(&mut |event| to.part(event.name, event.data)),
            Framed::Lines(mut lines) => lines.finish(&mut |text| line(text, to)),
            Framed::Frames(_) => {}
            Framed::Array(mut elements) => elements.finish(&mut |element| to.part(b"", element)),
            Framed::Whole(body) => return Some(body),
        }
        None
    }
}

/// A line of a stream of lines. Cohere and others send server-sent events under other content types.
fn line(line: &[u8], to: &mut impl TakeParts) {
    let line = line.strip_prefix(b"data:").unwrap_or(line).trim_ascii();
    if !line.is_empty() && !line.starts_with(b"event:") && !line.starts_with(b":") {
        to.part(b"", line);
    }
}

fn frame(frame: Frame<'_>, to: &mut impl TakeParts) {
    let header = |name| frame.header(name).unwrap_or_default();
    match header(":message-type") {
        "exception" => {
            let message = member(frame.payload(), b"message").and_then(string_of);
            let message = message.map(std::borrow::Cow::into_owned);
            to.exception(exception_name(header(":exception-type")), message);
        }
        "error" => {
            let message = frame.header(":error-message").map(str::to_owned);
            to.exception(exception_name(header(":error-code")), message);
        }
        _ if header(":event-type") == "chunk" => chunk(frame.payload(), to),
        _ => to.part(header(":event-type").as_bytes(), frame.payload()),
    }
}

/// The part of a native stream: base64 inside JSON, beside padding.
fn chunk(payload: &[u8], to: &mut impl TakeParts) {
    let decoded = member(payload, b"bytes")
        .and_then(string_of)
        .and_then(|text| STANDARD.decode(text.as_bytes()).ok());
    match decoded {
        Some(part) => to.part(b"", &part),
        None => to.part(b"", payload),
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
