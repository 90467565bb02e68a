//! JSON without the whitespace between its tokens, as far as it fits.

use std::io::{self, Read};

use corelog_providers::json::Minifier;

const PIECE_BYTES: usize = 8 * 1024;

/// What became of a body.
pub(crate) enum Compacted {
    /// It fits.
    Fits(Vec<u8>),
    /// It does not.
    TooLarge,
    /// It is no JSON.
    Invalid,
}

/// Takes the whitespace out. No more is read than it takes to see that the body does not fit.
pub(crate) fn compacted(mut source: impl Read, bytes_max: usize) -> io::Result<Compacted> {
    let (mut minifier, mut compact) = (Minifier::new(), Vec::new());
    let mut piece = [0; PIECE_BYTES];
    loop {
        let length = match source.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if length == 0 {
            return Ok(if minifier.finish() {
                Compacted::Fits(compact)
            } else {
                Compacted::Invalid
            });
        }
        if !minifier.push(&piece[..length], &mut compact) {
            return Ok(Compacted::Invalid);
        }
        if compact.len() > bytes_max {
            return Ok(Compacted::TooLarge);
        }
    }
}
