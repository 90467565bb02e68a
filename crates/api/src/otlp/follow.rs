//! Records as they come into the spool, made known to whoever asks whether a reported call is recorded.
//!
//! The spool is followed while there are exports: from the first on, and until none has come for a quarter of an hour. A
//! Corelog that nobody reports to reads nothing for it. At the start, and after a pause, the records of the last ten
//! minutes are read, but no more than a number of them.
//!
//! An export waits until all is known that was in the spool when it came. The record of a call is there before its answer
//! ends, and its span is sent after that: so whatever the gateway recorded is known.
//!
//! What cannot be read is tried again a few times, then passed over: exports would wait for ever. Calls among it that are
//! reported count twice, and it is said in the log.

use std::sync::Arc;
use std::time::Duration;

use corelog_otel::{Intake, Noted};
use corelog_record::events::{EventBatch, is_batch};
use corelog_record::stored;
use corelog_runtime::{Backoff, Shutdown};
use corelog_spool::{Error as SpoolError, Reader, Spool, Stored};
use corelog_telemetry::Chain;
use corelog_types::{Sequence, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Refusal, apart, keep};
use crate::Api;

/// Exports are over when none has come for so long.
const PAUSE: Duration = Duration::from_mins(15);
/// How old a record may be that is still looked at after a pause.
const LOOK_BACK_MS: u64 = 10 * 60 * 1_000;
/// So many records are looked at after a pause at the most, and so many at the least.
const LOOK_BACK_MAX: u64 = 131_072;
const LOOK_BACK_MIN: u64 = 8_192;
/// Records that are read at once.
const CHUNK: usize = 1_024;
/// What came is read so often at the most, unless an export waits for it.
const BREATH: Duration = Duration::from_millis(50);
/// How long an export waits.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// So often, what cannot be read is tried again.
const ATTEMPTS: u32 = 4;
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_CEILING: Duration = Duration::from_secs(1);

/// How far the spool is known, and how far somebody wants it to be.
#[derive(Debug, Default)]
pub(super) struct Following {
    known: watch::Sender<u64>,
    wanted: watch::Sender<u64>,
}

impl Following {
    /// Waits until all that is in the spool now is known. It is synced before: what an export has kept whose sender hung up,
    /// and what need not be durable before it is answered, is in it and waits for nobody.
    pub(super) async fn catch_up(&self, spool: &Spool) -> Result<(), Refusal> {
        let syncing = spool.clone();
        apart(move || syncing.sync()).await?.map_err(|error| {
            tracing::warn!(error = %Chain(&error), "the spool cannot be synced for an OTLP export");
            Refusal::Unavailable("the spool cannot be synced now".to_owned())
        })?;
        let durable = spool.durable_sequence().to_u64();
        let mut known = self.known.subscribe();
        // Whoever follows hears of it even if it is known already.
        self.wanted
            .send_modify(|wanted| *wanted = durable.max(*wanted));
        let waiting = tokio::time::timeout(WAIT_MAX, known.wait_for(|known| *known >= durable));
        match waiting.await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Refusal::Unavailable(
                "the records of this node are still being read".to_owned(),
            )),
        }
    }
}

/// Follows the spool whenever there are exports, until `shutdown`.
pub(crate) async fn follow(api: &Api, shutdown: Shutdown) {
    let mut follower = Follower {
        spool: api.spool().clone(),
        intake: Arc::clone(&api.otlp().intake),
        reader: None,
        next: Sequence::from_u64(0),
        backoff: Backoff::new(RETRY_FIRST, RETRY_CEILING),
    };
    let following = &api.otlp().following;
    let mut wanted = following.wanted.subscribe();
    loop {
        tokio::select! {
            wants = wanted.changed() => if wants.is_err() { return },
            () = shutdown.requested() => return,
        }
        let now = api.clock().now();
        tokio::select! {
            () = follower.run(following, &mut wanted, now) => {}
            () = shutdown.requested() => return,
        }
    }
}

struct Follower {
    spool: Spool,
    intake: Arc<Mutex<Intake>>,
    /// `None` where the place to read from is to be found.
    reader: Option<Reader>,
    /// All before it is known, or too old.
    next: Sequence,
    backoff: Backoff,
}

