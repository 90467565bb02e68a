//! Cuts files out of Converse content: `"source":{"bytes":"…"}` inside image, document, video and audio blocks.
//!
//! Two passes over the same text, because the name of a file ends in its block's `format`, which may come after
//! the bytes: [`Finder`] lists the files, and [`Cutter`] copies the text, minified, while it puts something else in
//! each file's place and hands the decoded bytes out. Both take the text in chunks, and neither holds a file.

mod alone;
mod blocks;
mod cut;
mod find;

pub use alone::alone;
pub use cut::Cutter;
pub use find::{Finder, find};

/// One file in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The block's `format`: `png`, `pdf`, `three_gp`. Lowercase letters, digits and `_` only; `bin` where it is
    /// something else or absent.
    pub extension: String,
    /// Which of the text's sources this is, counted from 0.
    source: usize,
    /// What block it is in.
    block: &'static str,
    home: Home,
}

/// Which message a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Home {
    /// Counted from 1; 0 is before every message: the system's.
    message: usize,
    is_answer: bool,
    /// `user` or `assistant`; empty where it says neither.
    role: &'static str,
}
