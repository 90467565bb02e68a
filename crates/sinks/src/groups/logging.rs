//! The log group of the logging configuration: records as the original delivers them to one.
//!
//! A body over the inline limit and binary data are not in the event. Where the configuration has a bucket, the record
//! has the addresses that a sink of the bucket gives them, which derive from the record alone; where it has none, they
//! are delivered nowhere, and `corelog.cut` says so.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>

use std::fmt;
use std::io;
use std::sync::Arc;

use corelog_catalog::Modalities;
use corelog_delivery::{Batch, BlobSource, Entry, Plan};
use corelog_hot::{Further, STREAM};
use corelog_store::{Event, Position};
use corelog_types::{NodeId, Timestamp};

use crate::s3::{self, Context, line_of};

/// Of the events of one record, the one of this group.
const PART: u32 = 1;

/// What the group is told when it is opened.
#[derive(Debug)]
pub struct LoggingConfig {
    /// The log group's name.
    pub group: String,
    /// Records of requests that came earlier are no events of it.
    pub since: Timestamp,
    /// Where bodies go that are not in an event.
    pub bucket: Option<s3::Config>,
    /// Which kinds of data are delivered.
    pub modalities: Modalities,
    /// The node whose records these are.
    pub node: NodeId,
    /// The bodies beside the spool.
    pub blobs: Arc<dyn BlobSource>,
}

/// Makes the events of the group.
pub struct LoggingGroup {
    group: Arc<str>,
    stream: Arc<str>,
    since: Timestamp,
    node: NodeId,
    blobs: Arc<dyn BlobSource>,
    context: Context,
}

impl fmt::Debug for LoggingGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoggingGroup").field(&self.group).finish()
    }
}

impl LoggingGroup {
    /// Takes a configuration.
    pub fn new(config: LoggingConfig) -> Self {
        Self {
            context: s3::context(config.bucket.as_ref(), config.modalities),
            group: config.group.into(),
            stream: STREAM.into(),
            since: config.since,
            node: config.node,
            blobs: config.blobs,
        }
    }

    fn message(&self, entry: &Entry) -> io::Result<Option<String>> {
        let batch = Batch {
            destination: self.group.to_string(),
            node: self.node,
            plan: Plan {
                first: entry.sequence,
                last: entry.sequence,
                time: entry.time,
            },
            entries: Vec::new(),
            blobs: Arc::clone(&self.blobs),
        };
        let Some(mut line) = line_of(&batch, entry, &self.context)? else {
            return Ok(None);
        };
        line.truncate(line.trim_ascii_end().len());
        String::from_utf8(line).map(Some).map_err(io::Error::other)
    }
}

impl Further for LoggingGroup {
    fn events_of(&self, entry: corelog_hot::Entry<'_>) -> io::Result<Vec<Event>> {
        let timestamp = Timestamp::from_unix_ms(entry.id.unix_ms());
        if timestamp < self.since {
            return Ok(Vec::new());
        }
        let message = self.message(&Entry {
            sequence: entry.sequence,
            id: entry.id,
            time: entry.time,
            payload: entry.payload.to_vec(),
        })?;
        let event = message.map(|message| Event {
            group: Arc::clone(&self.group),
            stream: Arc::clone(&self.stream),
            position: Position {
                node: self.node,
                sequence: entry.sequence,
                part: PART,
            },
            timestamp,
            ingested: entry.time,
            message,
        });
        Ok(event.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
