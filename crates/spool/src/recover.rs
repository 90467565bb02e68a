//! Opening a spool: what a crash may have left is put right, and everything that was durable is found again.
//!
//! A segment with a seal is taken at its word; every other one is read whole. Only the newest may have a torn tail.
//! It is cut, made durable as it is, and a new segment is begun, so that no byte is ever written behind bytes whose
//! origin is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use corelog_types::{NodeId, Sequence, Timestamp};
use parking_lot::{Condvar, Mutex};
use tracing::warn;

use crate::disk::{Access, Disk, DiskFile};
use crate::entry::Stamp;
use crate::error::Attempt;
use crate::keep::{hash_of_seal, read_file, replace_file};
use crate::scan::{Hole, Scan, Span, Tail, read_header, scan};
use crate::seal::{NO_SEAL, Seal};
use crate::segment::first_of_name;
use crate::space::{Space, Used};
use crate::state::{Active, Closed, Counters, OpenIntent, Paths, Shared, State};
use crate::sync::{begin_segment, take_spare};
use crate::wait::Waiters;
use crate::{Config, Error, Intent, Result, cursor};

/// A seal lists the blobs of one segment; no seal of ours is larger.
pub(crate) const SEAL_BYTES_MAX: u64 = 64 << 20;

/// What was found and done when a spool was opened.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The sequence of the next record.
    pub next: Sequence,
    /// Bytes of a torn tail that were cut: entries that nobody was told are durable.
    pub truncated_bytes: u64,
    /// Intents that no record settled: exchanges lost with the process. They stay open, and come back at every
    /// start, until a record or [`crate::Spool::abandon`] settles them.
    pub interrupted: Vec<Intent>,
    /// Damage to what was durable. What follows it is intact and is read as usual.
    pub corrupt: Vec<Hole>,
    /// Segment files set aside (renamed to `.bad`) because not even their header could be read.
    pub set_aside: Vec<String>,
    /// Blobs removed because no record names them.
    pub orphan_blobs_removed: usize,
}

/// What the segments on disk amount to.
struct Found {
    closed: BTreeMap<u64, Closed>,
    next: u64,
    intents: Vec<Intent>,
    blobs: BTreeSet<String>,
    bytes: u64,
    last_seal: blake3::Hash,
    recovery: Recovery,
}

/// Opens the directory and brings it in order. Returns also the hash of the newest seal.
pub(crate) fn recover(
    config: Config,
    disk: Arc<dyn Disk>,
) -> Result<(Shared, Recovery, blake3::Hash)> {
    let paths = Paths::new(&config.dir);
    for dir in [&paths.dir, &paths.segments, &paths.blobs, &paths.cursors] {
        disk.create_dir(dir).attempt("create", dir)?;
    }
    let lock_path = paths.dir.join("lock");
    let lock = disk.lock(&lock_path).attempt("lock", &lock_path)?;
    let Some(lock) = lock else {
        return Err(Error::Locked { dir: config.dir });
    };
    disk.sync_dir(&paths.dir).attempt("sync", &paths.dir)?;
    if let Some(parent) = paths.dir.parent() {
        // So that a new directory is not lost with all that is durable in it; where this is not allowed, the
        // directory was made by somebody else.
        let _ = disk.sync_dir(parent);
    }
    let node = node_id(&*disk, &paths)?;
    for dir in [&paths.dir, &paths.segments, &paths.cursors] {
        remove_unfinished(&*disk, dir)?;
    }
    let mut found = read_segments(&*disk, &paths)?;
    let cursors = cursor::load_all(&*disk, &paths)?;
    skip_what_was_delivered(&mut found, &cursors);
    let (orphans, blob_bytes) = remove_orphans(&*disk, &paths, &found.blobs)?;
    found.recovery.orphan_blobs_removed = orphans;
    found.recovery.next = Sequence::from_u64(found.next);
    found.recovery.interrupted.clone_from(&found.intents);
    let now = config.now;
    let recovery = found.recovery.clone();
    let last_seal = found.last_seal;
    let counters = Counters {
        gaps: AtomicU64::new(read_gaps(&*disk, &paths)?),
        ..Counters::default()
    };
    let used = Used {
        segments: AtomicU64::new(found.bytes),
        blobs: AtomicU64::new(blob_bytes),
    };
    let durable = found.next - 1;
    let shared = Shared {
        state: Mutex::new(first_state(found, cursors, now)),
        config,
        disk,
        node,
        paths,
        work: Condvar::new(),
        chores: Condvar::new(),
        durable: AtomicU64::new(durable),
        epoch: AtomicU64::new(0),
        closed: AtomicBool::new(false),
        state_failing: AtomicBool::new(false),
        waiters: Waiters::default(),
        used,
        space: Space::default(),
        counters,
        trimming: Mutex::new(()),
        _lock: lock,
    };
    begin_first(&shared)?;
    Ok((shared, recovery, last_seal))
}

