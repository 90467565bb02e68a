//! What a query is asked over.

use std::fmt;
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::group::{Group, LookupTable};
use crate::scan::Events;

/// A range of time, both ends inclusive, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first millisecond.
    pub start_ms: i64,
    /// The last.
    pub end_ms: i64,
}

impl Window {
    /// Whether it has all of a file whose first and last time these are.
    pub(crate) fn has_all(self, earliest: Option<Timestamp>, latest: Option<Timestamp>) -> bool {
        let has = |time: Option<Timestamp>| {
            let ms = time.and_then(|time| i64::try_from(time.unix_ms()).ok());
            ms.is_some_and(|ms| (self.start_ms..=self.end_ms).contains(&ms))
        };
        has(earliest) && has(latest)
    }

    /// Whether it may have something of a file whose first and last time these are, as far as they are known.
    pub(crate) fn overlaps(self, earliest: Option<Timestamp>, latest: Option<Timestamp>) -> bool {
        let ms = |time: Timestamp| i64::try_from(time.unix_ms()).unwrap_or(i64::MAX);
        earliest.is_none_or(|first| ms(first) <= self.end_ms)
            && latest.is_none_or(|last| ms(last) >= self.start_ms)
    }
}

/// What a query is asked over, and when.
#[derive(Clone)]
pub struct Request {
    /// The events.
    pub events: Events,
    /// Log groups, and what is known of them. Only their events are read.
    pub groups: Vec<Group>,
    /// Lookup tables.
    pub tables: Vec<LookupTable>,
    /// Names of the log groups that are read if the query has no `SOURCE`.
    pub selected: Vec<Arc<str>>,
    /// The time that is read, if the query does not say otherwise.
    pub window: Window,
    /// When the query started, in milliseconds since the epoch.
    pub now_ms: i64,
    /// How many rows there are at most if the query has no `limit`.
    pub limit: usize,
    /// Bytes that the rows of the answer may have.
    pub answer_bytes_max: u64,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("selected", &self.selected)
            .field("window", &self.window)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
