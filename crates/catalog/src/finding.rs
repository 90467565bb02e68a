//! Findings: what is not as usual, as it was told; each once, with whatever is to be made of it.
//!
//! What a finding says is a document that the catalog does not read. What is new of it waits as *news*, in order, until
//! somebody has made of it what there is to make (log events, metrics), and settles it.

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::{Error, NewNotice};

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFinding {
    /// Its id: the same however often it is found.
    pub id: String,
    /// `burst`, `runaway`, `drift`.
    pub kind: String,
    /// When it began.
    pub since: Timestamp,
    /// Up to when it is known.
    pub at: Timestamp,
    /// Whether it is over.
    pub has_ended: bool,
    /// What it says if it was not known.
    pub as_new: String,
    /// What it says if it was.
    pub as_known: String,
    /// Whom it is told, if it was not known.
    pub notice: Option<NewNotice>,
}

/// A finding that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFinding {
    /// Its id.
    pub id: String,
    /// What it says, as it was told last.
    pub document: String,
}

/// What is new of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingNews {
    /// Its place: later news have higher ones.
    pub place: u64,
    /// `burst`, `runaway`, `drift`.
    pub kind: String,
    /// When that was.
    pub at: Timestamp,
    /// Whether the finding itself is new.
    pub is_new: bool,
    /// What it says.
    pub document: String,
}

/// Which findings are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingsAsked<'a> {
    /// Those that were known of at this time or later.
    pub since: Timestamp,
    /// Those of one kind.
    pub kind: Option<&'a str>,
    /// So many of them.
    pub limit: u32,
}

/// Where findings are kept.
#[async_trait]
pub trait Findings {
    /// Keeps findings, with their news and notices, all or none. One that is known and no further than it was known is
    /// passed over. Says how many were new.
    async fn keep_findings(&self, found: &[NewFinding]) -> Result<u64, Error>;

    /// The finding of this id.
    async fn finding(&self, id: &str) -> Result<Option<KeptFinding>, Error>;

    /// Findings, the newest first.
    async fn findings(&self, asked: FindingsAsked<'_>) -> Result<Vec<KeptFinding>, Error>;

    /// Up to `limit` news that are not settled, in their order.
    async fn finding_news(&self, limit: u32) -> Result<Vec<FindingNews>, Error>;

    /// Settles news up to a place.
    async fn settle_finding_news(&self, through: u64) -> Result<(), Error>;

    /// Forgets findings that nothing was heard of since a time, and all but the newest `most`. Says how many.
    async fn forget_findings(&self, before: Timestamp, most: u32) -> Result<u64, Error>;
}
