//! Retention, deleted groups, and the space they free.

use std::path::Path;
use std::time::Duration;

use corelog_store::{Event, Gone};
use corelog_types::Timestamp;

use crate::fixture::{DAY_MS, MORNING_MS, appender, contents, event, open, rows};

fn parquet_files(dir: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += parquet_files(&path);
        } else if path.extension().is_some_and(|it| it == "parquet") {
            count += 1;
        }
    }
    count
}

#[tokio::test]
async fn retention_drops_whole_days_of_one_group() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let events = vec![
        event("/a", 1, MORNING_MS),
        event("/a", 2, MORNING_MS + DAY_MS),
        event("/b", 3, MORNING_MS),
    ];
    table.append(&appender(1), events).await.unwrap();
    let dropped = table.drop_days_before("/a", "2026-11-23").await.unwrap();
    assert!(dropped.is_some());
    let left: Vec<_> = contents(dir.path(), &table)
        .await
        .into_iter()
        .map(|(n, _)| n)
        .collect();
    assert_eq!(left, [2, 3]);
    assert_eq!(
        table.drop_days_before("/a", "2026-11-23").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_group_goes_and_vacuum_frees_what_nobody_reads() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let events = vec![event("/a", 1, MORNING_MS), event("/b", 2, MORNING_MS)];
    table.append(&appender(1), events).await.unwrap();
    table.drop_group("/a").await.unwrap();
    assert_eq!(rows(&table).await, 1);
    assert_eq!(parquet_files(dir.path()), 2);
    assert_eq!(table.vacuum(Duration::from_hours(1)).await.unwrap(), 0);
    assert_eq!(parquet_files(dir.path()), 2);
    assert_eq!(table.vacuum(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(parquet_files(dir.path()), 1);
    assert_eq!(rows(&table).await, 1);
    assert_eq!(contents(dir.path(), &table).await.len(), 1);
}

#[tokio::test]
async fn the_events_of_a_stream_go_and_what_came_later_stays() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let of = |sequence: u64, stream: &str, ingested: u64| Event {
        stream: stream.into(),
        ingested: Timestamp::from_unix_ms(MORNING_MS + ingested),
        ..event("/a", sequence, MORNING_MS + sequence)
    };
    let mixed = vec![
        of(1, "s", 10),
        of(2, "t", 10),
        of(3, "s", 20),
        of(4, "s", 21),
    ];
    table.append(&appender(1), mixed).await.unwrap();
    table
        .append(&appender(2), vec![of(5, "s", 15)])
        .await
        .unwrap();
    table
        .append(&appender(3), vec![of(6, "t", 15)])
        .await
        .unwrap();
    let other = vec![event("/b", 7, MORNING_MS)];
    table.append(&appender(4), other).await.unwrap();
    let sequences = async || -> Vec<i64> {
        let rows = contents(dir.path(), &table).await;
        rows.into_iter().map(|(sequence, _)| sequence).collect()
    };
    let mut gone = Gone {
        group: "/a".into(),
        stream: Some("s".into()),
        until: Timestamp::from_unix_ms(MORNING_MS + 20),
    };
    assert_eq!(table.remove(&gone).await.unwrap(), 3);
    assert_eq!(sequences().await, [2, 4, 6, 7]);
    let version = table.snapshot().await.unwrap().version();
    assert_eq!(table.remove(&gone).await.unwrap(), 0);
    assert_eq!(table.snapshot().await.unwrap().version(), version);
    gone.stream = None;
    assert_eq!(table.remove(&gone).await.unwrap(), 2);
    assert_eq!(sequences().await, [4, 7]);
}
