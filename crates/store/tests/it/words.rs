//! The index of words: larger files have one, whoever wrote them, and what it leaves out has nothing of what is asked.

use std::path::Path;
use std::time::Duration;

use corelog_store::{
    Asked, Compaction, DataFile, Event, Gone, Order, Place, Snapshot, Streams, Table, Text,
    WordIndex,
};
use corelog_types::Timestamp;

use crate::fixture::{MORNING_MS, appender, contents, event, open};

/// Bytes of a message. A few hundred of them are several blocks of a file.
const MESSAGE_BYTES: usize = 16 << 10;

/// Events from one number on; the word of every hundredth is its own.
fn events(numbers: std::ops::Range<u64>) -> Vec<Event> {
    let made = |number: u64| {
        let own = if number.is_multiple_of(100) {
            format!(
                "hundred{}x",
                ["zero", "one", "two", "three"][usize::try_from(number / 100).unwrap()]
            )
        } else {
            "plain".to_owned()
        };
        let text = "words that all messages have ".repeat(MESSAGE_BYTES / 29);
        Event {
            message: format!(r#"{{"requestId":"r-{number}","text":"{own}\n{text}"}}"#),
            ..event("/a", number, MORNING_MS + number)
        }
    };
    numbers.map(made).collect()
}

/// Appends events in two parts that become one file.
async fn append_and_compact(table: &Table, numbers: std::ops::Range<u64>) {
    let middle = u64::midpoint(numbers.start, numbers.end);
    for (number, part) in [(1, numbers.start..middle), (2, middle..numbers.end)] {
        let appended = table.append(&appender(number), events(part)).await;
        appended.unwrap();
    }
    let any_two = Compaction {
        settled_after: Duration::ZERO,
        ..Compaction::default()
    };
    table.compact(any_two).await.unwrap().unwrap();
}

async fn only_file(table: &Table) -> (Snapshot, DataFile) {
    let snapshot = table.snapshot().await.unwrap();
    let [file] = &snapshot.files()[..] else {
        unreachable!("{:?}", snapshot.files());
    };
    let file = file.clone();
    (snapshot, file)
}

/// The events that may have a text.
async fn with(snapshot: &Snapshot, text: &str, range: std::ops::Range<u64>) -> Vec<u64> {
    let at = |number: u64| Place::first_at(Timestamp::from_unix_ms(MORNING_MS + number));
    let asked = Asked {
        group: "/a".into(),
        streams: Streams::All,
        places: at(range.start)..at(range.end),
        order: Order::OldestFirst,
    };
    let text = Text::literal(text).unwrap();
    let rows = snapshot.rows_with(&asked, Some(&text), 9_999).await;
    let rows = rows.unwrap();
    let events = snapshot.events(&rows, usize::MAX).await.unwrap();
    for (row, event) in rows.iter().zip(&events) {
        assert_eq!(row.place, event.place(), "rows are numbered as in the file");
    }
    let sequence = |event: &Event| event.position.sequence.to_u64();
    events.iter().map(sequence).collect()
}

#[tokio::test]
async fn rows_without_a_word_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    append_and_compact(&table, 0..400).await;
    let (snapshot, file) = only_file(&table).await;
    assert!(file.words.is_some());
    for (text, row) in [("hundredone", 100), ("HundredThree", 300), ("zero", 0)] {
        let found = with(&snapshot, text, 0..400).await;
        assert!(found.contains(&row), "{text}: {found:?}");
        assert!(found.len() < 100, "{text}: {} of 400", found.len());
    }
    // With an escape in it, and where a time leaves out rows too.
    let found = with(&snapshot, "hundredthreex\nwords", 90..400).await;
    assert!(found.contains(&300) && found.len() < 100, "{}", found.len());
    let found = with(&snapshot, "hundred", 90..390).await;
    assert!([100, 200, 300].iter().all(|row| found.contains(row)));
    assert!(found.len() < 300 && found.iter().all(|row| (90..390).contains(row)));
    assert_eq!(with(&snapshot, "nowhere", 0..400).await, [0; 0]);
    assert_eq!(with(&snapshot, "that all", 0..400).await.len(), 400);
}

#[tokio::test]
async fn compaction_and_removal_write_an_index_for_the_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    for number in 0..8 {
        let events = events(number * 40..(number + 1) * 40);
        table.append(&appender(number + 1), events).await.unwrap();
    }
    let files = table.snapshot().await.unwrap().files();
    assert!(
        files.iter().all(|file| file.words.is_none()),
        "replaced soon"
    );
    table.compact(Compaction::default()).await.unwrap().unwrap();
    let (snapshot, file) = only_file(&table).await;
    assert!(file.words.is_some());
    assert!(with(&snapshot, "hundredtwo", 0..400).await.contains(&200));

    let until = Timestamp::from_unix_ms(MORNING_MS + 5 + 199);
    let gone = Gone {
        group: "/a".into(),
        stream: None,
        until,
    };
    assert_eq!(table.remove(&gone).await.unwrap(), 200);
    let (snapshot, file) = only_file(&table).await;
    assert!(file.words.is_some());
    assert!(with(&snapshot, "hundredtwo", 0..400).await.contains(&200));
    assert_eq!(with(&snapshot, "hundredone", 0..400).await, [0; 0]);
}

#[tokio::test]
async fn other_readers_do_not_see_it() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    append_and_compact(&table, 0..200).await;
    let (_, file) = only_file(&table).await;
    assert!(file.words.is_some());
    let sequence = |event: &Event| i64::try_from(event.position.sequence.to_u64()).unwrap();
    let mut expected: Vec<_> = events(0..200)
        .into_iter()
        .map(|event| (sequence(&event), event.message))
        .collect();
    expected.sort();
    assert_eq!(contents(dir.path(), &table).await, expected);
}

fn overwrite(dir: &Path, file: &DataFile, at: u64) {
    let path = dir.join(&file.path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn an_index_that_cannot_be_read_leaves_nothing_out() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    append_and_compact(&table, 0..200).await;
    let (snapshot, file) = only_file(&table).await;
    let words = file.words.clone().unwrap();
    let store = table.store();
    assert!(WordIndex::read(&**store, &file).await.is_some());
    for words in [0..0, 0..1 << 40, words.start..words.end + 1, 4..words.end] {
        let wrong = DataFile {
            words: Some(words),
            ..file.clone()
        };
        assert_eq!(WordIndex::read(&**store, &wrong).await, None, "{wrong:?}");
    }
    let wrong = DataFile {
        rows: 199,
        ..file.clone()
    };
    assert_eq!(WordIndex::read(&**store, &wrong).await, None);
    overwrite(dir.path(), &file, words.end - 9);
    assert_eq!(WordIndex::read(&**store, &file).await, None);
    assert_eq!(with(&snapshot, "nowhere", 0..200).await.len(), 200);
}
