//! Filling a batch from the spool: as many records as are there, within the bounds.

use std::io;

use corelog_spool::{Reader, Spool, Stored};
use corelog_types::{RecordId, Sequence};

use crate::{BlobSource, Entry};

/// The spool's blobs, as a sink reads them.
#[derive(Debug)]
pub(crate) struct SpoolBlobs(pub(crate) Spool);

impl BlobSource for SpoolBlobs {
    fn open(&self, id: RecordId, name: &str) -> io::Result<Box<dyn io::Read + Send>> {
        match self.0.open_blob(id, name) {
            Ok(blob) => Ok(Box::new(blob)),
            Err(corelog_spool::Error::Io { source, .. }) => Err(source),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

/// Where a batch ends, its age aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) records_max: usize,
    pub(crate) bytes_max: u64,
    /// The last record a plan allows.
    pub(crate) last: Option<Sequence>,
}

/// Records being collected, and the record that was read and did not fit any more.
#[derive(Debug)]
pub(crate) struct Filling {
    reader: Reader,
    pub(crate) entries: Vec<Entry>,
    /// Whether bodies beside the spool count.
    counts_bodies: bool,
    bytes: u64,
    over: Option<(Entry, u64)>,
}

impl Filling {
    pub(crate) fn new(reader: Reader, counts_bodies: bool) -> Self {
        Self {
            reader,
            entries: Vec::new(),
            counts_bodies,
            bytes: 0,
            over: None,
        }
    }

    /// Reads what is there. Returns whether the batch is full. Blocks on the disk.
    ///
    /// A record that is larger than a batch may be is a batch of its own.
    pub(crate) fn fill(&mut self, bounds: &Bounds) -> corelog_spool::Result<bool> {
        loop {
            if self.entries.len() >= bounds.records_max {
                return Ok(true);
            }
            let (entry, bytes) = match self.over.take() {
                Some(over) => over,
                None => match self.reader.next()? {
                    Some(stored) => self.weigh(stored),
                    None => return Ok(false),
                },
            };
            let beyond = bounds.last.is_some_and(|last| entry.sequence > last);
            let too_much = !self.entries.is_empty() && self.bytes + bytes > bounds.bytes_max;
            if beyond || too_much {
                self.over = Some((entry, bytes));
                return Ok(true);
            }
            self.bytes += bytes;
            self.entries.push(entry);
        }
    }

    /// A record, and what it counts.
    fn weigh(&self, stored: Stored) -> (Entry, u64) {
        let bodies: u64 = stored.blobs.iter().map(|blob| blob.bytes).sum();
        let entry = Entry {
            sequence: stored.sequence,
            id: stored.id,
            time: stored.time,
            payload: stored.payload,
        };
        let bytes = entry.payload.len() as u64;
        let counted = if self.counts_bodies { bodies } else { 0 };
        (entry, bytes.saturating_add(counted))
    }

    /// Takes the batch's records and begins the next one.
    pub(crate) fn take(&mut self) -> Vec<Entry> {
        self.bytes = 0;
        let capacity = self.entries.len();
        std::mem::replace(&mut self.entries, Vec::with_capacity(capacity))
    }
}
