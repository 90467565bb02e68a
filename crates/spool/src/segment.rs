//! One segment file: its name, its header, and walking its entries whatever bytes are in it.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `corelogS` |
//! | 8 | 4 | version, 1 |
//! | 12 | 4 | mark that begins every entry; random, not zero |
//! | 16 | 8 | salt of every entry's checksum; random |
//! | 24 | 8 | node id |
//! | 32 | 8 | sequence of the first record |
//! | 40 | 8 | time, milliseconds since the epoch |
//! | 48 | 8 | bytes written and synced before the file got its name: this header and the carried intents |
//! | 56 | 4 | zero |
//! | 60 | 4 | CRC-32 of the first 60 bytes |

use std::io;
use std::sync::Arc;

use corelog_types::{NodeId, Timestamp};

use crate::disk::DiskFile;
use crate::entry::{ALIGN, Body, HEADER_BYTES, Header, Stamp, field};

/// Bytes before the first entry.
pub(crate) const SEGMENT_HEADER_BYTES: u64 = 64;
/// How much is read at a time.
const CHUNK_BYTES: usize = 256 << 10;

const MAGIC: [u8; 8] = *b"corelogS";
const VERSION: u32 = 1;

/// The file name of the segment that begins with a sequence.
pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:020}.seg")
}

/// The file name of that segment's seal.
pub(crate) fn seal_name(first: u64) -> String {
    format!("{first:020}.seal")
}

/// The sequence in a file name with this extension.
pub(crate) fn first_of_name(name: &str, extension: &str) -> Option<u64> {
    let digits = name.strip_suffix(extension)?.strip_suffix('.')?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) stamp: Stamp,
    pub(crate) node: NodeId,
    pub(crate) first: u64,
    pub(crate) created: Timestamp,
    pub(crate) born: u64,
}

impl SegmentHeader {
    pub(crate) fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.stamp.mark.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stamp.salt.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.node.to_u64().to_le_bytes());
        bytes[32..40].copy_from_slice(&self.first.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.created.unix_ms().to_le_bytes());
        bytes[48..56].copy_from_slice(&self.born.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < 64 || bytes[0..8] != MAGIC {
            return Err("it does not begin as a segment does");
        }
        if u32::from_le_bytes(field(bytes, 8)) != VERSION {
            return Err("its version is not known");
        }
        if crc32fast::hash(&bytes[..60]) != u32::from_le_bytes(field(bytes, 60)) {
            return Err("the checksum of its header is wrong");
        }
        Ok(Self {
            stamp: Stamp {
                mark: u32::from_le_bytes(field(bytes, 12)),
                salt: u64::from_le_bytes(field(bytes, 16)),
            },
            node: NodeId::from_u64(u64::from_le_bytes(field(bytes, 24))),
            first: u64::from_le_bytes(field(bytes, 32)),
            created: Timestamp::from_unix_ms(u64::from_le_bytes(field(bytes, 40))),
            born: u64::from_le_bytes(field(bytes, 48)),
        })
    }
}

/// Bytes of a file, read in chunks; holds one chunk, or one entry where that is larger.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn DiskFile>,
    chunk: Vec<u8>,
    begin: u64,
}

impl Window {
    pub(crate) fn new(file: Arc<dyn DiskFile>) -> Self {
        Self {
            file,
            chunk: Vec::new(),
            begin: 0,
        }
    }

    /// The bytes at `offset` up to `end`, at least `least` of them where the file has them.
    pub(crate) fn at(&mut self, offset: u64, least: usize, end: u64) -> io::Result<&[u8]> {
        let available = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let least = least.min(available);
        let held = offset
            .checked_sub(self.begin)
            .and_then(|skip| usize::try_from(skip).ok())
            .filter(|skip| self.chunk.len().saturating_sub(*skip) >= least && least > 0);
        let skip = if let Some(skip) = held {
            skip
        } else {
            let wanted = least.max(CHUNK_BYTES).min(available);
            if self.chunk.capacity() > 4 * CHUNK_BYTES && wanted <= CHUNK_BYTES {
                self.chunk = Vec::new();
            }
            self.chunk.resize(wanted, 0);
            let filled = self.file.read_at(&mut self.chunk, offset)?;
            self.chunk.truncate(filled);
            self.begin = offset;
            0
        };
        let bytes = &self.chunk[skip..];
        Ok(&bytes[..bytes.len().min(available)])
    }
}

/// What is found at a place in a segment.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A whole entry.
    Entry(Header, Body<'a>),
    /// Nothing that can be trusted.
    Nothing,
}

/// Walks a segment's entries.
#[derive(Debug)]
pub(crate) struct Walk {
    window: Window,
    stamp: Stamp,
    pub(crate) offset: u64,
}

impl Walk {
    pub(crate) fn new(file: Arc<dyn DiskFile>, stamp: Stamp, offset: u64) -> Self {
        Self {
            window: Window::new(file),
            stamp,
            offset,
        }
    }

    /// Reads the entry at the present offset and moves behind it; does not move where there is none before `end`.
    pub(crate) fn step(&mut self, end: u64) -> io::Result<Found<'_>> {
        let (offset, stamp) = (self.offset, self.stamp);
        let bytes = self.window.at(offset, HEADER_BYTES, end)?;
        let Some(header) = Header::read(bytes, stamp, offset) else {
            return Ok(Found::Nothing);
        };
        let length = header.len();
        if offset + length as u64 > end {
            return Ok(Found::Nothing);
        }
        let bytes = self.window.at(offset, length, end)?;
        let Some(body) = bytes
            .get(..length)
            .and_then(|bytes| header.body(bytes, stamp))
        else {
            return Ok(Found::Nothing);
        };
        self.offset += length as u64;
        Ok(Found::Entry(header, body))
    }

    /// Moves to the next whole entry after a damaged place; `false` (and no move) where there is none before `end`.
    pub(crate) fn resync(&mut self, end: u64) -> io::Result<bool> {
        let from = self.offset;
        let mut offset = from + ALIGN;
        while let Some(candidate) = self.next_mark(offset, end)? {
            self.offset = candidate;
            if let Found::Entry(..) = self.step(end)? {
                self.offset = candidate;
                return Ok(true);
            }
            offset = candidate + ALIGN;
        }
        self.offset = from;
        Ok(false)
    }

    /// The first aligned place from `offset` on that holds the segment's mark.
    fn next_mark(&mut self, mut offset: u64, end: u64) -> io::Result<Option<u64>> {
        let mark = self.stamp.mark.to_le_bytes();
        while offset + HEADER_BYTES as u64 <= end {
            let bytes = self.window.at(offset, HEADER_BYTES, end)?;
            if bytes.len() < HEADER_BYTES {
                return Ok(None);
            }
            let mut skipped = 0;
            for word in bytes.chunks_exact(8) {
                if word[..4] == mark {
                    return Ok(Some(offset + skipped));
                }
                skipped += 8;
            }
            offset += skipped;
        }
        Ok(None)
    }

    /// The offset behind the last byte from `offset` to `end` that is not zero.
    pub(crate) fn last_used(&mut self, mut offset: u64, end: u64) -> io::Result<u64> {
        let mut used = offset;
        while offset < end {
            let bytes = self.window.at(offset, 1, end)?;
            if bytes.is_empty() {
                break;
            }
            if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
                used = offset + last as u64 + 1;
            }
            offset += bytes.len() as u64;
        }
        Ok(used)
    }
}
