//! The exchanges on the wire: who they are, how far they got, how to watch them and how to end one.
//!
//! Deadlines live here too. One sweeper looks at every exchange a few times a second, which costs an
//! exchange two atomic writes instead of a timer of its own for each of its four timeouts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Context;
use std::time::{Duration, Instant};

use corelog_capture::{BodyCopy, Passing};
use corelog_providers::{TokensSoFar, model_of};
use corelog_runtime::Shutdown;
use corelog_types::{Dialect, Operation, RecordId};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::watch::{Watch, Watchers};

/// How often deadlines are looked at.
const SWEEP: Duration = Duration::from_millis(100);
const NEVER: u64 = u64::MAX;
/// Of one stream, so much is looked at for its tokens at the most.
const LOOK_BYTES_MAX: u64 = 256 * 1024;
/// Of all streams together, the oldest first; those behind have no count of tokens.
const LOOKS_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Where an exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The request goes upstream; no answer yet.
    Waiting,
    /// The answer comes in.
    Streaming,
    /// The answer is there; its record is being made durable.
    Storing,
    /// The caller is gone; the upstream is drained for the record.
    Draining,
}

impl State {
    /// The word in `corelog ps`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Streaming => "streaming",
            Self::Storing => "storing",
            Self::Draining => "draining",
        }
    }

    fn of(number: u8) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::Streaming,
            2 => Self::Storing,
            _ => Self::Draining,
        }
    }
}

/// Why an exchange was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abort {
    FirstByteTimeout,
    IdleTimeout,
    TotalTimeout,
    Killed,
    /// The gateway ends, and so does a connection that would not end by itself.
    Stopping,
}

impl Abort {
    /// The limit that it means, by its name in the configuration.
    pub(crate) fn limit(self) -> Option<&'static str> {
        match self {
            Self::FirstByteTimeout => Some("first_byte_timeout"),
            Self::IdleTimeout => Some("idle_timeout"),
            Self::TotalTimeout => Some("total_timeout"),
            Self::Killed | Self::Stopping => None,
        }
    }

    fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::FirstByteTimeout,
            2 => Self::IdleTimeout,
            3 => Self::TotalTimeout,
            4 => Self::Killed,
            5 => Self::Stopping,
            _ => return None,
        })
    }

    fn number(self) -> u8 {
        match self {
            Self::FirstByteTimeout => 1,
            Self::IdleTimeout => 2,
            Self::TotalTimeout => 3,
            Self::Killed => 4,
            Self::Stopping => 5,
        }
    }
}

/// What is fixed about an exchange.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) provider: Arc<str>,
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
    pub(crate) model: Option<String>,
    pub(crate) caller: String,
}

/// One exchange on the wire.
pub(crate) struct Entry {
    id: RecordId,
    about: About,
    began: Instant,
    epoch: Instant,
    state: AtomicU8,
    abort: AtomicU8,
    request_bytes: Arc<AtomicU64>,
    response_bytes: AtomicU64,
    chunks: AtomicU64,
    events: AtomicU64,
    idle_deadline: AtomicU64,
    total_deadline: u64,
    hung_up_at_us: AtomicU64,
    /// Whether it left HTTP behind, after which nothing says when it ends.
    is_upgraded: AtomicBool,
    waker: AtomicWaker,
    /// The copy of the request's body, to read the model from where the path does not say it. Gone once the record is
    /// made.
    asked: OnceLock<Weak<Mutex<BodyCopy>>>,
    /// What was read there when the stream was first shown to a watcher.
    model_shown: OnceLock<Option<String>>,
    /// The answer, where it streams, to read its tokens from.
    passing: OnceLock<Passing>,
    /// Whether nothing more will come of it.
    is_over: AtomicBool,
}

impl Entry {
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn set_state(&self, state: State) {
        let number = match state {
            State::Waiting => 0,
            State::Streaming => 1,
            State::Storing => 2,
            State::Draining => 3,
        };
        self.state.store(number, Ordering::Relaxed);
    }

