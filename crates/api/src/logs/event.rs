//! The port to whoever keeps the events of log groups.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use corelog_catalog::LogGroup;
use corelog_hot::{Page, Wanted};
use corelog_types::{LogGroupName, LogStreamName};

/// What log groups hold besides their settings.
///
/// The catalog is changed first and these are told afterwards: a process that dies in between leaves events of a
/// group or a stream that the catalog does not have. They stay, since a catalog that was lost looks the same; making
/// the group anew and deleting it again removes them.
#[async_trait]
pub trait Events: Send + Sync + fmt::Debug {
    /// Whether events that are put are kept at all.
    fn are_kept(&self) -> bool;

    /// Bytes stored of each of these groups, in their order.
    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64>;

    /// The next events that fit, in the order that is asked for, of everything that is durable. A page may end early.
    ///
    /// # Errors
    /// [`Away`] where some of the events cannot be had now: no page is part of the truth.
    async fn page(&self, wanted: &Wanted) -> Result<Page, Away>;

    /// A group is gone with everything in it.
    async fn group_deleted(&self, group: &LogGroupName);

    /// A stream is gone.
    async fn stream_deleted(&self, group: &LogGroupName, stream: &LogStreamName);
}

/// Events cannot be had now.
#[derive(Debug, thiserror::Error)]
#[error("events cannot be read now")]
pub struct Away(#[source] pub Box<dyn Error + Send + Sync>);

/// Nobody keeps events.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEvents;

#[async_trait]
impl Events for NoEvents {
    fn are_kept(&self) -> bool {
        false
    }

    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64> {
        vec![0; groups.len()]
    }

    async fn page(&self, _wanted: &Wanted) -> Result<Page, Away> {
        Ok(Page::default())
    }

    async fn group_deleted(&self, _group: &LogGroupName) {}

    async fn stream_deleted(&self, _group: &LogGroupName, _stream: &LogStreamName) {}
}
