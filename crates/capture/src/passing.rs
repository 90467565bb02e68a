//! A stream on its way, looked at from outside: on a copy of its copy, so that the answer waits for no reader.

use std::io::{Cursor, Read};
use std::sync::Weak;

use corelog_providers::{Framing, Shape, SoFarReader, TokensSoFar};
use parking_lot::Mutex;

use crate::decode::decode;
use crate::{BodyCopy, Capture};

const PIECE_BYTES: usize = 64 * 1024;

/// A stream that passes, for whoever asks how far it got.
#[derive(Clone)]
pub struct Passing {
    shape: Shape,
    framing: Framing,
    encoding: Option<String>,
    decoded_max: u64,
    copy: Weak<Mutex<BodyCopy>>,
}

/// What one look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The tokens so far.
    pub tokens: TokensSoFar,
    /// How many bytes that took.
    pub bytes: u64,
}

impl Passing {
    /// Looks at the first `bytes_max` bytes at the most; those behind them count as more of the same.
    ///
    /// CPU work in proportion to what is looked at, and a file read where it is on disk. The answer itself is held up
    /// for as long as it takes to copy the bytes, where they are in memory.
    pub fn look(&self, bytes_max: u64) -> Look {
        let Some(copy) = self.copy.upgrade() else {
            return Look::default();
        };
        let mut copy = copy.lock();
        let bytes = copy.kept_bytes().min(bytes_max);
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let beginning: Box<dyn Read + Send> = match copy.in_memory() {
            Some(memory) => Box::new(Cursor::new(memory[..length].to_vec())),
            None => match copy.file_reader() {
                Ok(reader) => Box::new(reader.take(bytes)),
                Err(_) => return Look::default(),
            },
        };
        let seen = copy.seen_bytes();
        drop(copy);
        let tokens = self.read(beginning).scaled(bytes, seen);
        Look { tokens, bytes }
    }

    fn read(&self, mut beginning: Box<dyn Read + Send>) -> TokensSoFar {
        let mut reader = SoFarReader::new(self.shape, self.framing);
        if let Some(encoding) = &self.encoding {
            // A beginning ends where no encoding does: what came out of it until then is what there is to know.
            let _ = decode(encoding, beginning, self.decoded_max, &mut |piece| {
                reader.push(piece);
            });
            return reader.tokens();
        }
        let mut piece = vec![0; PIECE_BYTES];
        while let Ok(length @ 1..) = beginning.read(&mut piece) {
            reader.push(&piece[..length]);
        }
        reader.tokens()
    }
}

impl Capture {
    /// The answer as it passes, where it is a stream of which a copy is kept.
    pub fn passing(&self) -> Option<Passing> {
        let answered = self.answered.as_ref().filter(|_| self.is_stream())?;
        self.wanted.then(|| Passing {
            shape: self.call.route.shape,
            framing: self.framing,
            encoding: crate::headers::encoding_of(&answered.headers),
            decoded_max: self.limits.decoded_max,
            copy: std::sync::Arc::downgrade(&self.response),
        })
    }
}
