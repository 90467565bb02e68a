//! A session, and how many there may be.

use std::sync::Arc;

use corelog_hot::{Heard, Hot, Subscription};
use corelog_runtime::{Shutdown, Tasks};
use corelog_store::Event;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

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
    /// So many new events, whether they would have been shown or not, went by while nobody asked.
    Missed(u64),
}

/// New events from one moment on that pass a filter.
#[derive(Debug)]
pub struct Session {
    subscription: Subscription,
    filter: Arc<Filter>,
    /// Kept here, so that dropping [`Self::next`] loses nothing.
    matching: Option<JoinHandle<Vec<Arc<Event>>>>,
    shutdown: Shutdown,
    tasks: Tasks,
    _place: OwnedSemaphorePermit,
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
                // One that failed takes its events with it, and nothing else.
                let matched = matching.await.unwrap_or_default();
                self.matching = None;
                if !matched.is_empty() {
                    return Some(Tailed::Events(matched));
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
                        self.matching = Some(tokio::task::spawn_blocking(move || {
                            events.retain(|event| filter.matches(event));
                            events
                        }));
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
