//! The engine against the reference: its documents, and queries that nobody wrote.

#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

#[path = "engine/words.rs"]
mod words;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Arc;

use corelog_insights::{Query, parse};
use corelog_query::{Engine, Error, Events, Group, Limits, LookupTable, Recent, Request, Window};
use corelog_reference::{self as reference, Failure, Input, Output, OutputRow, Reference};
use corelog_runtime::Clock;
use corelog_store::{Appender, Event, Position, Table, batch_of};
use corelog_types::{NodeId, Sequence, Timestamp};
use url::Url;

/// The engine as documents run it: over events in memory.
struct UnderTest {
    engine: Engine,
    runtime: tokio::runtime::Runtime,
    /// Whether the older half of the events is in files.
    stored: bool,
    _spill: tempfile::TempDir,
}

impl UnderTest {
    fn new(stored: bool) -> Self {
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

fn event(index: usize, event: &reference::Event) -> Arc<Event> {
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
fn events(input: &Input, first: usize) -> Events {
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
async fn half_stored(input: &Input) -> Events {
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
        name: group.name.as_str().into(),
        class: group.class.clone(),
        indexed: group.indexed.clone(),
        tags: group.tags.clone(),
        data_source: group.data_source.clone(),
    }
}

fn request(input: &Input) -> Request {
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

impl reference::Engine for UnderTest {
    fn run(&self, query: &Query, input: &Input) -> Result<Output, Failure> {
        let mut request = request(input);
        if self.stored {
            request.events = self.runtime.block_on(half_stored(input));
        }
        let answer = self.runtime.block_on(self.engine.run(query, &request));
        let answer = answer.map_err(|error| match error {
            Error::Unsupported { what } => Failure::Unsupported { what },
            Error::TooMany { what, max } => Failure::TooMany { what, max },
            other => Failure::Other {
                reason: format!(
                    "{other}: {:?}",
                    std::error::Error::source(&other).map(ToString::to_string)
                ),
            },
        })?;
        // Our pointers say where an event is; those of documents are whatever their author wrote.
        let pointer = |text: &str| {
            let pointer = corelog_query::Pointer::read(text)?;
            let index = usize::try_from(pointer.sequence - 1).ok()?;
            Some(input.events[index].pointer.clone())
        };
        let rows = answer.rows.into_iter().map(|row| OutputRow {
            values: row
                .values
                .into_iter()
                .map(|value| value.map(|text| pointer(&text).unwrap_or(text)))
                .collect(),
            pointer: row.pointer.map(|text| pointer(&text).unwrap_or(text)),
        });
        Ok(Output {
            columns: answer.columns,
            rows: rows.collect(),
            statistics: reference::Statistics {
                scanned: answer.statistics.records_scanned,
                matched: answer.statistics.records_matched,
                bytes: answer.statistics.bytes_scanned,
            },
        })
    }
}

#[test]
fn documents_hold() {
    let engine = UnderTest::new(false);
    let (mut passed, mut failed) = (0, Vec::new());
    let mut names: Vec<_> = fs::read_dir(reference::document::FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let checked = reference::check(&name, &text, &engine);
        passed += checked.passed;
        failed.extend(checked.failed);
    }
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        failed.len() + passed,
        failed.join("\n---\n")
    );
}

/// Values as they compare between engines: sums of doubles in another order differ in the last digits.
fn close(left: Option<&str>, right: Option<&str>) -> bool {
    if left == right {
        return true;
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    match (number(left), number(right)) {
        (Some(left), Some(right)) => {
            (left - right).abs() <= 1e-6 * left.abs().max(right.abs()).max(1.0)
        }
        _ => false,
    }
}

fn all_close(expected: &[OutputRow], found: &[OutputRow]) -> bool {
    let row = |(left, right): (&OutputRow, &OutputRow)| {
        let mut pairs = left.values.iter().zip(&right.values);
        left.values.len() == right.values.len()
            && pairs.all(|(left, right)| close(left.as_deref(), right.as_deref()))
    };
    expected.len() == found.len() && expected.iter().zip(found).all(row)
}

/// Whether last digits may differ, and with them the order of rows.
fn adds_doubles(query: &str) -> bool {
    ["avg(", "sum(", "stddev(", "variance("]
        .iter()
        .any(|name| query.contains(name))
}

fn sorted(rows: &[OutputRow]) -> Vec<OutputRow> {
    let mut rows = rows.to_vec();
    rows.sort_by(|left, right| {
        // Texts tell rows apart; numbers that nearly equal each other must not.
        let texts = |row: &OutputRow| -> Vec<Option<String>> {
            let rounded = |value: &Option<String>| match value.as_ref()?.parse::<f64>() {
                Ok(number) => Some(format!("{number:.3e}")),
                Err(_) => value.clone(),
            };
            row.values.iter().map(rounded).collect()
        };
        texts(left).cmp(&texts(right))
    });
    rows
}

#[test]
fn queries_that_nobody_wrote_give_what_the_reference_gives() {
    let engines = [UnderTest::new(false), UnderTest::new(true)];
    let mut ran: HashMap<bool, usize> = HashMap::new();
    for seed in 0..400 {
        let engine = &engines[usize::from(seed % 4 == 0)];
        let text = reference::generate::query(seed);
        let Ok(query) = parse(&text) else {
            panic!("{text}");
        };
        let input = Input {
            events: reference::generate::events(seed, 60),
            now_ms: 1_795_338_942_000,
            ..Input::default()
        };
        let expected = reference::Engine::run(&Reference, &query, &input);
        let found = reference::Engine::run(engine, &query, &input);
        let same = match (&expected, &found) {
            (Ok(expected), Ok(found)) => {
                let rows = (&expected.rows, &found.rows);
                expected.columns == found.columns
                    && (all_close(rows.0, rows.1)
                        || (adds_doubles(&text) && all_close(&sorted(rows.0), &sorted(rows.1))))
            }
            (Err(_), Err(_)) => true,
            _ => false,
        };
        *ran.entry(expected.is_ok()).or_default() += 1;
        assert!(
            same,
            "seed {seed}: {text}\nexpected {expected:#?}\nfound {found:#?}"
        );
    }
    assert!(ran.get(&true).copied().unwrap_or(0) > 300, "{ran:?}");
}
