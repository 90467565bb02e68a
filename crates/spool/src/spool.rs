//! The handle: what one does to a spool, and on which side of the sync each method returns.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use corelog_types::{NodeId, RecordId, Sequence, Timestamp};

use crate::blob::{BlobReader, BlobWriter, SealedBlob};
use crate::cursor::{self, Cursor, Start};
use crate::disk::Disk;
use crate::entry::{BLOBS_MAX, BODY_BYTES_MAX, Draft, Kind, body_bytes};
use crate::read::{Reader, Stored};
use crate::recover::{Recovery, recover};
use crate::state::{Shared, Writing};
use crate::trim::{self, Trimmed};
use crate::wait::{Goal, Wait, block_on};
use crate::{Blob, Config, Durability, Error, Result, keep, sync};

/// A durable log of records. Cheap to clone; all clones are the same log, which is closed with the last of them. The
/// directory is free for another owner when readers, cursors and blobs are dropped too.
///
/// Dropping the last handle syncs and waits for the threads, so it blocks on the disk, as [`Self::close`] does.
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
    threads: Arc<Threads>,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Spool")
            .field(&self.shared.paths.dir)
            .finish()
    }
}

/// A record about to be appended.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its id; settles the intent with this id.
    pub id: RecordId,
    /// Its time; by convention that of the append.
    pub time: Timestamp,
    /// Its bytes, in slices that are written one after the other.
    pub payload: &'a [&'a [u8]],
    /// Its blobs, sealed and of the same id; 16 at most.
    pub blobs: Vec<SealedBlob>,
}

/// A record that is written. Pass it to [`Spool::durable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its place in the node's history.
    pub sequence: Sequence,
    epoch: u64,
}

/// Numbers about a spool, for metrics and diagnosis.
#[derive(Debug, Clone)]
pub struct Status {
    /// The node's id.
    pub node: NodeId,
    /// Bytes in segments.
    pub segment_bytes: u64,
    /// Bytes in blobs.
    pub blob_bytes: u64,
    /// Free bytes on the disk when last measured.
    pub free_bytes: u64,
    /// Segments, the active one included.
    pub segments: u64,
    /// Those of them with a seal.
    pub sealed_segments: u64,
    /// The oldest sequence that is there, or will be.
    pub oldest: Sequence,
    /// The next record's sequence.
    pub next: Sequence,
    /// The last durable sequence; 0 before the first.
    pub durable: Sequence,
    /// Intents not settled.
    pub open_intents: u64,
    /// The position of every cursor, by name.
    pub cursors: Vec<(String, Sequence)>,
    /// Syncs of segments since the start.
    pub syncs: u64,
    /// Their time together.
    pub sync_time: Duration,
    /// The longest of them.
    pub sync_time_max: Duration,
    /// Writes and syncs that failed and ended a segment.
    pub sync_failures: u64,
    /// Records given up after they were written, each reported to whoever waited for it.
    pub lost: u64,
    /// Calls that went on without a record, as told by [`Spool::note_gap`], ever in this directory.
    pub gaps: u64,
    /// Whether the disk is failing.
    pub failing: bool,
}

impl Spool {
    /// Opens a directory, creating it where it is missing, and brings what a crash left in order. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process, or another spool in this one, has the directory; [`Error::Damaged`]
    /// for a node id or cursor that cannot be read, because guessing either would deliver records twice or never;
    /// [`Error::Io`].
    pub fn open(config: Config, disk: Arc<dyn Disk>) -> Result<(Self, Recovery)> {
        let (shared, recovery, last_seal) = recover(config, disk)?;
        let shared = Arc::new(shared);
        shared.measure();
        let mut threads = Threads {
            shared: Arc::clone(&shared),
            running: parking_lot::Mutex::new(Vec::new()),
        };
        let gaps = shared.counters.gaps.load(Ordering::Relaxed);
        let (syncing, keeping) = (Arc::clone(&shared), Arc::clone(&shared));
        threads.start("spool-sync", move || sync::run(&syncing))?;
        threads.start("spool-keep", move || keep::run(&keeping, last_seal, gaps))?;
        let threads = Arc::new(threads);
        Ok((Self { shared, threads }, recovery))
    }

    /// Whether one more call may be let through: the check before anything is sent upstream. Costs a few loads.
    ///
    /// Appends of calls already let through still work when this refuses; that is what the reserve is for.
    /// # Errors
    /// [`Error::Full`], [`Error::DiskFull`], [`Error::Failing`], [`Error::Closed`].
    pub fn admit(&self) -> Result<()> {
        self.shared.admit()
    }

