//! A stream on its way, looked at from outside: on a copy of its copy, so that the answer waits for no reader.

use std::io::{Cursor, Read};
use std::sync::{Arc, Weak};

use corelog_providers::{Framing, Shape, SoFarReader, TokensSoFar};
use parking_lot::Mutex;

use crate::decode::decode;
use crate::policy::Subject;
use crate::{BodyCopy, Capture};

const PIECE_BYTES: usize = 64 * 1024;

/// A stream that passes, for whoever asks how far it got.
#[derive(Clone)]
pub struct Passing {
    pub(crate) shape: Shape,
    pub(crate) framing: Framing,
    pub(crate) encoding: Option<String>,
    pub(crate) decoded_max: u64,
    pub(crate) shows_text: bool,
    pub(crate) copy: Weak<Mutex<BodyCopy>>,
}

/// What one look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The tokens so far.
    pub tokens: TokensSoFar,
    /// How many bytes that took.
    pub bytes: u64,
}

/// The beginning of a stream, apart from the copy it is of.
struct Beginning {
    reader: Box<dyn Read + Send>,
    bytes: u64,
    /// Of the whole stream so far.
    seen_bytes: u64,
}

impl Passing {
    /// Whether what it says may be shown: where the answer is not kept, nobody else gets to see it either. While the
    /// model is unknown, rules that ask for it count as if they fitted.
    pub fn shows_text(&self) -> bool {
        self.shows_text
    }

    /// Looks at the first `bytes_max` bytes at the most; those behind them count as more of the same.
    ///
    /// CPU work in proportion to what is looked at, and a file read where it is on disk. The answer itself is held up
    /// for as long as it takes to copy the bytes, where they are in memory.
    pub fn look(&self, bytes_max: u64) -> Look {
        let Some(beginning) = self.beginning(bytes_max) else {
            return Look::default();
        };
        let (bytes, seen) = (beginning.bytes, beginning.seen_bytes);
        let tokens = self.tokens_in(beginning.reader).scaled(bytes, seen);
        Look { tokens, bytes }
    }

    /// Hands on the first `bytes_max` bytes at the most, as they are on the wire. Costs what [`Self::look`] does.
    pub(crate) fn each_piece(&self, bytes_max: u64, take: &mut dyn FnMut(&[u8])) {
        if let Some(beginning) = self.beginning(bytes_max) {
            pieces(beginning.reader, take);
        }
    }

    fn beginning(&self, bytes_max: u64) -> Option<Beginning> {
        let copy = self.copy.upgrade()?;
        let mut copy = copy.lock();
        let bytes = copy.kept_bytes().min(bytes_max);
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let reader: Box<dyn Read + Send> = match copy.in_memory() {
            Some(memory) => Box::new(Cursor::new(memory[..length].to_vec())),
            None => Box::new(copy.file_reader().ok()?.take(bytes)),
        };
        Some(Beginning {
            reader,
            bytes,
            seen_bytes: copy.seen_bytes(),
        })
    }

    fn tokens_in(&self, beginning: Box<dyn Read + Send>) -> TokensSoFar {
        let mut reader = SoFarReader::new(self.shape, self.framing);
        let mut push = |piece: &[u8]| reader.push(piece);
        match &self.encoding {
            // A beginning ends where no encoding does: what came out of it until then is what there is to know.
            Some(encoding) => {
                let _ = decode(encoding, beginning, self.decoded_max, &mut push);
            }
            None => pieces(beginning, &mut push),
        }
        reader.tokens()
    }
}

fn pieces(mut from: Box<dyn Read + Send>, take: &mut dyn FnMut(&[u8])) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        take(&piece[..length]);
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
            shows_text: self.keeps_output_for_sure(),
            copy: Arc::downgrade(&self.response),
        })
    }

    fn keeps_output_for_sure(&self) -> bool {
        let asked = self.asked.as_ref().and_then(|asked| asked.model.as_deref());
        self.limits.policies.surely_keep_output(Subject {
            provider: &self.call.provider,
            model: self.call.route.model.as_deref().or(asked),
            key: self.call.caller.name.as_deref(),
            headers: &self.call.headers,
        })
    }
}
