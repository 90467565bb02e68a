//! Running an import again: nothing twice, what is new, and what has changed.

use std::io::Cursor;
use std::sync::Arc;

use corelog_transfer::{Form, Progress, Reason, Source};
use corelog_types::Timestamp;

use crate::fixture::{HOUR, NOW, bucket, import, open, put, record, rows, run, zipped};

#[tokio::test]
async fn a_second_run_adds_nothing_and_a_new_object_is_added() {
    let (bucket_dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(bucket_dir.path(), 3);
    let table = open(table_dir.path()).await;
    let first = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((first.objects, first.events, first.known), (3, 6, 0));
    let version = table.snapshot().await.unwrap().version();
    let before = rows(table_dir.path(), &table).await;
    let ids: Vec<_> = before.iter().map(|row| (row.sequence, row.part)).collect();
    assert_eq!(ids, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);

    // What an import knows of the bucket is none of the files that nobody needs.
    table.vacuum(std::time::Duration::ZERO).await.unwrap();
    let again = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((again.objects, again.events, again.known), (0, 0, 3));
    assert_eq!(table.snapshot().await.unwrap().version(), version);

    // Its name comes before all others.
    let early = format!("{HOUR}/20261120T091400000Z_00.json.gz");
    put(bucket_dir.path(), &early, &zipped(&record("early", 0)));
    let third = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((third.objects, third.events, third.known), (1, 1, 3));
    let mut after = rows(table_dir.path(), &table).await;
    let new = after.pop().unwrap();
    assert_eq!(
        (new.sequence, new.part, new.message),
        (3, 0, record("early", 0))
    );
    assert_eq!(after, before);
}

#[tokio::test]
async fn an_object_that_changed_is_said_and_not_taken() {
    let (bucket_dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(bucket_dir.path(), 2);
    let table = open(table_dir.path()).await;
    run(&import(&table), bucket_dir.path()).await.unwrap();
    let before = rows(table_dir.path(), &table).await;
    let key = format!("{HOUR}/20261120T091501500Z_{:016x}.json.gz", 1);
    put(bucket_dir.path(), &key, &zipped(&record("another", 1)));
    let again = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((again.known, again.changed.count), (1, 1));
    assert_eq!(again.changed.first, [key]);
    assert_eq!(rows(table_dir.path(), &table).await, before);
}

#[tokio::test]
async fn what_is_asked_for_again_comes_again_under_another_node() {
    let (bucket_dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(bucket_dir.path(), 2);
    let table = open(table_dir.path()).await;
    run(&import(&table), bucket_dir.path()).await.unwrap();
    table.drop_group(crate::fixture::GROUP).await.unwrap();
    let same = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((same.known, same.events), (2, 0));
    let mut anew = import(&table);
    anew.again = true;
    let anew = run(&anew, bucket_dir.path()).await.unwrap();
    assert_eq!((anew.known, anew.events), (0, 4));
    // From now on it is the new one that goes on.
    let last = run(&import(&table), bucket_dir.path()).await.unwrap();
    assert_eq!((last.known, last.events), (2, 0));
    assert_eq!(rows(table_dir.path(), &table).await.len(), 4);
}

#[tokio::test]
async fn bodies_of_another_bucket_are_where_it_is_said() {
    let (bucket_dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let around = tempfile::tempdir().unwrap();
    let large = around.path().join("large-copy");
    let object = format!("large/{HOUR}/data/r_input.json.gz");
    let line = |body: &str| {
        format!(
            r#"{{"timestamp":"2026-11-20T09:15:00Z","requestId":"r","input":{{{body}}},"schemaType":"ModelInvocationLog"}}"#
        )
    };
    let address = format!(r#""inputBodyS3Path":"s3://acme-large/{object}""#);
    let key = format!("{HOUR}/20261120T091500500Z_00.json.gz");
    put(bucket_dir.path(), &key, &zipped(&line(&address)));
    put(&large, &object, &zipped(r#"{"prompt":"long"}"#));
    // What strangers wrote leads nowhere else, by however many steps.
    put(around.path(), "secret.json", b"{}");
    let outside = r#""inputBodyS3Path":"s3://acme-large/../secret.json""#;
    let key = format!("{HOUR}/20261120T091501500Z_00.json.gz");
    put(bucket_dir.path(), &key, &zipped(&line(outside)));

    let table = open(table_dir.path()).await;
    let source = Source::of_path(bucket_dir.path()).unwrap();
    let elsewhere = Source::of_path(&large).unwrap();
    let source = source.with_bodies(vec![elsewhere]);
    let progress = Arc::new(Progress::default());
    let done = import(&table).run(&source, &progress).await.unwrap();
    assert_eq!((done.events, done.bodies), (2, 1));
    assert_eq!(done.kept[&Reason::Missing].count, 1);
    let found = rows(table_dir.path(), &table).await;
    let messages: Vec<_> = found.iter().map(|row| row.message.as_str()).collect();
    let inside = line(r#""inputBodyJson":{"prompt":"long"}"#);
    assert_eq!(messages, [&*inside, &*line(outside)]);
}

#[tokio::test]
async fn only_objects_of_the_time_are_taken() {
    let (bucket_dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dir = bucket_dir.path();
    let hours = [
        ("2026/11/20/08", "20261120T085900000Z"),
        ("2026/11/20/09", "20261120T093000000Z"),
        // A record of the end of the hour before may be in it.
        ("2026/11/20/10", "20261120T100059000Z"),
        ("2026/11/20/10", "20261120T101000000Z"),
    ];
    for (folder, time) in hours {
        let key = format!("AWSLogs/1/BedrockModelInvocationLogs/r/{folder}/{time}_00.json.gz");
        put(dir, &key, &zipped(&record(time, 1)));
    }
    let table = open(table_dir.path()).await;
    let mut hour = import(&table);
    // 2026-11-20T09:00:00Z, from `date -u -d … +%s`, and an hour later.
    let nine = 1_795_165_200_000;
    hour.times = Timestamp::from_unix_ms(nine)..Timestamp::from_unix_ms(nine + 3_600_000);
    let done = run(&hour, dir).await.unwrap();
    assert_eq!((done.objects, done.out_of_range), (2, 2));
    let rest = run(&import(&table), dir).await.unwrap();
    assert_eq!((rest.objects, rest.known), (2, 2));
    assert_eq!(rows(table_dir.path(), &table).await.len(), 4);
}

#[tokio::test]
async fn lines_of_a_file_are_events_once() {
    let (dir, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text =
        "{\"at\":{\"time\":\"2026-11-20T09:15:42.5Z\"},\"n\":1}\nplain text\n\n{\"at\":{}}\r\n";
    put(dir.path(), "app.log", text.as_bytes());
    let table = open(table_dir.path()).await;
    let mut lines = import(&table);
    lines.form = Form::Lines {
        timestamp_field: Some("at.time".to_owned()),
    };
    let file = dir.path().join("app.log");
    let done = run(&lines, &file).await.unwrap();
    assert_eq!(
        (done.events, done.timeless, done.unreadable.count),
        (3, 2, 0)
    );
    let found = rows(table_dir.path(), &table).await;
    let found: Vec<_> = found
        .iter()
        .map(|row| (row.part, row.at_ms, row.message.as_str()))
        .collect();
    let now = i64::try_from(NOW.unix_ms()).unwrap();
    assert_eq!(
        found,
        [
            (
                0,
                1_795_166_142_500,
                "{\"at\":{\"time\":\"2026-11-20T09:15:42.5Z\"},\"n\":1}"
            ),
            (1, now, "plain text"),
            (3, now, "{\"at\":{}}"),
        ]
    );
    let again = run(&lines, &file).await.unwrap();
    assert_eq!((again.events, again.known), (0, 1));
}

#[tokio::test]
async fn lines_of_a_pipe_come_as_often_as_they_are_sent() {
    let table_dir = tempfile::tempdir().unwrap();
    let table = open(table_dir.path()).await;
    let mut lines = import(&table);
    lines.form = Form::Lines {
        timestamp_field: None,
    };
    lines.batch_bytes = 4;
    let progress = Arc::new(Progress::default());
    assert_eq!(progress.times(), None);
    for _ in 0..2 {
        let done = lines
            .run_once(Cursor::new("one\ntwo\nthree"), &progress)
            .await;
        assert_eq!(done.unwrap().events, 3);
    }
    assert_eq!((progress.events(), progress.times()), (6, Some((NOW, NOW))));
    let found = rows(table_dir.path(), &table).await;
    let nodes: std::collections::BTreeSet<_> = found.iter().map(|row| &row.node).collect();
    assert_eq!((found.len(), nodes.len()), (6, 2));
}
