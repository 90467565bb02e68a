//! A file that is hashed while it is read, so that checking a segment and hashing it are one reading.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::DiskFile;

const READ_BYTES: usize = 256 << 10;

/// Hashes what is read from its beginning on. Whatever is skipped is read for the hash alone.
#[derive(Debug)]
pub(crate) struct Hashed {
    file: Arc<dyn DiskFile>,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    hasher: blake3::Hasher,
    bytes: u64,
}

impl SoFar {
    /// Takes the part of what was read that follows what is hashed; nothing where that would leave a gap.
    fn take(&mut self, read: &[u8], offset: u64) {
        let known = self.bytes.checked_sub(offset).map(usize::try_from);
        if let Some(Ok(known)) = known
            && let Some(new) = read.get(known..)
        {
            self.hasher.update(new);
            self.bytes += new.len() as u64;
        }
    }
}

impl Hashed {
    pub(crate) fn new(file: Arc<dyn DiskFile>) -> Arc<Self> {
        Arc::new(Self {
            file,
            so_far: Mutex::default(),
        })
    }

    /// The hash of the file's first bytes, of which no more than that may have been read.
    pub(crate) fn hash(&self, bytes: u64) -> io::Result<blake3::Hash> {
        let mut so_far = self.so_far.lock();
        let mut buffer = Vec::new();
        while so_far.bytes < bytes {
            let left = usize::try_from(bytes - so_far.bytes).unwrap_or(READ_BYTES);
            buffer.resize(left.min(READ_BYTES), 0);
            let offset = so_far.bytes;
            let filled = self.file.read_at(&mut buffer, offset)?;
            if filled == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            so_far.take(&buffer[..filled], offset);
        }
        if so_far.bytes > bytes {
            return Err(io::Error::other(
                "the file is longer than what is sealed of it",
            ));
        }
        Ok(so_far.hasher.finalize())
    }
}

impl DiskFile for Hashed {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let filled = self.file.read_at(buffer, offset)?;
        self.so_far.lock().take(&buffer[..filled], offset);
        Ok(filled)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk as _, OsDisk};

    /// Reads pieces of a file of 1,000 bytes, then asks for the hash of all of it.
    fn check(pieces: &[(u64, usize)]) {
        let dir = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..1_000_u32).map(|n| n.to_le_bytes()[0] ^ 0x5a).collect();
        let file = OsDisk.create(&dir.path().join("f")).unwrap();
        file.write_at(&content, 0).unwrap();
        let hashed = Hashed::new(file);
        for (offset, length) in pieces {
            hashed.read_at(&mut vec![0; *length], *offset).unwrap();
        }
        assert_eq!(hashed.hash(1_000).unwrap(), blake3::hash(&content));
    }

    #[test]
    fn each_byte_counts_once_however_it_is_read() {
        check(&[]);
        check(&[(0, 1_000)]);
        check(&[(0, 600), (500, 500)]);
        check(&[(0, 64), (64, 100), (10, 50), (164, 2_000)]);
    }

    #[test]
    fn what_was_skipped_is_read() {
        check(&[(64, 936)]);
        check(&[(0, 10), (200, 300)]);
    }

    #[test]
    fn a_file_that_is_not_as_long_as_said_has_no_hash() {
        let dir = tempfile::tempdir().unwrap();
        let file = OsDisk.create(&dir.path().join("f")).unwrap();
        file.write_at(&[7; 100], 0).unwrap();
        assert!(Hashed::new(Arc::clone(&file)).hash(101).is_err());
        let read_further = Hashed::new(file);
        read_further.read_at(&mut [0; 100], 0).unwrap();
        assert!(read_further.hash(99).is_err());
    }
}
