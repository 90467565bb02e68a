//! Turns the parts of a stream into the answer the provider would have given without streaming.

mod repeat;

use corelog_types::Operation;

use self::repeat::Repeat;
use crate::answer::AnswerReader;
use crate::cutter::{Cutter, TakeParts};
use crate::facts::AnswerFacts;
use crate::family::generic;
use crate::framing::Framing;
use crate::headers::Headers;
use crate::json::minify;
use crate::route::Route;

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
        // route without a name have no whole shape that is known, and the lines of a file or of a batch's results are
        // answers each.
        let array = matches!(
            route.operation,
            Operation::InvokeModelWithResponseStream
                | Operation::InvokeModelWithBidirectionalStream
                | Operation::Batches
                | Operation::Files
                | Operation::Other
        );
        let family = route.shape.family();
        let assemble = if array {
            generic::array
        } else {
            family.assemble
        };
        Self {
            cutter: Cutter::new(framing),
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
        self.cutter.push(chunk, &mut self.parts);
    }

    /// The answer, as far as it came.
    pub fn finish(self, route: &Route, status: u16, headers: &dyn Headers) -> Reassembled {
        let Self { cutter, mut parts } = self;
        if let Some(body) = cutter.finish(&mut parts) {
            return whole(parts.reader, body, route, status, headers);
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

impl TakeParts for Parts {
    fn part(&mut self, name: &[u8], data: &[u8]) {
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

    fn exception(&mut self, code: String, message: Option<String>) {
        self.events += 1;
        self.reader.fail(code, message);
    }
}

impl Parts {
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
}

#[cfg(test)]
mod tests;