/// The state before the first segment is begun: an active segment that nothing can be written to.
fn first_state(found: Found, cursors: BTreeMap<String, u64>, now: Timestamp) -> State {
    let intents = found.intents.into_iter().map(|intent| {
        let Intent { id, time, payload } = intent;
        (id, OpenIntent { time, payload })
    });
    State {
        active: Active {
            file: Arc::new(NoFile),
            first: found.next,
            stamp: Stamp { mark: 0, salt: 0 },
            end: 0,
            synced: 0,
            limit: 0,
            spare_at: u64::MAX,
            span: Span::EMPTY,
            broken: true,
        },
        next: found.next,
        closed: found.closed,
        intents: intents.collect::<HashMap<_, _>>(),
        spare: None,
        demanded: false,
        dirty_since: None,
        stopping: false,
        failing: false,
        floors: BTreeMap::new(),
        cursors,
        held_cursors: BTreeSet::new(),
        now,
    }
}

/// A disk without room for a segment is no reason not to start: what is in the spool can be delivered, which makes
/// room. Until there is some, nothing is taken.
fn begin_first(shared: &Shared) -> Result<()> {
    let dir = &shared.paths.segments;
    let begun = take_spare(shared).and_then(|spare| {
        let mut guard = shared.state.lock();
        let state = &mut *guard;
        let first = state.next;
        begin_segment(shared, state, &spare, first, &mut [])
    });
    match begun {
        Err(error) if has_no_room(&error) => {
            warn!(%error, "no room for a segment: nothing is taken until there is");
            shared.state.lock().failing = true;
            shared.state_failing.store(true, Ordering::SeqCst);
            Ok(())
        }
        begun => begun.attempt("begin a segment in", dir),
    }
}

fn has_no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Reads the node id, or mints one for a new directory.
fn node_id(disk: &dyn Disk, paths: &Paths) -> Result<NodeId> {
    let path = paths.dir.join("node");
    match read_file(disk, &path, 64) {
        Ok(bytes) => str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .ok_or(Error::Damaged {
                path,
                reason: "it does not hold 16 hex digits",
            }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let node = NodeId::from_u64(rand::random());
            replace_file(disk, &path, format!("{node}\n").as_bytes()).attempt("write", &path)?;
            Ok(node)
        }
        Err(error) => Err(error).attempt("read", &path),
    }
}

/// The number of calls ever that went on without a record.
pub(crate) fn read_gaps(disk: &dyn Disk, paths: &Paths) -> Result<u64> {
    let path = paths.dir.join("gaps");
    let bytes = match read_file(disk, &path, 64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        // A damaged count is no reason not to start.
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(0),
        bytes => bytes.attempt("read", &path)?,
    };
    let text = str::from_utf8(&bytes).unwrap_or_default();
    Ok(text.trim_end().parse().unwrap_or(0))
}

fn remove_unfinished(disk: &dyn Disk, dir: &Path) -> Result<()> {
    for (name, _) in disk.list(dir).attempt("list", dir)? {
        if Path::new(&name).extension().is_some_and(|it| it == "tmp") {
            let path = dir.join(name);
            disk.remove(&path).attempt("remove", &path)?;
        }
    }
    Ok(())
}

fn read_segments(disk: &dyn Disk, paths: &Paths) -> Result<Found> {
    let mut found = Found {
        closed: BTreeMap::new(),
        next: 1,
        intents: Vec::new(),
        blobs: BTreeSet::new(),
        bytes: 0,
        last_seal: NO_SEAL,
        recovery: Recovery {
            next: Sequence::FIRST,
            truncated_bytes: 0,
            interrupted: Vec::new(),
            corrupt: Vec::new(),
            set_aside: Vec::new(),
            orphan_blobs_removed: 0,
        },
    };
    let dir = &paths.segments;
    let names = disk.list(dir).attempt("list", dir)?;
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|(name, _)| first_of_name(name, "seg"))
        .collect();
    firsts.sort_unstable();
    for (at, first) in firsts.iter().enumerate() {
        let below = firsts.get(at + 1).copied();
        read_segment(disk, paths, *first, below, &mut found)?;
    }
    Ok(found)
}

/// Takes one segment in. `below` is where the next one begins.
fn read_segment(
    disk: &dyn Disk,
    paths: &Paths,
    first: u64,
    below: Option<u64>,
    found: &mut Found,
) -> Result<()> {
    let path = paths.segments.join(crate::segment::segment_name(first));
    let file = disk.open(&path, Access::Write).attempt("open", &path)?;
    let header = read_header(&*file).attempt("read", &path)?;
    let header = header.and_then(|header| {
        let named_right = header.first == first;
        named_right
            .then_some(header)
            .ok_or("its name is not its own")
    });
    let header = match header {
        Ok(header) => header,
        Err(reason) => {
            warn!(
                segment = first,
                reason, "a segment cannot be read and is set aside"
            );
            let aside = path.with_added_extension("bad");
            disk.rename(&path, &aside).attempt("rename", &path)?;
            let name = crate::segment::segment_name(first);
            found.recovery.set_aside.push(name);
            found.next = found.next.max(below.unwrap_or(first + 1));
            return Ok(());
        }
    };
    note_gap(found, first);
    if let Some(seal) = read_seal(disk, paths, first, found)? {
        let closed = Closed {
            stamp: header.stamp,
            next: seal.next,
            bytes: seal.bytes,
            span: seal.span,
            sealed: true,
        };
        found.bytes += seal.bytes;
        found.next = seal.next;
        found.intents.clear();
        found
            .blobs
            .extend(seal.blobs.into_iter().map(|(name, _)| name));
        found.closed.insert(first, closed);
        return Ok(());
    }
    let tail = match below {
        Some(_) => Tail::Whole,
        None => Tail::MayBeTorn,
    };
    let scan = scan(&file, header, tail, below.unwrap_or(u64::MAX)).attempt("read", &path)?;
    take_scan(&*file, &path, scan, tail, found)
}

