//! Exports, and what an import makes of them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, StringArray};
use corelog_patterns::Pattern;
use corelog_sinks::s3::{Archive, Location, Store};
use corelog_store::{Streams, Table};
use corelog_transfer::{Export, Exported, GzipFile, Owner};
use corelog_types::Timestamp;
use flate2::read::MultiGzDecoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::fixture::{GROUP, HOUR, bucket, import, open, put, record, rows, run, zipped};

fn export(table: &Table) -> Export {
    Export {
        table: table.clone(),
        group: GROUP.into(),
        streams: Streams::All,
        times: Timestamp::from_unix_ms(0)..Timestamp::from_unix_ms(u64::MAX),
        filter: None,
    }
}

fn archive(dir: &Path) -> Archive {
    Archive::open(&Location::Directory(dir.to_owned()), &Store::default()).unwrap()
}

fn owner() -> Owner {
    Owner {
        account_id: "000000000000".to_owned(),
        region: "eu-west-1".to_owned(),
    }
}

/// The keys of a directory and what they hold, gzip undone.
fn objects(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut text = String::new();
            let file = std::fs::File::open(&path).unwrap();
            MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
            let key = path.strip_prefix(dir).unwrap().display().to_string();
            found.insert(key, text);
        }
    }
    found
}

/// What identifies an event from one bucket to another.
async fn events(dir: &Path, table: &Table) -> Vec<(i64, String)> {
    let rows = rows(dir, table).await.into_iter();
    let mut events: Vec<_> = rows.map(|row| (row.at_ms, row.message)).collect();
    events.sort();
    events
}

