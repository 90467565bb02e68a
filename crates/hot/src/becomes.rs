//! Which log events an entry of the spool becomes. Another form of entry, or another log group for records, begins
//! here.

use std::fmt;
use std::io;
use std::sync::Arc;

use corelog_record::events::is_batch;
use corelog_record::stored;
use corelog_spool::{Spool, Stored};
use corelog_store::{Event, Position};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use parking_lot::RwLock;

use crate::{message, put};

/// The log stream of invocations, as the original calls it.
pub const STREAM: &str = corelog_record::LOG_STREAM;

/// An entry of the spool.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Its place.
    pub sequence: Sequence,
    /// Its id.
    pub id: RecordId,
    /// When it was taken in.
    pub time: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

impl<'a> From<&'a Stored> for Entry<'a> {
    fn from(stored: &'a Stored) -> Self {
        Self {
            sequence: stored.sequence,
            id: stored.id,
            time: stored.time,
            payload: &stored.payload,
        }
    }
}

/// The log groups that records are events of.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The one that has every record whole.
    pub invocations: Arc<str>,
    /// Another one that has records in a form of its own.
    pub further: Option<Arc<dyn Further>>,
}

/// The port to what makes events of records for one more log group.
pub trait Further: Send + Sync + fmt::Debug {
    /// The group's events of an entry that is a record; parts count from 1, for part 0 is the record whole. The same
    /// entry has the same events whenever it is asked for. Blocks on blobs.
    ///
    /// # Errors
    /// A body beside the spool that cannot be read, which is tried again.
    fn events_of(&self, entry: Entry<'_>) -> io::Result<Vec<Event>>;
}

/// What one entry became.
#[derive(Debug, Default)]
pub(crate) struct Became {
    /// Its events, by `part`.
    pub(crate) events: Vec<Event>,
    /// Whether it cannot be decoded, which its event says.
    pub(crate) unreadable: bool,
}

/// Makes events of entries.
pub(crate) struct Becoming {
    spool: Spool,
    node: NodeId,
    invocations: Arc<str>,
    further: RwLock<Option<Arc<dyn Further>>>,
    stream: Arc<str>,
}

impl Becoming {
    pub(crate) fn new(spool: Spool, targets: Targets) -> Self {
        Self {
            node: spool.node(),
            spool,
            invocations: targets.invocations,
            further: RwLock::new(targets.further),
            stream: STREAM.into(),
        }
    }

    /// Makes the events of another further group from now on, or of none.
    pub(crate) fn change(&self, further: Option<Arc<dyn Further>>) {
        *self.further.write() = further;
    }

    /// The events of one entry. Blocks on blobs.
    ///
    /// One that cannot be decoded becomes an event that says so: its bytes go to the other destinations.
    pub(crate) fn events_of(&self, entry: Entry<'_>) -> io::Result<Became> {
        let decoded = if is_batch(entry.payload) {
            match put::of_entry(self.node, entry) {
                Ok(events) => {
                    return Ok(Became {
                        events,
                        unreadable: false,
                    });
                }
                Err(error) => Err(error),
            }
        } else {
            stored::decode(entry.payload)
        };
        let (message, unreadable) = match decoded {
            Ok(record) => {
                let message = message::of(&self.spool, self.node, entry, record)?;
                (message, false)
            }
            Err(error) => {
                tracing::error!(
                    sequence = %entry.sequence, record = %entry.id, error = %error,
                    "a stored entry cannot be read; its event says so"
                );
                (self.unreadable(entry), true)
            }
        };
        let event = Event {
            group: Arc::clone(&self.invocations),
            stream: Arc::clone(&self.stream),
            position: self.position(entry, 0),
            timestamp: Timestamp::from_unix_ms(entry.id.unix_ms()),
            ingested: entry.time,
            message,
        };
        let mut events = vec![event];
        let further = self.further.read().clone();
        if let Some(further) = further.filter(|_| !unreadable) {
            events.extend(further.events_of(entry)?);
        }
        Ok(Became { events, unreadable })
    }

    fn position(&self, entry: Entry<'_>, part: u32) -> Position {
        Position {
            node: self.node,
            sequence: entry.sequence,
            part,
        }
    }

    fn unreadable(&self, entry: Entry<'_>) -> String {
        format!(
            r#"{{"unreadable":true,"corelog":{{"recordId":"{}","nodeId":"{}","sequence":{}}}}}"#,
            entry.id, self.node, entry.sequence
        )
    }
}
