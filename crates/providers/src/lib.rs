//! What providers say: requests, answers and streams of every dialect, read into facts.
//!
//! Facts are skimmed and bodies are kept: no body becomes a tree of values. One scanner walks the bytes
//! once and hands the few fields a family's table asks for to whoever collects them, so the cost of
//! understanding an exchange follows its size and never its shape. See
//! `docs/adr/0003-facts-are-skimmed-bodies-are-kept.md`.
//!
//! The journey: [`route`] names the operation, [`read_request`] and [`read_answer`] skim whole bodies,
//! [`Terminal`] watches a stream while it passes, [`SoFarReader`] says how far it got, [`SaidReader`] what
//! it says, [`reassemble`] turns a
//! finished stream into the answer the provider would have given without streaming, [`json`] prepares bodies for
//! the record and [`media`] cuts files out of Converse content.
//!
//! Absent here: I/O, tokio, clocks, HTTP types, panics. Bytes come in, values go out.

mod answer;
mod cutter;
mod facts;
mod family;
mod form;
mod framing;
mod headers;
pub mod json;
pub mod media;
mod merge;
mod metadata;
mod reassemble;
mod request;
mod route;
mod said;
mod skim;
mod so_far;
#[cfg(test)]
mod streams;
mod tally;
mod terminal;

pub use answer::{AnswerReader, read_answer};
pub use facts::{AnswerFacts, DataKinds, ErrorFacts, ImageFacts, RequestFacts};
pub use family::Shape;
pub use framing::Framing;
pub use headers::Headers;
pub use reassemble::{Reassembled, Reassembler, reassemble};
pub use request::{RequestReader, model_of, read_request};
pub use route::{Route, route};
pub use said::{Said, SaidKind, SaidReader};
pub use so_far::{SoFarReader, TokensSoFar};
pub use terminal::Terminal;
