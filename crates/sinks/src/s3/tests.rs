//! The sink against a store in memory and one on disk: keys, contents, sizes, and putting a batch twice.

mod bodies;
mod names;
mod records;
mod stores;

use std::collections::BTreeMap;
use std::io::Read;

use corelog_delivery::{Entry, Plan};
use corelog_record::stored::{PartName, Place};
use corelog_record::{BodyForm, Document};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};

use super::*;
use crate::fixture::{Blobs, Part, json_of};

/// 2026-11-20T12:00:09Z, from `date -u -d … +%s`.
const REQUESTED: u64 = 1_795_176_009_000;
/// Half a minute later.
const PUT: Timestamp = Timestamp::from_unix_ms(1_795_176_039_996);
const FOLDER: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/20/12/";

const CONVERSE: &str = r#"{"timestamp":"2026-11-20T12:00:09Z","accountId":"111122223333","region":"us-east-1",
    "requestId":"44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808","operation":"Converse","modelId":"amazon.nova-pro-v1:0",
    "input":{"inputContentType":"application/json","inputTokenCount":2904},
    "output":{"outputContentType":"application/json","outputTokenCount":3},
    "identity":{"arn":"arn:aws:iam::111122223333:user/ops-bot"},
    "schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;

/// Builds a batch record by record.
#[derive(Default)]
struct Records {
    /// How many records earlier batches had.
    before: u64,
    entries: Vec<Entry>,
    blobs: Blobs,
}

fn inline(name: PartName, form: BodyForm, bytes: &[u8]) -> Part<'_> {
    (name, form, Place::Inline, bytes)
}

impl Records {
    fn next(&self) -> (Sequence, RecordId) {
        let number = self.before + self.entries.len() as u64 + 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let id = RecordId::from_parts(REQUESTED, random);
        (Sequence::from_u64(number), id)
    }

    fn record(mut self, document: &str, parts: &[Part<'_>]) -> Self {
        let (sequence, id) = self.next();
        let document: Document = serde_json::from_str(document).unwrap();
        let payload = self.blobs.payload(id, &document, parts);
        self.entry(sequence, id, payload)
    }

    fn entry(mut self, sequence: Sequence, id: RecordId, payload: Vec<u8>) -> Self {
        self.entries.push(Entry {
            sequence,
            id,
            time: PUT,
            payload,
        });
        self
    }

    fn garbage(self, payload: &[u8]) -> Self {
        let (sequence, id) = self.next();
        self.entry(sequence, id, payload.to_vec())
    }

    fn batch(self) -> Arc<Batch> {
        Arc::new(Batch {
            destination: "bucket".to_owned(),
            node: NodeId::from_u64(0xab),
            plan: Plan {
                first: Sequence::from_u64(self.before + 1),
                last: Sequence::from_u64(self.before + self.entries.len() as u64),
                time: PUT,
            },
            entries: self.entries,
            blobs: Arc::new(self.blobs),
        })
    }
}

fn one(document: &str, parts: &[Part<'_>]) -> Arc<Batch> {
    Records::default().record(document, parts).batch()
}

fn config() -> Config {
    Config::new(Location::parse("s3://acme-llm-logs").unwrap())
}

fn over(store: &Arc<InMemory>, config: &Config) -> S3Sink {
    let store = Arc::<InMemory>::clone(store);
    S3Sink::over(Bucket::over(store, "s3://acme-llm-logs"), config)
}

/// Puts a batch into a fresh store and returns what is there, gzip undone.
async fn put(config: &Config, batch: Arc<Batch>) -> BTreeMap<String, Vec<u8>> {
    let store = Arc::new(InMemory::new());
    let sink = over(&store, config);
    sink.deliver(Arc::clone(&batch)).await.unwrap();
    let first = objects(&store).await;
    // Whatever a crash repeats changes nothing.
    sink.deliver(batch).await.unwrap();
    assert_eq!(objects(&store).await, first);
    first
}

async fn objects(store: &InMemory) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut objects = BTreeMap::new();
    for meta in listed {
        let bytes = store.get(&meta.location).await.unwrap();
        let bytes = bytes.bytes().await.unwrap().to_vec();
        let name = meta.location.to_string();
        let zipped = name.strip_suffix(".gz").is_some();
        objects.insert(name, if zipped { gunzip(&bytes) } else { bytes });
    }
    objects
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut out)
        .unwrap();
    out
}

/// The lines of the batch objects, in the order of their keys.
fn lines(objects: &BTreeMap<String, Vec<u8>>) -> Vec<serde_json::Value> {
    objects
        .iter()
        .filter(|(key, _)| key.contains("/2026") && !key.contains("/data/"))
        .flat_map(|(_, bytes)| {
            let text = str::from_utf8(bytes).unwrap();
            assert!(text.ends_with('\n'));
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn data_keys(objects: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    let keys = objects.keys().filter(|key| key.contains("/data/"));
    keys.map(|key| key.rsplit('/').next().unwrap()).collect()
}
