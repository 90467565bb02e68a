//! The syncing thread: group commit, the change of segments, and what happens when the disk says no.
//!
//! Only this thread syncs a segment file and only it replaces the active segment. That is what makes the rules about
//! failed syncs enforceable: an error cannot be swallowed by somebody else's sync of the same file, and a file whose
//! sync failed is never synced again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use corelog_types::Timestamp;
use tracing::{error, info, warn};

use crate::Durability;
use crate::disk::DiskFile;
use crate::entry::{Draft, Kind, Place, Stamp};
use crate::scan::Span;
use crate::segment::{Found, SEGMENT_HEADER_BYTES, SegmentHeader, Walk};
use crate::state::{Active, Closed, Shared, Spare, State};

/// Bytes nobody waits for (intents) are synced at the latest after this.
const LAZY: Duration = Duration::from_secs(1);
/// With this many exchanges on the wire, their records come in a crowd, and syncs begin at least [`CROWD_SPACING`]
/// apart: each then serves several. The callers of a crowd wait for the processor, not for that; with fewer, every
/// record is synced at once.
const CROWD: usize = 16;
const CROWD_SPACING: Duration = Duration::from_micros(400);
/// How often a failing disk is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Zeros written ahead in a segment that is needed at once.
const FIRST_FILL_BYTES: u64 = 4 << 20;
/// Zeros are written in pieces of this size. The kernel caches each piece as one unit and goes through all blocks of
/// a unit for every later write into it, so large pieces here would make every append slower.
const ZEROS_BYTES: usize = 16 << 10;
/// How many zeros are synced at a time.
const ZEROS_SYNC_BYTES: u64 = 1 << 20;
/// The most read back of a segment whose sync failed.
const RESCUE_BYTES_MAX: u64 = 64 << 20;

/// What woke the thread.
enum Job {
    Commit,
    Revive,
    Stop,
}

/// A record read back from a segment that can no longer be synced.
pub(crate) struct Rescued {
    draft: Draft,
    id: corelog_types::RecordId,
}

/// Runs until the spool is closed and what it holds is synced.
pub(crate) fn run(shared: &Shared) {
    let mut crowd_waits_until = Instant::now();
    loop {
        match next_job(shared, crowd_waits_until) {
            Job::Commit => {
                crowd_waits_until = Instant::now() + CROWD_SPACING;
                commit(shared);
            }
            Job::Revive => revive(shared),
            Job::Stop => {
                commit(shared);
                shared.closed.store(true, Ordering::SeqCst);
                shared.waiters.wake_to(u64::MAX);
                return;
            }
        }
    }
}

fn next_job(shared: &Shared, crowd_waits_until: Instant) -> Job {
    let patience = match shared.config.durability {
        Durability::Strict => LAZY,
        Durability::Relaxed { interval } => interval.min(LAZY),
    };
    let mut state = shared.state.lock();
    loop {
        if state.stopping {
            return Job::Stop;
        }
        if state.failing {
            let timed_out = shared.work.wait_for(&mut state, RETRY).timed_out();
            if timed_out && !state.stopping {
                return Job::Revive;
            }
            continue;
        }
        if state.demanded {
            let crowd = state.intents.len() >= CROWD && Instant::now() < crowd_waits_until;
            if !crowd {
                return Job::Commit;
            }
            shared.work.wait_until(&mut state, crowd_waits_until);
            continue;
        }
        match state.dirty_since {
            None => shared.work.wait(&mut state),
            Some(since) => {
                let due = since + patience;
                if Instant::now() >= due {
                    return Job::Commit;
                }
                shared.work.wait_until(&mut state, due);
            }
        }
    }
}

/// Syncs what is written, tells those who wait, and changes the segment if it is full.
fn commit(shared: &Shared) {
    let (file, end, last, broken) = {
        let mut state = shared.state.lock();
        if state.failing || state.dirty_since.is_none() && !state.active.broken {
            state.demanded = false;
            return;
        }
        state.demanded = false;
        state.dirty_since = None;
        let active = &state.active;
        let file = Arc::clone(&active.file);
        (file, active.end, state.next - 1, active.broken)
    };
    let result = if broken {
        Err(io::Error::other("a write failed"))
    } else {
        timed_sync(shared, &*file)
    };
    match result {
        Ok(()) => {
            let full = {
                let mut state = shared.state.lock();
                state.active.synced = end;
                shared.durable.store(last, Ordering::SeqCst);
                state.active.end >= state.active.limit
            };
            shared.waiters.wake_to(last);
            if full {
                roll(shared);
            }
        }
        Err(error) => rescue(shared, &error),
    }
}

fn timed_sync(shared: &Shared, file: &dyn DiskFile) -> io::Result<()> {
    let begin = Instant::now();
    let result = file.sync();
    let took = begin.elapsed();
    let counters = &shared.counters;
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
    counters.syncs.fetch_add(1, Ordering::Relaxed);
    counters.sync_nanos.fetch_add(nanos, Ordering::Relaxed);
    counters.sync_nanos_max.fetch_max(nanos, Ordering::Relaxed);
    if let Some(observer) = &shared.config.observer {
        observer.synced(took);
    }
    result
}

