//! Watching what the streams on the wire say, while they say it.
//!
//! A relay that hands a chunk on gives a copy of it to whoever watches: one atomic read where nobody does. It waits for
//! no watcher: what a slow one has not read is bounded, and what is beyond it is dropped and counted. Understanding the
//! bytes is the watcher's own work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use corelog_capture::{Heard, Passing, Reading};
use corelog_providers::Said;
use corelog_types::RecordId;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Seen;
use crate::inflight::Entry;

/// Who may watch at once.
const WATCHERS_MAX: usize = 15;
/// What a watcher may have before it: what comes beyond is dropped.
const QUEUE_BYTES_MAX: usize = 4 << 20;
/// What a piece costs beside its bytes.
const PIECE_BYTES: usize = 128;
/// Reading this much is a thread's work rather than a task's.
const READ_IN_TASK_BYTES_MAX: usize = 64 << 10;
/// Of a stream that has begun, so much is read at the most, and of all of them together.
const CATCH_UP_BYTES_MAX: u64 = 4 << 20;
const CATCH_UPS_BYTES_MAX: u64 = 32 << 20;
/// Text of one call is put together up to here.
const SAID_BYTES_MAX: usize = 16 << 10;

/// What a watcher sees.
#[derive(Debug, Clone)]
pub enum Sight {
    /// A call whose answer streams; first of all that is seen of it.
    Began(Box<Seen>),
    /// What it says next.
    Said(RecordId, Said),
    /// Something it said was not seen or not understood; where it is in no form that can be read, all of it.
    Gap(RecordId),
    /// Its record is made; last of all that is seen of it.
    Ended(RecordId),
    /// So many bytes of streams, of whichever calls, were dropped here because the watcher was slow.
    Missed(u64),
}

/// All who watch.
#[derive(Default)]
pub(crate) struct Watchers {
    /// How many, to be read without the lock.
    count: AtomicUsize,
    queues: Mutex<Vec<Arc<Queue>>>,
}

/// What one watcher has not read.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Default)]
struct Waiting {
    pieces: Vec<Piece>,
    bytes: usize,
    missed_bytes: u64,
}

/// A piece of a stream, and its place there.
#[derive(Clone)]
struct Piece {
    entry: Arc<Entry>,
    at: u64,
    bytes: Bytes,
}

impl Watchers {
    /// Another queue that is filled from now on; `None` while there are as many as may be.
    pub(crate) fn enter(&self) -> Option<Arc<Queue>> {
        let mut queues = self.queues.lock();
        if queues.len() >= WATCHERS_MAX {
            return None;
        }
        let queue = Arc::<Queue>::default();
        queues.push(Arc::clone(&queue));
        self.count.store(queues.len(), Ordering::SeqCst);
        Some(queue)
    }

    fn leave(&self, queue: &Arc<Queue>) {
        let mut queues = self.queues.lock();
        queues.retain(|known| !Arc::ptr_eq(known, queue));
        self.count.store(queues.len(), Ordering::SeqCst);
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Shows the bytes at a place of a stream to everybody. Never waits for them.
    pub(crate) fn pass(&self, entry: &Arc<Entry>, at: u64, bytes: &[u8]) {
        if self.is_empty() || entry.shown().is_none() {
            return;
        }
        entry.note_model();
        let piece = Piece {
            entry: Arc::clone(entry),
            at,
            bytes: Bytes::copy_from_slice(bytes),
        };
        for queue in self.queues.lock().iter() {
            queue.push(&piece);
        }
    }

    /// Has everybody look whether a stream is over.
    pub(crate) fn wake(&self) {
        if !self.is_empty() {
            for queue in self.queues.lock().iter() {
                queue.more.notify_one();
            }
        }
    }
}

impl Queue {
    fn push(&self, piece: &Piece) {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.bytes + piece.bytes.len() + PIECE_BYTES;
        // Until the watcher reads: pieces that fit by chance would be shreds.
        if waiting.missed_bytes > 0 || bytes > QUEUE_BYTES_MAX {
            waiting.missed_bytes += piece.bytes.len() as u64;
        } else {
            waiting.bytes = bytes;
            waiting.pieces.push(piece.clone());
        }
        drop(waiting);
        self.more.notify_one();
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// One who watches, from one moment on. Dropping it ends that.
pub struct Watch {
    watchers: Arc<Watchers>,
    queue: Arc<Queue>,
    /// Streams that had begun, and are not read yet.
    begun: Vec<Arc<Entry>>,
    calls: Calls,
    /// Kept here, so that dropping [`Self::next`] loses nothing.
    reading: Option<JoinHandle<(Calls, Vec<Sight>)>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watchers.leave(&self.queue);
    }
}

impl Watch {
    pub(crate) fn new(watchers: Arc<Watchers>, queue: Arc<Queue>, begun: Vec<Arc<Entry>>) -> Self {
        Self {
            watchers,
            queue,
            begun,
            calls: Calls::default(),
            reading: None,
        }
    }

