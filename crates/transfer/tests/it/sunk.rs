//! A bucket that our own S3 sink has written: what it took apart is put together again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use corelog_delivery::{Batch, BlobSource, Entry, Plan, Sink as _};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_sinks::s3::{Config, Location, S3Sink};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};

use crate::fixture::{import, open, rows, run};

/// 2026-11-20T12:00:09Z, from `date -u -d … +%s`.
const REQUESTED_MS: u64 = 1_795_176_009_000;

#[derive(Debug)]
struct NoBlobs;

impl BlobSource for NoBlobs {
    fn open(&self, _: RecordId, _: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn document(id: RecordId) -> Document {
    let text = format!(
        r#"{{"timestamp":"2026-11-20T12:00:09Z","accountId":"111122223333","region":"us-east-1","requestId":"{id}",
        "operation":"InvokeModel","modelId":"m","input":{{"inputContentType":"application/json","inputTokenCount":2}},
        "output":{{"outputContentType":"text/plain"}},"identity":{{"arn":"arn:aws:iam::111122223333:user/a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0"}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// A record with a JSON body of that many bytes and an answer of text.
fn entry(number: u64, body: &str, answer: &str) -> Entry {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let id = RecordId::from_parts(REQUESTED_MS, random);
    let part = |name, form, text: &str| PartHeader {
        name,
        form,
        at: Place::Inline,
        bytes: text.len() as u64,
    };
    let headers = [
        part(PartName::Input, BodyForm::Json, body),
        part(PartName::Output, BodyForm::Text, answer),
    ];
    let mut payload = encode_envelope(&document(id), &headers).unwrap();
    payload.extend_from_slice(body.as_bytes());
    payload.extend_from_slice(answer.as_bytes());
    Entry {
        sequence: Sequence::from_u64(number),
        id,
        time: Timestamp::from_unix_ms(REQUESTED_MS),
        payload,
    }
}

async fn sink(dir: &Path, entries: Vec<Entry>) {
    let location = Location::Directory(dir.to_owned());
    let sink = S3Sink::open(&Config::new(location)).unwrap();
    let plan = Plan {
        first: entries[0].sequence,
        last: entries[entries.len() - 1].sequence,
        time: Timestamp::from_unix_ms(REQUESTED_MS + 30_000),
    };
    let batch = Batch {
        destination: "bucket".to_owned(),
        node: NodeId::from_u64(0xab),
        plan,
        entries,
        blobs: Arc::new(NoBlobs),
    };
    sink.deliver(Arc::new(batch)).await.unwrap();
}

#[tokio::test]
async fn bodies_come_back_into_their_lines() {
    let (bucket, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let small = r#"{"n":1.50}"#.to_owned();
    let large = format!(r#"{{"prompt":"{}"}}"#, "so on ".repeat(30_000));
    let words = "word \"and\" word\n".repeat(10_000);
    let records = [
        (small.clone(), "short".to_owned()),
        (large.clone(), "short".to_owned()),
        (small, words.clone()),
    ];
    let numbered = (1..).zip(&records);
    let entries: Vec<Entry> = numbered
        .map(|(n, (body, answer))| entry(n, body, answer))
        .collect();
    let mut entries = entries.into_iter();
    sink(bucket.path(), entries.by_ref().take(2).collect()).await;
    sink(bucket.path(), entries.collect()).await;

    let table = open(table_dir.path()).await;
    for run_number in 0..2 {
        let done = run(&import(&table), bucket.path()).await.unwrap();
        let bodies = if run_number == 0 { 2 } else { 0 };
        assert_eq!((done.bodies, done.unreadable.count), (bodies, 0));
        assert_eq!(done.kept, BTreeMap::new());
        let found = rows(table_dir.path(), &table).await;
        let mut seen: Vec<(String, String)> = found
            .iter()
            .map(|row| {
                assert_eq!(row.at_ms, i64::try_from(REQUESTED_MS).unwrap());
                let line: serde_json::Value = serde_json::from_str(&row.message).unwrap();
                let answer = line["output"]["outputBodyJson"].as_str().unwrap();
                // The body's text, not only its value: it came through untouched.
                let start = row.message.find(r#""inputBodyJson":"#).unwrap() + 16;
                let mut bodies = records.iter().map(|(body, _)| body);
                let body = bodies.find(|body| row.message[start..].starts_with(body.as_str()));
                (body.unwrap().clone(), answer.to_owned())
            })
            .collect();
        let mut expected = records.to_vec();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
    }
}