    /// Measures the disk now; this also happens twice a second.
    pub fn measure(&self) {
        self.shared.measure();
    }

    /// Writes that an exchange is about to happen. Returns once it is written: it survives the process, and with the
    /// next sync (within a second) the machine.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Failing`], [`Error::Closed`], [`Error::Io`]: then it is not written.
    pub fn intent(&self, id: RecordId, time: Timestamp, payload: &[u8]) -> Result<()> {
        let kind = Kind::Intent;
        self.check_size(&[], &[payload])?;
        let mut draft = Draft::new(kind, id, time, &[], &[payload]);
        let writing = Writing { kind, id, time };
        self.shared
            .write(&mut draft, writing, Some(payload.to_vec()))?;
        Ok(())
    }

    /// Settles an intent without a record: nothing was sent upstream. Written when it returns.
    ///
    /// # Errors
    /// As for [`Self::intent`].
    pub fn abandon(&self, id: RecordId, time: Timestamp) -> Result<()> {
        let kind = Kind::Abandon;
        let mut draft = Draft::new(kind, id, time, &[], &[]);
        self.shared
            .write(&mut draft, Writing { kind, id, time }, None)?;
        Ok(())
    }

    /// Appends one record and settles its intent. Written, and not yet durable, when it returns.
    ///
    /// Sequences increase by one. The blobs stay with the record.
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Failing`], [`Error::Closed`], [`Error::Io`]: then it is not in the log, has no
    /// sequence, and its blobs are removed.
    /// # Panics
    /// If a blob is of another record.
    pub fn append(&self, entry: Entry<'_>) -> Result<Appended> {
        let kind = Kind::Record;
        let Entry { id, time, .. } = entry;
        let blobs: Vec<Blob> = entry.blobs.iter().map(|it| it.blob().clone()).collect();
        assert!(
            entry.blobs.iter().all(|blob| blob.id() == id),
            "a record has only blobs of its own id"
        );
        self.check_size(&blobs, entry.payload)?;
        let mut draft = Draft::new(kind, id, time, &blobs, entry.payload);
        let writing = Writing { kind, id, time };
        let (sequence, epoch) = self.shared.write(&mut draft, writing, None)?;
        for blob in entry.blobs {
            blob.keep();
        }
        Ok(Appended {
            sequence: Sequence::from_u64(sequence),
            epoch,
        })
    }

    /// Resolves once a record is stored as [`Durability`] has it: strict, when it is synced; relaxed, at once.
    ///
    /// # Errors
    /// [`Error::Sync`] if the disk could not be made to keep it: it is then not in the log, though a crash right now
    /// may bring it back. [`Error::Closed`].
    /// # Cancel safety
    /// Cancel safe; the record stays appended.
    pub async fn durable(&self, appended: Appended) -> Result<()> {
        match self.shared.config.durability {
            Durability::Strict => self.synced(appended).await,
            Durability::Relaxed { .. } => Ok(()),
        }
    }

    /// Resolves once a record is synced, in either mode.
    ///
    /// # Errors
    /// As for [`Self::durable`].
    /// # Cancel safety
    /// Cancel safe.
    pub async fn synced(&self, appended: Appended) -> Result<()> {
        let goal = Goal {
            sequence: appended.sequence.to_u64(),
            epoch: Some(appended.epoch),
        };
        Wait::new(&self.shared, goal).await
    }

    /// Syncs every record appended so far. Blocks on the disk.
    ///
    /// # Errors
    /// As for [`Self::durable`].
    pub fn sync(&self) -> Result<()> {
        let goal = {
            let mut state = self.shared.state.lock();
            state.demanded = true;
            Goal {
                sequence: state.next - 1,
                epoch: Some(self.shared.epoch.load(Ordering::SeqCst)),
            }
        };
        self.shared.work.notify_one();
        block_on(Wait::new(&self.shared, goal))
    }

    /// Begins a blob of a record. Nothing keeps it until its record is appended.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Io`].
    pub fn blob(&self, id: RecordId, name: &'static str) -> Result<BlobWriter> {
        BlobWriter::create(&self.shared, id, name)
    }

    /// Opens a record's blob.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Io`].
    pub fn open_blob(&self, id: RecordId, name: &str) -> Result<BlobReader> {
        BlobReader::open(&self.shared, id, name)
    }

    /// Reads records from a sequence on.
    pub fn reader(&self, from: Sequence) -> Reader {
        Reader::new(&self.shared, from)
    }

    /// Resolves once a record behind `sequence` is durable.
    ///
    /// # Errors
    /// [`Error::Closed`].
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait_past(&self, sequence: Sequence) -> Result<()> {
        let goal = Goal {
            sequence: sequence.to_u64().saturating_add(1),
            epoch: None,
        };
        Wait::new(&self.shared, goal).await
    }

    /// Finds a durable record by its id. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn get(&self, id: RecordId) -> Result<Option<Stored>> {
        self.shared.find(id)
    }

    /// Takes a cursor, creating it at `start` where there is none. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::CursorHeld`] until the one who has it drops it; [`Error::Name`], [`Error::Damaged`], [`Error::Io`].
    pub fn cursor(&self, name: &str, start: Start) -> Result<Cursor> {
        Cursor::open(&self.shared, name, start)
    }

    /// Removes a cursor; one that does not exist is fine.
    ///
    /// # Errors
    /// [`Error::CursorHeld`], [`Error::Name`], [`Error::Io`].
    pub fn remove_cursor(&self, name: &str) -> Result<()> {
        cursor::remove(&self.shared, name)
    }

    /// Removes sealed segments that every cursor has passed and that are over the limits for keeping them. Blocks on
    /// the disk.
    ///
    /// # Errors
    /// [`Error::Io`]; trimming again goes on where this stopped.
    pub fn trim(&self, now: Timestamp) -> Result<Trimmed> {
        trim::trim(&self.shared, now)
    }

    /// Counts a call that went on without a record. Saved within a second, if the disk takes it.
    pub fn note_gap(&self) {
        self.shared.counters.gaps.fetch_add(1, Ordering::Relaxed);
    }

    /// The node's id, minted with the directory.
    pub fn node(&self) -> NodeId {
        self.shared.node
    }

    /// The last durable sequence; 0 before the first.
    pub fn durable_sequence(&self) -> Sequence {
        Sequence::from_u64(self.shared.durable.load(Ordering::SeqCst))
    }

    /// Numbers for metrics and diagnosis.
    pub fn status(&self) -> Status {
        let shared = &self.shared;
        let counters = &shared.counters;
        let load = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::Relaxed);
        let oldest = Sequence::from_u64(shared.oldest());
        let state = shared.state.lock();
        let cursors = state.cursors.iter();
        Status {
            node: shared.node,
            segment_bytes: load(&shared.used.segments),
            blob_bytes: load(&shared.used.blobs),
            free_bytes: load(&shared.space.free),
            segments: state.closed.len() as u64 + 1,
            sealed_segments: state.closed.values().filter(|it| it.sealed).count() as u64,
            oldest,
            next: Sequence::from_u64(state.next),
            durable: self.durable_sequence(),
            open_intents: state.intents.len() as u64,
            cursors: cursors
                .map(|(name, position)| (name.clone(), Sequence::from_u64(*position)))
                .collect(),
            syncs: load(&counters.syncs),
            sync_time: Duration::from_nanos(load(&counters.sync_nanos)),
            sync_time_max: Duration::from_nanos(load(&counters.sync_nanos_max)),
            sync_failures: load(&counters.sync_failures),
            lost: load(&counters.lost),
            gaps: load(&counters.gaps),
            failing: state.failing,
        }
    }

    /// Takes no more, syncs what was taken, and ends the threads. Every clone is closed with it. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Sync`] if the last sync failed.
    pub fn close(&self) -> Result<()> {
        let result = self.sync();
        self.threads.stop();
        match result {
            Err(Error::Closed) => Ok(()),
            result => result,
        }
    }

    fn check_size(&self, blobs: &[Blob], payload: &[&[u8]]) -> Result<()> {
        let bytes = body_bytes(blobs, payload);
        let limit = self.shared.config.entry_bytes_max.min(BODY_BYTES_MAX);
        if bytes > limit || blobs.len() > BLOBS_MAX {
            return Err(Error::TooLarge { bytes, limit });
        }
        Ok(())
    }
}

/// The threads of one spool; ends them when the last handle goes.
struct Threads {
    shared: Arc<Shared>,
    running: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    fn start(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let builder = std::thread::Builder::new().name(name.to_owned());
        let started = builder.spawn(run).map_err(|source| Error::Io {
            attempt: "start a thread for",
            path: self.shared.paths.dir.clone(),
            source,
        })?;
        self.running.get_mut().push(started);
        Ok(())
    }

    fn stop(&self) {
        self.shared.state.lock().stopping = true;
        self.shared.work.notify_all();
        self.shared.chores.notify_all();
        let running = std::mem::take(&mut *self.running.lock());
        for thread in running {
            if thread.join().is_err() {
                tracing::error!("a thread of the spool has panicked");
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}
