//! Views of everything: what is recent and what the table has are all there is, and nothing twice.

use std::sync::Arc;
use std::time::Duration;

use corelog_hot::{Entry, Error};
use corelog_spool::Start;
use corelog_types::{Sequence, Timestamp};
use parking_lot::Mutex;

use crate::fixture::{Bench, MORNING_MS, all, append, hot, number_of, text};

#[tokio::test]
async fn what_the_table_has_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    for number in 1..=6 {
        bench.record(number).await;
    }
    let before = bench.hot.recent().await;
    assert_eq!(all(before.clone().after(None)).await, [1, 2, 3, 4, 5, 6]);
    bench.hot.committed(Sequence::from_u64(4));
    assert_eq!(all(before.after(Some(4))).await, [5, 6]);
    assert_eq!(all(bench.hot.recent().await).await, [5, 6]);
    assert_eq!(all(bench.hot.recent().await.after(Some(5))).await, [6]);
    bench.hot.committed(Sequence::from_u64(6));
    assert_eq!(bench.hot.bytes(), 0);
}

/// All entries are there before the follower is, so they are one chunk, of which the table takes a part.
#[tokio::test]
async fn a_chunk_of_which_the_table_has_a_part_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let spool = crate::fixture::spool(dir.path());
    for number in 1..=6 {
        append(&spool, number, &text(number));
    }
    spool.sync().unwrap();
    let bench = Bench::after(spool, 0, Some(1 << 20));
    let mut recent = bench.hot.recent().await.after(Some(4));
    let chunk = recent.next().await.unwrap().unwrap();
    assert_eq!(chunk.first, Sequence::from_u64(5));
    assert_eq!(chunk.last, Sequence::from_u64(6));
    assert_eq!(chunk.events.len(), 2);
}

#[tokio::test]
async fn what_memory_let_go_of_is_read_from_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    // A message is some 400 bytes: a few events fit.
    let bench = Bench::new(dir.path(), Some(4_000));
    for number in 1..=200 {
        bench.record(number).await;
        // Once it is followed: entries that are read together are let go of together.
        drop(bench.hot.recent().await);
    }
    let recent = bench.hot.recent().await;
    assert!(!recent.is_held());
    assert!((1..=4_000).contains(&bench.hot.bytes()));
    assert_eq!(all(recent).await, (1..=200).collect::<Vec<_>>());
    let newest = bench.hot.recent().await.after(Some(199));
    assert!(newest.is_held());
    assert_eq!(all(newest).await, [200]);
}

#[tokio::test]
async fn without_a_follower_everything_is_read_from_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    bench.record(1).await;
    drop(bench.hot.recent().await);
    bench.shutdown.request();
    let ended = bench.tasks.wait(std::time::Duration::from_mins(1)).await;
    ended.unwrap();
    bench.record(2).await;
    assert_eq!(all(bench.hot.recent().await).await, [1, 2]);
}

/// Nothing is followed here: whoever waits, waits until the follower is gone.
#[tokio::test]
async fn a_follower_that_is_far_behind_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let spool = crate::fixture::spool(dir.path());
    for number in 1..=5_000 {
        append(&spool, number, &text(number));
    }
    spool.sync().unwrap();
    let (far, _follower) = hot(&spool, 0, Some(1 << 20));
    let recent = tokio::time::timeout(Duration::from_mins(1), far.recent()).await;
    assert_eq!(all(recent.unwrap()).await, (1..=5_000).collect::<Vec<_>>());

    let (near, follower) = hot(&spool, 4_000, Some(1 << 20));
    let mut recent = std::pin::pin!(near.recent());
    tokio::select! {
        biased;
        early = &mut recent => panic!("{early:?} without the follower"),
        () = std::future::ready(()) => {}
    }
    drop(follower);
    assert_eq!(all(recent.await).await, (4_001..=5_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn entries_that_were_trimmed_meanwhile_are_not_passed_over_in_silence() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(4_000));
    let mut cursor = bench.spool.cursor("log-groups", Start::Oldest).unwrap();
    // Segments are 64 KiB here: these fill several.
    for number in 1..=600 {
        bench.record(number).await;
    }
    let mut recent = bench.hot.recent().await;
    cursor.commit(Sequence::from_u64(600)).unwrap();
    let now = Timestamp::from_unix_ms(MORNING_MS);
    while bench.spool.trim(now).unwrap().segments == 0 {
        std::thread::yield_now();
    }
    let error = recent.next().await.unwrap_err();
    assert!(matches!(error, Error::Gone { from } if from == Sequence::FIRST));
    // The next view begins where the spool does, even before anybody says what the table has.
    let found = all(bench.hot.recent().await).await;
    assert_eq!(found.last(), Some(&600));
    let oldest = bench.spool.status().oldest.to_u64();
    assert_eq!(found, (oldest..=600).collect::<Vec<_>>());
}

/// A table that takes batches as the real one does: events and how far they go, in one step.
#[derive(Default)]
struct Table(Mutex<(Vec<u64>, u64)>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_view_under_load_has_everything_once() {
    const RECORDS: u64 = 600;
    let dir = tempfile::tempdir().unwrap();
    let bench = Arc::new(Bench::new(dir.path(), Some(8_000)));
    let table = Arc::new(Table::default());
    let (writing, filling) = (Arc::clone(&bench), Arc::clone(&bench));
    let writer = bench.tasks.spawn("writer", async move {
        for number in 1..=RECORDS {
            writing.record(number).await;
        }
    });
    let into = Arc::clone(&table);
    let filler = bench.tasks.spawn("filler", async move {
        let mut reader = filling.spool.reader(Sequence::FIRST);
        let mut last = 0;
        while last < RECORDS {
            let seen = filling.spool.durable_sequence();
            let mut batch = Vec::new();
            while batch.len() < 17
                && let Some(stored) = reader.next().unwrap()
            {
                batch.push(stored);
            }
            let Some(newest) = batch.last() else {
                filling.spool.wait_past(seen).await.unwrap();
                continue;
            };
            last = newest.sequence.to_u64();
            let converted = filling.hot.events(batch.iter().map(Entry::from)).unwrap();
            let numbers = converted.events.iter().map(|it| number_of(&it.message));
            {
                let mut table = into.0.lock();
                table.0.extend(numbers);
                table.1 = last;
            }
            filling.hot.committed(Sequence::from_u64(last));
        }
    });
    loop {
        let durable = bench.spool.durable_sequence().to_u64();
        let recent = bench.hot.recent().await;
        let (mut found, appended) = table.0.lock().clone();
        found.extend(all(recent.after(Some(appended))).await);
        // Appends are in the order of their numbers here, one writer after all.
        let upto = found.len() as u64;
        assert!(upto >= durable, "{upto} of {durable}");
        assert_eq!(found, (1..=upto).collect::<Vec<_>>());
        if upto == RECORDS {
            break;
        }
    }
    writer.await.unwrap();
    filler.await.unwrap();
}
