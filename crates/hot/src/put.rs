//! A batch of `PutLogEvents` as log events.

use std::sync::Arc;

use corelog_record::events::EventBatch;
use corelog_record::stored;
use corelog_store::{Event, Position};
use corelog_types::{NodeId, Timestamp};

use crate::Entry;

/// The events of an entry that is a batch of them, each with its number there as its part.
///
/// # Errors
/// [`stored::Error`] where its bytes are no batch.
pub(crate) fn of_entry(node: NodeId, entry: Entry<'_>) -> Result<Vec<Event>, stored::Error> {
    let batch = EventBatch::decode(entry.payload)?;
    let (group, stream): (Arc<str>, Arc<str>) = (batch.group.into(), batch.stream.into());
    let event = |(part, (timestamp, message)): (u32, (u64, &str))| Event {
        group: Arc::clone(&group),
        stream: Arc::clone(&stream),
        position: Position {
            node,
            sequence: entry.sequence,
            part,
        },
        timestamp: Timestamp::from_unix_ms(timestamp),
        ingested: entry.time,
        message: message.to_owned(),
    };
    Ok((0..).zip(batch.events).map(event).collect())
}