    /// Counts the request's bytes, for whoever sees them pass.
    pub(crate) fn request_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.request_bytes)
    }

    /// Notes where the request's body is, for whoever asks for its model.
    pub(crate) fn asks_in(&self, copy: &Arc<Mutex<BodyCopy>>) {
        let _ = self.asked.set(Arc::downgrade(copy));
    }

    /// Notes the answer's stream, for whoever asks for its tokens.
    pub(crate) fn streams(&self, passing: Passing) {
        let _ = self.passing.set(passing);
    }

    /// The answer's stream, where what it says may be shown.
    pub(crate) fn shown(&self) -> Option<&Passing> {
        self.passing.get().filter(|passing| passing.shows_text())
    }

    pub(crate) fn id(&self) -> RecordId {
        self.id
    }

    /// Whether nothing more will come of it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    fn model(&self) -> Option<String> {
        let named = self.about.model.as_ref();
        let known = named.or_else(|| self.model_shown.get()?.as_ref());
        known.cloned().or_else(|| self.model_asked())
    }

    fn model_asked(&self) -> Option<String> {
        model_of(self.asked.get()?.upgrade()?.lock().in_memory()?)
    }

    /// Notes the model for those who watch: by the time they read what was shown, the call may be over. Reads the
    /// request's body once, where it is in memory and the path does not say the model.
    pub(crate) fn note_model(&self) {
        if self.about.model.is_none() {
            self.model_shown.get_or_init(|| self.model_asked());
        }
    }

    /// Notes progress and moves the idle deadline.
    fn progress(&self, now: Instant, bytes: usize, events: u64, idle: Duration) {
        self.note_chunk(bytes);
        self.events.store(events, Ordering::Relaxed);
        self.idle_deadline
            .store(ms_between(self.epoch, now + idle), Ordering::Relaxed);
    }

    /// Notes bytes of the answer.
    pub(crate) fn note_chunk(&self, bytes: usize) {
        self.response_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        self.chunks.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes and chunks of the answer so far.
    pub(crate) fn answered(&self) -> (u64, u64) {
        let bytes = self.response_bytes.load(Ordering::Relaxed);
        (bytes, self.chunks.load(Ordering::Relaxed))
    }

    /// From now on nothing is expected from upstream; only the total deadline stays.
    pub(crate) fn expect_nothing(&self) {
        self.idle_deadline.store(NEVER, Ordering::Relaxed);
    }

    /// Notes that the exchange left HTTP behind.
    pub(crate) fn upgraded(&self) {
        self.is_upgraded.store(true, Ordering::Release);
    }

    /// The reason to end, if there is one; otherwise the task is woken when there is.
    pub(crate) fn poll_abort(&self, context: &Context<'_>) -> Option<Abort> {
        self.waker.register(context.waker());
        Abort::of(self.abort.load(Ordering::Acquire))
    }

    fn end(&self, why: Abort) {
        // The first reason stands.
        let _ = self
            .abort
            .compare_exchange(0, why.number(), Ordering::AcqRel, Ordering::Acquire);
        self.waker.wake();
    }

    /// Notes that the caller is gone. The first note stands.
    pub(crate) fn hung_up(&self) {
        let after = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(NEVER - 1);
        let _ =
            self.hung_up_at_us
                .compare_exchange(NEVER, after, Ordering::AcqRel, Ordering::Acquire);
    }

    /// When the caller hung up, after the request's arrival.
    pub(crate) fn hung_up_after(&self) -> Option<Duration> {
        match self.hung_up_at_us.load(Ordering::Acquire) {
            NEVER => None,
            us => Some(Duration::from_micros(us)),
        }
    }
}

