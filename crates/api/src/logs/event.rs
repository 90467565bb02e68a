//! The port to whoever keeps the events of log groups.

use std::fmt;

use async_trait::async_trait;
use corelog_catalog::LogGroup;
use corelog_types::{LogGroupName, LogStreamName};

/// What log groups hold besides their settings.
///
/// The catalog is changed first and these are told afterwards: a process that dies in between leaves events of a
/// group or a stream that the catalog does not have. They stay, since a catalog that was lost looks the same; making
/// the group anew and deleting it again removes them.
#[async_trait]
pub trait Events: Send + Sync + fmt::Debug {
    /// Bytes stored of each of these groups, in their order.
    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64>;

    /// A group is gone with everything in it.
    async fn group_deleted(&self, group: &LogGroupName);

    /// A stream is gone.
    async fn stream_deleted(&self, group: &LogGroupName, stream: &LogStreamName);
}

/// Nobody keeps events.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEvents;

#[async_trait]
impl Events for NoEvents {
    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64> {
        vec![0; groups.len()]
    }

    async fn group_deleted(&self, _group: &LogGroupName) {}

    async fn stream_deleted(&self, _group: &LogGroupName, _stream: &LogStreamName) {}
}
