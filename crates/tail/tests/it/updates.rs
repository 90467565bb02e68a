//! An update a second, in a time that passes as soon as everybody waits.

use std::time::Duration;

use corelog_tail::{Next, Update, Updates};
use corelog_types::Sequence;
use tokio::time::{Instant, sleep};

use crate::fixture::{Bench, filter};

const EMPTY: Update = Update {
    events: Vec::new(),
    sampled: false,
};

async fn update(updates: &mut Updates) -> Update {
    match updates.next().await {
        Next::Update(update) => update,
        other => panic!("{other:?} instead of an update"),
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_one_every_second_also_of_nothing() {
    let bench = Bench::new();
    let begin = Instant::now();
    let mut updates = bench.tails.begin(filter(None)).unwrap().updates();
    for second in 1..=5 {
        assert_eq!(update(&mut updates).await, EMPTY);
        assert_eq!(begin.elapsed(), Duration::from_secs(second));
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_in_an_update_once_and_in_order() {
    let bench = Bench::new();
    let session = bench.tails.begin(filter(None)).unwrap();
    let mut updates = session.updates();
    for number in 1..=20 {
        bench.record(number, "m").await;
        // Seconds pass whenever everybody waits for the disk, so most updates are of nothing, and on a slow disk more of
        // these are missed than are kept.
        let shown = loop {
            let update = update(&mut updates).await;
            if !update.events.is_empty() {
                break update.events;
            }
        };
        let sequences: Vec<_> = shown.iter().map(|it| it.position.sequence).collect();
        assert_eq!(sequences, [Sequence::from_u64(number)]);
    }
    assert_eq!(update(&mut updates).await, EMPTY);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_finds_the_last_ten_and_learns_that_some_are_missing() {
    let bench = Bench::new();
    let mut listener = bench.tails.begin(filter(None)).unwrap();
    let session = bench.tails.begin(filter(None)).unwrap();
    bench.record(1, "m").await;
    // Both sessions have heard of it before the first second begins, so it is in the first update.
    listener.next().await.unwrap();
    let mut updates = session.updates();
    // The clock stands until everybody waits, so this takes no time: eleven seconds pass for the session.
    sleep(Duration::from_millis(11_500)).await;
    let begin = Instant::now();
    let went_by = Update {
        events: Vec::new(),
        sampled: true,
    };
    assert_eq!(update(&mut updates).await, went_by);
    for _ in 0..9 {
        assert_eq!(update(&mut updates).await, EMPTY);
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(update(&mut updates).await, EMPTY);
    assert_eq!(begin.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_three_hours() {
    let bench = Bench::new();
    let begin = Instant::now();
    let mut updates = bench.tails.begin(filter(None)).unwrap().updates();
    while let Next::Update(update) = updates.next().await {
        assert_eq!(update, EMPTY);
    }
    assert_eq!(updates.next().await, Next::TimedOut);
    assert_eq!(begin.elapsed(), Duration::from_hours(3));
    // Its place is free again.
    let all: Vec<_> = (0..15)
        .map_while(|_| bench.tails.begin(filter(None)))
        .collect();
    assert_eq!(all.len(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_it() {
    let bench = Bench::new();
    let mut updates = bench.tails.begin(filter(None)).unwrap().updates();
    bench.shutdown.request();
    assert_eq!(updates.next().await, Next::Stopped);
}
