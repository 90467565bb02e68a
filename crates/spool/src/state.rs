//! What all handles and threads of one spool share, and the write path under its lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use corelog_types::{NodeId, RecordId, Timestamp};
use parking_lot::{Condvar, Mutex};

use crate::disk::{Disk, DiskFile, Held};
use crate::entry::{Draft, Kind, Place, Stamp};
use crate::scan::Span;
use crate::space::{Space, Used};
use crate::wait::{Goal, Waiters};
use crate::{Config, Error, Result};

/// How many failed epochs are remembered: enough to answer anybody who waits at all.
const FLOORS_MAX: usize = 1_024;

/// The spool's directories.
#[derive(Debug)]
pub(crate) struct Paths {
    pub(crate) dir: PathBuf,
    pub(crate) segments: PathBuf,
    pub(crate) blobs: PathBuf,
    pub(crate) cursors: PathBuf,
}

impl Paths {
    pub(crate) fn new(dir: &std::path::Path) -> Self {
        Self {
            dir: dir.to_owned(),
            segments: dir.join("segments"),
            blobs: dir.join("blobs"),
            cursors: dir.join("cursors"),
        }
    }
}

/// Everything behind a handle.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) node: NodeId,
    pub(crate) paths: Paths,
    pub(crate) state: Mutex<State>,
    /// Wakes the syncing thread.
    pub(crate) work: Condvar,
    /// Wakes the housekeeping thread.
    pub(crate) chores: Condvar,
    /// The last durable sequence. Never decreases.
    pub(crate) durable: AtomicU64,
    /// Counts how often written entries had to be given up.
    pub(crate) epoch: AtomicU64,
    pub(crate) closed: AtomicBool,
    /// A copy of `State::failing` for those who only look.
    pub(crate) state_failing: AtomicBool,
    pub(crate) waiters: Waiters,
    pub(crate) used: Used,
    pub(crate) space: Space,
    pub(crate) counters: Counters,
    /// One trim at a time.
    pub(crate) trimming: Mutex<()>,
    /// Held for as long as anything here lives.
    pub(crate) _lock: Box<dyn Held>,
}

/// Numbers for metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) syncs: AtomicU64,
    pub(crate) sync_nanos: AtomicU64,
    pub(crate) sync_nanos_max: AtomicU64,
    pub(crate) sync_failures: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) lost: AtomicU64,
}

/// The segment being written.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) first: u64,
    pub(crate) stamp: Stamp,
    /// Where the next entry goes.
    pub(crate) end: u64,
    /// What is known durable.
    pub(crate) synced: u64,
    /// Where the segment counts as full: the zeros written ahead end here.
    pub(crate) limit: u64,
    /// Where the next segment's file should be prepared: half way, or at once in a segment that is smaller than usual
    /// because none was prepared for it.
    pub(crate) spare_at: u64,
    pub(crate) span: Span,
    /// A write failed, so the file cannot be trusted with more.
    pub(crate) broken: bool,
}

/// A segment that takes no more entries.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) stamp: Stamp,
    /// The sequence after its last record's.
    pub(crate) next: u64,
    pub(crate) bytes: u64,
    pub(crate) span: Span,
    pub(crate) sealed: bool,
}

/// An intent not settled yet.
#[derive(Debug)]
pub(crate) struct OpenIntent {
    pub(crate) time: Timestamp,
    pub(crate) payload: Vec<u8>,
}

/// A prepared file for the next segment, filled with durable zeros.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// What the lock guards.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) active: Active,
    /// The next record's sequence.
    pub(crate) next: u64,
    pub(crate) closed: BTreeMap<u64, Closed>,
    pub(crate) intents: HashMap<RecordId, OpenIntent>,
    pub(crate) spare: Option<Spare>,
    /// Somebody waits for a sync.
    pub(crate) demanded: bool,
    /// When the oldest unsynced byte was written.
    pub(crate) dirty_since: Option<Instant>,
    pub(crate) stopping: bool,
    pub(crate) failing: bool,
    /// For each epoch that ended by giving entries up, the last sequence that was durable then.
    pub(crate) floors: BTreeMap<u64, u64>,
    pub(crate) cursors: BTreeMap<String, u64>,
    pub(crate) held_cursors: BTreeSet<String>,
    /// The newest time seen, for the headers of new segments: the spool has no clock.
    pub(crate) now: Timestamp,
}

