//! Trimming: deleting what every cursor has passed, once it is over the limits for keeping it around.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use corelog_types::Timestamp;

use crate::Result;
use crate::disk::{Access, Disk};
use crate::error::Attempt;
use crate::keep::read_file;
use crate::recover::SEAL_BYTES_MAX;
use crate::seal::Seal;
use crate::state::{Closed, Shared};

/// What a trim removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trimmed {
    /// Segments removed.
    pub segments: u64,
    /// Bytes of segments and blobs removed.
    pub bytes: u64,
}

/// Removes segments from the oldest on while they may go.
///
/// The newest sealed segment stays always: the next seal is chained to its seal. Without any cursor nobody waits for
/// delivery, and only the limits count.
pub(crate) fn trim(shared: &Shared, now: Timestamp) -> Result<Trimmed> {
    let _one_at_a_time = shared.trimming.lock();
    let mut trimmed = Trimmed::default();
    while let Some((first, closed)) = next_to_go(shared, now) {
        let bytes = remove(shared, first, &closed)?;
        trimmed.segments += 1;
        trimmed.bytes += bytes;
    }
    Ok(trimmed)
}

fn next_to_go(shared: &Shared, now: Timestamp) -> Option<(u64, Closed)> {
    let durable = shared.durable.load(Ordering::SeqCst);
    let used = shared.used.total();
    let state = shared.state.lock();
    let floor = state.cursors.values().min().copied().unwrap_or(durable);
    let (first, closed) = state.closed.first_key_value()?;
    let newest_sealed = state
        .closed
        .iter()
        .rev()
        .find(|(_, closed)| closed.sealed)?;
    let age_ms = now.unix_ms().saturating_sub(closed.span.latest_ms);
    let too_old = u128::from(age_ms) > shared.config.retain_age.as_millis();
    let too_much = used > shared.config.retain_bytes;
    let may_go = closed.sealed && newest_sealed.0 != first && closed.next - 1 <= floor;
    (may_go && (too_old || too_much)).then(|| (*first, closed.clone()))
}

/// Removes one segment: its blobs first, so that none is left without the record that names it; its seal last, when
/// its text is in the history.
fn remove(shared: &Shared, first: u64, closed: &Closed) -> Result<u64> {
    let seal_path = shared.seal_path(first);
    let text = read_file(&*shared.disk, &seal_path, SEAL_BYTES_MAX).attempt("read", &seal_path)?;
    let mut bytes = closed.bytes;
    let seal = str::from_utf8(&text).ok().and_then(Seal::read);
    for (name, length) in seal.into_iter().flat_map(|seal| seal.blobs) {
        let path = shared.paths.blobs.join(name);
        if remove_if_there(&*shared.disk, &path).attempt("remove", &path)? {
            shared.used.blobs.fetch_sub(length, Ordering::Relaxed);
            bytes += length;
        }
    }
    keep_history(shared, &text).attempt("write", &shared.paths.dir.join("history"))?;
    shared.state.lock().closed.remove(&first);
    let path = shared.segment_path(first);
    remove_if_there(&*shared.disk, &path).attempt("remove", &path)?;
    shared
        .used
        .segments
        .fetch_sub(closed.bytes, Ordering::Relaxed);
    remove_if_there(&*shared.disk, &seal_path).attempt("remove", &seal_path)?;
    let dir = &shared.paths.segments;
    shared.disk.sync_dir(dir).attempt("sync", dir)?;
    Ok(bytes)
}

fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    match disk.remove(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Appends a seal to the history of what is gone: a few hundred bytes for each segment, and the proof that the
/// sequence was whole. A crash in between writes one twice, which its reader sees by the sequence.
fn keep_history(shared: &Shared, text: &[u8]) -> io::Result<()> {
    let path = shared.paths.dir.join("history");
    let file = match shared.disk.open(&path, Access::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = shared.disk.create(&path)?;
            shared.disk.sync_dir(&shared.paths.dir)?;
            file
        }
        file => file?,
    };
    file.write_at(text, file.len()?)?;
    file.sync()
}