/// What `corelog ps` shows of an exchange.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The id of its record to be.
    pub id: RecordId,
    /// Since the request's arrival.
    pub age: Duration,
    /// Where it is.
    pub state: State,
    /// Name of the provider.
    pub provider: String,
    /// The operation.
    pub operation: Operation,
    /// The wire language.
    pub dialect: Dialect,
    /// Bytes of the request so far.
    pub request_bytes: u64,
    /// The model, where the path says it, or what has come of a body that is still in memory.
    pub model: Option<String>,
    /// Bytes of the answer so far.
    pub response_bytes: u64,
    /// Chunks of the answer so far.
    pub chunks: u64,
    /// Events of the stream so far.
    pub events: u64,
    /// Tokens so far, where the answer is a stream.
    pub tokens: TokensSoFar,
    /// Who calls.
    pub caller: String,
}

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
        self.list.exchanges.lock().remove(&self.entry.id);
        self.entry.is_over.store(true, Ordering::Release);
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
        let began = Instant::now();
        let entry = Arc::new(Entry {
            id,
            about,
            began,
            epoch: self.epoch,
            state: AtomicU8::new(0),
            abort: AtomicU8::new(0),
            request_bytes: Arc::default(),
            response_bytes: AtomicU64::new(0),
            chunks: AtomicU64::new(0),
            events: AtomicU64::new(0),
            idle_deadline: AtomicU64::new(ms_between(self.epoch, began + first_byte)),
            total_deadline: ms_between(self.epoch, began + total),
            hung_up_at_us: AtomicU64::new(NEVER),
            is_upgraded: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            asked: OnceLock::new(),
            model_shown: OnceLock::new(),
            passing: OnceLock::new(),
            is_over: AtomicBool::new(false),
        });
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
        listed.sort_by_key(|entry| entry.began);
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
        begun.sort_by_key(|entry| entry.began);
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
        let upgraded = exchanges
            .values()
            .filter(|entry| entry.is_upgraded.load(Ordering::Acquire));
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
        let now = ms_between(self.epoch, Instant::now());
        for entry in self.exchanges.lock().values() {
            if now > entry.total_deadline {
                entry.end(Abort::TotalTimeout);
            } else if now > entry.idle_deadline.load(Ordering::Relaxed) {
                let waiting = entry.state.load(Ordering::Relaxed) == 0;
                entry.end(if waiting {
                    Abort::FirstByteTimeout
                } else {
                    Abort::IdleTimeout
                });
            }
        }
    }
}

fn see(entry: &Entry, now: Instant, left: &mut u64) -> Seen {
    let look = entry
        .passing
        .get()
        .map(|passing| passing.look(LOOK_BYTES_MAX.min(*left)))
        .unwrap_or_default();
    *left -= look.bytes;
    Seen {
        tokens: look.tokens,
        ..glance(entry, now)
    }
}

/// What is seen of an exchange without a look at its stream.
pub(crate) fn glance(entry: &Entry, now: Instant) -> Seen {
    Seen {
        id: entry.id,
        age: now.saturating_duration_since(entry.began),
        state: State::of(entry.state.load(Ordering::Relaxed)),
        provider: entry.about.provider.to_string(),
        operation: entry.about.operation,
        dialect: entry.about.dialect,
        request_bytes: entry.request_bytes.load(Ordering::Relaxed),
        model: entry.model(),
        response_bytes: entry.response_bytes.load(Ordering::Relaxed),
        chunks: entry.chunks.load(Ordering::Relaxed),
        events: entry.events.load(Ordering::Relaxed),
        tokens: TokensSoFar::default(),
        caller: entry.about.caller.clone(),
    }
}

fn ms_between(epoch: Instant, at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch).as_millis()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
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
        assert!(list.kill(exchange.id));
        exchange.end(Abort::TotalTimeout);
        assert_eq!(exchange.poll_abort(&context), Some(Abort::Killed));
        assert!(!list.kill(RecordId::from_parts(9, [9; 10])));
    }
}