/// Goes on in the next segment. A disk with no room for one keeps the present segment, which may outgrow its limit.
fn roll(shared: &Shared) {
    let spare = match take_spare(shared) {
        Ok(spare) => spare,
        Err(error) => {
            warn!(%error, "no room for the next segment");
            let mut state = shared.state.lock();
            state.active.limit = state.active.end.saturating_add(FIRST_FILL_BYTES);
            return;
        }
    };
    let result = {
        let mut guard = shared.state.lock();
        let state = &mut *guard;
        let mut result = Ok(());
        if state.active.synced < state.active.end {
            result = timed_sync(shared, &*state.active.file);
        }
        if result.is_ok() {
            state.active.synced = state.active.end;
            state.dirty_since = None;
            state.demanded = false;
            shared.durable.store(state.next - 1, Ordering::SeqCst);
            let first = state.next;
            // If this fails the new file may have its name already, and recovery would believe it rather than the
            // old one: going on in the old one is not safe.
            result = begin_segment(shared, state, &spare, first, &mut []);
        }
        result
    };
    match result {
        Ok(()) => {
            shared
                .waiters
                .wake_to(shared.durable.load(Ordering::SeqCst));
            shared.chores.notify_one();
        }
        Err(error) => rescue(shared, &error),
    }
}

/// A prepared file, or one with a short run of zeros made now.
pub(crate) fn take_spare(shared: &Shared) -> io::Result<Spare> {
    if let Some(spare) = shared.state.lock().spare.take() {
        return Ok(spare);
    }
    let bytes = FIRST_FILL_BYTES.min(shared.config.segment_bytes);
    let path = shared.paths.segments.join("begin.tmp");
    fill_with_zeros(shared, path, bytes, |_| ())
}

/// Makes a file of durable zeros: syncing what is written over them later is a third as slow as growing the file.
/// `keep_pace` hears how many are there, and may take its time.
pub(crate) fn fill_with_zeros(
    shared: &Shared,
    path: std::path::PathBuf,
    bytes: u64,
    keep_pace: impl Fn(u64),
) -> io::Result<Spare> {
    let filled = fill(shared, &path, bytes, keep_pace);
    if filled.is_err() {
        // On a full disk, what was filled so far would be missing elsewhere.
        let _ = shared.disk.remove(&path);
    }
    Ok(Spare {
        file: filled?,
        path,
        bytes,
    })
}

fn fill(
    shared: &Shared,
    path: &std::path::Path,
    bytes: u64,
    keep_pace: impl Fn(u64),
) -> io::Result<Arc<dyn DiskFile>> {
    let file = shared.disk.create(path)?;
    let zeros = [0; ZEROS_BYTES];
    let mut offset = 0;
    let mut synced = 0;
    while offset < bytes {
        let step = (bytes - offset).min(ZEROS_BYTES as u64);
        file.write_at(&zeros[..usize::try_from(step).unwrap_or(0)], offset)?;
        offset += step;
        // In steps, so that the log's own syncs do not queue behind one large one.
        if offset - synced >= ZEROS_SYNC_BYTES || offset == bytes {
            file.sync()?;
            synced = offset;
            keep_pace(offset);
        }
    }
    Ok(file)
}

/// Makes `spare` the active segment, beginning with the open intents and then `records`, all of it durable under its
/// name when this returns. The segment before is closed at its last durable byte.
pub(crate) fn begin_segment(
    shared: &Shared,
    state: &mut State,
    spare: &Spare,
    first: u64,
    records: &mut [Rescued],
) -> io::Result<()> {
    let header = new_header(shared, first, state.now);
    let mut active = write_prologue(state, spare, header, shared.config.segment_bytes)?;
    for (sequence, record) in (first..).zip(records) {
        let place = Place {
            stamp: header.stamp,
            offset: active.end,
            sequence,
            synced: active.end.min(header.born),
        };
        active
            .file
            .write_at(record.draft.place(&place), active.end)?;
        active.end += record.draft.len();
        active.span.add(record.id);
    }
    timed_sync(shared, &*active.file)?;
    active.synced = active.end;
    shared
        .disk
        .rename(&spare.path, &shared.segment_path(first))?;
    shared.disk.sync_dir(&shared.paths.segments)?;
    let grown = active.end;
    let before = std::mem::replace(&mut state.active, active);
    let dropped = close(state, &before, first);
    shared.used.segments.fetch_add(grown, Ordering::Relaxed);
    shared.used.segments.fetch_sub(dropped, Ordering::Relaxed);
    Ok(())
}

fn new_header(shared: &Shared, first: u64, now: Timestamp) -> SegmentHeader {
    SegmentHeader {
        stamp: Stamp {
            mark: rand::random_range(1..=u32::MAX),
            salt: rand::random(),
        },
        node: shared.node,
        first,
        created: now,
        born: 0,
    }
}

