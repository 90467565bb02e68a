//! The task: reads records as they become durable, and gives what is found to the ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use corelog_record::{events, stored};
use corelog_runtime::{Backoff, Clock, Shutdown};
use corelog_spool::{Reader, Spool, Stored};
use corelog_telemetry::Chain;
use corelog_types::{Sequence, Timestamp};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::call::Facts;
use crate::detectors::{Detectors, Limits};
use crate::state::{self, Place};
use crate::{Error, Finding, Ledger};

/// What is read at once: so many entries, or so many bytes.
const CHUNK_ENTRIES: usize = 256;
const CHUNK_BYTES: usize = 8 << 20;
/// Where nothing comes, windows close nevertheless.
const TICK: Duration = Duration::from_secs(5);
const TICK_MS: u64 = 5_000;
/// Time that passes between entries is told to the detectors as often, while they catch up.
const BEHIND_MS: u64 = 60_000;
/// What is recorded while a chunk is read may be so far ahead of when that began.
const AHEAD_MS: u64 = 60_000;
const SAVE_EVERY: Duration = Duration::from_mins(5);
/// Chunks that are read after a shutdown was asked for.
const LAST_CHUNKS: usize = 16;
/// Findings that wait for a ledger; the newest are let go.
const WAITING_MAX: usize = 10_000;
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_CEILING: Duration = Duration::from_secs(30);

/// What to look for, and where to remember.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The directory of `anomalies.bin`.
    pub dir: PathBuf,
    /// What the detectors are told.
    pub limits: Limits,
}

/// What it works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where records are.
    pub spool: Spool,
    /// Where findings go.
    pub ledger: Arc<dyn Ledger>,
    /// Time.
    pub clock: Clock,
}

/// Looks out.
#[derive(Debug)]
pub struct Lookout {
    config: Config,
    ports: Ports,
    seen: Seen,
    /// What no ledger has taken yet.
    waiting: Vec<Finding>,
    backoff: Backoff,
    /// While the spool cannot be read.
    reading: Backoff,
    /// When the ledger is asked again.
    again: Option<Instant>,
    /// Up to where is remembered; `None` where nothing is.
    saved: Option<Sequence>,
    save_at: Instant,
}

/// What passes to the thread that reads, and back.
#[derive(Debug)]
struct Seen {
    detectors: Detectors,
    /// Up to where records were read.
    read: Sequence,
    /// The time that the detectors were told last.
    ticked: Timestamp,
    reader: Option<Reader>,
    /// Whether that was all there was, or all that can be read now.
    is_all: bool,
    /// Whether it could not be read.
    has_failed: bool,
}

impl Lookout {
    /// The name of the file of what is remembered.
    pub const FILE_NAME: &str = "anomalies.bin";

    /// Remembers what was known before. What was recorded before the first start is not looked at.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn open(config: Config, ports: Ports) -> Result<Self, Error> {
        let remembered = remembered(&config).await?;
        let durable = ports.spool.durable_sequence();
        let (detectors, read, saved) = match remembered {
            Some((detectors, place)) if place.node == ports.spool.node() => {
                let read = place.read.min(durable);
                (detectors, read, Some(read))
            }
            // Of another spool. What is usual is usual still.
            Some((detectors, _)) => (detectors, durable, None),
            None => (Detectors::new(&config.limits), durable, None),
        };
        Ok(Self {
            seen: Seen::new(detectors, read),
            waiting: Vec::new(),
            backoff: Backoff::new(RETRY_FIRST, RETRY_CEILING),
            reading: Backoff::new(RETRY_FIRST, RETRY_CEILING),
            again: None,
            // A crash in the first minutes is to find where reading began.
            save_at: Instant::now() + saved.map_or(Duration::ZERO, |_| SAVE_EVERY),
            saved,
            config,
            ports,
        })
    }

    /// Looks out until a shutdown is asked for, or the spool is closed; then remembers.
    pub async fn run(mut self, shutdown: Shutdown) {
        while !shutdown.is_requested() {
            // Taken before reading: what becomes durable from here on ends the wait below.
            let durable = self.ports.spool.durable_sequence();
            if !self.read().await {
                return;
            }
            self.tell().await;
            if Instant::now() >= self.save_at {
                self.save().await;
            }
            if !self.seen.is_all {
                continue;
            }
            if self.seen.has_failed {
                tokio::select! {
                    () = tokio::time::sleep(self.reading.after_failure()) => {}
                    () = shutdown.requested() => {}
                }
                continue;
            }
            self.reading.succeeded();
            let wait = self.again.unwrap_or_else(|| Instant::now() + TICK);
            tokio::select! {
                outcome = self.ports.spool.wait_past(durable) => if outcome.is_err() { break },
                () = tokio::time::sleep_until(wait) => {}
                () = shutdown.requested() => {}
            }
        }
        for _ in 0..LAST_CHUNKS {
            if !self.read().await || self.seen.is_all {
                break;
            }
        }
        self.tell().await;
        self.save().await;
    }

    /// Reads a chunk, and lets the detectors look at the time once there is no more. Says whether the process goes on.
    async fn read(&mut self) -> bool {
        let limits = &self.config.limits;
        let empty = Seen::new(Detectors::new(limits), self.ports.spool.durable_sequence());
        let mut seen = std::mem::replace(&mut self.seen, empty);
        let (spool, now) = (self.ports.spool.clone(), self.ports.clock.now());
        let reading = spawn_blocking(move || {
            let found = seen.read_on(&spool, now);
            (seen, found)
        });
        match reading.await {
            Ok((seen, found)) => {
                self.seen = seen;
                self.waiting.extend(found);
                self.waiting.truncate(WAITING_MAX);
                true
            }
            // It should not. What is in the way is not looked at again.
            Err(error) if error.is_panic() => {
                tracing::error!(
                    "looking for anomalies panicked; it goes on behind what was recorded, with what is remembered"
                );
                if let Ok(Some((detectors, _))) = remembered(&self.config).await {
                    self.seen.detectors = detectors;
                }
                true
            }
            Err(_) => false,
        }
    }

    /// Gives the ledger what it has not got.
    async fn tell(&mut self) {
        if self.waiting.is_empty() || self.again.is_some_and(|at| Instant::now() < at) {
            return;
        }
        match self.ports.ledger.keep(&self.waiting).await {
            Ok(()) => {
                self.waiting.clear();
                self.backoff.succeeded();
                self.again = None;
            }
            Err(error) => {
                let findings = self.waiting.len();
                tracing::warn!(findings, error = %Chain(&error), "what was found cannot be kept; tried again");
                self.again = Some(Instant::now() + self.backoff.after_failure());
            }
        }
    }

    /// Remembers, unless there is nothing new, or something that is found again only if this is forgotten.
    async fn save(&mut self) {
        self.save_at = Instant::now() + SAVE_EVERY;
        if !self.waiting.is_empty() || self.saved == Some(self.seen.read) {
            return;
        }
        let place = Place {
            node: self.ports.spool.node(),
            read: self.seen.read,
        };
        let path = self.config.dir.join(Self::FILE_NAME);
        let empty = Seen::new(Detectors::new(&self.config.limits), self.seen.read);
        let seen = std::mem::replace(&mut self.seen, empty);
        let writing = spawn_blocking(move || {
            let outcome = state::write(&path, &seen.detectors, place);
            (seen, outcome)
        });
        let Ok((seen, outcome)) = writing.await else {
            return;
        };
        self.seen = seen;
        match outcome {
            Ok(()) => self.saved = Some(place.read),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "what is known of anomalies is not kept now");
            }
        }
    }
}

