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

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::recorder::{Appended, Entry, RecorderError, SealedSpill, Waiting};

    /// A disk with room for so many bytes.
    struct Disk {
        room: usize,
        spilled: Arc<Mutex<Vec<&'static str>>>,
    }

    struct Page {
        bytes: Vec<u8>,
        room: usize,
    }

    impl io::Write for Page {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            if self.bytes.len() + piece.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(piece);
            Ok(piece.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Spill for Page {
        fn reader(&mut self) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(Cursor::new(self.bytes.clone())))
        }

        fn seal(self: Box<Self>) -> io::Result<SealedSpill> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    impl Recorder for Disk {
        fn admit(&self) -> Result<(), RecorderError> {
            Ok(())
        }

        fn intent(&self, _: RecordId, _: &[u8]) -> Result<(), RecorderError> {
            Ok(())
        }

        fn abandon(&self, _: RecordId) {}

        fn gap(&self, _: RecordId) {}

        fn spill(&self, _: RecordId, part: &'static str) -> io::Result<Box<dyn Spill>> {
            self.spilled.lock().push(part);
            let (bytes, room) = (Vec::new(), self.room);
            Ok(Box::new(Page { bytes, room }))
        }

        fn append(&self, _: Entry<'_>) -> Result<Appended, RecorderError> {
            Ok(Appended(Box::new(())))
        }

        fn durable(&self, _: Appended) -> Waiting {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    /// Pushes chunks of these lengths into a copy of 10 bytes in memory and 20 at all.
    fn check(room: usize, chunks: &[usize], kept: usize, spills: usize, cut: Option<CutReason>) {
        let spilled = Arc::default();
        let disk = Disk {
            room,
            spilled: Arc::clone(&spilled),
        };
        let id = RecordId::from_parts(1, [0; 10]);
        let mut copy = BodyCopy::new(id, "input", Arc::new(disk), 10, 20);
        let bytes: Vec<u8> = (0..100).collect();
        let mut at = 0;
        for length in chunks {
            copy.push(&bytes[at..at + length]);
            at += length;
        }
        assert_eq!(copy.seen_bytes(), at as u64);
        assert_eq!(copy.kept_bytes(), kept as u64, "{chunks:?}");
        assert_eq!(copy.cut(), cut, "{chunks:?}");
        assert_eq!(spilled.lock().len(), spills, "{chunks:?}");
        let mut read = Vec::new();
        copy.reader().unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes[..kept], "{chunks:?}");
    }

    #[test]
    fn a_copy_goes_to_disk_past_one_bound_and_is_cut_at_the_other() {
        let over = Some(CutReason::OverLimit);
        check(99, &[], 0, 0, None);
        check(99, &[4, 6], 10, 0, None);
        check(99, &[4, 7], 11, 1, None);
        check(99, &[11], 11, 1, None);
        check(99, &[4, 7, 9], 20, 1, None);
        check(99, &[4, 7, 9, 0], 20, 1, None);
        check(99, &[4, 7, 10], 20, 1, over);
        check(99, &[21], 20, 1, over);
        // What comes behind a cut is seen and not kept.
        check(99, &[21, 1, 1], 20, 1, over);
    }

    #[test]
    fn a_disk_without_room_ends_the_copy_where_it_stands() {
        check(12, &[4, 4, 4, 4, 4], 12, 1, Some(CutReason::Disk));
    }
}
