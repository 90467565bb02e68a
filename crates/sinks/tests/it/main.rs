//! From a spool to a directory and back: every record once, every body whole, whatever is lost on the way.
#![expect(
    clippy::unwrap_used,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod filters;
mod metrics;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use corelog_delivery::{Batch, Config, Delivery, Ended, Ports, Receipt, Sink, SinkError};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::s3::{Config as S3Config, Location, S3Sink};
use corelog_spool::{Entry, OsDisk, Spool};
use corelog_telemetry::Metrics;
use corelog_types::{RecordId, Timestamp};
use tokio::sync::Notify;

/// 2026-11-20T12:59:59.500Z: the hour ends between requests and delivery.
const REQUESTED: u64 = 1_795_179_599_500;
const RECORDS: u64 = 60;

/// The real sink, whose process is lost in the n-th call, before or after everything was put.
#[derive(Debug)]
struct Lost {
    sink: Arc<dyn Sink>,
    calls_left: AtomicUsize,
    after: bool,
    now: Notify,
}

#[async_trait]
impl Sink for Lost {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let last = self.calls_left.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && !self.after {
            self.now.notify_one();
            return std::future::pending().await;
        }
        let receipt = self.sink.deliver(batch).await;
        if last {
            self.now.notify_one();
            return std::future::pending().await;
        }
        receipt
    }

    async fn check(&self) -> Result<(), SinkError> {
        self.sink.check().await
    }

    fn location(&self) -> String {
        self.sink.location()
    }
}

fn process<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn spool(dir: &Path) -> Spool {
    let config = corelog_spool::Config::new(dir, Timestamp::from_unix_ms(REQUESTED));
    Spool::open(config, Arc::new(OsDisk)).unwrap().0
}

fn sink(bucket: &Path) -> S3Sink {
    let url = format!("file://{}", bucket.display());
    S3Sink::open(&S3Config::new(Location::parse(&url).unwrap())).unwrap()
}

fn delivery(spool: &Spool, sink: Arc<dyn Sink>) -> Delivery {
    let config = Config {
        batch_records_max: 7,
        ..Config::new("bucket")
    };
    let ports = Ports {
        spool: spool.clone(),
        sink,
        clock: Clock::manual(Timestamp::from_unix_ms(REQUESTED + 30_000)),
        metrics: Arc::new(Metrics::new()),
    };
    Delivery::open(config, ports).unwrap().0
}

fn request_id(number: u64) -> String {
    format!("5f0c9a52-1b7e-4c0e-9a5d-{number:012x}")
}

/// Every third body is large enough for a blob; each is different.
fn body(number: u64) -> Vec<u8> {
    let words = if number.is_multiple_of(3) { 40_000 } else { 20 };
    let text = format!("word{number} ").repeat(words);
    format!("{{\"prompt\":\"{text}\"}}").into_bytes()
}

fn append(spool: &Spool, number: u64) {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let id = RecordId::from_parts(REQUESTED, random);
    let document: Document = serde_json::from_str(&format!(
        r#"{{"timestamp":"2026-11-20T12:59:59Z","accountId":"111122223333","region":"us-east-1",
            "requestId":"{}","operation":"InvokeModel","input":{{"inputContentType":"application/json"}},
            "identity":{{"arn":"a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0",
            "corelog":{{"recordId":"{id}"}}}}"#,
        request_id(number)
    ))
    .unwrap();
    let body = body(number);
    let large = body.len() > 200_000;
    let header = PartHeader {
        name: PartName::Input,
        form: BodyForm::Json,
        at: if large { Place::Blob } else { Place::Inline },
        bytes: body.len() as u64,
    };
    let envelope = encode_envelope(&document, &[header]).unwrap();
    let mut blobs = Vec::new();
    let mut inline: &[u8] = &body;
    if large {
        let mut blob = spool.blob(id, "input").unwrap();
        blob.write_all(&body).unwrap();
        blobs.push(blob.seal().unwrap());
        inline = &[];
    }
    let entry = Entry {
        id,
        time: Timestamp::from_unix_ms(REQUESTED),
        payload: &[&envelope, inline],
        blobs,
    };
    spool.append(entry).unwrap();
}

fn gunzip(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap();
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// Every batch object of the bucket.
fn batches(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("data") {
            batches(&path, found);
        } else if path.extension().is_some_and(|it| it == "gz") {
            found.push(path);
        }
    }
}

/// Reads the bucket as a consumer would: sequence to body, failing on a record that is there twice.
fn read_bucket(bucket: &Path) -> BTreeMap<u64, Vec<u8>> {
    let mut found = Vec::new();
    batches(bucket, &mut found);
    let mut bodies = BTreeMap::new();
    for path in found {
        assert!(path.to_str().unwrap().contains("/2026/11/20/13/2026"));
        let text = String::from_utf8(gunzip(&path)).unwrap();
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let sequence = line["corelog"]["sequence"].as_u64().unwrap();
            let body = match line["input"].get("inputBodyS3Path") {
                Some(url) => {
                    let path = url.as_str().unwrap().strip_prefix("file://").unwrap();
                    assert!(path.contains("/2026/11/20/12/data/"));
                    gunzip(Path::new(path))
                }
                None => line["input"]["inputBodyJson"].to_string().into_bytes(),
            };
            assert!(
                bodies.insert(sequence, body).is_none(),
                "{sequence} is there twice"
            );
        }
    }
    bodies
}

#[test]
fn every_record_arrives_once_and_whole_though_processes_are_lost() {
    let root = tempfile::tempdir().unwrap();
    let bucket = root.path().join("bucket");
    let spool_dir = root.path().join("spool");
    {
        let spool = spool(&spool_dir);
        drop(delivery(&spool, Arc::new(sink(&bucket))));
        for number in 1..=RECORDS {
            append(&spool, number);
        }
        spool.sync().unwrap();
    }
    for (calls, after) in [(1, true), (1, false), (3, true), (2, false)] {
        process(async {
            let lost = Arc::new(Lost {
                sink: Arc::new(sink(&bucket)),
                calls_left: AtomicUsize::new(calls),
                after,
                now: Notify::new(),
            });
            let running = delivery(&spool(&spool_dir), Arc::<Lost>::clone(&lost));
            tokio::select! {
                _ = running.run(Shutdown::new()) => unreachable!("nobody asked for a shutdown"),
                () = lost.now.notified() => {}
            }
        });
    }
    let spool = spool(&spool_dir);
    let ended = process(async {
        let shutdown = Shutdown::new();
        shutdown.request();
        delivery(&spool, Arc::new(sink(&bucket)))
            .run(shutdown)
            .await
    });
    assert_eq!(ended, Ended { undelivered: 0 });
    let expected: BTreeMap<u64, Vec<u8>> = (1..=RECORDS).map(|it| (it, body(it))).collect();
    let found = read_bucket(&bucket);
    assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
    for (sequence, body) in expected {
        assert!(found[&sequence] == body, "record {sequence} differs");
    }
}
