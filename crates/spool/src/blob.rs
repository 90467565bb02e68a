//! Blobs: bodies too large for a segment, each a file of its own beside them.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use corelog_types::RecordId;

use crate::disk::{Access, DiskFile};
use crate::error::Attempt;
use crate::state::Shared;
use crate::{Blob, Error, Result};

const BUFFER_BYTES: usize = 64 << 10;
/// What a blob's file name ends with until it is sealed.
pub(crate) const PART: &str = ".part";

/// The file name of a record's blob.
pub(crate) fn file_name(id: RecordId, name: &str) -> String {
    format!("{id}.{name}")
}

/// Refuses what cannot be a file name of ours.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
    };
    let fine = (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain);
    if fine {
        Ok(())
    } else {
        Err(Error::Name {
            name: name.to_owned(),
        })
    }
}

/// A blob being written. Dropping it unsealed removes it.
#[derive(Debug)]
pub struct BlobWriter {
    shared: Arc<Shared>,
    file: Arc<dyn DiskFile>,
    id: RecordId,
    name: &'static str,
    buffer: Vec<u8>,
    written: u64,
    part: Option<PathBuf>,
}

impl BlobWriter {
    pub(crate) fn create(shared: &Arc<Shared>, id: RecordId, name: &'static str) -> Result<Self> {
        check_name(name)?;
        let path = shared.paths.blobs.join(file_name(id, name) + PART);
        let file = shared.disk.create(&path).attempt("create", &path)?;
        Ok(Self {
            shared: Arc::clone(shared),
            file,
            id,
            name,
            buffer: Vec::new(),
            written: 0,
            part: Some(path),
        })
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Reads what was written so far, from its start.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn reader(&mut self) -> io::Result<BlobReader> {
        self.flush()?;
        Ok(BlobReader {
            file: Arc::clone(&self.file),
            offset: 0,
            bytes: self.written,
        })
    }

    /// Makes the blob durable under its name. Blocks on the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Error::Io`]; the blob is then removed.
    pub fn seal(mut self) -> Result<SealedBlob> {
        let Some(part) = self.part.clone() else {
            return Err(Error::Closed);
        };
        let shared = Arc::clone(&self.shared);
        let path = shared.paths.blobs.join(file_name(self.id, self.name));
        self.flush().attempt("write", &part)?;
        self.file.sync().attempt("sync", &part)?;
        shared.disk.rename(&part, &path).attempt("rename", &part)?;
        self.part = None;
        let sealed = SealedBlob {
            shared: Arc::clone(&shared),
            id: self.id,
            blob: Blob {
                name: self.name.to_owned(),
                bytes: self.written,
            },
            path: Some(path),
        };
        shared.used.blobs.fetch_add(self.written, Ordering::Relaxed);
        let blobs = &shared.paths.blobs;
        shared.disk.sync_dir(blobs).attempt("sync", blobs)?;
        Ok(sealed)
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.file.write_at(bytes, self.written)?;
            self.written += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_at(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            let _ = self.shared.disk.remove(&part);
        }
    }
}

/// A durable blob that no record names yet. Dropping it without appending its record removes it.
#[derive(Debug)]
pub struct SealedBlob {
    shared: Arc<Shared>,
    id: RecordId,
    blob: Blob,
    path: Option<PathBuf>,
}

impl SealedBlob {
    /// The blob's name and size.
    pub fn blob(&self) -> &Blob {
        &self.blob
    }

    pub(crate) fn id(&self) -> RecordId {
        self.id
    }

    /// The record that names it is in the log: it stays.
    pub(crate) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for SealedBlob {
    fn drop(&mut self) {
        if let Some(path) = self.path.take()
            && self.shared.disk.remove(&path).is_ok()
        {
            let bytes = self.blob.bytes;
            self.shared.used.blobs.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// A blob being read.
#[derive(Debug)]
pub struct BlobReader {
    file: Arc<dyn DiskFile>,
    offset: u64,
    bytes: u64,
}

impl BlobReader {
    pub(crate) fn open(shared: &Shared, id: RecordId, name: &str) -> Result<Self> {
        check_name(name)?;
        let path = shared.paths.blobs.join(file_name(id, name));
        let file = shared
            .disk
            .open(&path, Access::Read)
            .attempt("open", &path)?;
        let bytes = file.len().attempt("measure", &path)?;
        Ok(Self {
            file,
            offset: 0,
            bytes,
        })
    }

    /// The blob's length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads at a place of one's choosing, up to `buffer.len()` bytes.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.file.read_at(buffer, self.offset)?;
        self.offset += filled as u64;
        Ok(filled)
    }
}
