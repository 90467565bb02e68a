//! Log streams, and what is known of their events.

use async_trait::async_trait;
use corelog_types::{LogGroupName, LogStreamName, Timestamp};

use crate::Error;

/// A log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStream {
    /// Its name.
    pub name: LogStreamName,
    /// When it was made.
    pub created: Timestamp,
    /// Timestamp of its oldest event.
    pub first_event: Option<Timestamp>,
    /// Timestamp of its newest event.
    pub last_event: Option<Timestamp>,
    /// When an event came last.
    pub last_ingestion: Option<Timestamp>,
}

impl LogStream {
    /// A stream without events.
    pub fn new(name: LogStreamName, created: Timestamp) -> Self {
        Self {
            name,
            created,
            first_event: None,
            last_event: None,
            last_ingestion: None,
        }
    }

    /// Its place in a list.
    pub fn place(&self) -> StreamPlace {
        StreamPlace {
            last_event_ms: self.last_event.map_or(0, Timestamp::unix_ms),
            name: self.name.as_str().to_owned(),
        }
    }
}

/// Events that came to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The group.
    pub group: LogGroupName,
    /// The stream.
    pub stream: LogStreamName,
    /// Timestamp of the oldest of them.
    pub first_event: Timestamp,
    /// Timestamp of the newest of them.
    pub last_event: Timestamp,
    /// When they came.
    pub ingestion: Timestamp,
}

/// What a list of streams is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamOrder {
    /// Their names.
    #[default]
    Name,
    /// Their newest event; those without any come before all others. Equals are ordered by name.
    LastEvent,
}

/// Where a list of streams goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPlace {
    /// Milliseconds of the newest event, or zero.
    pub last_event_ms: u64,
    /// The name.
    pub name: String,
}

/// Which streams are asked for, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamsAsked {
    /// What the name begins with.
    pub prefix: Option<String>,
    /// The order.
    pub order: StreamOrder,
    /// From the end of it.
    pub descending: bool,
}

/// Where log streams are kept.
#[async_trait]
pub trait LogStreams {
    /// Adds a stream.
    ///
    /// # Errors
    /// [`Error::Exists`]; [`Error::NotFound`] without the group.
    async fn create_stream(&self, group: &LogGroupName, stream: &LogStream) -> Result<(), Error>;

    /// The stream of that name.
    async fn stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<Option<LogStream>, Error>;

    /// Up to `limit` streams that fit, behind `after`.
    async fn streams(
        &self,
        group: &LogGroupName,
        asked: &StreamsAsked,
        after: Option<&StreamPlace>,
        limit: u32,
    ) -> Result<Vec<LogStream>, Error>;

    /// Takes note of events. For the one who keeps events; many at once cost as much as one. Of a stream that is
    /// gone nothing is noted.
    async fn note_activity(&self, activity: &[Activity]) -> Result<(), Error>;

    /// Removes a stream.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn delete_stream(&self, group: &LogGroupName, name: &LogStreamName) -> Result<(), Error>;
}
