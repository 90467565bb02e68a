//! What comes to log streams, noted in the catalog: listeners hear of events, and lists of streams show their times.
//!
//! Noting costs the catalog a sync of its own, so under load many events are noted at once, and soon rather than at
//! once. A process that ends in between starts again with the events that the table lacks, and hears of them again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use corelog_catalog::{Activity, Catalog};
use corelog_hot::{Heard, Subscription};
use corelog_runtime::Shutdown;
use corelog_store::Event;
use corelog_telemetry::Chain;
use corelog_types::{LogGroupName, LogStreamName};
use tokio::time::Instant;

/// The time between two notes.
const EVERY: Duration = Duration::from_secs(1);

/// What was heard of and is not noted yet, by group and stream.
#[derive(Debug, Default)]
struct Pending(BTreeMap<(Arc<str>, Arc<str>), Activity>);

/// Notes what comes until `shutdown`, or until nothing more will.
pub(crate) async fn note(
    mut listening: Subscription,
    catalog: Arc<dyn Catalog>,
    shutdown: Shutdown,
) {
    let mut pending = Pending::default();
    let mut due = Instant::now();
    loop {
        tokio::select! {
            heard = listening.next() => match heard {
                Some(Heard::Events(chunk)) => chunk.events.iter().for_each(|it| pending.add(it)),
                // Later events of the same streams tell the newest times.
                Some(Heard::Missed(_)) => {}
                None => break,
            },
            () = tokio::time::sleep_until(due), if !pending.0.is_empty() => {
                pending.write(&*catalog).await;
                due = Instant::now() + EVERY;
            }
            () = shutdown.requested() => break,
        }
    }
    pending.write(&*catalog).await;
}

impl Pending {
    fn add(&mut self, event: &Event) {
        let key = (Arc::clone(&event.group), Arc::clone(&event.stream));
        if let Some(known) = self.0.get_mut(&key) {
            known.first_event = known.first_event.min(event.timestamp);
            known.last_event = known.last_event.max(event.timestamp);
            known.ingestion = known.ingestion.max(event.ingested);
            return;
        }
        // Names were checked on their way in.
        let names = (
            LogGroupName::new(&*event.group),
            LogStreamName::new(&*event.stream),
        );
        if let (Ok(group), Ok(stream)) = names {
            let activity = Activity {
                group,
                stream,
                first_event: event.timestamp,
                last_event: event.timestamp,
                ingestion: event.ingested,
            };
            self.0.insert(key, activity);
        }
    }

    /// Writes all of it. What cannot be written waits for the next time.
    async fn write(&mut self, catalog: &dyn Catalog) {
        let activity: Vec<Activity> = self.0.values().cloned().collect();
        if activity.is_empty() {
            return;
        }
        match catalog.note_activity(&activity).await {
            Ok(()) => self.0.clear(),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the times of log streams were not noted");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use corelog_store::Position;
    use corelog_types::{NodeId, Sequence, Timestamp};

    use super::*;

    #[test]
    fn the_events_of_a_stream_are_one_note() {
        let mut pending = Pending::default();
        for (stream, ms, ingested) in [("a", 5, 9), ("b", 1, 1), ("a", 3, 8), ("a", 4, 10)] {
            pending.add(&Event {
                group: "/g".into(),
                stream: stream.into(),
                position: Position {
                    node: NodeId::from_u64(1),
                    sequence: Sequence::FIRST,
                    part: 0,
                },
                timestamp: Timestamp::from_unix_ms(ms),
                ingested: Timestamp::from_unix_ms(ingested),
                message: "m".to_owned(),
            });
        }
        let noted: Vec<_> = pending
            .0
            .values()
            .map(|it| {
                let times = [it.first_event, it.last_event, it.ingestion];
                (it.stream.as_str(), times.map(Timestamp::unix_ms))
            })
            .collect();
        assert_eq!(noted, [("a", [3, 5, 10]), ("b", [1, 1, 1])]);
    }
}
