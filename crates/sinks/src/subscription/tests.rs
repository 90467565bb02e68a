//! Events in, lines of a file out, and what becomes of those that the file does not take.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use corelog_delivery::Entry;
use corelog_hot::Targets;
use corelog_record::events::EventBatch;
use corelog_spool::{OsDisk, Spool};
use corelog_subscribers::{ChannelConfig, Config as SubscriberConfig, FileConfig, Payload};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::fixture::Blobs;

const NOW: u64 = 1_795_166_142_123;

#[derive(Debug, Default)]
struct Full(AtomicBool);

impl Room for Full {
    fn is_short_for(&self, destination: &str) -> bool {
        assert_eq!(destination, "subscription.x");
        self.0.load(Ordering::Relaxed)
    }
}

struct House {
    _dir: tempfile::TempDir,
    path: PathBuf,
    clock: Clock,
    full: Arc<Full>,
    sink: SubscriptionSink,
}

/// A sink of a file of lines.
fn house(pattern: &str, message_bytes_max: u64) -> House {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out/lines");
    let now = Timestamp::from_unix_ms(NOW);
    let config = corelog_spool::Config::new(dir.path().join("spool"), now);
    let (spool, _) = Spool::open(config, Arc::new(OsDisk)).unwrap();
    let targets = Targets {
        invocations: "/calls".into(),
        further: None,
    };
    let hot = corelog_hot::Config {
        targets,
        after: Sequence::from_u64(0),
        bytes_max: None,
    };
    let (hot, _) = Hot::new(spool, hot);
    let subscriber = Subscriber::open(SubscriberConfig {
        name: "archive".to_owned(),
        arns: Vec::new(),
        channel: ChannelConfig::File(FileConfig {
            path: path.clone(),
            rotate_bytes: ByteSize::from_bytes(1 << 20),
            files_max: 2,
            payload: Payload::Json,
        }),
    });
    let config = Config {
        account: "111122223333".to_owned(),
        group: "/app".to_owned(),
        name: "errors".to_owned(),
        pattern: Pattern::parse(pattern).unwrap(),
        vendor: Vendor::Kinesis,
        message_bytes_max: ByteSize::from_bytes(message_bytes_max),
        retry_for: Duration::from_hours(24),
    };
    let (clock, full) = (Clock::manual(now), Arc::new(Full::default()));
    let ports = Ports {
        subscriber: Arc::new(subscriber.unwrap()),
        hot,
        room: Arc::<Full>::clone(&full) as Arc<dyn Room>,
        clock: clock.clone(),
    };
    House {
        _dir: dir,
        path,
        clock,
        full,
        sink: SubscriptionSink::new(config, ports),
    }
}

/// Entries of events: group, stream, messages.
fn batch(entries: &[(&str, &str, &[&str])]) -> Arc<Batch> {
    let entry = |(sequence, (group, stream, messages)): (u64, &(&str, &str, &[&str]))| {
        let events = messages.iter().map(|message| (NOW, *message)).collect();
        let batch = EventBatch {
            group,
            stream,
            events,
        };
        Entry {
            sequence: Sequence::from_u64(sequence),
            id: RecordId::from_parts(NOW, [1; 10]),
            time: Timestamp::from_unix_ms(NOW),
            payload: batch.encode().unwrap(),
        }
    };
    let entries: Vec<Entry> = (7..).zip(entries).map(entry).collect();
    Arc::new(Batch {
        destination: "subscription.x".to_owned(),
        node: NodeId::from_u64(1),
        plan: Plan {
            first: entries[0].sequence,
            last: entries[entries.len() - 1].sequence,
            time: Timestamp::from_unix_ms(NOW),
        },
        entries,
        blobs: Arc::new(Blobs::default()),
    })
}

/// Each line's stream and messages.
fn lines(path: &Path) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let read = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        assert_eq!(message["logGroup"], "/app");
        assert_eq!(message["subscriptionFilters"], json!(["errors"]));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let events = message["logEvents"].as_array().unwrap().iter();
        let messages = events.map(|event| text(&event["message"])).collect();
        (text(&message["logStream"]), messages)
    };
    text.lines().map(read).collect()
}

