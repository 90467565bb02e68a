//! One exchange on the wire, as whoever is not part of it sees and ends it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Context;
use std::time::{Duration, Instant};

use corelog_capture::{BodyCopy, Look, Passing};
use corelog_providers::{TokensSoFar, model_of};
use corelog_types::{Dialect, Operation, RecordId};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

const NEVER: u64 = u64::MAX;

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
    /// One that begins now; its deadlines count from `epoch`.
    pub(super) fn new(
        id: RecordId,
        about: About,
        epoch: Instant,
        first_byte: Duration,
        total: Duration,
    ) -> Self {
        let began = Instant::now();
        Self {
            id,
            about,
            began,
            epoch,
            state: AtomicU8::new(0),
            abort: AtomicU8::new(0),
            request_bytes: Arc::default(),
            response_bytes: AtomicU64::new(0),
            chunks: AtomicU64::new(0),
            events: AtomicU64::new(0),
            idle_deadline: AtomicU64::new(ms_between(epoch, began + first_byte)),
            total_deadline: ms_between(epoch, began + total),
            hung_up_at_us: AtomicU64::new(NEVER),
            is_upgraded: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            asked: OnceLock::new(),
            model_shown: OnceLock::new(),
            passing: OnceLock::new(),
            is_over: AtomicBool::new(false),
        }
    }

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

    /// Notes that nothing more will come of it.
    pub(super) fn ends(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Looks at its stream for the tokens so far.
    pub(super) fn look(&self, bytes_max: u64) -> Look {
        let passing = self.passing.get();
        passing
            .map(|passing| passing.look(bytes_max))
            .unwrap_or_default()
    }

    /// What is seen of it without a look at its stream.
    pub(crate) fn glance(&self, now: Instant) -> Seen {
        Seen {
            id: self.id,
            age: now.saturating_duration_since(self.began),
            state: State::of(self.state.load(Ordering::Relaxed)),
            provider: self.about.provider.to_string(),
            operation: self.about.operation,
            dialect: self.about.dialect,
            request_bytes: self.request_bytes.load(Ordering::Relaxed),
            model: self.model(),
            response_bytes: self.response_bytes.load(Ordering::Relaxed),
            chunks: self.chunks.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            tokens: TokensSoFar::default(),
            caller: self.about.caller.clone(),
        }
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
    pub(super) fn progress(&self, now: Instant, bytes: usize, events: u64, idle: Duration) {
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

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    /// Ends it if it is past a deadline.
    pub(super) fn end_if_late(&self, now: Instant) {
        let now = ms_between(self.epoch, now);
        if now > self.total_deadline {
            self.end(Abort::TotalTimeout);
        } else if now > self.idle_deadline.load(Ordering::Relaxed) {
            let is_waiting = self.state.load(Ordering::Relaxed) == 0;
            self.end(if is_waiting {
                Abort::FirstByteTimeout
            } else {
                Abort::IdleTimeout
            });
        }
    }

    /// The reason to end, if there is one; otherwise the task is woken when there is.
    pub(crate) fn poll_abort(&self, context: &Context<'_>) -> Option<Abort> {
        self.waker.register(context.waker());
        Abort::of(self.abort.load(Ordering::Acquire))
    }

    /// Ends it, unless that was done.
    pub(super) fn end(&self, why: Abort) {
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

fn ms_between(epoch: Instant, at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch).as_millis()).unwrap_or(NEVER - 1)
}
