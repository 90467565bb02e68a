//! The housekeeping thread: measures the disk, prepares the next segment, and seals those that are finished.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::warn;

use crate::disk::{Access, Disk, DiskFile};
use crate::hashed::Hashed;
use crate::scan::{Tail, read_header, scan};
use crate::seal::{NO_SEAL, Seal};
use crate::state::Shared;
use crate::sync::fill_with_zeros;

/// How often the disk is measured.
const PERIOD: Duration = Duration::from_millis(500);
/// Preparing a segment pauses in steps of this length, and for this many at a time.
const PACE_WAIT: Duration = Duration::from_millis(10);
const PACE_WAITS_MAX: u32 = 10;

/// Runs until the spool is closed. `gaps` is the number of gaps on disk.
pub(crate) fn run(shared: &Shared, mut last_seal: blake3::Hash, mut gaps: u64) {
    (shared.config.give_way)();
    loop {
        gaps = save_gaps(shared, gaps);
        shared.measure();
        prepare_spare(shared);
        while let Some(first) = next_unsealed(shared) {
            match seal(shared, first, last_seal) {
                Ok(hash) => last_seal = hash,
                Err(error) => {
                    warn!(segment = first, %error, "a segment cannot be sealed yet");
                    break;
                }
            }
        }
        let mut state = shared.state.lock();
        if !state.stopping {
            let _ = shared.chores.wait_for(&mut state, PERIOD);
        }
        if state.stopping {
            drop(state);
            save_gaps(shared, gaps);
            return;
        }
    }
}

/// Saves the count of gaps if it has changed from `saved`; returns what is saved now. On a full disk that may have
/// to wait.
fn save_gaps(shared: &Shared, saved: u64) -> u64 {
    let gaps = shared.counters.gaps.load(Ordering::Relaxed);
    if gaps == saved {
        return saved;
    }
    let path = shared.paths.dir.join("gaps");
    match replace_file(&*shared.disk, &path, format!("{gaps}\n").as_bytes()) {
        Ok(()) => gaps,
        Err(_) => saved,
    }
}

fn next_unsealed(shared: &Shared) -> Option<u64> {
    let state = shared.state.lock();
    if state.stopping {
        return None;
    }
    let unsealed = state.closed.iter().find(|(_, closed)| !closed.sealed);
    unsealed.map(|(first, _)| *first)
}

/// Prepares a file for the next segment when the present one is used enough: in the time that its rest will last, so
/// that the log's own writes and syncs find the disk free.
fn prepare_spare(shared: &Shared) {
    let wanted = {
        let state = shared.state.lock();
        let due = state.active.end >= state.active.spare_at;
        state.spare.is_none() && due && !state.failing && !state.stopping
    };
    if !wanted || shared.space.is_disk_full() {
        return;
    }
    let path = shared.paths.segments.join("spare.tmp");
    let keep_pace = |filled| wait_for_the_active_one(shared, filled);
    match fill_with_zeros(shared, path, shared.config.segment_bytes, keep_pace) {
        Ok(spare) => shared.state.lock().spare = Some(spare),
        Err(error) => warn!(%error, "no file could be prepared for the next segment"),
    }
}

/// Waits while a share of `filled` bytes of the next segment is well ahead of what the active one has used since
/// preparing began, though not for ever: an idle disk has time.
fn wait_for_the_active_one(shared: &Shared, filled: u64) {
    shared.measure();
    let ahead = u128::from(shared.config.segment_bytes / 16);
    let mut state = shared.state.lock();
    for _ in 0..PACE_WAITS_MAX {
        let active = &state.active;
        let used = u128::from(active.end.saturating_sub(active.spare_at));
        let usable = u128::from(active.limit.saturating_sub(active.spare_at).max(1));
        let due = used * u128::from(shared.config.segment_bytes) / usable + ahead;
        if state.stopping || u128::from(filled) <= due {
            return;
        }
        let _ = shared.chores.wait_for(&mut state, PACE_WAIT);
    }
}

/// Cuts the zeros off a finished segment, hashes it and writes its seal. Returns the seal's own hash.
fn seal(shared: &Shared, first: u64, previous: blake3::Hash) -> io::Result<blake3::Hash> {
    let closed = {
        let state = shared.state.lock();
        state.closed.get(&first).cloned()
    };
    let Some(closed) = closed else {
        return Ok(previous);
    };
    let path = shared.segment_path(first);
    let file = shared.disk.open(&path, Access::Write)?;
    if file.len()? > closed.bytes {
        file.set_len(closed.bytes)?;
        file.sync()?;
    }
    let header = read_header(&*file)?.map_err(io::Error::other)?;
    let hashed = Hashed::new(file);
    let reading: Arc<dyn DiskFile> = Arc::clone(&hashed) as _;
    let found = scan(&reading, header, Tail::Whole, closed.next)?;
    let seal = Seal {
        node: shared.node,
        first,
        next: closed.next,
        count: found.count,
        bytes: closed.bytes,
        span: closed.span,
        hash: hashed.hash(closed.bytes)?,
        previous,
        blobs: found.blobs,
    };
    let text = seal.to_text();
    let path = shared.seal_path(first);
    replace_file(&*shared.disk, &path, text.as_bytes())?;
    if let Some(closed) = shared.state.lock().closed.get_mut(&first) {
        closed.sealed = true;
    }
    Ok(blake3::hash(text.as_bytes()))
}

/// Reads a whole small file.
pub(crate) fn read_file(
    disk: &dyn Disk,
    path: &std::path::Path,
    bytes_max: u64,
) -> io::Result<Vec<u8>> {
    let file = disk.open(path, Access::Read)?;
    let length = file.len()?;
    if length > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let filled = file.read_at(&mut bytes, 0)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// Puts a small file in the place of another: whole and durable, or not at all.
pub(crate) fn replace_file(
    disk: &dyn Disk,
    path: &std::path::Path,
    bytes: &[u8],
) -> io::Result<()> {
    let part = path.with_added_extension("tmp");
    let file: Arc<dyn DiskFile> = disk.create(&part)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&part, path)?;
    match path.parent() {
        Some(parent) => disk.sync_dir(parent),
        None => Ok(()),
    }
}

/// The `previous` of the seal after this one.
pub(crate) fn hash_of_seal(text: Option<&[u8]>) -> blake3::Hash {
    text.map_or(NO_SEAL, blake3::hash)
}
