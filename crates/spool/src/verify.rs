//! Verifying a spool at rest: every checksum, hash, link of the chain and sequence, read from the first byte to the last.

use std::path::Path;
use std::sync::Arc;

use crate::disk::{Access, Disk, DiskFile};
use crate::error::Attempt;
use crate::hashed::Hashed;
use crate::keep::read_file;
use crate::recover::{SEAL_BYTES_MAX, read_gaps};
use crate::scan::{Hole, Scan, Tail, read_header, scan};
use crate::seal::Seal;
use crate::segment::{first_of_name, seal_name, segment_name};
use crate::state::Paths;
use crate::{Result, cursor};

/// What a spool holds, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Segments read.
    pub segments: u64,
    /// Those of them with a seal.
    pub sealed: u64,
    /// Records read.
    pub records: u64,
    /// The first sequence there is; 0 if there is none.
    pub first: u64,
    /// The last sequence there is; 0 if there is none.
    pub last: u64,
    /// Intents that no record settles.
    pub open_intents: u64,
    /// Bytes of a torn tail, which the next start will cut.
    pub torn_bytes: u64,
    /// Calls that went on without a record.
    pub gaps: u64,
    /// Where each cursor is.
    pub cursors: Vec<(String, u64)>,
    /// Everything that should not be so.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A part of a segment is damaged.
    Hole(Hole),
    /// A segment's header cannot be read.
    Header {
        /// The segment's first sequence.
        segment: u64,
        /// Why not.
        reason: &'static str,
    },
    /// Sequences are missing between two segments.
    Gap {
        /// The first one missing.
        from: u64,
        /// The one after the last missing.
        to: u64,
    },
    /// A segment or its count is not what its seal says.
    Seal {
        /// The segment's first sequence.
        segment: u64,
    },
    /// A seal does not follow the one before it.
    Chain {
        /// The segment's first sequence.
        segment: u64,
    },
    /// A blob that a record names is missing or has another length.
    Blob {
        /// The blob's file name.
        name: String,
    },
}

/// Reads a whole spool that nobody is writing to. Changes nothing.
///
/// # Errors
/// [`crate::Error::Io`] where a file cannot be read at all; what is merely wrong is in the report.
pub fn verify(dir: &Path, disk: &dyn Disk) -> Result<Report> {
    let paths = Paths::new(dir);
    let names = disk
        .list(&paths.segments)
        .attempt("list", &paths.segments)?;
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|(name, _)| first_of_name(name, "seg"))
        .collect();
    firsts.sort_unstable();
    let mut verifying = Verifying {
        disk,
        blob_lengths: disk.list(&paths.blobs).attempt("list", &paths.blobs)?,
        paths,
        next: None,
        previous: None,
        report: Report::default(),
    };
    verifying.blob_lengths.sort_unstable();
    for (at, first) in firsts.iter().enumerate() {
        verifying.segment(*first, firsts.get(at + 1).copied())?;
    }
    verifying.report.gaps = read_gaps(disk, &verifying.paths)?;
    let cursors = cursor::load_all(disk, &verifying.paths)?;
    verifying.report.cursors = cursors.into_iter().collect();
    Ok(verifying.report)
}

struct Verifying<'a> {
    disk: &'a dyn Disk,
    paths: Paths,
    blob_lengths: Vec<(String, u64)>,
    next: Option<u64>,
    previous: Option<blake3::Hash>,
    report: Report,
}

impl Verifying<'_> {
    fn segment(&mut self, first: u64, below: Option<u64>) -> Result<()> {
        let path = self.paths.segments.join(segment_name(first));
        let file = self.disk.open(&path, Access::Read).attempt("open", &path)?;
        self.report.segments += 1;
        let header = match read_header(&*file).attempt("read", &path)? {
            Ok(header) => header,
            Err(reason) => {
                let segment = first;
                self.find(Finding::Header { segment, reason });
                return Ok(());
            }
        };
        let tail = match below {
            Some(_) => Tail::Whole,
            None => Tail::MayBeTorn,
        };
        let hashed = Hashed::new(file);
        let reading: Arc<dyn DiskFile> = Arc::clone(&hashed) as _;
        let below = below.unwrap_or(u64::MAX);
        let found = scan(&reading, header, tail, below).attempt("read", &path)?;
        if let Some(next) = self.next.filter(|next| first > *next) {
            self.find(Finding::Gap {
                from: next,
                to: first,
            });
        }
        self.next = Some(found.next);
        if found.count > 0 {
            if self.report.first == 0 {
                self.report.first = first;
            }
            self.report.last = found.next - 1;
        }
        self.report.records += found.count;
        self.report.open_intents = found.intents.len() as u64;
        if tail == Tail::MayBeTorn {
            self.report.torn_bytes = found.torn;
        }
        self.blobs(&found);
        self.seal(first, &hashed, &found)?;
        for hole in found.holes {
            self.find(Finding::Hole(hole));
        }
        Ok(())
    }

    fn seal(&mut self, first: u64, file: &Hashed, found: &Scan) -> Result<()> {
        let path = self.paths.segments.join(seal_name(first));
        let bytes = match read_file(self.disk, &path, SEAL_BYTES_MAX) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            bytes => bytes.attempt("read", &path)?,
        };
        self.report.sealed += 1;
        let Some(seal) = str::from_utf8(&bytes).ok().and_then(Seal::read) else {
            self.find(Finding::Seal { segment: first });
            self.previous = None;
            return Ok(());
        };
        let segment_path = self.paths.segments.join(segment_name(first));
        let length = file.len().attempt("measure", &segment_path)?;
        let whole = length == seal.bytes
            && file.hash(seal.bytes).attempt("read", &segment_path)? == seal.hash;
        if !whole || seal.count != found.count || seal.next != found.next || seal.first != first {
            self.find(Finding::Seal { segment: first });
        }
        if self.previous.is_some_and(|hash| hash != seal.previous) {
            self.find(Finding::Chain { segment: first });
        }
        self.previous = Some(blake3::hash(&bytes));
        Ok(())
    }

    fn blobs(&mut self, found: &Scan) {
        for blob in &found.blobs {
            if self.blob_lengths.binary_search(blob).is_err() {
                let name = blob.0.clone();
                self.find(Finding::Blob { name });
            }
        }
    }

    fn find(&mut self, finding: Finding) {
        self.report.findings.push(finding);
    }
}
