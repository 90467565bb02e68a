//! A batch as requests that follow the service's rules, each made when it is its turn: no more than one is held.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

use std::io;
use std::sync::Arc;

use corelog_delivery::Batch;
use corelog_record::events::is_batch;

use super::event::{self, Event, Form};

/// The most events of a request.
const EVENTS_MAX: usize = 10_000;
/// The most bytes of a request: its messages, and some for each event.
pub(crate) const REQUEST_BYTES_MAX: usize = 1_048_576;
/// What each event counts beside its message.
pub(crate) const EVENT_OVERHEAD_BYTES: usize = 26;
/// The most time between the first event of a request and its last.
const SPAN_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// The requests of a batch that are still to be put.
pub(crate) struct Requests {
    batch: Arc<Batch>,
    form: Form,
    /// The entries' places in the batch, the oldest event first; those of one time by their sequence.
    order: Vec<usize>,
    next: usize,
    /// The event that was made and did not fit any more.
    over: Option<Event>,
}

impl Requests {
    /// The requests behind the first `done` events.
    pub(crate) fn new(batch: Arc<Batch>, form: Form, done: usize) -> Self {
        // Log events that somebody put here stay here.
        let is_record = |at: &usize| !is_batch(&batch.entries[*at].payload);
        let mut order: Vec<usize> = (0..batch.entries.len()).filter(is_record).collect();
        order.sort_by_key(|at| batch.entries[*at].id.unix_ms());
        Self {
            batch,
            form,
            order,
            next: done,
            over: None,
        }
    }

    /// The events of the next request; none at the end. Blocks on blobs.
    pub(crate) fn next_request(&mut self) -> io::Result<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        let mut room = Room::default();
        loop {
            let event = match self.over.take() {
                Some(event) => event,
                None => match self.order.get(self.next) {
                    Some(at) => {
                        let entry = &self.batch.entries[*at];
                        event::of_entry(&self.batch, entry, &self.form)?
                    }
                    None => break,
                },
            };
            if !room.takes(&event) {
                self.over = Some(event);
                break;
            }
            self.next += 1;
            events.push(event);
        }
        Ok(events)
    }
}

/// What a request has room for.
#[derive(Debug, Default)]
pub(crate) struct Room {
    events: usize,
    bytes: usize,
    first_ms: Option<u64>,
}

impl Room {
    /// Whether one more event goes in; the first one always does.
    pub(crate) fn takes(&mut self, event: &Event) -> bool {
        let bytes = self.bytes + event.message.len() + EVENT_OVERHEAD_BYTES;
        let first_ms = self.first_ms.unwrap_or(event.timestamp_ms);
        let fits = self.events < EVENTS_MAX
            && bytes <= REQUEST_BYTES_MAX
            && event.timestamp_ms - first_ms <= SPAN_MS_MAX;
        if self.first_ms.is_some() && !fits {
            return false;
        }
        self.events += 1;
        self.bytes = bytes;
        self.first_ms = Some(first_ms);
        true
    }
}
