//! Reading a segment whole: what is in it, where it truly ends, and which parts of it are damaged.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_types::{RecordId, Timestamp};

use crate::Intent;
use crate::disk::DiskFile;
use crate::entry::{Kind, Stamp};
use crate::segment::{Found, SEGMENT_HEADER_BYTES, SegmentHeader, Walk};

/// How to treat bytes that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// The file was being written: what follows the last byte known durable may be torn, and is cut.
    MayBeTorn,
    /// The file was finished: whatever is wrong with it is damage.
    Whole,
}

/// A damaged part of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The segment's first sequence.
    pub segment: u64,
    /// Where the damage begins in the file.
    pub from: u64,
    /// Where the next whole entry begins.
    pub to: u64,
    /// The first sequence missing, if any is.
    pub missing_from: u64,
    /// The sequence after the last one missing; equal to `missing_from` where only intents were hit.
    pub missing_to: u64,
}

/// What a segment holds.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) header: SegmentHeader,
    /// Bytes known to have been durable already.
    pub(crate) durable: u64,
    /// Behind the last entry that counts.
    pub(crate) end: u64,
    /// Bytes behind `end` that are not zeros: what a torn tail leaves.
    pub(crate) torn: u64,
    pub(crate) count: u64,
    /// The sequence after the last record's.
    pub(crate) next: u64,
    /// The oldest and newest record id's time.
    pub(crate) span: Span,
    pub(crate) blobs: Vec<(String, u64)>,
    pub(crate) intents: Vec<Intent>,
    pub(crate) holes: Vec<Hole>,
}

/// The times in the ids of a segment's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) earliest_ms: u64,
    pub(crate) latest_ms: u64,
}

impl Span {
    pub(crate) const EMPTY: Self = Self {
        earliest_ms: u64::MAX,
        latest_ms: 0,
    };

    pub(crate) fn add(&mut self, id: RecordId) {
        self.earliest_ms = self.earliest_ms.min(id.unix_ms());
        self.latest_ms = self.latest_ms.max(id.unix_ms());
    }

    pub(crate) fn may_hold(self, id: RecordId) -> bool {
        (self.earliest_ms..=self.latest_ms).contains(&id.unix_ms())
    }
}

/// Reads a segment's header.
pub(crate) fn read_header(
    file: &dyn DiskFile,
) -> std::io::Result<Result<SegmentHeader, &'static str>> {
    let mut bytes = [0; 64];
    let filled = file.read_at(&mut bytes, 0)?;
    Ok(SegmentHeader::read(&bytes[..filled]))
}

/// Walks a whole segment. Records with a sequence of `below` or more do not count: they were appended again, to the
/// next segment, after a sync of this one had failed.
pub(crate) fn scan(
    file: &Arc<dyn DiskFile>,
    header: SegmentHeader,
    tail: Tail,
    below: u64,
) -> std::io::Result<Scan> {
    let length = file.len()?;
    let durable = match tail {
        Tail::Whole => length,
        Tail::MayBeTorn => known_durable(file, header, length)?,
    };
    let mut scanning = Scanning {
        scan: Scan {
            header,
            durable,
            end: SEGMENT_HEADER_BYTES,
            torn: 0,
            count: 0,
            next: header.first,
            span: Span::EMPTY,
            blobs: Vec::new(),
            intents: Vec::new(),
            holes: Vec::new(),
        },
        open: BTreeMap::new(),
        damage: None,
    };
    let mut walk = walk(file, header.stamp);
    loop {
        let at = walk.offset;
        match walk.step(length)? {
            Found::Entry(entry, _) if entry.kind == Kind::Record && entry.sequence >= below => {
                break;
            }
            Found::Entry(entry, body) if entry.sequence >= scanning.scan.next => {
                scanning.take(&entry, &body);
                scanning.scan.end = walk.offset;
            }
            Found::Entry(..) | Found::Nothing => {
                walk.offset = at;
                if at >= durable {
                    break;
                }
                if !walk.resync(length)? {
                    scanning.lost_tail(at, durable, tail);
                    break;
                }
                scanning.damage.get_or_insert(at);
            }
        }
    }
    let mut scan = scanning.finish();
    scan.torn = walk.last_used(scan.end, length)? - scan.end;
    Ok(scan)
}

fn walk(file: &Arc<dyn DiskFile>, stamp: Stamp) -> Walk {
    Walk::new(Arc::clone(file), stamp, SEGMENT_HEADER_BYTES)
}

/// The largest number of durable bytes that any entry of the segment knows of.
fn known_durable(
    file: &Arc<dyn DiskFile>,
    header: SegmentHeader,
    length: u64,
) -> std::io::Result<u64> {
    let mut durable = header.born;
    let mut walk = walk(file, header.stamp);
    loop {
        if let Found::Entry(entry, _) = walk.step(length)? {
            durable = durable.max(entry.synced);
        } else if !walk.resync(length)? {
            return Ok(durable);
        }
    }
}

struct Scanning {
    scan: Scan,
    /// Intents not settled so far.
    open: BTreeMap<RecordId, (Timestamp, Vec<u8>)>,
    damage: Option<u64>,
}

impl Scanning {
    fn take(&mut self, entry: &crate::entry::Header, body: &crate::entry::Body<'_>) {
        if let Some(from) = self.damage.take() {
            self.scan.holes.push(Hole {
                segment: self.scan.header.first,
                from,
                to: entry.offset,
                missing_from: self.scan.next,
                missing_to: entry.sequence,
            });
        }
        match entry.kind {
            Kind::Record => {
                self.open.remove(&entry.id);
                self.scan.count += 1;
                self.scan.next = entry.sequence + 1;
                self.scan.span.add(entry.id);
                for blob in &body.blobs {
                    let name = crate::blob::file_name(entry.id, &blob.name);
                    self.scan.blobs.push((name, blob.bytes));
                }
            }
            Kind::Intent | Kind::Carried => {
                let intent = (entry.time, body.payload.to_vec());
                self.open.insert(entry.id, intent);
            }
            Kind::Abandon => {
                self.open.remove(&entry.id);
            }
        }
    }

    /// Durable bytes up to the end are damaged: they are kept, as far as they are known to have been something.
    fn lost_tail(&mut self, at: u64, durable: u64, tail: Tail) {
        if tail == Tail::MayBeTorn {
            self.scan.end = durable;
            self.scan.holes.push(Hole {
                segment: self.scan.header.first,
                from: at,
                to: durable,
                missing_from: self.scan.next,
                missing_to: self.scan.next,
            });
        }
    }

    fn finish(mut self) -> Scan {
        let mut open: Vec<_> = self.open.into_iter().collect();
        open.sort_by_key(|(id, (time, _))| (*time, *id));
        let intents = open
            .into_iter()
            .map(|(id, (time, payload))| Intent { id, time, payload });
        self.scan.intents = intents.collect();
        self.scan
    }
}
