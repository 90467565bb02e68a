//! Appends: all of them or nothing, once, by partition, and still there for the next process.

use corelog_store::{Appended, Appender, Event};
use corelog_types::Timestamp;

use crate::fixture::{DAY_MS, MORNING_MS, appender, event, open, rows};

#[tokio::test]
async fn a_repeated_append_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let events = vec![event("/a", 1, MORNING_MS), event("/a", 2, MORNING_MS + 1)];
    let first = table.append(&appender(2), events.clone()).await.unwrap();
    assert_eq!(first, Appended::Now(1));
    let again = table.append(&appender(2), events.clone()).await.unwrap();
    assert_eq!(again, Appended::Before);
    let older = table.append(&appender(1), events).await.unwrap();
    assert_eq!(older, Appended::Before);
    assert_eq!(rows(&table).await, 2);
}

#[tokio::test]
async fn another_process_goes_on_where_the_last_one_was() {
    let dir = tempfile::tempdir().unwrap();
    let events = |sequence| vec![event("/a", sequence, MORNING_MS)];
    open(dir.path())
        .await
        .append(&appender(1), events(1))
        .await
        .unwrap();
    let table = open(dir.path()).await;
    let snapshot = table.snapshot().await.unwrap();
    assert_eq!(snapshot.appended("node-7/groups").await.unwrap(), Some(1));
    assert_eq!(snapshot.appended("node-8/groups").await.unwrap(), None);
    assert_eq!(
        table.append(&appender(1), events(1)).await.unwrap(),
        Appended::Before
    );
    assert_eq!(
        table.append(&appender(2), events(2)).await.unwrap(),
        Appended::Now(2)
    );
    assert_eq!(rows(&table).await, 2);
}

#[tokio::test]
async fn two_processes_that_append_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()).await, open(dir.path()).await);
    for number in 1..=5 {
        let other = Appender {
            name: "node-8/groups".to_owned(),
            number,
        };
        let (first, second) = (appender(number), other);
        let (a, b) = tokio::join!(
            one.append(&first, vec![event("/a", number, MORNING_MS)]),
            two.append(&second, vec![event("/b", number, MORNING_MS)]),
        );
        assert!(matches!(a.unwrap(), Appended::Now(_)));
        assert!(matches!(b.unwrap(), Appended::Now(_)));
    }
    assert_eq!(rows(&one).await, 10);
    assert_eq!(rows(&two).await, 10);
}

#[tokio::test]
async fn files_are_of_one_group_and_day_and_know_their_times() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let events = vec![
        event("/b/x", 3, MORNING_MS + DAY_MS),
        event("/a", 2, MORNING_MS + 2),
        event("/a", 1, MORNING_MS),
    ];
    table.append(&appender(3), events).await.unwrap();
    let mut files = table.snapshot().await.unwrap().files();
    files.sort_by(|a, b| a.group.cmp(&b.group));
    let seen: Vec<_> = files
        .iter()
        .map(|file| {
            let ms = |time: Option<Timestamp>| time.map(Timestamp::unix_ms);
            (
                file.group.as_str(),
                file.day.as_str(),
                file.rows,
                ms(file.earliest),
                ms(file.latest),
            )
        })
        .collect();
    let later = MORNING_MS + DAY_MS;
    assert_eq!(
        seen,
        [
            (
                "/a",
                "2026-11-22",
                2,
                Some(MORNING_MS),
                Some(MORNING_MS + 2)
            ),
            ("/b/x", "2026-11-23", 1, Some(later), Some(later)),
        ]
    );
    assert!(files.iter().all(|file| file.bytes > 0));
}

#[tokio::test]
async fn an_append_of_nothing_still_counts() {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let appended = table
        .append(&appender(9), Vec::<Event>::new())
        .await
        .unwrap();
    assert_eq!(appended, Appended::Now(1));
    let snapshot = table.snapshot().await.unwrap();
    assert_eq!(snapshot.appended("node-7/groups").await.unwrap(), Some(9));
}
