//! What a query gives: columns, rows, statistics; or why it cannot be run.

/// A result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// The columns' names in order, `@ptr` not among them unless it was asked for.
    pub columns: Vec<String>,
    /// The rows in order.
    pub rows: Vec<OutputRow>,
    /// What it took.
    pub statistics: Statistics,
}

/// A row of a result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputRow {
    /// A text per column, as `GetQueryResults` shows it; `None` where the column is left out.
    pub values: Vec<Option<String>>,
    /// The `@ptr` of the event it came from; none after an aggregation.
    pub pointer: Option<String>,
}

/// What a query read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Events read, those of subqueries included.
    pub scanned: u64,
    /// Events of the query itself that passed its filters before the first aggregation.
    pub matched: u64,
    /// Bytes of the messages of the events read.
    pub bytes: u64,
}

/// Why a query was not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The language has it and this engine does not.
    #[error("not supported: {what}")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The query asks for more of something than there may be.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// Anything else an engine may fail with.
    #[error("{reason}")]
    Other {
        /// What happened.
        reason: String,
    },
}

impl Failure {
    /// Something the language has and we do not.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}
