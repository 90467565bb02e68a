//! A session, and how many there may be.

use std::sync::Arc;

use corelog_hot::{Heard, Hot, Subscription};
use corelog_runtime::{Shutdown, Tasks};
use corelog_store::Event;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};

use crate::{Filter, Updates};

/// Sessions that may be open at once.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const SESSIONS_MAX: usize = 15;
/// Matching this much text is a thread's work rather than a task's.
const MATCHED_IN_TASK_BYTES_MAX: usize = 64 << 10;

/// Opens sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tails {
    hot: Hot,
    places: Arc<Semaphore>,
    shutdown: Shutdown,
    tasks: Tasks,
}

/// What a session shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tailed {
    /// New events, in the order in which they were taken in; at least one.
    Events(Vec<Arc<Event>>),
    /// So many new events, whether they would have been shown or not, went by while nobody asked, or could not be looked
    /// at.
    Missed(u64),
}

/// New events from one moment on that pass a filter.
#[derive(Debug)]
pub struct Session {
    subscription: Subscription,
    filter: Arc<Filter>,
    /// Kept here, so that dropping [`Self::next`] loses nothing.
    matching: Option<Matching>,
    shutdown: Shutdown,
    tasks: Tasks,
    _place: OwnedSemaphorePermit,
}

/// A thread that looks which events match.
#[derive(Debug)]
struct Matching {
    thread: JoinHandle<Vec<Arc<Event>>>,
    /// How many it looks at.
    events: usize,
}

impl Tails {
    /// Sessions of these events, which end with `shutdown`.
    pub fn new(hot: Hot, shutdown: Shutdown) -> Self {
        Self {
            hot,
            places: Arc::new(Semaphore::new(SESSIONS_MAX)),
            shutdown,
            tasks: Tasks::new(),
        }
    }

    /// Opens a session, which shows events from now on; `None` while there are as many as there may be.
    pub fn begin(&self, filter: Filter) -> Option<Session> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Session {
            subscription: self.hot.subscribe(),
            filter: Arc::new(filter),
            matching: None,
            shutdown: self.shutdown.child(),
            tasks: self.tasks.clone(),
            _place: place,
        })
    }
}

impl Session {
    /// What comes next, as soon as it is there; `None` once the process stops.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Tailed> {
        let shutdown = self.shutdown.clone();
        tokio::select! {
            tailed = self.heard() => tailed,
            () = shutdown.requested() => None,
        }
    }

    async fn heard(&mut self) -> Option<Tailed> {
        loop {
            if let Some(matching) = &mut self.matching {
                let (matched, of) = ((&mut matching.thread).await, matching.events);
                self.matching = None;
                if let Some(tailed) = tailed(matched, of) {
                    return Some(tailed);
                }
            }
            match self.subscription.next().await? {
                Heard::Missed(events) => return Some(Tailed::Missed(events)),
                Heard::Events(chunk) => {
                    let concerns = |event: &&Arc<Event>| self.filter.concerns(event);
                    let mut events: Vec<_> =
                        chunk.events.iter().filter(concerns).cloned().collect();
                    let filter = Arc::clone(&self.filter);
                    let bytes: usize = events.iter().map(|event| event.message.len()).sum();
                    if filter.pattern.is_some() && bytes > MATCHED_IN_TASK_BYTES_MAX {
                        let of = events.len();
                        let thread = tokio::task::spawn_blocking(move || {
                            events.retain(|event| filter.matches(event));
                            events
                        });
                        self.matching = Some(Matching { thread, events: of });
                        continue;
                    }
                    events.retain(|event| filter.matches(event));
                    if !events.is_empty() {
                        return Some(Tailed::Events(events));
                    }
                }
            }
        }
    }

    /// The same as an update a second, collected by a task from now on, until nobody reads any more.
    pub fn updates(self) -> Updates {
        let tasks = self.tasks.clone();
        Updates::collect(self, &tasks)
    }
}

/// What a thread has found among so many events. One that failed takes its events with it, and nothing else.
fn tailed(matched: Result<Vec<Arc<Event>>, JoinError>, of: usize) -> Option<Tailed> {
    match matched {
        Ok(events) if events.is_empty() => None,
        Ok(events) => Some(Tailed::Events(events)),
        Err(_) => Some(Tailed::Missed(of as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_that_could_not_be_looked_at_are_missed() {
        let thread = Tasks::new().spawn("never", std::future::pending());
        thread.abort();
        assert_eq!(tailed(thread.await, 3), Some(Tailed::Missed(3)));
        assert_eq!(tailed(Ok(Vec::new()), 3), None);
    }
}