fn owned(lines: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    lines
        .iter()
        .map(|(stream, messages)| ((*stream).to_owned(), texts(messages)))
        .collect()
}

#[tokio::test]
async fn events_that_match_go_by_stream_and_in_order() {
    let house = house("E", 1 << 20);
    let batch = batch(&[
        ("/app", "one", &["E1", "ok", "E2"]),
        ("/other", "one", &["E3"]),
        ("/app", "two", &["E4"]),
        ("/app", "one", &["E5"]),
        ("/app", "three", &["ok"]),
    ]);
    let receipt = house.sink.deliver(Arc::clone(&batch)).await.unwrap();
    assert_eq!((receipt.records, receipt.rejected), (4, 0));
    let expected = owned(&[("one", &["E1", "E2", "E5"]), ("two", &["E4"])]);
    assert_eq!(lines(&house.path), expected);
    // It comes again, and this process knows that it has arrived.
    assert_eq!(house.sink.deliver(batch).await.unwrap(), receipt);
    assert_eq!(lines(&house.path), expected);
}

#[tokio::test]
async fn messages_have_a_size() {
    // Two events of 130 bytes fit, a third does not, and one with a longer text not with another.
    let house = house("", 270);
    let large = "x".repeat(99);
    let batch = batch(&[("/app", "s", &["aa", "bb", "cc", &large, "dd"])]);
    house.sink.deliver(batch).await.unwrap();
    let expected = owned(&[
        ("s", &["aa", "bb"]),
        ("s", &["cc"]),
        ("s", &[&large]),
        ("s", &["dd"]),
    ]);
    assert_eq!(lines(&house.path), expected);
}

#[tokio::test]
async fn fields_of_a_pattern_go_along() {
    let house = house("[ip, status=4*]", 1 << 20);
    let batch = batch(&[("/app", "s", &["10.0.0.1 404", "10.0.0.2 200"])]);
    house.sink.deliver(batch).await.unwrap();
    let text = std::fs::read_to_string(&house.path).unwrap();
    let message: Value = serde_json::from_str(text.trim_end()).unwrap();
    let [event] = message["logEvents"].as_array().unwrap().as_slice() else {
        panic!("one event")
    };
    let fields = json!({"ip": "10.0.0.1", "status": "404"});
    assert_eq!(event["extractedFields"], fields);
    let id = event["id"].as_str().unwrap();
    assert!(
        id.len() == 56 && id.bytes().all(|c| c.is_ascii_digit()),
        "{id}"
    );
}

#[tokio::test]
async fn what_is_not_taken_for_a_day_is_given_up() {
    let house = house("", 1 << 20);
    let at = |age_ms: u64| house.clock.set(Timestamp::from_unix_ms(NOW + age_ms));
    let two = batch(&[("/app", "s", &["a"]), ("/app", "t", &["b"])]);
    // No directory can be made where a file is.
    let directory = house.path.parent().unwrap();
    std::fs::write(directory, "").unwrap();
    let day = 24 * 3_600_000;
    at(day - 1);
    assert!(house.sink.deliver(Arc::clone(&two)).await.is_err());
    at(day);
    let receipt = house.sink.deliver(Arc::clone(&two)).await.unwrap();
    assert_eq!((receipt.records, receipt.rejected), (0, 2));
    // What is late and taken is not given up.
    std::fs::remove_file(directory).unwrap();
    let receipt = house.sink.deliver(two).await.unwrap();
    assert_eq!((receipt.records, receipt.rejected), (2, 0));
}

#[tokio::test]
async fn the_spool_does_not_fill_up_for_it() {
    let house = house("", 1 << 20);
    let one = batch(&[("/app", "s", &["a"]), ("/other", "s", &["b"])]);
    house.full.0.store(true, Ordering::Relaxed);
    let receipt = house.sink.deliver(Arc::clone(&one)).await.unwrap();
    assert_eq!((receipt.records, receipt.rejected), (0, 1));
    assert_eq!(lines(&house.path), []);
    house.full.0.store(false, Ordering::Relaxed);
    house.sink.deliver(one).await.unwrap();
    assert_eq!(lines(&house.path), owned(&[("s", &["a"])]));
}
