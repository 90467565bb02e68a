//! Events of a view, in the order of time, page by page.
//!
//! Both halves give the places of their next events; those of the two together that come first are looked at one after
//! the other, and a message of the table is read only then. A page ends when it is full, when nothing is left, or when
//! enough was looked at that whoever waits should hear something. Rows of the table whose messages cannot have the words of
//! a pattern are no candidates.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use corelog_patterns::Pattern;
use corelog_store::{Asked, Event, Order, Place, Row, Text};

use super::View;
use crate::Error;

/// What an event counts beside its message.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
pub const EVENT_BYTES: usize = 26;
/// How many events are put in order at once.
const STEP_EVENTS: usize = 10_000;
/// The bytes of messages that are read at once, and of recent ones that are put in order at once.
const STEP_BYTES: usize = 8 << 20;
/// A page ends once events with so many bytes of messages were looked at.
const LOOKED_AT_BYTES_MAX: usize = 128 << 20;

/// Which events, and how many of them.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which events.
    pub asked: Asked,
    /// What their messages have to match.
    pub pattern: Option<Pattern>,
    /// The most of them.
    pub events_max: usize,
    /// The most bytes of their messages together, with [`EVENT_BYTES`] for each. An event that is larger is a page.
    pub bytes_max: usize,
}

/// Some of the events that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The events, in the order that was asked for.
    pub events: Vec<Arc<Event>>,
    /// The places that were not looked at; `None` where all were.
    pub left: Option<Range<Place>>,
}

impl View {
    /// The next events that are wanted. A page may end early, and even be empty while something is left.
    ///
    /// # Errors
    /// Any [`Error`]; of [`Error::Gone`], another view knows more.
    pub async fn page(&self, wanted: &Wanted) -> Result<Page, Error> {
        let phrases = wanted.pattern.as_ref().map(Pattern::phrases);
        let text = phrases.and_then(|phrases| Text::one_of_each(&phrases));
        let mut filling = Filling {
            wanted,
            asked: wanted.asked.clone(),
            events: Vec::new(),
            bytes: 0,
            looked_at: 0,
            is_full: false,
        };
        loop {
            let step = match wanted.pattern {
                Some(_) => STEP_EVENTS,
                // Every event is wanted: more than fit need not be put in order.
                None => (wanted.events_max - filling.events.len() + 1).min(STEP_EVENTS),
            };
            let candidates = self.candidates(&filling.asked, text.as_ref(), step);
            let candidates = candidates.await?;
            let unseen = self.look_at(&candidates.ones, &mut filling).await?;
            let is_all = candidates.is_last && unseen == 0;
            if is_all || filling.is_full || filling.looked_at > LOOKED_AT_BYTES_MAX {
                return Ok(Page {
                    left: (!is_all).then_some(filling.asked.places),
                    events: filling.events,
                });
            }
        }
    }

    /// The first `most` events of both halves, or fewer where these are large.
    async fn candidates(
        &self,
        asked: &Asked,
        text: Option<&Text>,
        most: usize,
    ) -> Result<Candidates, Error> {
        let rows = self.snapshot.rows_with(asked, text, most).await;
        let rows = rows.map_err(Error::Table)?;
        let recent = self.first_recent(asked, most).await?;
        let mut is_last = rows.len() < most && recent.end.is_none();
        let rows = rows.into_iter().map(|row| (row.place, One::Row(row)));
        let events = recent.events.into_values();
        let events = events.map(|event| (event.place(), One::Event(event)));
        let mut all: Vec<(Place, One)> = rows.chain(events).collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        if asked.order == Order::NewestFirst {
            all.reverse();
        }
        // Behind the last that each half gave, it may have more.
        if let Some(end) = recent.end {
            let upto = all.partition_point(|(place, _)| is_before(asked.order, place, &end));
            all.truncate(upto);
        }
        if all.len() > most {
            all.truncate(most);
            is_last = false;
        }
        Ok(Candidates {
            ones: all.into_iter().map(|(_, one)| one).collect(),
            is_last,
        })
    }

    async fn first_recent(&self, asked: &Asked, most: usize) -> Result<FirstRecent, Error> {
        let mut first = FirstRecent::default();
        let mut recent = self.recent.clone();
        while let Some(chunk) = recent.next().await? {
            for event in chunk.events.iter().filter(|event| asked.has(event)) {
                first.push(event, asked.order, most);
            }
        }
        Ok(first)
    }

