//! What a query gives.

use corelog_types::EventPointer;

/// A result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The columns' names in order, `@ptr` not among them unless it was asked for.
    pub columns: Vec<String>,
    /// The rows in order.
    pub rows: Vec<AnswerRow>,
    /// What it took.
    pub statistics: Statistics,
}

/// A row of a result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerRow {
    /// A text per column; `None` where the row has no such field.
    pub values: Vec<Option<String>>,
    /// What finds the event again that the row came from; none after an aggregation.
    pub pointer: Option<EventPointer>,
}

/// What a query read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Events read, those of subqueries included.
    pub records_scanned: u64,
    /// Events of the query itself that passed its filters before the first aggregation.
    pub records_matched: u64,
    /// Events that were passed over because their time or index says that they cannot be meant.
    pub records_skipped: u64,
    /// Bytes of the messages of the events read.
    pub bytes_scanned: u64,
    /// Bytes of the messages of those passed over.
    pub bytes_skipped: u64,
    /// Log groups read.
    pub log_groups: u64,
}
