//! How much room is left, and when that is too little: the check before a call is let through.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::state::Shared;
use crate::{Error, Result};

const OPEN: u8 = 0;
const FULL: u8 = 1;
const DISK_FULL: u8 = 2;

/// Bytes the spool holds.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) segments: AtomicU64,
    pub(crate) blobs: AtomicU64,
}

impl Used {
    pub(crate) fn total(&self) -> u64 {
        self.segments.load(Ordering::Relaxed) + self.blobs.load(Ordering::Relaxed)
    }
}

/// The last measurement of the disk and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Space {
    gate: AtomicU8,
    pub(crate) free: AtomicU64,
}

impl Space {
    /// A write was refused for want of space: shut at once rather than at the next measurement.
    pub(crate) fn found_full(&self) {
        self.free.store(0, Ordering::Relaxed);
        self.gate.store(DISK_FULL, Ordering::Relaxed);
    }

    /// Whether the disk, and not the spool's own limit, is what is short.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.gate.load(Ordering::Relaxed) == DISK_FULL
    }
}

impl Shared {
    /// Measures again. Opens only at a margin better than it shut, so that it does not flap.
    pub(crate) fn measure(&self) {
        let free = self.disk.free_bytes(&self.paths.dir);
        // A disk that cannot be measured is judged by its writes.
        let free = free.unwrap_or(u64::MAX);
        self.space.free.store(free, Ordering::Relaxed);
        let was = self.space.gate.load(Ordering::Relaxed);
        let used = self.used.total();
        let reserve = self.config.free_bytes_min;
        let limit = self.config.bytes_max;
        let reserve_to_open = reserve.saturating_add(reserve / 4);
        let limit_to_open = limit - limit / 20;
        let gate = if free < reserve || (was == DISK_FULL && free < reserve_to_open) {
            DISK_FULL
        } else if used >= limit || (was == FULL && used > limit_to_open) {
            FULL
        } else {
            OPEN
        };
        self.space.gate.store(gate, Ordering::Relaxed);
    }

    /// The check before a call is let through: a few loads.
    pub(crate) fn admit(&self) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        if self.state_failing.load(Ordering::Relaxed) {
            return Err(Error::Failing);
        }
        let used = self.used.total();
        let limit = self.config.bytes_max;
        match self.space.gate.load(Ordering::Relaxed) {
            DISK_FULL => Err(Error::DiskFull {
                free: self.space.free.load(Ordering::Relaxed),
                reserve: self.config.free_bytes_min,
            }),
            FULL => Err(Error::Full { used, limit }),
            _ if used >= limit => Err(Error::Full { used, limit }),
            _ => Ok(()),
        }
    }
}
