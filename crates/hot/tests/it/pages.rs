//! Pages of a view: every event once and in order, wherever the table ends and memory begins.

use std::path::Path;
use std::sync::Arc;

use corelog_hot::{Entry, Page, View, Wanted};
use corelog_patterns::Pattern;
use corelog_runtime::Clock;
use corelog_store::{Appender, Asked, Directory, Order, Place, Streams, Table};
use corelog_types::{Sequence, Timestamp};
use url::Url;

use crate::fixture::{Bench, MORNING_MS, append, put, text};

const ENTRIES: u64 = 12;
const APPENDER: &str = "node/log-groups";

async fn table(dir: &Path) -> Table {
    let store = Arc::new(Directory::open(dir.to_owned()).unwrap());
    let url = Url::from_directory_path(dir).unwrap();
    Table::open(store, url, Clock::system()).await.unwrap()
}

/// Entries of two events each, some of whose times cross those of their neighbours; two streams in turn. The n-th
/// event in the order of time says `event n`.
async fn filled(bench: &Bench) {
    for number in 0..ENTRIES {
        let stream = if number.is_multiple_of(2) {
            "even"
        } else {
            "odd"
        };
        let times = [number, number + 6];
        let events = times.map(|time| (MORNING_MS + time, message(number, time)));
        let events = [0, 1].map(|at: usize| (events[at].0, events[at].1.as_str()));
        put(&bench.spool, number, stream, &events);
        // Records of another group are in between.
        append(&bench.spool, 100 + number, &text(number));
    }
    let spool = bench.spool.clone();
    tokio::task::spawn_blocking(move || spool.sync())
        .await
        .unwrap()
        .unwrap();
}

fn message(entry: u64, time: u64) -> String {
    format!("entry {entry:02} at {time:02}")
}

/// What is to be found, in order: events of one time in the order of their entries.
fn expected() -> Vec<String> {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for entry in 0..ENTRIES {
        all.extend([(entry, entry), (entry + 6, entry)]);
    }
    all.sort_unstable();
    all.into_iter()
        .map(|(time, entry)| message(entry, time))
        .collect()
}

/// Brings the entries behind one sequence and up to another into the table, as its sink does.
async fn deliver(bench: &Bench, table: &Table, after: u64, upto: u64) {
    let mut reader = bench.spool.reader(Sequence::from_u64(after).next());
    let mut entries = Vec::new();
    while let Some(stored) = reader
        .next()
        .unwrap()
        .filter(|it| it.sequence.to_u64() <= upto)
    {
        entries.push(stored);
    }
    let converted = bench.hot.events(entries.iter().map(Entry::from)).unwrap();
    let appender = Appender {
        name: APPENDER.to_owned(),
        number: upto,
    };
    table.append(&appender, converted.events).await.unwrap();
    bench.hot.committed(Sequence::from_u64(upto));
}

fn wanted(order: Order, events_max: usize) -> Wanted {
    let at = |ms| Place::first_at(Timestamp::from_unix_ms(ms));
    Wanted {
        asked: Asked {
            group: "/app".into(),
            streams: Streams::All,
            places: at(0)..at(u64::MAX),
            order,
        },
        pattern: None,
        events_max,
        bytes_max: 1 << 20,
    }
}

async fn page(bench: &Bench, table: &Table, wanted: &Wanted) -> Page {
    let view = View::take(&bench.hot, table, APPENDER).await.unwrap();
    view.page(wanted).await.unwrap()
}

/// All pages, each of a view of its own.
async fn all(bench: &Bench, table: &Table, mut wanted: Wanted) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = page(bench, table, &wanted).await;
        assert!(page.events.len() <= wanted.events_max);
        found.extend(page.events.iter().map(|event| event.message.clone()));
        let Some(left) = page.left else { return found };
        wanted.asked.places = left;
    }
}