    /// Takes what fits of the candidates, in their order, until the page is full. Returns how many it did not look at.
    async fn look_at(&self, mut ones: &[One], filling: &mut Filling<'_>) -> Result<usize, Error> {
        while !ones.is_empty() && !filling.is_full {
            let slice = &ones[..readable(ones)];
            let rows: Vec<Row> = slice.iter().filter_map(One::row).cloned().collect();
            let read = self.snapshot.events(&rows, STEP_BYTES).await;
            let mut read = read.map_err(Error::Table)?.into_iter();
            for one in slice {
                let event = match one {
                    One::Event(event) => Arc::clone(event),
                    One::Row(_) => match read.next() {
                        Some(event) => Arc::new(event),
                        // It did not fit with the others: it is read in the next round.
                        None => break,
                    },
                };
                filling.look_at(event);
                if filling.is_full {
                    break;
                }
                ones = &ones[1..];
            }
        }
        Ok(ones.len())
    }
}

/// Whether a place comes before another, in an order.
fn is_before(order: Order, place: &Place, other: &Place) -> bool {
    match order {
        Order::OldestFirst => place < other,
        Order::NewestFirst => place > other,
    }
}

/// How many candidates may be read at once, as far as the lengths of their messages are known; at least one.
fn readable(ones: &[One]) -> usize {
    let mut bytes = 0;
    let fits = |one: &&One| {
        bytes += one.row().map_or(0, Row::message_bytes);
        bytes <= STEP_BYTES as u64
    };
    ones.iter().take_while(fits).count().max(1)
}

/// The next events, in order.
struct Candidates {
    ones: Vec<One>,
    /// Whether nothing comes behind them.
    is_last: bool,
}

enum One {
    Row(Row),
    Event(Arc<Event>),
}

impl One {
    fn row(&self) -> Option<&Row> {
        match self {
            Self::Row(row) => Some(row),
            Self::Event(_) => None,
        }
    }
}

/// The recent events that come first, within a number and a sum of bytes.
#[derive(Default)]
struct FirstRecent {
    events: BTreeMap<Place, Arc<Event>>,
    bytes: usize,
    /// The first place that was let go of.
    end: Option<Place>,
}

impl FirstRecent {
    fn push(&mut self, event: &Arc<Event>, order: Order, most: usize) {
        let place = event.place();
        if self.end.is_some_and(|end| !is_before(order, &place, &end)) {
            return;
        }
        self.bytes += event.message.len();
        self.events.insert(place, Arc::clone(event));
        while self.events.len() > most || (self.bytes > STEP_BYTES && self.events.len() > 1) {
            let last = match order {
                Order::OldestFirst => self.events.pop_last(),
                Order::NewestFirst => self.events.pop_first(),
            };
            if let Some((place, event)) = last {
                self.bytes -= event.message.len();
                self.end = Some(place);
            }
        }
    }
}

/// A page that fills.
struct Filling<'a> {
    wanted: &'a Wanted,
    /// What was not looked at.
    asked: Asked,
    events: Vec<Arc<Event>>,
    bytes: usize,
    looked_at: usize,
    /// Whether an event came that did not fit.
    is_full: bool,
}

impl Filling<'_> {
    /// Looks at the next event, and takes it if it is wanted and fits.
    fn look_at(&mut self, event: Arc<Event>) {
        let place = event.place();
        self.looked_at += event.message.len();
        let matches =
            |pattern: &Pattern| pattern.matches(&corelog_patterns::Event::new(&event.message));
        if self.wanted.pattern.as_ref().is_none_or(matches) {
            let bytes = self.bytes + event.message.len() + EVENT_BYTES;
            let is_over = bytes > self.wanted.bytes_max && !self.events.is_empty();
            if is_over || self.events.len() >= self.wanted.events_max {
                self.is_full = true;
                return;
            }
            self.bytes = bytes;
            self.events.push(event);
        }
        match self.asked.order {
            Order::OldestFirst => self.asked.places.start = place.next(),
            Order::NewestFirst => self.asked.places.end = place,
        }
    }
}