impl State {
    /// The outcome for an entry written in `epoch`, which may be over; `present` is the epoch now.
    pub(crate) fn old_outcome(
        &self,
        goal: Goal,
        epoch: u64,
        present: u64,
        durable: u64,
    ) -> Option<Result<()>> {
        if epoch == present {
            return (durable >= goal.sequence).then_some(Ok(()));
        }
        match self.floors.get(&epoch) {
            Some(floor) if goal.sequence <= *floor => Some(Ok(())),
            _ => Some(Err(Error::Sync {
                sequence: goal.sequence,
            })),
        }
    }

    /// Ends an epoch: what is written and not durable is given up, and its sequences will be used again.
    pub(crate) fn give_up(&mut self, epoch: u64, durable: u64) -> u64 {
        self.floors.insert(epoch, durable);
        while self.floors.len() > FLOORS_MAX {
            self.floors.pop_first();
        }
        let lost = self.next - 1 - durable;
        self.next = durable + 1;
        lost
    }
}

/// What is written, besides the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing {
    pub(crate) kind: Kind,
    pub(crate) id: RecordId,
    pub(crate) time: Timestamp,
}

impl Shared {
    /// Writes one entry: the whole hot path. Returns its sequence and epoch.
    ///
    /// `intent` is the payload to remember until the intent is settled.
    pub(crate) fn write(
        &self,
        draft: &mut Draft,
        writing: Writing,
        intent: Option<Vec<u8>>,
    ) -> Result<(u64, u64)> {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if state.stopping {
            return Err(Error::Closed);
        }
        if state.failing || state.active.broken {
            return Err(Error::Failing);
        }
        let active = &mut state.active;
        let sequence = state.next;
        let bytes = draft.place(&Place {
            stamp: active.stamp,
            offset: active.end,
            sequence,
            synced: active.synced,
        });
        if let Err(error) = active.file.write_at(bytes, active.end) {
            return Err(self.write_failed(state, error));
        }
        let crossed = active.end < active.spare_at && active.end + draft.len() >= active.spare_at;
        active.end += draft.len();
        if writing.kind == Kind::Record {
            state.next += 1;
            active.span.add(writing.id);
        }
        state.now = state.now.max(writing.time);
        match intent {
            Some(payload) => {
                let time = writing.time;
                state
                    .intents
                    .insert(writing.id, OpenIntent { time, payload });
            }
            None => {
                state.intents.remove(&writing.id);
            }
        }
        let strict = self.config.durability == crate::Durability::Strict;
        let full = state.active.end >= state.active.limit;
        let demand = (strict && writing.kind == Kind::Record) || full;
        let first_dirt = state.dirty_since.is_none();
        if first_dirt {
            state.dirty_since = Some(Instant::now());
        }
        let wake = (demand && !state.demanded) || first_dirt;
        state.demanded |= demand;
        let epoch = self.epoch.load(Ordering::SeqCst);
        drop(guard);
        self.used.segments.fetch_add(draft.len(), Ordering::Relaxed);
        if wake {
            self.work.notify_one();
        }
        if crossed {
            self.chores.notify_one();
        }
        Ok((sequence, epoch))
    }

    /// A write failed: nothing was appended. A full disk is waited out; any other failure ends the segment.
    fn write_failed(&self, state: &mut State, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::StorageFull {
            self.space.found_full();
        } else {
            state.active.broken = true;
            state.demanded = true;
            self.work.notify_one();
        }
        Error::Io {
            attempt: "append to",
            path: self.segment_path(state.active.first),
            source,
        }
    }

    pub(crate) fn segment_path(&self, first: u64) -> PathBuf {
        self.paths
            .segments
            .join(crate::segment::segment_name(first))
    }

    pub(crate) fn seal_path(&self, first: u64) -> PathBuf {
        self.paths.segments.join(crate::segment::seal_name(first))
    }
}
