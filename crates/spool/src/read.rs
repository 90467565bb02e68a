//! Reading the log: in order from a sequence on, or one record by its id. Only durable records are ever seen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use corelog_types::{RecordId, Sequence, Timestamp};

use crate::disk::Access;
use crate::entry::{Kind, Stamp};
use crate::error::Attempt;
use crate::segment::{Found, SEGMENT_HEADER_BYTES, Walk};
use crate::state::Shared;
use crate::{Blob, Result};

/// One record as it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the node's history.
    pub sequence: Sequence,
    /// Its id.
    pub id: RecordId,
    /// The time it was appended with.
    pub time: Timestamp,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// The blobs beside it.
    pub blobs: Vec<Blob>,
}

/// Reads records in order. Holds one chunk of the log, or one record where that is larger.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    next: u64,
    /// The segment being read, by its stamp: a name can pass from an empty segment to another.
    place: Option<(Stamp, Walk)>,
    damaged: u64,
}

/// A part of a segment that may be read.
#[derive(Debug, Clone, Copy)]
struct Extent {
    first: u64,
    stamp: Stamp,
    end: u64,
    /// Where reading goes on; `None` in the active segment.
    after: Option<u64>,
}

impl Reader {
    pub(crate) fn new(shared: &Arc<Shared>, from: Sequence) -> Self {
        Self {
            shared: Arc::clone(shared),
            next: from.to_u64().max(1),
            place: None,
            damaged: 0,
        }
    }

    /// The sequence that is read next, if it is there.
    pub fn position(&self) -> Sequence {
        Sequence::from_u64(self.next)
    }

    /// How many damaged places were skipped.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Returns the next durable record, or `None` where there is none yet. Sequences increase; a jump means that
    /// records were trimmed or damaged. Blocks on the disk, mostly on memory that caches it.
    ///
    /// # Errors
    /// [`crate::Error::Io`]. The next call tries again.
    #[expect(
        clippy::should_implement_trait,
        reason = "the end is not the end: more records may follow"
    )]
    pub fn next(&mut self) -> Result<Option<Stored>> {
        loop {
            let durable = self.shared.durable.load(Ordering::SeqCst);
            if self.next > durable {
                return Ok(None);
            }
            let Some(extent) = self.shared.extent(self.next) else {
                return Ok(None);
            };
            if let Some(stored) = self.step(extent)? {
                self.next = stored.sequence.to_u64() + 1;
                return Ok(Some(stored));
            }
            match extent.after {
                Some(after) => self.next = self.next.max(after),
                None => return Ok(None),
            }
            self.place = None;
        }
    }

    /// Walks on in one segment to the next record that is wanted. All of an extent is durable.
    fn step(&mut self, extent: Extent) -> Result<Option<Stored>> {
        let path = self.shared.segment_path(extent.first);
        let place = self.place.as_ref();
        if place.is_none_or(|(stamp, _)| *stamp != extent.stamp) {
            let file = match self.shared.disk.open(&path, Access::Read) {
                // Trimmed between looking it up and opening it: the next turn sees what is left.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                file => file.attempt("open", &path)?,
            };
            let walk = Walk::new(file, extent.stamp, SEGMENT_HEADER_BYTES);
            self.place = Some((extent.stamp, walk));
        }
        let Some((_, walk)) = &mut self.place else {
            return Ok(None);
        };
        while walk.offset < extent.end {
            match walk.step(extent.end).attempt("read", &path)? {
                Found::Entry(entry, _)
                    if entry.kind != Kind::Record || entry.sequence < self.next => {}
                Found::Entry(entry, body) => {
                    return Ok(Some(Stored {
                        sequence: entry.sequence(),
                        id: entry.id,
                        time: entry.time,
                        payload: body.payload.to_vec(),
                        blobs: body.blobs,
                    }));
                }
                Found::Nothing => {
                    self.damaged += 1;
                    if !walk.resync(extent.end).attempt("read", &path)? {
                        walk.offset = extent.end;
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Shared {
    /// The segment that holds a sequence, or the first one behind it.
    fn extent(&self, sequence: u64) -> Option<Extent> {
        let state = self.state.lock();
        let candidate = state.closed.range(..=sequence).next_back();
        let candidate = candidate.filter(|(_, closed)| sequence < closed.next);
        let candidate = candidate.or_else(|| state.closed.range(sequence..).next());
        if let Some((first, closed)) = candidate {
            return Some(Extent {
                first: *first,
                stamp: closed.stamp,
                end: closed.bytes,
                after: Some(closed.next),
            });
        }
        let active = &state.active;
        (active.synced > 0).then_some(Extent {
            first: active.first,
            stamp: active.stamp,
            end: active.synced,
            after: None,
        })
    }

    /// Finds a durable record by its id, newest segment first. Segments whose times do not fit are not read.
    pub(crate) fn find(self: &Arc<Self>, id: RecordId) -> Result<Option<Stored>> {
        let mut extents: VecDeque<Extent> = VecDeque::new();
        {
            let state = self.state.lock();
            for (first, closed) in &state.closed {
                if closed.span.may_hold(id) {
                    extents.push_front(Extent {
                        first: *first,
                        stamp: closed.stamp,
                        end: closed.bytes,
                        after: Some(closed.next),
                    });
                }
            }
            let active = &state.active;
            if active.span.may_hold(id) {
                extents.push_front(Extent {
                    first: active.first,
                    stamp: active.stamp,
                    end: active.synced,
                    after: None,
                });
            }
        }
        for extent in extents {
            if let Some(stored) = self.find_in(extent, id)? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    fn find_in(&self, extent: Extent, id: RecordId) -> Result<Option<Stored>> {
        let path = self.segment_path(extent.first);
        let file = match self.disk.open(&path, Access::Read) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.attempt("open", &path)?,
        };
        let mut walk = Walk::new(file, extent.stamp, SEGMENT_HEADER_BYTES);
        while walk.offset < extent.end {
            match walk.step(extent.end).attempt("read", &path)? {
                Found::Entry(entry, body) if entry.kind == Kind::Record && entry.id == id => {
                    return Ok(Some(Stored {
                        sequence: entry.sequence(),
                        id,
                        time: entry.time,
                        payload: body.payload.to_vec(),
                        blobs: body.blobs,
                    }));
                }
                Found::Entry(..) => {}
                Found::Nothing => {
                    if !walk.resync(extent.end).attempt("read", &path)? {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(None)
    }

    /// The oldest sequence that is still there, or will be.
    pub(crate) fn oldest(&self) -> u64 {
        let state = self.state.lock();
        let closed = state.closed.first_key_value().map(|(first, _)| *first);
        closed.unwrap_or(state.active.first)
    }
}