#[tokio::test]
async fn what_was_imported_is_exported_and_imported_again_as_it_was() {
    let from = tempfile::tempdir().unwrap();
    bucket(from.path(), 3);
    let large = format!(r#"{{"prompt":"{}"}}"#, "on and on ".repeat(20_000));
    let of = |id: &str, body: &str, hour: &str| {
        format!(
            r#"{{"timestamp":"2026-11-20T{hour}:59:59Z","accountId":"111122223333","region":"us-east-1","requestId":"{id}","input":{{"inputBodyJson":{body},"n":1.50}},"schemaType":"ModelInvocationLog"}}"#
        )
    };
    let id = "9e3bb6a0-2f2f-4b1e-8c77-31c5d6d0e404";
    let other = large.replace("on", "off");
    let lines = [
        of(id, &large, "08"),
        // The same id, another body; and an id that is none.
        of(id, &other, "09"),
        of(id, &other, "09"),
        of("r", &large, "09"),
        record("small", 7),
        "no record".to_owned(),
        "neither".to_owned(),
        "{\"no\":\"time\"}".to_owned(),
    ];
    let key = format!("{HOUR}/20261120T095959999Z_ff.json.gz");
    put(from.path(), &key, &zipped(&lines.join("\n")));

    let (first_dir, second_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (open(first_dir.path()).await, open(second_dir.path()).await);
    run(&import(&first), from.path()).await.unwrap();
    let before = events(first_dir.path(), &first).await;
    assert_eq!(before.len(), 14);

    let to = tempfile::tempdir().unwrap();
    let exported = Exported::default();
    let exporting = export(&first);
    let written = exporting
        .to_bedrock(&archive(to.path()), &owner(), &exported)
        .await;
    written.unwrap();
    assert_eq!((exported.events(), exported.joined()), (14, 0));
    let once = objects(to.path());
    let bodies: Vec<_> = once.keys().filter(|key| key.contains("/data/")).collect();
    assert_eq!(bodies.len(), 4, "{bodies:?}");
    assert!(once.contains_key(&format!(
        "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/20/08/data/{id}_input.json.gz"
    )));

    let done = run(&import(&second), to.path()).await.unwrap();
    assert_eq!((done.events, done.bodies, done.kept.len()), (14, 4, 0));
    assert_eq!(events(second_dir.path(), &second).await, before);

    // The same export again writes the same.
    let exported = Exported::default();
    let written = exporting
        .to_bedrock(&archive(to.path()), &owner(), &exported)
        .await;
    written.unwrap();
    assert_eq!(objects(to.path()), once);
}

#[tokio::test]
async fn many_owners_take_turns_and_equal_ids_keep_their_bodies_apart() {
    let (from, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let id = "9e3bb6a0-2f2f-4b1e-8c77-31c5d6d0e404";
    let of = |second: usize, account: usize, text: &str| {
        let body = text.repeat(60_000);
        format!(
            r#"{{"timestamp":"2026-11-20T09:15:{second:02}Z","accountId":"{account:012}","region":"us-east-1","requestId":"{id}","input":{{"inputBodyJson":"{body}"}},"schemaType":"ModelInvocationLog"}}"#
        )
    };
    // The first owner's batch has long given way when its second record comes.
    let mut lines: Vec<String> = (0..20).map(|n| of(n, n, "ab")).collect();
    lines.push(of(21, 0, "cd"));
    let key = format!("{HOUR}/20261120T091559999Z_ff.json.gz");
    put(from.path(), &key, &zipped(&lines.join("\n")));
    let table = open(dir.path()).await;
    run(&import(&table), from.path()).await.unwrap();

    let to = tempfile::tempdir().unwrap();
    export(&table)
        .to_bedrock(&archive(to.path()), &owner(), &Exported::default())
        .await
        .unwrap();
    let keys = objects(to.path());
    let bodies = keys.keys().filter(|key| key.contains("/data/"));
    assert_eq!((bodies.count(), keys.len()), (21, 42));
    let again = tempfile::tempdir().unwrap();
    let second = open(again.path()).await;
    run(&import(&second), to.path()).await.unwrap();
    assert_eq!(
        events(again.path(), &second).await,
        events(dir.path(), &table).await
    );
}

#[tokio::test]
async fn lines_have_the_log_fields_and_what_is_asked_for() {
    let (from, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(from.path(), 3);
    let table = open(dir.path()).await;
    run(&import(&table), from.path()).await.unwrap();
    let mut some = export(&table);
    // 09:15:01, as the second object's records; its end is not in it.
    let second = 1_795_166_101_000;
    some.times = Timestamp::from_unix_ms(second)..Timestamp::from_unix_ms(second + 1_000);
    some.filter = Some(Arc::new(
        Pattern::parse(r#"{ $.requestId = "b-*" }"#).unwrap(),
    ));
    let mut text = Vec::new();
    some.to_lines(&mut text, &Exported::default())
        .await
        .unwrap();
    let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
    // The second object's second line: the id is its time, node, sequence and part.
    let node = &rows(dir.path(), &table).await[0].node;
    let node = u64::from_str_radix(node, 16).unwrap();
    let id = format!("0{second}{node:020}0000000000000001000001");
    let expected = serde_json::json!({
        "eventId": id, "timestamp": second, "ingestionTime": 1_795_338_942_000_u64, "logGroupName": GROUP,
        "logStreamName": "aws/bedrock/modelinvocations", "message": record("b-1", 1),
    });
    assert_eq!(line, expected);
    assert!(text.ends_with(b"}\n"));

    let mut zipped = Vec::new();
    let to = GzipFile::new(&mut zipped);
    some.to_lines(to, &Exported::default()).await.unwrap();
    let mut plain = Vec::new();
    MultiGzDecoder::new(&zipped[..])
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(plain, text);
}

#[tokio::test]
async fn a_parquet_file_has_the_table_s_columns_and_the_group() {
    let (from, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(from.path(), 2);
    let table = open(dir.path()).await;
    run(&import(&table), from.path()).await.unwrap();
    let path = dir.path().join("out.parquet");
    let file = std::fs::File::create(&path).unwrap();
    export(&table)
        .to_parquet(file, &Exported::default())
        .await
        .unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let mut ids = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let text = |name| {
            let column = batch.column_by_name(name).unwrap();
            column
                .as_any()
                .downcast_ref::<StringArray>()
                .unwrap()
                .clone()
        };
        let (groups, requests) = (text("log_group"), text("request_id"));
        for row in 0..groups.len() {
            assert_eq!(groups.value(row), GROUP);
            ids.push(requests.value(row).to_owned());
        }
    }
    ids.sort();
    assert_eq!(ids, ["a-0", "a-1", "b-0", "b-1"]);
}

#[tokio::test]
async fn an_export_task_s_files_are_folders_of_streams() {
    let (from, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    bucket(from.path(), 1);
    let table = open(dir.path()).await;
    run(&import(&table), from.path()).await.unwrap();
    let to = tempfile::tempdir().unwrap();
    let exported = Exported::default();
    let folder = "exportedlogs/task-1";
    let left = [
        "exportedlogs/task-1/aws-bedrock-modelinvocations/000001.gz",
        "exportedlogs/task-1/gone/000000.gz",
        "exportedlogs/task-12/aws-bedrock-modelinvocations/000001.gz",
    ];
    for key in left {
        put(to.path(), key, &zipped("left"));
    }
    let archive = archive(to.path());
    let written = export(&table).to_folders(&archive, folder, &exported).await;
    let written = written.unwrap();
    let time = "2026-11-20T09:15:00.000Z";
    let text = format!("{time} {}\n{time} {}\n", record("a-0", 0), record("b-0", 0));
    let mut expected = BTreeMap::from([(
        "exportedlogs/task-1/aws-bedrock-modelinvocations/000000.gz".to_owned(),
        text,
    )]);
    expected.extend(left.map(|key| (key.to_owned(), "left".to_owned())));
    assert_eq!(objects(to.path()), expected);
    // What an earlier attempt left, and nobody else's.
    written.remove_others(&archive).await.unwrap();
    expected.retain(|key, _| !left[..2].contains(&key.as_str()));
    assert_eq!(objects(to.path()), expected);
}