    /// What comes next, as soon as it is there; at least one.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Vec<Sight> {
        loop {
            if let Some(reading) = &mut self.reading {
                // One that failed takes what it knew with it, and the streams begin anew with a gap.
                let (calls, sights) = reading.await.unwrap_or_default();
                self.reading = None;
                self.calls = calls;
                if !sights.is_empty() {
                    return sights;
                }
            }
            // Before the queue is emptied: what belongs to a call that is over is in it by now.
            let over = self.calls.over();
            let waiting = self.queue.take();
            let begun = std::mem::take(&mut self.begun);
            if over.is_empty() && begun.is_empty() && waiting.is_empty() {
                self.queue.more.notified().await;
                continue;
            }
            let is_small = begun.is_empty() && waiting.bytes <= READ_IN_TASK_BYTES_MAX;
            let mut calls = std::mem::take(&mut self.calls);
            let read = move || {
                let sights = calls.read(begun, waiting, &over);
                (calls, sights)
            };
            if is_small {
                let (calls, sights) = read();
                self.calls = calls;
                if !sights.is_empty() {
                    return sights;
                }
            } else {
                self.reading = Some(tokio::task::spawn_blocking(read));
            }
        }
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.missed_bytes == 0
    }
}

/// The calls that were seen and are not over.
#[derive(Default)]
struct Calls(BTreeMap<RecordId, Call>);

struct Call {
    entry: Arc<Entry>,
    reading: Reading,
}

impl Calls {
    /// Those of which nothing more will come.
    fn over(&self) -> Vec<RecordId> {
        let over = self.0.values().filter(|call| call.entry.is_over());
        over.map(|call| call.entry.id()).collect()
    }

    fn read(&mut self, begun: Vec<Arc<Entry>>, waiting: Waiting, over: &[RecordId]) -> Vec<Sight> {
        let mut sights = Vec::new();
        let mut left = CATCH_UPS_BYTES_MAX;
        for entry in begun.into_iter().filter(|entry| !entry.is_over()) {
            let of_call = |call: &mut Call, passing: &Passing| {
                let heard = call.reading.catch_up(passing, CATCH_UP_BYTES_MAX.min(left));
                left = left.saturating_sub(call.reading.at());
                heard
            };
            self.hear(&entry, &mut sights, of_call);
        }
        for piece in waiting.pieces {
            let of_call = |call: &mut Call, passing: &Passing| {
                call.reading.hear(passing, piece.at, &piece.bytes)
            };
            self.hear(&piece.entry, &mut sights, of_call);
        }
        if waiting.missed_bytes > 0 {
            sights.push(Sight::Missed(waiting.missed_bytes));
        }
        for id in over {
            if let Some(call) = self.0.remove(id) {
                let (bytes, _) = call.entry.answered();
                if call.reading.at() < bytes {
                    sights.push(Sight::Gap(*id));
                }
                sights.push(Sight::Ended(*id));
            }
        }
        sights
    }

    /// Reads something of a call, which is seen for the first time or again.
    fn hear(
        &mut self,
        entry: &Arc<Entry>,
        sights: &mut Vec<Sight>,
        of_call: impl FnOnce(&mut Call, &Passing) -> Heard,
    ) {
        let Some(passing) = entry.shown() else {
            return;
        };
        let id = entry.id();
        let call = self.0.entry(id).or_insert_with(|| {
            let seen = entry.glance(Instant::now());
            sights.push(Sight::Began(Box::new(seen)));
            Call {
                entry: Arc::clone(entry),
                reading: Reading::new(passing),
            }
        });
        let heard = of_call(call, passing);
        if heard.gap {
            sights.push(Sight::Gap(id));
        }
        for said in heard.said {
            add(sights, id, said);
        }
    }
}

/// Adds what a call says to what it said just before, if that is of one kind.
fn add(sights: &mut Vec<Sight>, id: RecordId, said: Said) {
    match sights.last_mut() {
        Some(Sight::Said(last, before))
            if *last == id
                && before.kind == said.kind
                && before.text.len() + said.text.len() <= SAID_BYTES_MAX =>
        {
            before.text.push_str(&said.text);
        }
        _ => sights.push(Sight::Said(id, said)),
    }
}