/// Writes the header and the carried intents, in one write.
fn write_prologue(
    state: &State,
    spare: &Spare,
    mut header: SegmentHeader,
    segment_bytes: u64,
) -> io::Result<Active> {
    let mut bytes = vec![0; 64];
    for (id, intent) in &state.intents {
        let payload = [intent.payload.as_slice()];
        let mut draft = Draft::new(Kind::Carried, *id, intent.time, &[], &payload);
        let place = Place {
            stamp: header.stamp,
            offset: bytes.len() as u64,
            sequence: header.first,
            synced: 0,
        };
        bytes.extend_from_slice(draft.place(&place));
    }
    header.born = bytes.len() as u64;
    bytes[..64].copy_from_slice(&header.to_bytes());
    spare.file.write_at(&bytes, 0)?;
    let spare_at = if spare.bytes < segment_bytes {
        header.born + 1
    } else {
        spare.bytes / 2
    };
    Ok(Active {
        file: Arc::clone(&spare.file),
        first: header.first,
        stamp: header.stamp,
        end: header.born,
        synced: header.born,
        // At least some room behind what is carried, or a segment could be full at birth for ever.
        limit: spare.bytes.max(header.born + SEGMENT_HEADER_BYTES),
        spare_at,
        span: Span::EMPTY,
        broken: false,
    })
}

/// Files the segment that was active until now; returns how many of its bytes no longer count.
fn close(state: &mut State, before: &Active, first: u64) -> u64 {
    if before.first == first {
        // It held no durable record; the new file has taken its name.
        return before.end;
    }
    let closed = Closed {
        stamp: before.stamp,
        next: first,
        bytes: before.synced,
        span: before.span,
        sealed: false,
    };
    state.closed.insert(before.first, closed);
    if before.end > before.synced {
        // Best effort: recovery also knows by the sequences that the next segment has these records.
        let _ = before.file.set_len(before.synced);
    }
    before.end - before.synced
}

/// A sync or write failed. The segment ends at its last durable byte, and what came after is written again to a new
/// one, as read back and verified from the page cache. If that fails too, it is given up and those who wait are told.
fn rescue(shared: &Shared, cause: &io::Error) {
    shared
        .counters
        .sync_failures
        .fetch_add(1, Ordering::Relaxed);
    error!(error = %cause, "the active segment cannot be synced; going on in a new one");
    let spare = take_spare(shared);
    let outcome = {
        let mut guard = shared.state.lock();
        let state = &mut *guard;
        state.dirty_since = None;
        state.demanded = false;
        let durable = shared.durable.load(Ordering::SeqCst);
        let moved = spare.and_then(|spare| {
            let mut records = read_back(state, durable)?;
            begin_segment(shared, state, &spare, durable + 1, &mut records)
        });
        match moved {
            Ok(()) => {
                shared.durable.store(state.next - 1, Ordering::SeqCst);
                Ok(state.next - 1)
            }
            Err(error) => {
                fail(shared, state, durable);
                Err(error)
            }
        }
    };
    match outcome {
        Ok(last) => shared.waiters.wake_to(last),
        Err(error) => {
            error!(%error, "entries that were not durable are given up; the disk is failing");
            shared.waiters.wake_to(u64::MAX);
        }
    }
    shared.chores.notify_one();
}

/// Gives up what is not durable and shuts the spool until [`revive`] succeeds.
fn fail(shared: &Shared, state: &mut State, durable: u64) {
    let epoch = shared.epoch.load(Ordering::SeqCst);
    let lost = state.give_up(epoch, durable);
    shared.counters.lost.fetch_add(lost, Ordering::Relaxed);
    shared.epoch.store(epoch + 1, Ordering::SeqCst);
    state.active.broken = true;
    state.failing = true;
    shared.state_failing.store(true, Ordering::SeqCst);
}

/// Reads the records behind the last durable byte of the active segment back, in order and without gaps.
fn read_back(state: &State, durable: u64) -> io::Result<Vec<Rescued>> {
    let active = &state.active;
    if active.end - active.synced > RESCUE_BYTES_MAX {
        return Err(io::Error::other("too much was written since the last sync"));
    }
    let mut records = Vec::new();
    let mut walk = Walk::new(Arc::clone(&active.file), active.stamp, active.synced);
    while walk.offset < active.end {
        let Found::Entry(entry, body) = walk.step(active.end)? else {
            return Err(io::Error::other("what was written cannot be read back"));
        };
        if entry.kind == Kind::Record {
            let payload = [body.payload];
            let draft = Draft::new(Kind::Record, entry.id, entry.time, &body.blobs, &payload);
            let id = entry.id;
            records.push(Rescued { draft, id });
        }
    }
    if durable + records.len() as u64 == state.next - 1 {
        Ok(records)
    } else {
        Err(io::Error::other("what was written is not all there"))
    }
}

/// Tries to begin a new segment on a disk that was failing.
fn revive(shared: &Shared) {
    let spare = take_spare(shared);
    let mut guard = shared.state.lock();
    let state = &mut *guard;
    let first = state.next;
    let begun = spare.and_then(|spare| begin_segment(shared, state, &spare, first, &mut []));
    if begun.is_ok() {
        state.failing = false;
        shared.state_failing.store(false, Ordering::SeqCst);
        info!("the disk takes writes again");
    }
}
