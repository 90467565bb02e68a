//! What is in memory: the chunks that the table has not got, as far as the bound allows.

use std::collections::VecDeque;
use std::sync::Arc;

use corelog_types::{ByteSize, Sequence};

use crate::Chunk;

/// The chunks in memory. Its numbers only rise.
#[derive(Debug)]
pub(crate) struct Held {
    /// The table has everything up to here.
    pub(crate) committed: Sequence,
    /// Events were made of everything up to here.
    pub(crate) followed: Sequence,
    /// Consecutive, and the newest there are.
    pub(crate) chunks: VecDeque<Arc<Chunk>>,
    /// Of the chunks.
    pub(crate) bytes: usize,
    /// `None` keeps nothing: there is no table to wait for.
    bytes_max: Option<ByteSize>,
}

impl Held {
    pub(crate) fn new(committed: Sequence, bytes_max: Option<ByteSize>) -> Self {
        Self {
            committed,
            followed: committed,
            chunks: VecDeque::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// The chunk that has the events of an entry, where they are in memory.
    pub(crate) fn chunk_of(&self, sequence: Sequence) -> Option<Arc<Chunk>> {
        let at = self.chunks.partition_point(|chunk| chunk.last < sequence);
        let chunk = self.chunks.get(at)?;
        (chunk.first <= sequence).then(|| Arc::clone(chunk))
    }

    /// Whether events are kept at all.
    pub(crate) fn keeps(&self) -> bool {
        self.bytes_max.is_some()
    }

    /// Takes the chunk of the entries that come next.
    pub(crate) fn push(&mut self, chunk: &Arc<Chunk>) {
        self.followed = chunk.last;
        let Some(bytes_max) = self.bytes_max else {
            self.committed = chunk.last;
            return;
        };
        // The table may be ahead: it reads the spool by itself.
        if chunk.last <= self.committed {
            return;
        }
        self.bytes += chunk.bytes;
        self.chunks.push_back(Arc::clone(chunk));
        while self.bytes > bytes_max.as_usize() {
            let Some(oldest) = self.chunks.pop_front() else {
                return;
            };
            self.bytes -= oldest.bytes;
        }
    }

    /// Notes that there are no entries up to here but those that were pushed.
    pub(crate) fn reached(&mut self, sequence: Sequence) {
        self.followed = self.followed.max(sequence);
        if self.bytes_max.is_none() {
            self.committed = self.followed;
        }
    }

    /// Lets go of what the table has.
    pub(crate) fn commit(&mut self, upto: Sequence) {
        self.committed = self.committed.max(upto);
        while let Some(oldest) = self.chunks.front()
            && oldest.last <= self.committed
        {
            self.bytes -= oldest.bytes;
            self.chunks.pop_front();
        }
    }
}
