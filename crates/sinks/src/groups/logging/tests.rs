//! What an event of the logging configuration's group says, and that what it points to is put by the bucket's sink.

use std::io::Read;
use std::path::{Path, PathBuf};

use corelog_catalog::Modality;
use corelog_delivery::Sink as _;
use corelog_record::stored::{PartName, Place};
use corelog_record::{BodyForm, Document};
use corelog_types::{RecordId, Sequence};
use serde_json::{Value, json};

use super::*;
use crate::fixture::{Blobs, Part, json_of};
use crate::s3::{Location, S3Sink};

/// 2026-11-20T12:00:09Z, from `date -u -d … +%s`.
const REQUESTED: u64 = 1_795_176_009_000;
const DATA: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/20/12/data/\
                    44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_";

/// A record of a Converse call, and the bodies beside the spool.
fn record(parts: &[Part<'_>]) -> (Entry, Arc<dyn BlobSource>) {
    let id = RecordId::from_parts(REQUESTED, [7; 10]);
    let document: Document = serde_json::from_value(json!({
        "timestamp": "2026-11-20T12:00:09Z", "accountId": "111122223333", "region": "us-east-1",
        "requestId": "44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808", "operation": "Converse",
        "modelId": "amazon.nova-pro-v1:0", "input": {"inputContentType": "application/json"},
        "output": {"outputContentType": "application/json"}, "identity": {"arn": "a"},
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "corelog": {"recordId": id.to_string(), "dialect": "bedrock"},
    }))
    .unwrap();
    let mut blobs = Blobs::default();
    let payload = blobs.payload(id, &document, parts);
    let entry = Entry {
        sequence: Sequence::from_u64(9),
        id,
        time: Timestamp::from_unix_ms(REQUESTED + 700),
        payload,
    };
    (entry, Arc::new(blobs))
}

fn bucket(dir: &Path) -> s3::Config {
    let url = format!("file://{}", dir.display());
    let mut config = s3::Config::new(Location::parse(&url).unwrap());
    config.key_prefix = Some("big/".to_owned());
    config
}

struct Made {
    entry: Entry,
    blobs: Arc<dyn BlobSource>,
    events: Vec<Event>,
}

impl Made {
    /// The one event's record.
    fn record(&self) -> Value {
        let [event] = self.events.as_slice() else {
            panic!("one event, not {}", self.events.len())
        };
        serde_json::from_str(&event.message).unwrap()
    }

    /// What `corelog.cut` says, as `part reason`.
    fn cuts(&self) -> Vec<String> {
        let record = self.record();
        let cuts = record["corelog"]["cut"].as_array();
        let text = |cut: &Value| {
            let word = |name: &str| cut[name].as_str().unwrap().to_owned();
            format!("{} {}", word("part"), word("reason"))
        };
        cuts.into_iter().flatten().map(text).collect()
    }

    /// Has the bucket's own sink put the record; gives the files there.
    async fn put(&self, dir: &Path) -> Vec<PathBuf> {
        let sink = S3Sink::open(&s3::Config {
            lines: false,
            ..bucket(dir)
        });
        let batch = Batch {
            destination: "large".to_owned(),
            node: NodeId::from_u64(0xab),
            plan: Plan {
                first: self.entry.sequence,
                last: self.entry.sequence,
                time: self.entry.time,
            },
            entries: vec![self.entry.clone()],
            blobs: Arc::clone(&self.blobs),
        };
        sink.unwrap().deliver(Arc::new(batch)).await.unwrap();
        files(dir)
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn made(parts: &[Part<'_>], bucket: Option<s3::Config>, modalities: Modalities) -> Made {
    let (entry, blobs) = record(parts);
    let group = LoggingGroup::new(LoggingConfig {
        group: "/llm/invocations".to_owned(),
        since: Timestamp::from_unix_ms(REQUESTED),
        bucket,
        modalities,
        node: NodeId::from_u64(0xab),
        blobs: Arc::clone(&blobs),
    });
    let events = group.events_of(of(&entry)).unwrap();
    Made {
        entry,
        blobs,
        events,
    }
}

fn of(entry: &Entry) -> corelog_hot::Entry<'_> {
    corelog_hot::Entry {
        sequence: entry.sequence,
        id: entry.id,
        time: entry.time,
        payload: &entry.payload,
    }
}

fn gunzip(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

#[tokio::test]
async fn a_small_record_is_one_event_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let body = (
        PartName::Input,
        BodyForm::Json,
        Place::Inline,
        &b"{\"a\":1}"[..],
    );
    let made = made(&[body], Some(bucket(dir.path())), Modalities::all());
    let event = &made.events[0];
    assert_eq!(&*event.group, "/llm/invocations");
    assert_eq!(&*event.stream, "aws/bedrock/modelinvocations");
    assert_eq!(
        (event.position.sequence, event.position.part),
        (Sequence::from_u64(9), 1)
    );
    assert_eq!(event.timestamp, Timestamp::from_unix_ms(REQUESTED));
    assert_eq!(event.ingested, Timestamp::from_unix_ms(REQUESTED + 700));
    assert!(!event.message.ends_with('\n'));
    let record = made.record();
    assert_eq!(record["input"]["inputBodyJson"], json!({"a": 1}));
    assert_eq!(record["corelog"]["sequence"], 9);
    assert_eq!(made.put(dir.path()).await, [] as [PathBuf; 0]);
}

#[tokio::test]
async fn a_body_over_the_limit_has_the_address_of_an_object_that_the_bucket_gets() {
    for at in [Place::Inline, Place::Blob] {
        let dir = tempfile::tempdir().unwrap();
        let (fits, large) = (json_of(102_400), json_of(102_401));
        let parts = [
            (PartName::Input, BodyForm::Json, at, large.as_slice()),
            (PartName::Output, BodyForm::Json, at, fits.as_slice()),
        ];
        let made = made(&parts, Some(bucket(dir.path())), Modalities::all());
        let record = made.record();
        let key = format!("{}/big/{DATA}input.json.gz", dir.path().display());
        assert_eq!(record["input"]["inputBodyS3Path"], format!("file://{key}"));
        assert!(record["input"].get("inputBodyJson").is_none());
        assert_eq!(
            record["output"]["outputBodyJson"].as_str().unwrap().len(),
            102_398
        );
        assert_eq!(made.put(dir.path()).await, [PathBuf::from(&key)]);
        assert_eq!(gunzip(Path::new(&key)), large);
    }
}

#[tokio::test]
async fn files_in_a_conversation_and_binary_answers_are_objects() {
    let dir = tempfile::tempdir().unwrap();
    let asked =
        br#"{"messages":[{"content":[{"image":{"format":"png","source":{"bytes":"aGk="}}}]}]}"#;
    let parts = [
        (PartName::Input, BodyForm::Json, Place::Inline, &asked[..]),
        (
            PartName::Output,
            BodyForm::Binary,
            Place::Inline,
            &b"\x00\xff"[..],
        ),
    ];
    let made = made(&parts, Some(bucket(dir.path())), Modalities::all());
    let record = made.record();
    let root = format!("{}/big/{DATA}", dir.path().display());
    let image = &record["input"]["inputBodyJson"]["messages"][0]["content"][0]["image"];
    let picture = format!("{root}input_media_00.png");
    assert_eq!(image.to_string().matches(&picture).count(), 1, "{image}");
    let answer = format!("{root}output.bin");
    assert_eq!(
        record["output"]["outputBodyS3Path"],
        format!("file://{answer}")
    );
    let found = made.put(dir.path()).await;
    assert_eq!(found, [PathBuf::from(&picture), PathBuf::from(&answer)]);
    assert_eq!(std::fs::read(picture).unwrap(), b"hi");
}

#[tokio::test]
async fn the_events_of_a_stream_are_in_no_event_and_no_object() {
    let dir = tempfile::tempdir().unwrap();
    for at in [Place::Inline, Place::Blob] {
        let parts = [
            (PartName::Output, BodyForm::Json, Place::Inline, &b"[1]"[..]),
            (PartName::Events, BodyForm::Text, at, &b"{\"atMs\":1}\n"[..]),
        ];
        let made = made(&parts, Some(bucket(dir.path())), Modalities::all());
        assert_eq!(made.record()["output"]["outputBodyJson"], json!([1]));
        assert_eq!(made.put(dir.path()).await, [] as [PathBuf; 0]);
    }
}

#[test]
fn without_a_bucket_what_is_large_is_nowhere_and_the_record_says_so() {
    let large = json_of(102_401);
    let parts = [
        (
            PartName::Input,
            BodyForm::Json,
            Place::Blob,
            large.as_slice(),
        ),
        (
            PartName::Output,
            BodyForm::Binary,
            Place::Inline,
            &b"\x00\xff"[..],
        ),
    ];
    let without = made(&parts, None, Modalities::all());
    assert_eq!(without.cuts(), ["input over_limit", "output binary"]);
    for (part, body) in [("input", "inputBody"), ("output", "outputBody")] {
        let record = without.record();
        for form in ["Json", "S3Path"] {
            assert!(record[part].get(format!("{body}{form}")).is_none());
        }
    }
    let asked =
        br#"{"messages":[{"content":[{"image":{"format":"png","source":{"bytes":"aGk="}}}]}]}"#;
    let picture = made(
        &[(PartName::Input, BodyForm::Json, Place::Inline, &asked[..])],
        None,
        Modalities::all(),
    );
    let image = &picture.record()["input"]["inputBodyJson"]["messages"][0]["content"][0]["image"];
    assert_eq!(*image, json!({"format": "png", "source": {}}));
}

#[test]
fn kinds_of_data_that_are_switched_off_are_left_out() {
    let body = (PartName::Input, BodyForm::Json, Place::Inline, &b"{}"[..]);
    let made = made(&[body], None, Modalities::all().with(Modality::Text, false));
    assert_eq!(made.cuts(), ["input not_delivered"]);
}

#[test]
fn records_of_earlier_requests_and_what_cannot_be_read_are_no_events() {
    let (mut entry, blobs) = record(&[]);
    let group = |since: u64| {
        LoggingGroup::new(LoggingConfig {
            group: "/llm/invocations".to_owned(),
            since: Timestamp::from_unix_ms(since),
            bucket: None,
            modalities: Modalities::all(),
            node: NodeId::from_u64(0xab),
            blobs: Arc::clone(&blobs),
        })
    };
    let count = |group: &LoggingGroup, entry: &Entry| group.events_of(of(entry)).unwrap().len();
    assert_eq!(count(&group(REQUESTED), &entry), 1);
    assert_eq!(count(&group(REQUESTED + 1), &entry), 0);
    entry.payload = b"\xffno record".to_vec();
    assert_eq!(count(&group(REQUESTED), &entry), 0);
}
