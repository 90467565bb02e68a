//! A subscription: events of one log group that a filter lets through, as messages to a subscriber.
//!
//! Its events are those that [`corelog_hot`] makes of a batch, as every other reader of the group sees them. A message
//! has events of one log stream, in their order, and at most so many bytes before compression; one event may be larger
//! by itself. What is known to have arrived is not sent again by this process; a process that ends in the middle of a
//! batch, and an answer that is lost, send messages a second time, with the same ids of events.
//!
//! Decision: the spool keeps an entry until every destination has it, and calls are refused once it is full. A
//! subscriber is not worth that. Events that it has not taken for so long as is configured are given up, and so are
//! those that it alone keeps half the spool for; both are said and counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_delivery::{Batch, Plan, Receipt, Sink, SinkError};
use corelog_hot::Hot;
use corelog_patterns::{self as patterns, Kind, Pattern};
use corelog_runtime::Clock;
use corelog_store::Event;
use corelog_subscribers::{self as subscribers, Message, Parcel, Picked, Subscriber};
use corelog_telemetry::Chain;
use corelog_types::{ByteSize, Vendor};
use parking_lot::Mutex;

use crate::groups::entry_of;

/// The most events of a message, as of a `PutLogEvents`.
const MESSAGE_EVENTS_MAX: usize = 10_000;
/// What an event counts beside its text.
const EVENT_BYTES: usize = 26;

/// Why events are given up.
const SHORT: &str = "they alone keep half the spool";
const LATE: &str = "the subscriber has not taken them for `retry_for`";

/// What the sink is told when it is opened.
#[derive(Debug, Clone)]
pub struct Config {
    /// The account.
    pub account: String,
    /// The log group.
    pub group: String,
    /// The filter's name.
    pub name: String,
    /// Which events are sent.
    pub pattern: Pattern,
    /// The service of the destination that the filter names.
    pub vendor: Vendor,
    /// The most bytes of a message before compression.
    pub message_bytes_max: ByteSize,
    /// How old events become before they are given up.
    pub retry_for: Duration,
}

/// The port to whoever knows how full the spool is.
pub trait Room: Send + Sync + fmt::Debug {
    /// Whether a destination alone keeps so much in the spool that calls may soon be refused.
    fn is_short_for(&self, destination: &str) -> bool;
}

/// What the sink works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Who is sent messages.
    pub subscriber: Arc<Subscriber>,
    /// Makes events of entries.
    pub hot: Hot,
    /// How full the spool is.
    pub room: Arc<dyn Room>,
    /// Time, for the age of events.
    pub clock: Clock,
}

/// The sink.
#[derive(Debug)]
pub struct SubscriptionSink {
    config: Arc<Config>,
    ports: Ports,
    progress: Mutex<Progress>,
}

/// What of the batch at hand has arrived.
#[derive(Debug, Default)]
struct Progress {
    /// Which batch that is.
    plan: Option<Plan>,
    /// The keys of messages that are dealt with.
    done: BTreeSet<String>,
    receipt: Receipt,
}

impl SubscriptionSink {
    /// Prepares for a subscriber. It may be away now: nothing is asked of it.
    pub fn new(config: Config, ports: Ports) -> Self {
        Self {
            config: Arc::new(config),
            ports,
            progress: Mutex::default(),
        }
    }

    /// Forgets what had arrived of another batch.
    fn take_up(&self, plan: Plan) {
        let mut progress = self.progress.lock();
        if progress.plan != Some(plan) {
            *progress = Progress {
                plan: Some(plan),
                ..Progress::default()
            };
        }
    }

    fn is_done(&self, parcel: &Parcel) -> bool {
        self.progress.lock().done.contains(&parcel.key)
    }

    fn note(&self, parcel: Parcel, rejected: u64) {
        let mut progress = self.progress.lock();
        progress.done.insert(parcel.key);
        progress.receipt.records += parcel.events.saturating_sub(rejected);
        progress.receipt.rejected += rejected;
    }

    /// The messages of a batch. Reading records is processor work, and so is compressing.
    async fn parcels(&self, batch: &Arc<Batch>) -> Result<Vec<Parcel>, SinkError> {
        let (batch, config) = (Arc::clone(batch), Arc::clone(&self.config));
        let (hot, subscriber) = (self.ports.hot.clone(), Arc::clone(&self.ports.subscriber));
        let make = move || {
            let converted = hot.events(batch.entries.iter().map(entry_of))?;
            parcels(&converted.events, &config, &subscriber)
        };
        let made = tokio::task::spawn_blocking(make).await;
        made.map_err(|error| self.failed(error))?
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError::new("send log events to", self.location(), error)
    }

    /// Sends a message; gives how many of its events will never arrive.
    async fn send(&self, batch: &Batch, parcel: &Parcel) -> Result<u64, subscribers::Error> {
        let now = self.ports.clock.now();
        match self.ports.subscriber.send(parcel, now).await {
            Ok(sent) => {
                let rejected = sent.rejected.min(parcel.events);
                if rejected > 0 {
                    self.give_up(batch, rejected, "the subscriber did not take them");
                }
                Ok(rejected)
            }
            Err(error) if error.is_final() => {
                self.give_up(batch, parcel.events, &Chain(&error).to_string());
                Ok(parcel.events)
            }
            Err(error) => Err(error),
        }
    }

