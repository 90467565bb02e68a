//! Turns the parts of a stream into the answer the provider would have given without streaming.

use crate::answer::AnswerReader;
use crate::facts::AnswerFacts;
use crate::framing::Framing;
use crate::headers::Headers;
use crate::route::Route;

/// One part of a stream: a JSON text with the name of its event, where it has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) data: &'a [u8],
    /// Whether `data` is valid JSON.
    pub(crate) valid: bool,
}

/// Builds a whole answer.
pub(crate) trait Assemble: std::fmt::Debug + Send {
    /// Takes the next part.
    fn add(&mut self, part: Part<'_>);
    /// Appends the whole answer as compact JSON.
    fn write(&mut self, out: &mut Vec<u8>);
}

/// A stream, put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassembled {
    /// The whole answer as compact JSON.
    pub body: Vec<u8>,
    /// What it says about itself.
    pub facts: AnswerFacts,
    /// How many events the stream had.
    pub events: u64,
}

/// Puts together a stream that comes in chunks. Memory is about the size of the answer.
#[derive(Debug)]
pub struct Reassembler {
    reader: AnswerReader,
}

impl Reassembler {
    /// Starts a stream.
    pub fn new(route: &Route, _framing: Framing) -> Self {
        Self {
            reader: AnswerReader::new(route),
        }
    }

    /// Takes the next bytes of the decoded stream.
    pub fn push(&mut self, _chunk: &[u8]) {}

    /// The answer, as far as it came.
    pub fn finish(self, route: &Route, status: u16, headers: &dyn Headers) -> Reassembled {
        Reassembled {
            body: Vec::new(),
            facts: self.reader.into_facts(route, status, headers, false),
            events: 0,
        }
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
