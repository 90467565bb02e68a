//! What events are made of, when, and how often.

use std::io;
use std::sync::Arc;

use corelog_hot::{Entry, Further, STREAM};
use corelog_store::{Event, Position};
use corelog_types::{NodeId, Sequence, Timestamp};

use crate::fixture::{
    Bench, GROUP, MORNING_MS, all, append, append_entry, append_with_blob, hear, numbers, spool,
};

#[tokio::test]
async fn a_record_becomes_an_event_of_its_log_group() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    bench.record(7).await;
    let mut recent = bench.hot.recent().await;
    let chunk = recent.next().await.unwrap().unwrap();
    let event = &chunk.events[0];
    assert_eq!((&*event.group, &*event.stream), (GROUP, STREAM));
    assert_eq!(event.position.node, bench.spool.node());
    assert_eq!(event.position.sequence, Sequence::FIRST);
    assert_eq!(event.position.part, 0);
    assert_eq!(event.timestamp, Timestamp::from_unix_ms(MORNING_MS));
    assert_eq!(event.ingested, Timestamp::from_unix_ms(MORNING_MS + 5));
    let node = bench.spool.node();
    let said: serde_json::Value = serde_json::from_str(&event.message).unwrap();
    assert_eq!(said["requestId"], "r-7");
    assert_eq!(said["input"]["inputBodyJson"], "word 7");
    assert_eq!(said["corelog"]["nodeId"], node.to_string());
    assert_eq!(said["corelog"]["sequence"], 1);
    assert!(recent.next().await.unwrap().is_none());
}

/// Time stands still here unless somebody waits for a timer: an event that comes at the same instant was not polled
/// for.
#[tokio::test(start_paused = true)]
async fn the_sync_of_a_record_is_what_wakes_the_follower() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    let mut listener = bench.hot.subscribe();
    let begin = tokio::time::Instant::now();
    for number in 1..=20 {
        bench.record(number).await;
        assert_eq!(hear(&mut listener, 1).await, [number]);
    }
    assert_eq!(begin.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test]
async fn an_entry_that_cannot_be_decoded_is_an_event_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    let appended = append_entry(&bench.spool, 1, &[b"\xff no record"], Vec::new());
    bench.spool.durable(appended).await.unwrap();
    bench.record(2).await;
    let mut recent = bench.hot.recent().await;
    let mut events = Vec::new();
    let mut unreadable = Vec::new();
    while let Some(chunk) = recent.next().await.unwrap() {
        events.extend(chunk.events.clone());
        unreadable.extend(chunk.unreadable.clone());
    }
    assert_eq!(events.len(), 2);
    assert!(events[0].message.starts_with(r#"{"unreadable":true,"#));
    assert_eq!(unreadable, [Sequence::FIRST]);
}

#[tokio::test]
async fn events_in_memory_are_not_made_twice() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    for number in 1..=3 {
        bench.record(number).await;
    }
    let mut recent = bench.hot.recent().await;
    let mut made = Vec::new();
    while let Some(chunk) = recent.next().await.unwrap() {
        made.extend(chunk.events.clone());
    }
    let stored = {
        let mut reader = bench.spool.reader(Sequence::FIRST);
        [(); 3].map(|()| reader.next().unwrap().unwrap())
    };
    let held = bench.hot.events(stored.iter().map(Entry::from)).unwrap();
    let same = made
        .iter()
        .zip(&held.events)
        .all(|(a, b)| Arc::ptr_eq(a, b));
    assert!(same && held.events.len() == 3);

    bench.hot.committed(Sequence::from_u64(3));
    let again = bench.hot.events(stored.iter().map(Entry::from)).unwrap();
    assert_eq!(again, held);
    assert!(!Arc::ptr_eq(&again.events[0], &held.events[0]));
}

#[tokio::test]
async fn after_a_restart_what_the_table_lacks_is_recent_again() {
    let dir = tempfile::tempdir().unwrap();
    {
        let bench = Bench::new(dir.path(), Some(1 << 20));
        for number in 1..=5 {
            bench.record(number).await;
        }
        bench.shutdown.request();
        bench
            .tasks
            .wait(std::time::Duration::from_mins(1))
            .await
            .unwrap();
    }
    let bench = Bench::after(spool(dir.path()), 2, Some(1 << 20));
    assert_eq!(all(bench.hot.recent().await).await, [3, 4, 5]);
}

