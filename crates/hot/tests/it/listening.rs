//! Subscriptions: everything in order, a bound for the slow, an end.

use corelog_hot::Heard;

use crate::fixture::{Bench, all, append, hear, numbers};

#[tokio::test]
async fn a_listener_hears_what_comes_after_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    bench.record(1).await;
    // Both have read the first by now.
    assert_eq!(all(bench.hot.recent().await).await, [1]);
    let mut one = bench.hot.subscribe();
    let mut other = bench.hot.subscribe();
    for number in 2..=40 {
        bench.record(number).await;
    }
    let expected: Vec<u64> = (2..=40).collect();
    assert_eq!(hear(&mut one, 39).await, expected);
    assert_eq!(hear(&mut other, 39).await, expected);
}

#[tokio::test]
async fn where_nothing_is_kept_a_listener_still_hears_what_comes_after_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), None);
    for number in 1..=20 {
        bench.record(number).await;
    }
    // It has come by all of them by then.
    drop(bench.hot.recent().await);
    let mut listener = bench.hot.subscribe();
    for number in 21..=40 {
        bench.record(number).await;
    }
    assert_eq!(hear(&mut listener, 20).await, (21..=40).collect::<Vec<_>>());
    drop(listener);
    bench.record(41).await;
    drop(bench.hot.recent().await);
    let mut another = bench.hot.subscribe();
    bench.record(42).await;
    assert_eq!(hear(&mut another, 1).await, [42]);
}

#[tokio::test]
async fn a_slow_listener_learns_how_many_it_missed() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    let mut slow = bench.hot.subscribe();
    // Thirty messages of a megabyte and a little are more than the 16 MiB that may wait.
    let padding = "x".repeat(1 << 20);
    for number in 1..=30 {
        let body = format!("\"word {number} {padding}\"");
        let appended = append(&bench.spool, number, &body);
        bench.spool.durable(appended).await.unwrap();
    }
    drop(bench.hot.recent().await);
    let Some(Heard::Missed(missed)) = slow.next().await else {
        panic!("nothing was missed");
    };
    let rest = hear(&mut slow, 30 - usize::try_from(missed).unwrap()).await;
    assert_eq!(rest, (missed + 1..=30).collect::<Vec<_>>());
    assert!((10..=16).contains(&rest.len()), "{} were kept", rest.len());
}

#[tokio::test]
async fn the_end_is_heard_after_the_last_event() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::new(dir.path(), Some(1 << 20));
    let mut listener = bench.hot.subscribe();
    bench.record(1).await;
    drop(bench.hot.recent().await);
    bench.shutdown.request();
    let Some(Heard::Events(chunk)) = listener.next().await else {
        panic!("the event was not heard");
    };
    assert_eq!(numbers(&chunk).collect::<Vec<_>>(), [1]);
    assert_eq!(listener.next().await, None);
    assert_eq!(bench.hot.subscribe().next().await, None);
}
