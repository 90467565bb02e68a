//! Reading: what is asked for, in the order of time, from either end, whatever files it is in.

use std::ops::Range;

use corelog_store::{Asked, Compaction, Event, Order, Place, Row, Snapshot, Streams};
use corelog_types::Timestamp;

use crate::fixture::{DAY_MS, MORNING_MS, appender, event, open};

fn at(ms: u64) -> Place {
    Place::first_at(Timestamp::from_unix_ms(ms))
}

fn asked(places: Range<Place>, order: Order) -> Asked {
    Asked {
        group: "/a".into(),
        streams: Streams::All,
        places,
        order,
    }
}

fn everything() -> Range<Place> {
    at(0)..at(u64::MAX)
}

async fn sequences(snapshot: &Snapshot, asked: &Asked, most: usize) -> Vec<u64> {
    let rows: Vec<Row> = snapshot.rows(asked, most).await.unwrap();
    let events = snapshot.events(&rows, usize::MAX).await.unwrap();
    assert_eq!(events.len(), rows.len());
    for (row, event) in rows.iter().zip(&events) {
        let sequence = event.position.sequence.to_u64();
        assert_eq!(row.place, event.place());
        assert_eq!(event.message, message(sequence), "the row is this event's");
    }
    events
        .iter()
        .map(|it| it.position.sequence.to_u64())
        .collect()
}

