//! Retention, deleted groups, and the space they free.

use std::path::Path;
use std::time::Duration;

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
