//! JSON as bytes: an incremental scanner, minifying, and walking a small text without a tree.
//!
//! Nothing here allocates in proportion to a body, recurses, or interprets what it copies: numbers and
//! escapes leave exactly as they came, duplicate keys stay, and order stays.

mod minify;
mod scan;
mod slice;
mod text;

pub use minify::{Minifier, is_valid, minify};
pub use text::{unescape, write_string};

pub(crate) use minify::{Writer, WriterState};
pub(crate) use scan::{Scanner, Visit};
pub(crate) use slice::{Kind, elements, kind, members, string_of};
pub(crate) use text::write_streamed;
