//! One query, from its start to its end.

use std::sync::Arc;

use corelog_runtime::Shutdown;
use corelog_types::Timestamp;

use super::Asked;
use crate::logs::{Answer, QueryError, Statistics};

/// How far a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Scheduled,
    Running,
    Complete,
    Failed,
    Cancelled,
    Timeout,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Running => "Running",
            Self::Complete => "Complete",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Timeout => "Timeout",
        }
    }

    pub(crate) fn is_end(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running)
    }
}

/// A query; cheap to copy.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) asked: Arc<Asked>,
    pub(crate) status: Status,
    pub(crate) began: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// The answer, or as much of it as is known.
    pub(crate) answer: Arc<Answer>,
    /// What was read so far: newer than the answer's while the query runs.
    pub(crate) statistics: Statistics,
    /// Why it failed.
    pub(crate) error: Option<Arc<QueryError>>,
    pub(super) stop: Shutdown,
    /// Of the answer.
    pub(super) bytes: u64,
    /// When somebody asked about it last, as a number that grows with every such question.
    pub(super) touched: u64,
}

impl Job {
    pub(super) fn new(asked: Asked, stop: Shutdown) -> Self {
        Self {
            asked: Arc::new(asked),
            status: Status::Scheduled,
            began: None,
            ended: None,
            answer: Arc::default(),
            statistics: Statistics::default(),
            error: None,
            stop,
            bytes: 0,
            touched: 0,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.status.is_end()
    }

    /// Milliseconds that it ran, up to `now` if it still does.
    pub(crate) fn ran_ms(&self, now: Timestamp) -> u64 {
        let until = self.ended.unwrap_or(now);
        let began = self.began.unwrap_or(until);
        until.unix_ms().saturating_sub(began.unix_ms())
    }
}