    /// Why a batch that failed is tried no longer.
    ///
    /// # Errors
    /// The failure, if it is tried again.
    fn gives_up(
        &self,
        batch: &Batch,
        error: subscribers::Error,
    ) -> Result<&'static str, SinkError> {
        if self.ports.room.is_short_for(&batch.destination) {
            return Ok(SHORT);
        }
        let newest = batch.entries.last().map_or(0, |it| it.time.unix_ms());
        let age = self.ports.clock.now().unix_ms().saturating_sub(newest);
        if Duration::from_millis(age) >= self.config.retry_for {
            return Ok(LATE);
        }
        let wait = error.wait();
        Err(self.failed(error).not_before(wait))
    }

    /// Says that messages will never arrive.
    fn give_up(&self, batch: &Batch, events: u64, why: &str) {
        let (destination, Plan { first, last, .. }) = (batch.destination.as_str(), batch.plan);
        let (group, filter) = (self.config.group.as_str(), self.config.name.as_str());
        tracing::error!(destination, group, filter, events, %first, %last, why,
            "log events of a subscription are given up");
    }
}

#[async_trait]
impl Sink for SubscriptionSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        self.take_up(batch.plan);
        let parcels = self.parcels(&batch).await?;
        // Asked before anything is sent too: one that is slow and does not fail lets the spool fill up as well.
        let is_short = self.ports.room.is_short_for(&batch.destination);
        let mut given_up = is_short.then_some(SHORT);
        let mut lost = 0;
        for parcel in parcels {
            if self.is_done(&parcel) {
                continue;
            }
            if given_up.is_none() {
                match self.send(&batch, &parcel).await {
                    Ok(rejected) => {
                        self.note(parcel, rejected);
                        continue;
                    }
                    Err(error) => given_up = Some(self.gives_up(&batch, error)?),
                }
            }
            lost += parcel.events;
        }
        if let Some(why) = given_up.filter(|_| lost > 0) {
            self.give_up(&batch, lost, why);
        }
        let mut receipt = self.progress.lock().receipt;
        receipt.rejected += lost;
        Ok(receipt)
    }

    async fn check(&self) -> Result<(), SinkError> {
        let now = self.ports.clock.now();
        let checked = self.ports.subscriber.check(self.config.vendor, now).await;
        checked.map_err(|error| self.failed(error))
    }

    fn location(&self) -> String {
        let (place, config) = (self.ports.subscriber.place(), &self.config);
        format!("{place} for `{}` of {}", config.name, config.group)
    }
}

/// A message that is being filled.
struct Filling<'a> {
    message: Message<'a>,
    bytes: usize,
}

/// The messages that events make, by log stream in the order in which streams come.
fn parcels(
    events: &[Arc<Event>],
    config: &Config,
    subscriber: &Subscriber,
) -> io::Result<Vec<Parcel>> {
    let bytes_max = config.message_bytes_max.as_usize();
    let mut parcels = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut fillings: Vec<Filling<'_>> = Vec::new();
    for event in events.iter().filter(|it| *it.group == *config.group) {
        let Some(extracted) = let_through(&config.pattern, &event.message) else {
            continue;
        };
        let place = *places.entry(&*event.stream).or_insert_with(|| {
            fillings.push(Filling {
                message: begun(&event.stream, config),
                bytes: 0,
            });
            fillings.len() - 1
        });
        let filling = &mut fillings[place];
        let bytes = event.message.len() + EVENT_BYTES;
        let is_full =
            filling.bytes + bytes > bytes_max || filling.message.events.len() == MESSAGE_EVENTS_MAX;
        if is_full && !filling.message.events.is_empty() {
            parcels.push(subscriber.parcel(&filling.message)?);
            filling.message.events.clear();
            filling.bytes = 0;
        }
        filling.bytes += bytes;
        filling.message.events.push(Picked {
            id: event.id(),
            timestamp: event.timestamp,
            message: &event.message,
            extracted,
        });
    }
    for filling in &fillings {
        parcels.push(subscriber.parcel(&filling.message)?);
    }
    Ok(parcels)
}

fn begun<'a>(stream: &'a str, config: &'a Config) -> Message<'a> {
    Message {
        owner: &config.account,
        group: &config.group,
        stream,
        filter: &config.name,
        vendor: config.vendor,
        events: Vec::new(),
    }
}

/// What a pattern extracts of an event that it lets through: the fields of space-delimited ones, by their names.
fn let_through(pattern: &Pattern, message: &str) -> Option<BTreeMap<String, String>> {
    let event = patterns::Event::new(message);
    if pattern.kind() != Kind::Fields {
        return pattern.matches(&event).then(BTreeMap::new);
    }
    let found = pattern.find(&event)?.extracted().into_iter();
    let bare = |name: String| name.trim_start_matches('$').to_owned();
    Some(found.map(|(name, value)| (bare(name), value)).collect())
}

#[cfg(test)]
mod tests;
