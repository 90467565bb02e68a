//! The exchanges on the wire: who they are, how far they got, how to watch them and how to end one.
//!
//! Deadlines live here too. One sweeper looks at every exchange a few times a second, which costs an
//! exchange two atomic writes instead of a timer of its own for each of its four timeouts.

mod entry;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use corelog_runtime::Shutdown;
use corelog_types::RecordId;
use parking_lot::Mutex;

use crate::watch::{Watch, Watchers};

pub(crate) use self::entry::{Abort, About, Entry};
pub use self::entry::{Seen, State};

/// How often deadlines are looked at.
const SWEEP: Duration = Duration::from_millis(100);
/// Of one stream, so much is looked at for its tokens at the most.
const LOOK_BYTES_MAX: u64 = 256 * 1024;
/// Of all streams together, the oldest first; those behind have no count of tokens.
const LOOKS_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// All exchanges on the wire.
#[derive(Clone)]
pub struct InFlight {
    exchanges: Arc<Mutex<HashMap<RecordId, Arc<Entry>>>>,
    watchers: Arc<Watchers>,
    epoch: Instant,
}

impl Default for InFlight {
    fn default() -> Self {
        Self {
            exchanges: Arc::default(),
            watchers: Arc::default(),
            epoch: Instant::now(),
        }
    }
}

/// Keeps an exchange listed while it lives.
pub(crate) struct Listed {
    entry: Arc<Entry>,
    list: InFlight,
}

impl std::ops::Deref for Listed {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}

impl Listed {
    pub(crate) fn entry(&self) -> Arc<Entry> {
        Arc::clone(&self.entry)
    }

    /// Notes the next bytes of the answer, and shows them to whoever watches.
    pub(crate) fn comes(&self, now: Instant, bytes: &[u8], events: u64, idle: Duration) {
        let (at, _) = self.answered();
        self.progress(now, bytes.len(), events, idle);
        self.list.watchers.pass(&self.entry, at, bytes);
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.list.exchanges.lock().remove(&self.entry.id());
        self.entry.ends();
        self.list.watchers.wake();
    }
}

impl InFlight {
    /// Lists an exchange, unless `most` are listed already.
    pub(crate) fn enter(
        &self,
        id: RecordId,
        about: About,
        first_byte: Duration,
        total: Duration,
        most: usize,
    ) -> Option<Listed> {
        let entry = Arc::new(Entry::new(id, about, self.epoch, first_byte, total));
        let mut exchanges = self.exchanges.lock();
        if exchanges.len() >= most {
            return None;
        }
        exchanges.insert(id, Arc::clone(&entry));
        Some(Listed {
            entry,
            list: self.clone(),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.exchanges.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, the oldest first. Reads bodies for their model and streams for their tokens, within bounds:
    /// blocking work, for which nothing on the wire waits.
    pub fn list(&self) -> Vec<Seen> {
        let now = Instant::now();
        let mut listed: Vec<_> = self.exchanges.lock().values().map(Arc::clone).collect();
        listed.sort_by_key(|entry| entry.began());
        let mut left = LOOKS_BYTES_MAX;
        let seen = listed.iter().map(|entry| see(entry, now, &mut left));
        seen.collect()
    }

    /// Begins to watch what the streams on the wire say, those included that have begun; `None` while as many watch as
    /// may.
    pub fn watch(&self) -> Option<Watch> {
        let queue = self.watchers.enter()?;
        // In this order, so that every stream is listed by now, or passes the queue from its beginning.
        let mut begun: Vec<_> = self.exchanges.lock().values().map(Arc::clone).collect();
        begun.retain(|entry| entry.shown().is_some());
        begun.sort_by_key(|entry| entry.began());
        Some(Watch::new(Arc::clone(&self.watchers), queue, begun))
    }

    /// Ends one; says whether there was such a one.
    pub fn kill(&self, id: RecordId) -> bool {
        let entry = self.exchanges.lock().get(&id).cloned();
        entry.map(|entry| entry.end(Abort::Killed)).is_some()
    }

    /// Ends the connections that left HTTP behind; says how many there were.
    pub(crate) fn end_upgraded(&self) -> usize {
        let exchanges = self.exchanges.lock();
        let upgraded = exchanges.values().filter(|entry| entry.is_upgraded());
        upgraded.map(|entry| entry.end(Abort::Stopping)).count()
    }

    /// Ends all; says how many there were.
    pub(crate) fn end_all(&self) -> usize {
        let exchanges = self.exchanges.lock();
        let all = exchanges.values();
        all.map(|entry| entry.end(Abort::Stopping)).count()
    }

    /// Ends whoever is past a deadline, until `shutdown`.
    pub(crate) async fn sweep(self, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(SWEEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                _ = ticks.tick() => self.end_the_late(),
            }
        }
    }

    fn end_the_late(&self) {
        let now = Instant::now();
        for entry in self.exchanges.lock().values() {
            entry.end_if_late(now);
        }
    }
}

fn see(entry: &Entry, now: Instant, left: &mut u64) -> Seen {
    let look = entry.look(LOOK_BYTES_MAX.min(*left));
    *left -= look.bytes;
    Seen {
        tokens: look.tokens,
        ..entry.glance(now)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use corelog_types::{Dialect, Operation};

    use super::*;

    fn about() -> About {
        About {
            provider: "p".into(),
            dialect: Dialect::Bedrock,
            operation: Operation::Converse,
            model: None,
            caller: "me".into(),
        }
    }

    fn enter(list: &InFlight, n: u8, first_byte: Duration, most: usize) -> Option<Listed> {
        let id = RecordId::from_parts(1, [n; 10]);
        list.enter(id, about(), first_byte, Duration::from_mins(1), most)
    }

    #[test]
    fn the_list_is_bounded_and_forgets_who_left() {
        let list = InFlight::default();
        let first = enter(&list, 1, Duration::from_secs(9), 1);
        assert!(first.is_some());
        assert!(enter(&list, 2, Duration::from_secs(9), 1).is_none());
        drop(first);
        assert!(list.is_empty());
        assert!(enter(&list, 2, Duration::from_secs(9), 1).is_some());
    }

    #[test]
    fn the_first_reason_to_end_stands() {
        let list = InFlight::default();
        let exchange = enter(&list, 1, Duration::from_secs(9), 9).unwrap();
        let context = Context::from_waker(std::task::Waker::noop());
        assert_eq!(exchange.poll_abort(&context), None);
        assert!(list.kill(exchange.id()));
        exchange.end(Abort::TotalTimeout);
        assert_eq!(exchange.poll_abort(&context), Some(Abort::Killed));
        assert!(!list.kill(RecordId::from_parts(9, [9; 10])));
    }
}
