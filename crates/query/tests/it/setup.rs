//! An engine, and events for it: in memory, and half of them in files.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_query::{Engine, Events, Group, Limits, LookupTable, Recent, Request, Window};
use corelog_reference::{self as reference, Input};
use corelog_runtime::Clock;
use corelog_store::{Appender, Event, Position, Table, batch_of};
use corelog_types::{NodeId, Sequence, Timestamp};
use url::Url;

/// The engine as documents run it: over events in memory.
pub(crate) struct UnderTest {
    pub(crate) engine: Engine,
    pub(crate) runtime: tokio::runtime::Runtime,
    /// Whether the older half of the events is in files.
    pub(crate) stored: bool,
    _spill: tempfile::TempDir,
}

impl UnderTest {
    pub(crate) fn new(stored: bool) -> Self {
        let spill = tempfile::tempdir().unwrap();
        let engine = Engine::new(Limits {
            memory_bytes: 256 << 20,
            spill: spill.path().to_owned(),
            spill_bytes: 1 << 30,
            threads: 2,
        })
        .unwrap();
        Self {
            engine,
            runtime: tokio::runtime::Runtime::new().unwrap(),
            stored,
            _spill: spill,
        }
    }
}

pub(crate) fn event(index: usize, event: &reference::Event) -> Arc<Event> {
    let time = |ms: i64| Timestamp::from_unix_ms(u64::try_from(ms).unwrap());
    Arc::new(Event {
        group: event.group.as_str().into(),
        stream: event.stream.as_str().into(),
        position: Position {
            node: NodeId::from_u64(7),
            sequence: Sequence::from_u64(index as u64 + 1),
            part: 0,
        },
        timestamp: time(event.timestamp_ms),
        ingested: time(event.ingestion_ms),
        message: event.message.clone(),
    })
}

/// Events in memory, from one of them on.
pub(crate) fn events(input: &Input, first: usize) -> Events {
    let mut groups: BTreeMap<&str, Vec<Arc<Event>>> = BTreeMap::new();
    for (index, it) in input.events.iter().enumerate().skip(first) {
        groups.entry(&it.group).or_default().push(event(index, it));
    }
    let recent = groups.into_iter().map(|(group, events)| {
        let times = || {
            events
                .iter()
                .map(|it| i64::try_from(it.timestamp.unix_ms()).unwrap())
        };
        Recent {
            group: group.into(),
            rows: batch_of(&events).unwrap(),
            earliest_ms: times().min().unwrap(),
            latest_ms: times().max().unwrap(),
        }
    });
    Events {
        store: Arc::new(object_store::memory::InMemory::new()),
        files: Arc::default(),
        recent: Arc::new(recent.collect()),
    }
}

/// The same events, the older half of them in files.
pub(crate) async fn half_stored(input: &Input) -> Events {
    let store: Arc<dyn object_store::ObjectStore> = Arc::new(object_store::memory::InMemory::new());
    let url = Url::parse("memory:///events/").unwrap();
    let table = Table::open(Arc::clone(&store), url, Clock::system())
        .await
        .unwrap();
    let half = input.events.len() / 2;
    // Two appends, so that there are several files of a day.
    for (number, part) in [(1, 0..half / 2), (2, half / 2..half)] {
        let appender = Appender {
            name: "test".to_owned(),
            number,
        };
        let events = part.map(|index| event(index, &input.events[index]));
        table.append(&appender, events.collect()).await.unwrap();
    }
    let recent = events(input, half);
    Events {
        store: Arc::clone(table.store()),
        files: Arc::new(table.snapshot().await.unwrap().files()),
        ..recent
    }
}

fn groups(input: &Input) -> Vec<Group> {
    let mut known: BTreeMap<String, Group> = BTreeMap::new();
    for event in &input.events {
        let group = reference::Group::new(&event.account, &event.group);
        known.insert(event.group.clone(), group_of(&group));
    }
    for group in &input.groups {
        known.insert(group.name.clone(), group_of(group));
    }
    known.into_values().collect()
}

fn group_of(group: &reference::Group) -> Group {
    Group {
        account: group.account.clone(),
        region: group.region.clone(),
        name: group.name.as_str().into(),
        class: group.class.clone(),
        indexed: group.indexed.clone(),
        tags: group.tags.clone(),
        data_source: group.data_source.clone(),
    }
}

pub(crate) fn request(input: &Input) -> Request {
    let groups = groups(input);
    let selected = if input.selected.is_empty() {
        groups.iter().map(|group| Arc::clone(&group.name)).collect()
    } else {
        input
            .selected
            .iter()
            .map(|name| name.as_str().into())
            .collect()
    };
    let table = |table: &reference::LookupTable| LookupTable {
        name: table.name.clone(),
        csv: table.csv.clone(),
    };
    Request {
        events: events(input, 0),
        groups,
        tables: input.tables.iter().map(table).collect(),
        selected,
        window: Window {
            start_ms: input.start_ms,
            end_ms: input.end_ms,
        },
        now_ms: input.now_ms,
        limit: input.limit,
        answer_bytes_max: u64::MAX,
    }
}
