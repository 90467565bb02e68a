//! What an import tells: while it runs, and when it is done.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use corelog_types::Timestamp;

use super::bodies::Reason;
use super::gather::Batch;

/// How many of a kind are named.
const NAMED_MAX: usize = 20;

/// A line of an object: both from 0, the object by its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The object's number.
    pub sequence: u64,
    /// The line.
    pub part: u32,
}

/// How far an import is, for whoever looks.
#[derive(Debug, Default)]
pub struct Progress {
    objects: AtomicU64,
    bytes: AtomicU64,
    read: AtomicU64,
    events: AtomicU64,
    times: Mutex<Option<Times>>,
}

/// When the first of some events happened, and the last.
pub(super) type Times = (Timestamp, Timestamp);

impl Progress {
    /// Objects to be read, zero before that is known.
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Their bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes that were read.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Events that are in the table.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// When the first of them happened, and the last.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn planned(&self, objects: u64, bytes: u64) {
        self.objects.store(objects, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn was_read(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn appended(&self, events: u64, times: Option<Times>) {
        self.events.fetch_add(events, Ordering::Relaxed);
        let mut known = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        *known = match (*known, times) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (known, times) => known.or(times),
        };
    }
}

/// Things that are counted, the first of them by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Named {
    pub(crate) fn note(&mut self, what: impl fmt::Display) {
        self.count += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(what.to_string());
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects that it took.
    pub objects: u64,
    /// Whether an earlier run had stopped before its end.
    pub resumed: bool,
    /// Objects that earlier runs took.
    pub known: u64,
    /// Those that have changed since; what is in the table stays.
    pub changed: Named,
    /// Batch objects of another time than was asked for.
    pub out_of_range: u64,
    /// Objects that are no part of the layout.
    pub passed_over: u64,
    /// Events that are in the table now.
    pub events: u64,
    /// The bytes of their messages.
    pub bytes: u64,
    /// Bodies that were put back into their lines.
    pub bodies: u64,
    /// Bodies that were not, by reason; their lines have the address.
    pub kept: BTreeMap<Reason, Named>,
    /// Lines that are no records and became text: where, and what they are.
    pub unreadable: Named,
    /// Lines that do not say when.
    pub timeless: u64,
    /// Objects that could not be read to their end.
    pub broken: Named,
}

impl Summary {
    /// Adds a batch that is about to be appended.
    pub(super) fn take(&mut self, batch: &Batch) {
        self.events += batch.events.len() as u64;
        self.bytes += batch.bytes as u64;
        for (key, noticed) in &batch.noticed {
            self.bodies += noticed.bodies;
            self.timeless += noticed.timeless;
            for (line, reason) in &noticed.kept {
                let kept = self.kept.entry(*reason).or_default();
                kept.note(format_args!("{key}:{}", line + 1));
            }
            for (line, why) in &noticed.unreadable {
                let line = line + 1;
                self.unreadable.note(format_args!("{key}:{line}: {why}"));
            }
        }
        for broken in &batch.broken {
            self.broken.note(broken);
        }
    }
}