/// A backlog of small entries with large bodies beside them would be gigabytes in one piece.
#[tokio::test]
async fn a_chunk_is_bounded_by_what_its_events_take() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let body = format!("\"word 7 {}\"", "x".repeat(400_000));
    for number in 1..=6 {
        append_with_blob(&spool, number, &body);
    }
    spool.sync().unwrap();
    let bench = Bench::after(spool, 0, Some(64 << 20));
    let mut recent = bench.hot.recent().await;
    let mut entries = Vec::new();
    while let Some(chunk) = recent.next().await.unwrap() {
        entries.push(chunk.events.len());
    }
    // The third takes a chunk over a mebibyte.
    assert_eq!(entries, [3, 3]);
}

/// A second group that has the numbers of records alone.
#[derive(Debug)]
struct Numbers;

impl Further for Numbers {
    fn events_of(&self, entry: Entry<'_>) -> io::Result<Vec<Event>> {
        Ok(vec![Event {
            group: "/numbers".into(),
            stream: STREAM.into(),
            position: Position {
                node: NodeId::from_u64(7),
                sequence: entry.sequence,
                part: 1,
            },
            timestamp: Timestamp::from_unix_ms(entry.id.unix_ms()),
            ingested: entry.time,
            message: entry.sequence.to_string(),
        }])
    }
}

#[tokio::test]
async fn a_further_group_gets_its_events_while_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    let mut listener = bench.hot.subscribe();
    let mut groups = Vec::new();
    for (number, further) in [(1, false), (2, true), (3, true), (4, false)] {
        let numbers: Arc<dyn Further> = Arc::new(Numbers);
        bench.hot.change_further(further.then_some(numbers));
        bench.record(number).await;
        let Some(corelog_hot::Heard::Events(chunk)) = listener.next().await else {
            panic!("nothing was heard");
        };
        let of = chunk.events.iter().map(|it| it.group.to_string());
        groups.push(of.collect::<Vec<_>>());
    }
    assert_eq!(
        groups,
        [
            vec![GROUP],
            vec![GROUP, "/numbers"],
            vec![GROUP, "/numbers"],
            vec![GROUP]
        ]
    );
    // Events that cannot be read have none.
    bench.hot.change_further(Some(Arc::new(Numbers)));
    let garbage = append_entry(&bench.spool, 5, &[b"\xff no record"], Vec::new());
    bench.spool.durable(garbage).await.unwrap();
    let mut recent = bench.hot.recent().await;
    let mut messages = Vec::new();
    while let Some(chunk) = recent.next().await.unwrap() {
        let further = chunk.events.iter().filter(|it| it.position.part > 0);
        messages.extend(further.map(|it| it.message.clone()));
    }
    assert_eq!(messages, ["2", "3"]);
}

/// The pauses between attempts pass at once: time is paused.
#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_read_holds_nobody_up_who_asks_and_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let spool = spool(dir.path());
    let first = append(&spool, 1, &crate::fixture::text(1));
    let (second, file) = append_with_blob(&spool, 2, "\"word 2\"");
    spool.durable(first).await.unwrap();
    spool.durable(second).await.unwrap();
    let (blob, aside) = (dir.path().join(file), dir.path().join("aside"));
    std::fs::rename(&blob, &aside).unwrap();
    std::fs::create_dir(&blob).unwrap();

    let bench = Bench::after(spool, 0, Some(1 << 20));
    let mut listener = bench.hot.subscribe();
    let mut recent = bench.hot.recent().await;
    let error = recent.next().await.unwrap_err();
    assert_eq!(error.to_string(), "cannot make log events of entry 2");

    std::fs::remove_dir(&blob).unwrap();
    std::fs::rename(&aside, &blob).unwrap();
    assert_eq!(hear(&mut listener, 2).await, [1, 2]);
    assert_eq!(all(bench.hot.recent().await).await, [1, 2]);
}

#[tokio::test]
async fn without_a_table_events_are_heard_and_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), None);
    let mut listener = bench.hot.subscribe();
    bench.record(1).await;
    let mut recent = bench.hot.recent().await;
    assert!(recent.next().await.unwrap().is_none());
    assert_eq!(bench.hot.bytes(), 0);
    let heard = listener.next().await;
    let Some(corelog_hot::Heard::Events(chunk)) = heard else {
        panic!("heard {heard:?}");
    };
    assert_eq!(numbers(&chunk).collect::<Vec<_>>(), [1]);
}
