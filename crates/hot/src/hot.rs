//! The handle: what is recent, what comes next, and what the table has.

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};

use corelog_spool::Spool;
use corelog_store::Event;
use corelog_types::{ByteSize, Sequence};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::becomes::Becoming;
use crate::held::Held;
use crate::subscription::Queue;
use crate::{Chunk, Entry, Follower, Further, Recent, Subscription, Targets};

/// A follower that lacks more entries than this is not waited for: it has what came during an outage before it, or in a
/// time without this process, which may take minutes.
const AWAITED_ENTRIES_MAX: u64 = 4_096;

/// What is kept, and from where on.
#[derive(Debug, Clone)]
pub struct Config {
    /// What records become.
    pub targets: Targets,
    /// The last entry that the table is known to have, or that it is not to have: the first one read is behind it.
    pub after: Sequence,
    /// The most that events in memory may take; `None` where there is no table, and nothing is to be kept for it.
    pub bytes_max: Option<ByteSize>,
}

/// Recent log events and those that come. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Hot(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) spool: Spool,
    pub(crate) becoming: Becoming,
    pub(crate) held: Mutex<Held>,
    progress: watch::Sender<Progress>,
    listeners: Mutex<Vec<Weak<Queue>>>,
}

/// How far the follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    followed: Sequence,
    pace: Pace,
}

/// Whether waiting for the follower makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Following,
    Failing,
    Ended,
}

impl fmt::Debug for Hot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hot").field(&*self.0.held.lock()).finish()
    }
}

/// Events made of entries that were already at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Converted {
    /// The events, in the order of the entries.
    pub events: Vec<Arc<Event>>,
    /// The entries that could not be decoded, whose events say so.
    pub unreadable: Vec<Sequence>,
}

impl Hot {
    /// Prepares to follow a spool. Nothing is read until the follower runs.
    pub fn new(spool: Spool, config: Config) -> (Self, Follower) {
        let progress = Progress {
            followed: config.after,
            pace: Pace::Following,
        };
        let hot = Self(Arc::new(Shared {
            becoming: Becoming::new(spool.clone(), config.targets),
            spool,
            held: Mutex::new(Held::new(config.after, config.bytes_max)),
            progress: watch::Sender::new(progress),
            listeners: Mutex::default(),
        }));
        let follower = Follower::new(hot.clone());
        (hot, follower)
    }

    /// Everything that is durable at this moment and that the table is not known to have. Take this first, then the
    /// table's snapshot.
    ///
    /// Waits for the follower to have read what is durable, which it does as fast as it can; if it fails, has ended or is
    /// far behind, the rest is read from the spool by whoever asks.
    /// # Cancel safety
    /// Cancel safe.
    pub async fn recent(&self) -> Recent {
        let durable = self.0.spool.durable_sequence();
        let mut progress = self.0.progress.subscribe();
        let is_awaited = |it: &Progress| {
            let missing = durable.to_u64().saturating_sub(it.followed.to_u64());
            it.pace == Pace::Following && (1..=AWAITED_ENTRIES_MAX).contains(&missing)
        };
        // The sender lives as long as this handle.
        let _ = progress.wait_for(|it| !is_awaited(it)).await;
        // What the spool has trimmed was passed by the table's cursor.
        let oldest = self.0.spool.status().oldest;
        Recent::new(Arc::clone(&self.0), &self.0.held.lock(), oldest, durable)
    }

    /// Notes that the table has everything up to an entry, so that it may leave memory.
    pub fn committed(&self, upto: Sequence) {
        self.0.held.lock().commit(upto);
    }

    /// Makes events for another further log group from now on, or for none. What is in memory stays as it was made.
    pub fn change_further(&self, further: Option<Arc<dyn Further>>) {
        self.0.becoming.change(further);
    }

    /// Every event from now on, in the order of the spool.
    pub fn subscribe(&self) -> Subscription {
        let queue = Arc::new(Queue::default());
        let mut listeners = self.0.listeners.lock();
        if self.0.progress.borrow().pace == Pace::Ended {
            queue.end();
        }
        listeners.push(Arc::downgrade(&queue));
        Subscription::new(queue)
    }

    /// The events of entries at hand, in the order of their sequence: those in memory where they still are, and else
    /// made anew. Blocks on blobs, and computes.
    ///
    /// # Errors
    /// A body beside the spool that cannot be read.
    pub fn events<'a>(
        &self,
        entries: impl IntoIterator<Item = Entry<'a>>,
    ) -> io::Result<Converted> {
        let mut converted = Converted::default();
        // Entries that follow each other mostly are of one chunk; there may be thousands.
        let mut last: Option<Arc<Chunk>> = None;
        for entry in entries {
            let sequence = entry.sequence;
            let has = |chunk: &Arc<Chunk>| (chunk.first..=chunk.last).contains(&sequence);
            let chunk = last
                .take()
                .filter(has)
                .or_else(|| self.0.held.lock().chunk_of(sequence));
            last.clone_from(&chunk);
            let unreadable = if let Some(chunk) = &chunk {
                converted.events.extend_from_slice(chunk.of_entry(sequence));
                chunk.unreadable.contains(&sequence)
            } else {
                let became = self.0.becoming.events_of(entry)?;
                let events = became.events.into_iter().map(Arc::new);
                converted.events.extend(events);
                became.unreadable
            };
            if unreadable {
                converted.unreadable.push(sequence);
            }
        }
        Ok(converted)
    }

    /// What the events in memory take.
    pub fn bytes(&self) -> usize {
        self.0.held.lock().bytes
    }

    /// Takes the next chunk: first into memory, then to those who listen, then to those who wait.
    pub(crate) fn publish(&self, chunk: Chunk) {
        let chunk = Arc::new(chunk);
        self.0.held.lock().push(&chunk);
        self.0.listeners.lock().retain(|listener| {
            let Some(queue) = listener.upgrade() else {
                return false;
            };
            queue.push(&chunk);
            true
        });
        self.went_on();
    }

    /// Whether nobody listens, and nothing is kept.
    pub(crate) fn is_unused(&self) -> bool {
        let mut listeners = self.0.listeners.lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.is_empty() && !self.0.held.lock().keeps()
    }

    /// Notes that nothing more is to be read up to an entry.
    pub(crate) fn reached(&self, sequence: Sequence) {
        self.0.held.lock().reached(sequence);
        self.went_on();
    }

    fn went_on(&self) {
        let followed = self.followed();
        self.0.progress.send_replace(Progress {
            followed,
            pace: Pace::Following,
        });
    }

    pub(crate) fn followed(&self) -> Sequence {
        self.0.held.lock().followed
    }

    /// Tells those who wait that they wait for nothing, and at the end those who listen.
    pub(crate) fn set_pace(&self, pace: Pace) {
        let listeners = self.0.listeners.lock();
        self.0.progress.send_modify(|it| it.pace = pace);
        if pace == Pace::Ended {
            for queue in listeners.iter().filter_map(Weak::upgrade) {
                queue.end();
            }
        }
    }
}