impl Follower {
    /// Follows until no export has come for a while, or the spool is closed.
    async fn run(
        &mut self,
        following: &Following,
        wanted: &mut watch::Receiver<u64>,
        now: Timestamp,
    ) {
        let since = now.unix_ms().saturating_sub(LOOK_BACK_MS);
        let mut last_export = Instant::now();
        while last_export.elapsed() < PAUSE {
            // Taken before reading: what becomes durable from here on ends the wait below.
            let seen = self.spool.durable_sequence();
            match self.read(since).await {
                // An export may have come before all that is there now.
                Ok(true) => {
                    let known = self.next.to_u64().saturating_sub(1);
                    following.known.send_replace(known);
                    continue;
                }
                Ok(false) => {
                    self.backoff.succeeded();
                    following.known.send_replace(seen.to_u64());
                }
                Err(error) => {
                    self.failed(&error, seen).await;
                    continue;
                }
            }
            let more = async {
                self.spool.wait_past(seen).await?;
                tokio::time::sleep(BREATH).await;
                Ok::<_, SpoolError>(())
            };
            tokio::select! {
                came = more => if came.is_err() { return },
                wants = wanted.changed() => match wants {
                    Ok(()) => last_export = Instant::now(),
                    Err(_) => return,
                },
            }
        }
        // The next export begins with what is young then.
        self.reader = None;
    }

    /// Reads some records; whether there may be more.
    async fn read(&mut self, since_ms: u64) -> Result<bool, Failed> {
        let (spool, reader, next) = (self.spool.clone(), self.reader.take(), self.next);
        let intake = Arc::clone(&self.intake);
        let read = move || -> Result<_, SpoolError> {
            let mut reader = match reader {
                Some(reader) => reader,
                None => look_back(&spool, since_ms, next)?,
            };
            let mut noted = Vec::new();
            let mut left = CHUNK;
            let ended = loop {
                if left == 0 {
                    break Ok(true);
                }
                left -= 1;
                match reader.next() {
                    Ok(Some(entry)) => note(&entry, since_ms, &mut noted),
                    Ok(None) => break Ok(false),
                    Err(error) => break Err(error),
                }
            };
            let mut intake = intake.lock();
            for noted in noted {
                intake.note(noted);
            }
            Ok((reader, ended))
        };
        let read = tokio::task::spawn_blocking(read).await;
        let (reader, ended) = read.map_err(Failed::Stopped)?.map_err(Failed::Read)?;
        self.next = reader.position();
        self.reader = Some(reader);
        ended.map_err(Failed::Read)
    }

    /// Waits before the next attempt, or passes over what cannot be read.
    async fn failed(&mut self, error: &Failed, seen: Sequence) {
        let wait = self.backoff.after_failure();
        let error = Chain(error).to_string();
        if self.backoff.failures() < ATTEMPTS {
            tracing::debug!(
                error,
                "the spool cannot be read yet, for calls that are reported"
            );
            return tokio::time::sleep(wait).await;
        }
        tracing::error!(error, through = %seen,
            "some records cannot be read: calls among them that are reported as well are recorded twice");
        self.backoff.succeeded();
        self.next = seen.next();
        self.reader = Some(self.spool.reader(self.next));
    }
}

/// Why records are not known yet.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("reading the spool failed")]
    Read(#[source] SpoolError),
    #[error("reading the spool was stopped")]
    Stopped(#[source] tokio::task::JoinError),
}

/// A reader of what is young, as far as that is not too much, and not known.
fn look_back(spool: &Spool, since_ms: u64, next: Sequence) -> Result<Reader, SpoolError> {
    let newest = spool.durable_sequence().to_u64();
    let mut back = LOOK_BACK_MIN;
    loop {
        let first = Sequence::from_u64(newest.saturating_sub(back)).next();
        if first <= next {
            return Ok(spool.reader(next));
        }
        let oldest = spool.reader(first).next()?;
        let is_young = oldest.is_some_and(|entry| entry.time.unix_ms() >= since_ms);
        if !is_young || back >= newest.min(LOOK_BACK_MAX) {
            return Ok(spool.reader(first));
        }
        back = (back * 4).min(LOOK_BACK_MAX);
    }
}

/// What is to be remembered of an entry.
fn note(entry: &Stored, since_ms: u64, noted: &mut Vec<Noted>) {
    if entry.time.unix_ms() < since_ms {
        return;
    }
    if is_batch(&entry.payload) {
        let batch = EventBatch::decode(&entry.payload);
        if let Some(batch) = batch.ok().filter(keep::are_steps) {
            let steps = batch.events.iter();
            noted.extend(steps.filter_map(|(_, line)| Noted::step(line)));
        }
        return;
    }
    // One that cannot be read is none that a span could be told to be.
    if let Ok(record) = stored::decode(&entry.payload) {
        noted.extend(Noted::record(entry.id, entry.time, &record.document));
    }
}
