//! A response's body: bytes at hand, or a stream of them.

use std::fmt;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;

/// Pieces of a body as they become ready. Dropping it ends whatever feeds it.
pub type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A response's body.
pub enum Body {
    /// All of it.
    Full(Bytes),
    /// Piece by piece, possibly without end.
    Stream(Pieces),
    /// All of it, and what is said behind it.
    Trailed(Bytes, HeaderMap),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
            Self::Trailed(bytes, _) => write!(f, "Trailed({} bytes)", bytes.len()),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Full(bytes.into())
    }
}
