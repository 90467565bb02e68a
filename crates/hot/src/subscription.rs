//! Listening: what was published and not yet heard, bounded, and never in the way of the follower.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::Chunk;

/// What a listener may have before it: the oldest is dropped beyond. Listeners share the chunks.
const BYTES_MAX: usize = 16 << 20;

/// Every event from one moment on, in the order of the spool.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The next events.
    Events(Arc<Chunk>),
    /// So many events were dropped here, because the listener was slow.
    Missed(u64),
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    chunks: VecDeque<Arc<Chunk>>,
    bytes: usize,
    missed: u64,
    ended: bool,
}

impl Subscription {
    pub(crate) fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// What comes next; `None` once nothing more will, because the follower has ended.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            {
                let mut waiting = self.queue.waiting.lock();
                if waiting.missed > 0 {
                    return Some(Heard::Missed(std::mem::take(&mut waiting.missed)));
                }
                if let Some(chunk) = waiting.chunks.pop_front() {
                    waiting.bytes -= chunk.bytes;
                    return Some(Heard::Events(chunk));
                }
                if waiting.ended {
                    return None;
                }
            }
            // One listener a queue, and a notification that comes first is kept.
            self.queue.more.notified().await;
        }
    }
}

impl Queue {
    /// Adds a chunk. One that is too large by itself is kept while it is the newest.
    pub(crate) fn push(&self, chunk: &Arc<Chunk>) {
        let mut waiting = self.waiting.lock();
        waiting.bytes += chunk.bytes;
        waiting.chunks.push_back(Arc::clone(chunk));
        while waiting.bytes > BYTES_MAX && waiting.chunks.len() > 1 {
            let Some(oldest) = waiting.chunks.pop_front() else {
                break;
            };
            waiting.bytes -= oldest.bytes;
            waiting.missed += oldest.events.len() as u64;
        }
        drop(waiting);
        self.more.notify_one();
    }

    pub(crate) fn end(&self) {
        self.waiting.lock().ended = true;
        self.more.notify_one();
    }
}
