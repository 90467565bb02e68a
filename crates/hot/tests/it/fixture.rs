//! A spool in a directory, records for it, and what becomes of them.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use corelog_hot::{Chunk, Config, Follower, Heard, Hot, Recent, Subscription, Targets};
use corelog_record::events::EventBatch;
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_runtime::{Shutdown, Tasks};
use corelog_spool::{Appended, Entry, OsDisk, Spool};
use corelog_types::{ByteSize, RecordId, Sequence, Timestamp};

pub(crate) const GROUP: &str = "/corelog/invocations";
/// 2026-11-22T09:15:42Z, from `date -u -d … +%s`.
pub(crate) const MORNING_MS: u64 = 1_795_338_942_000;

pub(crate) struct Bench {
    pub(crate) spool: Spool,
    pub(crate) hot: Hot,
    pub(crate) shutdown: Shutdown,
    pub(crate) tasks: Tasks,
}

pub(crate) fn spool(dir: &Path) -> Spool {
    let mut config = corelog_spool::Config::new(dir, Timestamp::from_unix_ms(MORNING_MS));
    config.segment_bytes = 64 << 10;
    config.retain_bytes = 0;
    Spool::open(config, Arc::new(OsDisk)).unwrap().0
}

pub(crate) fn hot(spool: &Spool, after: u64, bytes_max: Option<u64>) -> (Hot, Follower) {
    let config = Config {
        targets: Targets {
            invocations: GROUP.into(),
            further: None,
        },
        after: Sequence::from_u64(after),
        bytes_max: bytes_max.map(ByteSize::from_bytes),
    };
    Hot::new(spool.clone(), config)
}

impl Bench {
    /// A spool that is followed.
    pub(crate) fn new(dir: &Path, bytes_max: Option<u64>) -> Self {
        Self::after(spool(dir), 0, bytes_max)
    }

    pub(crate) fn after(spool: Spool, after: u64, bytes_max: Option<u64>) -> Self {
        let (hot, follower) = hot(&spool, after, bytes_max);
        let (shutdown, tasks) = (Shutdown::new(), Tasks::new());
        tasks.spawn("log events", follower.run(shutdown.child()));
        Self {
            spool,
            hot,
            shutdown,
            tasks,
        }
    }

    pub(crate) async fn record(&self, number: u64) {
        let appended = append(&self.spool, number, &text(number));
        self.spool.durable(appended).await.unwrap();
    }
}

/// The body of a record: different for each.
pub(crate) fn text(number: u64) -> String {
    format!("\"word {number}\"")
}

fn id(number: u64) -> RecordId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_parts(MORNING_MS, random)
}

/// Appends a record of that request body, which is JSON.
pub(crate) fn append(spool: &Spool, number: u64, body: &str) -> Appended {
    let header = header(Place::Inline, body);
    let envelope = encode_envelope(&document(number), &[header]).unwrap();
    append_entry(spool, number, &[&envelope, body.as_bytes()], Vec::new())
}

/// Appends a record whose body is beside the spool; gives the name of the body's file.
pub(crate) fn append_with_blob(spool: &Spool, number: u64, body: &str) -> (Appended, String) {
    let header = header(Place::Blob, body);
    let envelope = encode_envelope(&document(number), &[header]).unwrap();
    let mut blob = spool.blob(id(number), "input").unwrap();
    blob.write_all(body.as_bytes()).unwrap();
    let blobs = vec![blob.seal().unwrap()];
    let appended = append_entry(spool, number, &[&envelope], blobs);
    (appended, format!("blobs/{}.input", id(number)))
}

pub(crate) fn append_entry(
    spool: &Spool,
    number: u64,
    payload: &[&[u8]],
    blobs: Vec<corelog_spool::SealedBlob>,
) -> Appended {
    let entry = Entry {
        id: id(number),
        time: Timestamp::from_unix_ms(MORNING_MS + 5),
        payload,
        blobs,
    };
    spool.append(entry).unwrap()
}

/// Appends log events of a stream that somebody put, all at once.
pub(crate) fn put(spool: &Spool, number: u64, stream: &str, events: &[(u64, &str)]) -> Appended {
    let batch = EventBatch {
        group: "/app",
        stream,
        events: events.to_vec(),
    };
    append_entry(spool, number, &[&batch.encode().unwrap()], Vec::new())
}

fn header(at: Place, body: &str) -> PartHeader {
    PartHeader {
        name: PartName::Input,
        form: BodyForm::Json,
        at,
        bytes: body.len() as u64,
    }
}

fn document(number: u64) -> Document {
    let id = id(number);
    serde_json::from_str(&format!(
        r#"{{"timestamp":"2026-11-22T09:15:42Z","accountId":"111122223333","region":"us-east-1",
            "requestId":"r-{number}","operation":"InvokeModel","input":{{"inputContentType":"application/json"}},
            "identity":{{"arn":"a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0",
            "corelog":{{"recordId":"{id}"}}}}"#
    ))
    .unwrap()
}

/// The number of the record an event was made of, as its message has it.
pub(crate) fn number_of(message: &str) -> u64 {
    let message: serde_json::Value = serde_json::from_str(message).unwrap();
    let body = message["input"]["inputBodyJson"].as_str().unwrap();
    let word = body.split(' ').nth(1).unwrap();
    word.parse().unwrap()
}

pub(crate) fn numbers(chunk: &Chunk) -> impl Iterator<Item = u64> {
    chunk.events.iter().map(|it| number_of(&it.message))
}

/// The numbers of all records of a view.
pub(crate) async fn all(mut recent: Recent) -> Vec<u64> {
    let mut found = Vec::new();
    while let Some(chunk) = recent.next().await.unwrap() {
        found.extend(numbers(&chunk));
    }
    found
}

/// Listens until `count` records were heard.
pub(crate) async fn hear(listener: &mut Subscription, count: usize) -> Vec<u64> {
    let mut found = Vec::new();
    while found.len() < count {
        match listener.next().await {
            Some(Heard::Events(chunk)) => found.extend(numbers(&chunk)),
            other => panic!("heard {other:?} after {found:?}"),
        }
    }
    found
}
