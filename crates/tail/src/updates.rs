//! A session as an update a second.
//!
//! A task collects, so that seconds pass whether the reader is quick or slow. What it has not read is bounded: ten
//! updates, so 5,000 events. Then the oldest goes, and the one behind it says that events are missing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Shutdown, Tasks};
use corelog_store::Event;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use crate::sample::Sample;
use crate::{Session, Tailed};

const EVERY: Duration = Duration::from_secs(1);
const UPDATES_MAX: usize = 10;
/// How long a session may last.
const SESSION_MAX: Duration = Duration::from_hours(3);

/// The events of a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// In the order in which they were taken in; often none.
    pub events: Vec<Arc<Event>>,
    /// Whether there were more.
    pub sampled: bool,
}

/// What a reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// An update.
    Update(Update),
    /// The session was as long as sessions may be.
    TimedOut,
    /// The process stops.
    Stopped,
}

/// The updates of a session. Dropping it ends the session.
#[derive(Debug)]
pub struct Updates {
    buffer: Arc<Buffer>,
}

#[derive(Debug, Default)]
struct Buffer {
    unread: Mutex<Unread>,
    more: Notify,
    /// Requested once nobody reads any more.
    unwanted: Shutdown,
}

#[derive(Debug, Default)]
struct Unread {
    updates: VecDeque<Update>,
    end: Option<Next>,
}

impl Drop for Updates {
    fn drop(&mut self) {
        self.buffer.unwanted.request();
    }
}

impl Updates {
    pub(crate) fn collect(session: Session, tasks: &Tasks) -> Self {
        let buffer = Arc::new(Buffer::default());
        tasks.spawn("live tail", collect(session, Arc::clone(&buffer)));
        Self { buffer }
    }

    /// The next update, or how it ended: then it says the same for ever.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Next {
        loop {
            {
                let mut unread = self.buffer.unread.lock();
                if let Some(update) = unread.updates.pop_front() {
                    return Next::Update(update);
                }
                if let Some(end) = &unread.end {
                    return end.clone();
                }
            }
            // One reader, and a notification that comes first is kept.
            self.buffer.more.notified().await;
        }
    }
}

impl Buffer {
    fn push(&self, update: Update) {
        let mut unread = self.unread.lock();
        unread.updates.push_back(update);
        if unread.updates.len() > UPDATES_MAX
            && let Some(dropped) = unread.updates.pop_front()
            && let Some(oldest) = unread.updates.front_mut()
        {
            oldest.sampled |= dropped.sampled || !dropped.events.is_empty();
        }
        drop(unread);
        self.more.notify_one();
    }

    /// The first end stands.
    fn end(&self, end: Next) {
        self.unread.lock().end.get_or_insert(end);
        self.more.notify_one();
    }
}

/// Ends the buffer of a collector that is gone without having done so: no reader waits for ever.
struct Collector(Arc<Buffer>);

impl Drop for Collector {
    fn drop(&mut self) {
        self.0.end(Next::Stopped);
    }
}

async fn collect(mut session: Session, buffer: Arc<Buffer>) {
    let _collector = Collector(Arc::clone(&buffer));
    let mut seconds = interval_at(Instant::now() + EVERY, EVERY);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut over = std::pin::pin!(sleep(SESSION_MAX));
    let mut sample = Sample::default();
    let end = loop {
        tokio::select! {
            () = buffer.unwanted.requested() => return,
            () = &mut over => break Next::TimedOut,
            _ = seconds.tick() => buffer.push(sample.take()),
            tailed = session.next() => match tailed {
                Some(Tailed::Events(events)) => events.into_iter().for_each(|it| sample.push(it)),
                Some(Tailed::Missed(_)) => sample.missed(),
                None => break Next::Stopped,
            },
        }
    };
    let last = sample.take();
    if !last.events.is_empty() {
        buffer.push(last);
    }
    buffer.end(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_hears_that_nobody_collects_any_more() {
        let buffer = Arc::<Buffer>::default();
        drop(Collector(Arc::clone(&buffer)));
        let mut updates = Updates { buffer };
        assert_eq!(updates.next().await, Next::Stopped);
    }
}