#[tokio::test]
async fn every_event_is_on_one_page_wherever_the_table_ends() {
    for (bytes_max, delivered) in [
        (1 << 20, 0),
        (1 << 20, 9),
        (1 << 20, 24),
        (600, 0),
        (600, 10),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::new(&dir.path().join("spool"), Some(bytes_max));
        filled(&bench).await;
        let table = table(&dir.path().join("table")).await;
        if delivered > 0 {
            deliver(&bench, &table, 0, delivered).await;
        }
        for most in [1, 5, 100] {
            let oldest = all(&bench, &table, wanted(Order::OldestFirst, most)).await;
            assert_eq!(oldest, expected(), "{delivered} {most}");
            let mut newest = all(&bench, &table, wanted(Order::NewestFirst, most)).await;
            newest.reverse();
            assert_eq!(newest, expected(), "{delivered} {most}");
        }
    }
}

#[tokio::test]
async fn pages_go_on_while_the_table_takes_events() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(&dir.path().join("spool"), Some(1 << 20));
    filled(&bench).await;
    let table = table(&dir.path().join("table")).await;
    let mut wanted = wanted(Order::OldestFirst, 3);
    let mut found = Vec::new();
    for after in (0..2 * ENTRIES).step_by(2) {
        let page = page(&bench, &table, &wanted).await;
        found.extend(page.events.iter().map(|event| event.message.clone()));
        let Some(left) = page.left else { break };
        wanted.asked.places = left;
        deliver(&bench, &table, after, after + 2).await;
    }
    assert_eq!(found, expected());
}

#[tokio::test]
async fn patterns_streams_and_sizes_choose_what_is_on_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(&dir.path().join("spool"), Some(1 << 20));
    filled(&bench).await;
    let table = table(&dir.path().join("table")).await;
    deliver(&bench, &table, 0, 11).await;
    let chosen = |pattern: &str, streams: Streams| {
        let mut wanted = wanted(Order::OldestFirst, 4);
        wanted.pattern = Some(Pattern::parse(pattern).unwrap());
        wanted.asked.streams = streams;
        wanted
    };
    let matching = |of: &dyn Fn(&str) -> bool| -> Vec<String> {
        expected().into_iter().filter(|it| of(it)).collect()
    };
    let found = all(&bench, &table, chosen("\"at 1\"", Streams::All)).await;
    assert_eq!(found, matching(&|it| it.contains("at 1")));
    let odd = Streams::Named(["odd".to_owned()].into());
    let found = all(&bench, &table, chosen("entry", odd)).await;
    let is_odd = |it: &str| it[6..8].parse::<u64>().unwrap() % 2 == 1;
    assert_eq!(found, matching(&is_odd));
    let found = all(&bench, &table, chosen("nothing", Streams::All)).await;
    assert_eq!(found, [""; 0]);

    // A message is 14 bytes, and 26 more.
    for (bytes_max, count) in [(0, 1), (79, 1), (80, 2), (120, 3)] {
        let mut wanted = wanted(Order::OldestFirst, 100);
        wanted.bytes_max = bytes_max;
        let first = page(&bench, &table, &wanted).await;
        assert_eq!(first.events.len(), count, "{bytes_max}");
        assert_eq!(all(&bench, &table, wanted).await, expected(), "{bytes_max}");
    }
}

#[tokio::test]
async fn a_batch_that_was_put_is_events_of_its_own_stream() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(&dir.path().join("spool"), Some(1 << 20));
    let put = put(
        &bench.spool,
        1,
        "web",
        &[(MORNING_MS, "a"), (MORNING_MS, "b")],
    );
    bench.spool.durable(put).await.unwrap();
    let table = table(&dir.path().join("table")).await;
    let found = page(&bench, &table, &wanted(Order::OldestFirst, 9)).await;
    let event = &found.events[1];
    assert_eq!(
        (&*event.group, &*event.stream, &*event.message),
        ("/app", "web", "b")
    );
    assert_eq!(
        (event.position.sequence, event.position.part),
        (Sequence::FIRST, 1)
    );
    assert_eq!(event.ingested, Timestamp::from_unix_ms(MORNING_MS + 5));
    assert_eq!(found.left, None);
}
