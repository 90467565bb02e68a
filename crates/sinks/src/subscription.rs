//! A subscription: events of one log group that a filter lets through, as messages to a subscriber.
//!
//! Its events are those that [`corelog_hot`] makes of a batch, as every other reader of the group sees them. A message
//! has events of one log stream, in their order, and at most so many bytes before compression; one event may be larger
//! by itself. A message that is too large for the subscriber is sent in halves. What is known to have arrived is not sent again by this process; a process that ends in the middle of a
//! batch, and an answer that is lost, send messages a second time, with the same ids of events.
//!
//! Decision: the spool keeps an entry until every destination has it, and calls are refused once it is full. A
//! subscriber is not worth that. Events that it has not taken for so long as is configured are given up, and so are
//! those that nobody but subscriptions keeps half the spool for; both are said and counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
/// What an event counts beside its text: its id, its time, and their names.
const EVENT_BYTES: usize = 128;

/// Why events are given up.
const SHORT: &str = "nobody else keeps half the spool";
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
    /// Whether so much is kept in the spool for a destination, and others like it, that calls may soon be refused.
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

    /// What is noted of the batch at hand, with events that are given up now.
    fn receipt(&self, lost: u64) -> Receipt {
        let mut receipt = self.progress.lock().receipt;
        receipt.rejected += lost;
        receipt
    }

    /// The events of a batch, and the messages of them. Reading records is processor work, and so is compressing.
    async fn made(&self, batch: &Arc<Batch>) -> Result<(Events, VecDeque<Outgoing>), SinkError> {
        let (batch, config) = (Arc::clone(batch), Arc::clone(&self.config));
        let (hot, subscriber) = (self.ports.hot.clone(), Arc::clone(&self.ports.subscriber));
        let make = move || {
            let converted = hot.events(batch.entries.iter().map(entry_of))?;
            let events: Events = converted.events.into();
            let messages = messages(&events, &config, &subscriber)?;
            Ok::<_, io::Error>((events, messages))
        };
        let ended = tokio::task::spawn_blocking(make).await;
        ended
            .map_err(|error| self.failed(error))?
            .map_err(|error| self.failed(error))
    }

    /// Two messages of the events of one that was too large.
    async fn halves(&self, events: &Events, places: &[usize]) -> Result<Vec<Outgoing>, SinkError> {
        let (config, subscriber) = (Arc::clone(&self.config), Arc::clone(&self.ports.subscriber));
        let (events, places) = (Arc::clone(events), places.to_vec());
        let make = move || {
            let halves = places.chunks(places.len().div_ceil(2).max(1));
            let half = |half: &[usize]| outgoing(&events, half.to_vec(), &config, &subscriber);
            halves.map(half).collect::<io::Result<Vec<Outgoing>>>()
        };
        let ended = tokio::task::spawn_blocking(make).await;
        ended
            .map_err(|error| self.failed(error))?
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
            // Of several events, each may be taken by itself.
            Err(error) if error.is_final() && !(error.is_too_large() && parcel.events > 1) => {
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
    fn gives_up(&self, batch: &Batch, failure: SinkError) -> Result<&'static str, SinkError> {
        if self.ports.room.is_short_for(&batch.destination) {
            return Ok(SHORT);
        }
        let newest = batch.entries.last().map_or(0, |it| it.time.unix_ms());
        let age = self.ports.clock.now().unix_ms().saturating_sub(newest);
        if Duration::from_millis(age) >= self.config.retry_for {
            return Ok(LATE);
        }
        Err(failure)
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
        let (events, mut waiting) = match self.made(&batch).await {
            Ok(made) => made,
            // How many of the entries' events are the filter's is not known then.
            Err(error) => {
                let why = self.gives_up(&batch, error)?;
                let lost = batch.entries.len() as u64;
                self.give_up(&batch, lost, why);
                return Ok(self.receipt(lost));
            }
        };
        let (mut lost, mut given_up) = (0, None);
        while let Some(outgoing) = waiting.pop_front() {
            let Outgoing { parcel, places } = outgoing;
            if self.is_done(&parcel) {
                continue;
            }
            // Asked before each is sent: one that is slow and does not fail lets the spool fill up as well.
            if given_up.is_none() && self.ports.room.is_short_for(&batch.destination) {
                given_up = Some(SHORT);
            }
            if given_up.is_none() {
                match self.send(&batch, &parcel).await {
                    Ok(rejected) => {
                        self.note(parcel, rejected);
                        continue;
                    }
                    Err(error) if error.is_too_large() => {
                        let halves = self.halves(&events, &places).await?;
                        for half in halves.into_iter().rev() {
                            waiting.push_front(half);
                        }
                        continue;
                    }
                    Err(error) => {
                        let wait = error.wait();
                        let failure = self.failed(error).not_before(wait);
                        given_up = Some(self.gives_up(&batch, failure)?);
                    }
                }
            }
            lost += parcel.events;
        }
        if let Some(why) = given_up.filter(|_| lost > 0) {
            self.give_up(&batch, lost, why);
        }
        Ok(self.receipt(lost))
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

/// Events that messages are made of.
type Events = Arc<[Arc<Event>]>;

/// A message, and which events are in it.
struct Outgoing {
    parcel: Parcel,
    places: Vec<usize>,
}

/// The messages that events make, by log stream in the order in which streams come.
fn messages(
    events: &Events,
    config: &Config,
    subscriber: &Subscriber,
) -> io::Result<VecDeque<Outgoing>> {
    let bytes_max = config.message_bytes_max.as_usize();
    let mut made = VecDeque::new();
    let mut streams: HashMap<&str, usize> = HashMap::new();
    // Of each stream, the events of the message that is being filled, and their bytes.
    let mut fillings: Vec<(Vec<usize>, usize)> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let is_wanted = *event.group == *config.group
            && config
                .pattern
                .matches(&patterns::Event::new(&event.message));
        if !is_wanted {
            continue;
        }
        let stream = *streams.entry(&event.stream).or_insert_with(|| {
            fillings.push((Vec::new(), 0));
            fillings.len() - 1
        });
        let (places, filled) = &mut fillings[stream];
        let bytes = event.message.len() + EVENT_BYTES;
        let is_full = *filled + bytes > bytes_max || places.len() == MESSAGE_EVENTS_MAX;
        if is_full && !places.is_empty() {
            let full = std::mem::take(places);
            made.push_back(outgoing(events, full, config, subscriber)?);
            *filled = 0;
        }
        *filled += bytes;
        places.push(place);
    }
    for (places, _) in fillings {
        made.push_back(outgoing(events, places, config, subscriber)?);
    }
    Ok(made)
}

/// The message of some events, which are of one stream and match.
fn outgoing(
    events: &Events,
    places: Vec<usize>,
    config: &Config,
    subscriber: &Subscriber,
) -> io::Result<Outgoing> {
    let of_message = places.iter().filter_map(|place| events.get(*place));
    let stream = of_message.clone().next();
    let picked = of_message.map(|event| Picked {
        id: event.id(),
        timestamp: event.timestamp,
        message: &event.message,
        extracted: extracted(&config.pattern, &event.message),
    });
    let message = Message {
        owner: &config.account,
        group: &config.group,
        stream: stream.map_or("", |event| &event.stream),
        filter: &config.name,
        vendor: config.vendor,
        events: picked.collect(),
    };
    let parcel = subscriber.parcel(&message)?;
    Ok(Outgoing { parcel, places })
}

/// What a pattern extracts of an event that it lets through: the fields of space-delimited ones, by their names.
fn extracted(pattern: &Pattern, message: &str) -> BTreeMap<String, String> {
    if pattern.kind() != Kind::Fields {
        return BTreeMap::new();
    }
    let event = patterns::Event::new(message);
    let found = pattern.find(&event).map(|found| found.extracted());
    let bare = |name: String| name.trim_start_matches('$').to_owned();
    let found = found.unwrap_or_default().into_iter();
    found.map(|(name, value)| (bare(name), value)).collect()
}

#[cfg(test)]
mod tests;
