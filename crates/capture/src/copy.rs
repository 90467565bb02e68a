//! A bounded copy of a body: in memory while it is small, on disk past that, cut past the limit.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use corelog_record::CutReason;
use corelog_types::RecordId;

use crate::recorder::{Recorder, Spill};

/// Where the bytes of a copy are.
enum Kept {
    Memory(Vec<u8>),
    Disk(Box<dyn Spill>),
}

/// A copy of a body as it passed.
pub struct BodyCopy {
    id: RecordId,
    part: &'static str,
    recorder: Arc<dyn Recorder>,
    kept: Kept,
    kept_bytes: u64,
    seen_bytes: u64,
    memory_max: usize,
    bytes_max: u64,
    cut: Option<CutReason>,
}

impl BodyCopy {
    /// An empty copy: up to `memory_max` bytes in memory, up to `bytes_max` at all.
    pub fn new(
        id: RecordId,
        part: &'static str,
        recorder: Arc<dyn Recorder>,
        memory_max: usize,
        bytes_max: u64,
    ) -> Self {
        let kept = Kept::Memory(Vec::new());
        Self {
            id,
            part,
            recorder,
            kept,
            kept_bytes: 0,
            seen_bytes: 0,
            memory_max,
            bytes_max,
            cut: None,
        }
    }

    /// Makes room for a body whose length is known, within the memory bound.
    pub fn expect(&mut self, bytes: u64) {
        if let Kept::Memory(memory) = &mut self.kept {
            memory.reserve(
                usize::try_from(bytes)
                    .unwrap_or(usize::MAX)
                    .min(self.memory_max),
            );
        }
    }

    /// Says under which name the copy goes to disk, should it have to. Only before the first chunk.
    pub(crate) fn rename(&mut self, part: &'static str) {
        self.part = part;
    }

    /// Takes a chunk. Never fails: what cannot be kept is a fact of the copy.
    pub fn push(&mut self, chunk: &[u8]) {
        self.seen_bytes += chunk.len() as u64;
        if self.cut.is_some() {
            return;
        }
        let room = usize::try_from(self.bytes_max - self.kept_bytes).unwrap_or(usize::MAX);
        let fitting = &chunk[..chunk.len().min(room)];
        if let Err(reason) = self.keep(fitting) {
            self.cut = Some(reason);
        } else if fitting.len() < chunk.len() {
            self.cut = Some(CutReason::OverLimit);
        }
    }

    fn keep(&mut self, chunk: &[u8]) -> Result<(), CutReason> {
        if let Kept::Memory(memory) = &mut self.kept {
            if memory.len() + chunk.len() <= self.memory_max {
                memory.extend_from_slice(chunk);
                self.kept_bytes += chunk.len() as u64;
                return Ok(());
            }
            let mut spill = self
                .recorder
                .spill(self.id, self.part)
                .map_err(|_| CutReason::Disk)?;
            spill.write_all(memory).map_err(|_| CutReason::Disk)?;
            self.kept = Kept::Disk(spill);
        }
        if let Kept::Disk(spill) = &mut self.kept {
            spill.write_all(chunk).map_err(|_| CutReason::Disk)?;
            self.kept_bytes += chunk.len() as u64;
        }
        Ok(())
    }

    /// Bytes that passed, kept or not.
    pub fn seen_bytes(&self) -> u64 {
        self.seen_bytes
    }

    /// Bytes that were kept.
    pub fn kept_bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// Why it is not whole, if it is not.
    pub fn cut(&self) -> Option<CutReason> {
        self.cut
    }

    /// The bytes, where they are still in memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.kept {
            Kept::Memory(memory) => Some(memory),
            Kept::Disk(_) => None,
        }
    }

    /// Reads the copy from its start.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn reader(&mut self) -> io::Result<Box<dyn Read + Send + '_>> {
        match &mut self.kept {
            Kept::Memory(memory) => Ok(Box::new(Cursor::new(memory.as_slice()))),
            Kept::Disk(spill) => Ok(spill.reader()?),
        }
    }

    /// Reads a copy on disk from its start, apart from the copy itself.
    ///
    /// # Errors
    /// Whatever the disk says; also where the copy is in memory.
    pub fn file_reader(&mut self) -> io::Result<Box<dyn Read + Send>> {
        match &mut self.kept {
            Kept::Memory(_) => Err(io::Error::other("the copy is in memory")),
            Kept::Disk(spill) => spill.reader(),
        }
    }

    /// Takes the copy apart: its bytes if they are in memory.
    ///
    /// # Errors
    /// No failure: the place on disk, where the bytes are there.
    pub fn into_parts(self) -> Result<Vec<u8>, Box<dyn Spill>> {
        match self.kept {
            Kept::Memory(memory) => Ok(memory),
            Kept::Disk(spill) => Err(spill),
        }
    }
}
