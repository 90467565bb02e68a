//! Compaction: fewer files, the same events, and conversations stored once.

use std::fmt::Write as _;

use corelog_runtime::Clock;
use corelog_store::{Compaction, Event, Table};
use corelog_types::Timestamp;

use crate::fixture::{DAY_MS, MORNING_MS, appender, contents, event, open, open_at};

const SESSIONS: u64 = 20;
const TURNS: u64 = 50;

/// Text that does not compress into nothing: words of a small generator, different for every seed.
fn text(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let _ = write!(text, "{:x} ", state % 1_000_003);
    }
    text
}

/// One turn of an agent that sends its whole history with every turn, as all of them do.
fn turn(session: u64, turn: u64) -> Event {
    let said = |n: u64| {
        format!(
            r#"{{"role":"user","content":"{}"}}"#,
            text(session * 1_000 + n, 500)
        )
    };
    let history: Vec<_> = (0..=turn).map(said).collect();
    let sequence = turn * SESSIONS + session + 1;
    let mut event = event("/a", sequence, MORNING_MS + sequence);
    event.message = format!(
        r#"{{"requestId":"{}","input":{{"inputBodyJson":{{"model":"m","messages":[{}]}}}}}}"#,
        text(sequence + 77, 30),
        history.join(",")
    );
    event
}

/// Appends the sessions as they come: side by side, a few turns of all of them at a time.
async fn append_sessions(table: &Table) {
    for (number, turns) in (1..).zip((0..TURNS).collect::<Vec<_>>().chunks(5)) {
        let events = turns
            .iter()
            .flat_map(|n| (0..SESSIONS).map(|session| turn(session, *n)));
        table
            .append(&appender(number), events.collect())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_conversation_is_stored_once_and_reads_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    append_sessions(&table).await;
    let before = contents(dir.path(), &table).await;
    let raw: usize = before.iter().map(|(_, message)| message.len()).sum();
    // What one row after another costs: each history compressed for itself, as a table in order of time has it.
    let alone: usize = (0..SESSIONS)
        .flat_map(|session| (0..TURNS).map(move |n| turn(session, n)))
        .map(|event| {
            zstd::bulk::compress(event.message.as_bytes(), 3)
                .unwrap()
                .len()
        })
        .sum();

    let done = table.compact(Compaction::default()).await.unwrap().unwrap();
    assert_eq!(done.files, 10);
    let files = table.snapshot().await.unwrap().files();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].bytes, done.bytes_after);
    assert_eq!(files[0].message_bytes, raw as u64);
    assert_eq!(contents(dir.path(), &table).await, before);
    assert!(
        done.bytes_after * 10 < alone as u64,
        "{} bytes, {alone} alone, {raw} raw",
        done.bytes_after
    );
    assert_eq!(table.compact(Compaction::default()).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_stays_within_its_bound_and_days_apart() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    for number in 1..=6 {
        let mut early = event("/a", number, MORNING_MS);
        early.message = text(number, 1_000);
        let later = event("/a", number + 100, MORNING_MS + DAY_MS);
        let appended = table.append(&appender(number), vec![early, later]).await;
        appended.unwrap();
    }
    let before = contents(dir.path(), &table).await;
    let bound = Compaction {
        files_min: 2,
        message_bytes_max: 3_100,
        ..Compaction::default()
    };
    let mut merged = Vec::new();
    while let Some(done) = table.compact(bound).await.unwrap() {
        merged.push(done.files);
    }
    // Three of the large ones fit in one file, twice; the small ones of the other day fit in one.
    merged.sort_unstable();
    assert_eq!(merged, [3, 3, 6]);
    assert_eq!(contents(dir.path(), &table).await, before);
}

#[tokio::test]
async fn few_files_are_merged_once_no_more_come() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp::from_unix_ms(MORNING_MS));
    let table = open_at(dir.path(), clock.clone()).await;
    for number in 1..=2 {
        let events = vec![event("/a", number, MORNING_MS)];
        table.append(&appender(number), events).await.unwrap();
    }
    let before = contents(dir.path(), &table).await;
    assert_eq!(table.compact(Compaction::default()).await.unwrap(), None);
    clock.set(Timestamp::from_unix_ms(MORNING_MS + 10 * 60 * 1_000));
    let done = table.compact(Compaction::default()).await.unwrap().unwrap();
    assert_eq!(done.files, 2);
    assert_eq!(contents(dir.path(), &table).await, before);
    assert_eq!(table.compact(Compaction::default()).await.unwrap(), None);
}

#[tokio::test]
async fn compaction_and_appends_do_not_get_in_each_others_way() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()).await, open(dir.path()).await);
    for number in 1..=4 {
        let events = vec![event("/a", number, MORNING_MS)];
        one.append(&appender(number), events).await.unwrap();
    }
    let bound = Compaction {
        files_min: 4,
        ..Compaction::default()
    };
    let five = appender(5);
    let (compacted, appended) = tokio::join!(
        one.compact(bound),
        two.append(&five, vec![event("/a", 5, MORNING_MS)]),
    );
    compacted.unwrap().unwrap();
    appended.unwrap();
    let sequences: Vec<_> = contents(dir.path(), &two)
        .await
        .into_iter()
        .map(|(n, _)| n)
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
}
