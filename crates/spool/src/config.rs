//! What a spool is told when it is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use corelog_types::Timestamp;

/// When an entry counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is synced: it survives the machine.
    Strict,
    /// Once it is written: it survives the process, and the machine after at most the interval.
    Relaxed {
        /// The time between syncs.
        interval: Duration,
    },
}

/// Hears of every sync, for a histogram of their durations.
pub trait Observer: Send + Sync + fmt::Debug {
    /// A sync took this long; called on the syncing thread, so be brief.
    fn synced(&self, took: Duration);
}

/// Where a spool is, what it promises, and its limits.
#[derive(Debug, Clone)]
pub struct Config {
    /// The spool's directory; created where it is missing.
    pub dir: PathBuf,
    /// When an entry counts as stored.
    pub durability: Durability,
    /// A segment is sealed once it holds this many bytes; the last entry may overshoot.
    pub segment_bytes: u64,
    /// Segments and blobs together hold at most this much before [`crate::Spool::admit`] refuses.
    pub bytes_max: u64,
    /// Free space on the disk below which `admit` refuses: room for the calls already admitted.
    pub free_bytes_min: u64,
    /// How much of what every cursor has passed is kept for reading again.
    pub retain_bytes: u64,
    /// For how long it is kept.
    pub retain_age: Duration,
    /// The most bytes in one entry, 64 MiB at the highest; anything larger belongs into a blob.
    pub entry_bytes_max: u64,
    /// The time now, written into the first segment.
    pub now: Timestamp,
    /// Hears of every sync.
    pub observer: Option<Arc<dyn Observer>>,
    /// Called by the housekeeping thread as it starts: nobody waits for that one, so it may lower its priority.
    pub give_way: fn(),
}

impl Config {
    /// The defaults, for a directory and a time.
    pub fn new(dir: impl Into<PathBuf>, now: Timestamp) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::Strict,
            segment_bytes: 64 << 20,
            bytes_max: 10 << 30,
            free_bytes_min: 256 << 20,
            retain_bytes: 1 << 30,
            retain_age: Duration::from_hours(7 * 24),
            entry_bytes_max: 16 << 20,
            now,
            observer: None,
            give_way: || (),
        }
    }
}