async fn remembered(config: &Config) -> Result<Option<(Detectors, Place)>, Error> {
    let (path, limits) = (config.dir.join(Lookout::FILE_NAME), config.limits);
    let reading = spawn_blocking(move || state::read(&path, &limits));
    reading.await.map_err(Error::Stopped)?
}

impl Seen {
    fn new(detectors: Detectors, read: Sequence) -> Self {
        Self {
            detectors,
            read,
            ticked: Timestamp::from_unix_ms(0),
            reader: None,
            is_all: true,
            has_failed: false,
        }
    }

    /// Blocks on the disk, and on the work.
    fn read_on(&mut self, spool: &Spool, now: Timestamp) -> Vec<Finding> {
        let next = self.read.next();
        let mut reader = self.reader.take().unwrap_or_else(|| spool.reader(next));
        let mut found = Vec::new();
        self.has_failed = false;
        let (mut entries, mut bytes) = (0, 0);
        let latest = Timestamp::from_unix_ms(now.unix_ms().saturating_add(AHEAD_MS));
        self.is_all = loop {
            if entries >= CHUNK_ENTRIES || bytes >= CHUNK_BYTES {
                break false;
            }
            match reader.next() {
                Ok(Some(entry)) => {
                    entries += 1;
                    bytes += entry.payload.len();
                    self.read = entry.sequence;
                    self.observe(&entry, spool, latest, &mut found);
                }
                Ok(None) => break true,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "records cannot be read for anomalies yet");
                    self.has_failed = true;
                    self.is_all = true;
                    return found;
                }
            }
        };
        self.reader = Some(reader);
        if self.is_all && self.is_tick(now) {
            self.ticked = now;
            found.extend(self.detectors.tick(now));
        }
        found
    }

    /// Whether enough time passed to look at it again; also where the clock was set back.
    fn is_tick(&self, now: Timestamp) -> bool {
        let next = self.ticked.unix_ms().saturating_add(TICK_MS);
        now.unix_ms() >= next || now < self.ticked
    }

    fn observe(
        &mut self,
        entry: &Stored,
        spool: &Spool,
        latest: Timestamp,
        found: &mut Vec<Finding>,
    ) {
        // What was recorded while nobody looked is looked at in its own time.
        let time = entry.time.min(latest);
        if time.unix_ms() >= self.ticked.unix_ms().saturating_add(BEHIND_MS) {
            self.ticked = time;
            found.extend(self.detectors.tick(time));
        }
        if events::is_batch(&entry.payload) {
            return;
        }
        // What cannot be read is counted where it is delivered.
        let Ok(record) = stored::outlined(&entry.payload) else {
            return;
        };
        if let Some(facts) = Facts::of(entry, &record, spool, latest) {
            found.extend(self.detectors.observe(&facts));
        }
    }
}