/// Rows lie in the order of their bodies, here against the order of time.
fn message(sequence: u64) -> String {
    let body = 1_000 - sequence;
    format!(r#"{{"input":{{"inputBodyJson":{{"n":"{body:04}"}}}},"requestId":"r-{sequence}"}}"#)
}

fn made(group: &str, sequence: u64, at_ms: u64) -> Event {
    Event {
        message: message(sequence),
        ..event(group, sequence, at_ms)
    }
}

/// Three files of `/a` whose times overlap, one of the next day, and one of another group. The n-th event is n seconds
/// after the first but for the last, which is a day after it.
async fn filled(dir: &std::path::Path) -> corelog_store::Table {
    let table = open(dir).await;
    let at_second = |sequence: u64| made("/a", sequence, MORNING_MS + sequence * 1_000);
    for (number, sequences) in [[1, 4, 7], [2, 5, 8], [3, 6, 9]].into_iter().enumerate() {
        let mut events: Vec<_> = sequences.into_iter().map(at_second).collect();
        events.push(made("/b", 20 + number as u64, MORNING_MS));
        table
            .append(&appender(number as u64 + 1), events)
            .await
            .unwrap();
    }
    let tomorrow = vec![made("/a", 10, MORNING_MS + DAY_MS)];
    table.append(&appender(4), tomorrow).await.unwrap();
    table
}

#[tokio::test]
async fn events_come_in_the_order_of_time_from_either_end() {
    let dir = tempfile::tempdir().unwrap();
    let table = filled(dir.path()).await;
    let all: Vec<u64> = (1..=10).collect();
    for merged in [false, true] {
        if merged {
            let every = Compaction {
                files_min: 2,
                ..Compaction::default()
            };
            table.compact(every).await.unwrap().unwrap();
        }
        let snapshot = table.snapshot().await.unwrap();
        let oldest = asked(everything(), Order::OldestFirst);
        assert_eq!(sequences(&snapshot, &oldest, 99).await, all);
        assert_eq!(sequences(&snapshot, &oldest, 4).await, [1, 2, 3, 4]);
        let newest = asked(everything(), Order::NewestFirst);
        let reversed: Vec<u64> = all.iter().rev().copied().collect();
        assert_eq!(sequences(&snapshot, &newest, 99).await, reversed);
        assert_eq!(sequences(&snapshot, &newest, 3).await, [10, 9, 8]);
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = filled(dir.path()).await.snapshot().await.unwrap();
    let mut found = Vec::new();
    let mut places = everything();
    loop {
        let page = asked(places.clone(), Order::OldestFirst);
        let rows = snapshot.rows(&page, 3).await.unwrap();
        let Some(last) = rows.last() else { break };
        places.start = last.place.next();
        found.extend(rows.iter().map(|row| row.place.position.sequence.to_u64()));
    }
    assert_eq!(found, (1..=10).collect::<Vec<u64>>());
    places = everything();
    loop {
        let page = asked(places.clone(), Order::NewestFirst);
        let rows = snapshot.rows(&page, 4).await.unwrap();
        let Some(last) = rows.last() else { break };
        places.end = last.place;
        for row in rows {
            assert_eq!(found.pop(), Some(row.place.position.sequence.to_u64()));
        }
    }
    assert_eq!(found, [0; 0]);
}

#[tokio::test]
async fn times_are_inclusive_at_their_start_and_exclusive_at_their_end() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = filled(dir.path()).await.snapshot().await.unwrap();
    let second = |n: u64| at(MORNING_MS + n * 1_000);
    let ranges = [
        (second(3)..second(6), vec![3, 4, 5]),
        (second(9)..at(MORNING_MS + DAY_MS + 1), vec![9, 10]),
        (second(5)..second(5), vec![]),
        (second(6)..second(3), vec![]),
        (at(0)..second(1), vec![]),
    ];
    for (places, expected) in ranges {
        let asked = asked(places, Order::OldestFirst);
        assert_eq!(
            sequences(&snapshot, &asked, 99).await,
            expected,
            "{asked:?}"
        );
    }
    let (from, to) = (MORNING_MS + 3_000, MORNING_MS + 3_500);
    let (from, to) = (Timestamp::from_unix_ms(from), Timestamp::from_unix_ms(to));
    assert_eq!(snapshot.select("/a", from, to).len(), 3, "of that day");
    assert_eq!(snapshot.select("/c", from, to).len(), 0);
}

#[tokio::test]
async fn streams_are_told_by_name_or_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let of = |sequence: u64, stream: &str| Event {
        stream: stream.into(),
        ..made("/a", sequence, MORNING_MS + sequence)
    };
    let events = vec![of(1, "web-1"), of(2, "web-2"), of(3, "db"), of(4, "web-1")];
    table.append(&appender(4), events).await.unwrap();
    let snapshot = table.snapshot().await.unwrap();
    let named = |names: &[&str]| Streams::Named(names.iter().map(ToString::to_string).collect());
    let cases = [
        (Streams::All, vec![1, 2, 3, 4]),
        (named(&["web-1"]), vec![1, 4]),
        (named(&["db", "web-2", "gone"]), vec![2, 3]),
        (Streams::Prefixed("web".to_owned()), vec![1, 2, 4]),
        (Streams::Prefixed("x".to_owned()), vec![]),
    ];
    for (streams, expected) in cases {
        let asked = Asked {
            streams,
            ..asked(everything(), Order::OldestFirst)
        };
        assert_eq!(
            sequences(&snapshot, &asked, 99).await,
            expected,
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn messages_are_read_as_far_as_they_fit_and_one_always_does() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = filled(dir.path()).await.snapshot().await.unwrap();
    let asked = asked(everything(), Order::OldestFirst);
    let rows = snapshot.rows(&asked, 99).await.unwrap();
    let bytes = message(1).len();
    for (bytes_max, expected) in [
        (0, vec![1]),
        (bytes, vec![1]),
        (3 * bytes, vec![1, 2, 3]),
        (4 * bytes - 1, vec![1, 2, 3]),
    ] {
        let events = snapshot.events(&rows, bytes_max).await.unwrap();
        let found: Vec<_> = events
            .iter()
            .map(|it| it.position.sequence.to_u64())
            .collect();
        assert_eq!(found, expected, "{bytes_max}");
    }
    assert_eq!(snapshot.events(&[], 9).await.unwrap(), []);
}