/// Sequences between two segments that are in neither.
fn note_gap(found: &mut Found, first: u64) {
    if first > found.next && !found.closed.is_empty() {
        found.recovery.corrupt.push(Hole {
            segment: first,
            from: 0,
            to: 0,
            missing_from: found.next,
            missing_to: first,
        });
    }
    found.next = found.next.max(first);
}

fn take_scan(
    file: &dyn DiskFile,
    path: &Path,
    scan: Scan,
    tail: Tail,
    found: &mut Found,
) -> Result<()> {
    if tail == Tail::MayBeTorn {
        found.recovery.truncated_bytes += scan.torn;
        file.set_len(scan.end).attempt("truncate", path)?;
        write_again(file, scan.durable, scan.end).attempt("write", path)?;
    }
    file.sync().attempt("sync", path)?;
    let first = scan.header.first;
    found.next = scan.next;
    found.intents = scan.intents;
    found.recovery.corrupt.extend(scan.holes);
    found
        .blobs
        .extend(scan.blobs.into_iter().map(|(name, _)| name));
    if scan.count > 0 {
        let closed = Closed {
            stamp: scan.header.stamp,
            next: scan.next,
            bytes: scan.end,
            span: scan.span,
            sealed: false,
        };
        found.bytes += scan.end;
        found.closed.insert(first, closed);
    }
    Ok(())
}

/// Writes the bytes of a part of a file once more. What the process before wrote counts as durable from now on, so a
/// sync must reach the disk; if one had failed before, the kernel holds these bytes as clean though the disk never
/// got them, and only writing them makes it send them again.
fn write_again(file: &dyn DiskFile, mut from: u64, to: u64) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    while from < to {
        let wanted = usize::try_from(to - from).unwrap_or(usize::MAX);
        let wanted = wanted.min(buffer.len());
        let filled = file.read_at(&mut buffer[..wanted], from)?;
        if filled == 0 {
            break;
        }
        file.write_at(&buffer[..filled], from)?;
        from += filled as u64;
    }
    Ok(())
}

/// Reads the seal of a segment; a damaged one counts as none, and the segment is sealed again.
fn read_seal(
    disk: &dyn Disk,
    paths: &Paths,
    first: u64,
    found: &mut Found,
) -> Result<Option<Seal>> {
    let path = paths.segments.join(crate::segment::seal_name(first));
    let bytes = match read_file(disk, &path, SEAL_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).attempt("read", &path),
    };
    let seal = str::from_utf8(&bytes).ok().and_then(Seal::read);
    match seal {
        Some(seal) if seal.first == first => {
            found.last_seal = hash_of_seal(Some(&bytes));
            Ok(Some(seal))
        }
        _ => {
            warn!(segment = first, "a seal is damaged and is made anew");
            Ok(None)
        }
    }
}

/// A cursor beyond the last record means that records it passed are gone. Their sequences are not used again: under
/// the same sequence a destination already has something else.
fn skip_what_was_delivered(found: &mut Found, cursors: &BTreeMap<String, u64>) {
    let passed = cursors.values().max().copied().unwrap_or(0);
    if passed >= found.next {
        found.recovery.corrupt.push(Hole {
            segment: found.next,
            from: 0,
            to: 0,
            missing_from: found.next,
            missing_to: passed + 1,
        });
        found.next = passed + 1;
    }
}

/// Removes blobs that no record names; returns how many, and the bytes of those that stay.
fn remove_orphans(
    disk: &dyn Disk,
    paths: &Paths,
    named: &BTreeSet<String>,
) -> Result<(usize, u64)> {
    let (mut removed, mut bytes) = (0, 0);
    for (name, length) in disk.list(&paths.blobs).attempt("list", &paths.blobs)? {
        if named.contains(&name) {
            bytes += length;
        } else {
            let path = paths.blobs.join(name);
            disk.remove(&path).attempt("remove", &path)?;
            removed += 1;
        }
    }
    Ok((removed, bytes))
}

/// Stands in for the active segment until there is one.
#[derive(Debug)]
struct NoFile;

impl DiskFile for NoFile {
    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(0)
    }

    fn sync(&self) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(0)
    }
}
