//! The sink against a service that knows the rules: what arrives, in which requests, and after which trouble.

mod bodies;
mod fake;

use corelog_catalog::Modality;
use corelog_delivery::Entry;
use corelog_record::events::EventBatch;
use corelog_record::stored::{PartName, Place};
use corelog_record::{BodyForm, Document};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use serde_json::Value;

use super::requests::Room;
use super::*;
use crate::fixture::{Blobs, Part};
use fake::{Fake, SECRET, Trouble};

/// 2026-11-20T12:00:39Z, from `date -u -d … +%s`.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_176_039_000);
const HOUR_MS: u64 = 60 * 60 * 1_000;

/// Builds a batch record by record.
#[derive(Default)]
struct Records {
    entries: Vec<Entry>,
    blobs: Blobs,
}

impl Records {
    /// The next record's id, of a request that came `ago` before [`NOW`].
    fn next(&self, ago_ms: i64) -> (Sequence, RecordId) {
        let number = self.entries.len() as u64 + 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let at = NOW.unix_ms().saturating_add_signed(-ago_ms);
        (Sequence::from_u64(number), RecordId::from_parts(at, random))
    }

    fn record(mut self, ago_ms: i64, parts: &[Part<'_>]) -> Self {
        let (sequence, id) = self.next(ago_ms);
        let document: Document = serde_json::from_str(&format!(
            r#"{{"timestamp":"2026-11-20T12:00:09Z","accountId":"111122223333","region":"us-east-1",
                "requestId":"r","operation":"Converse","input":{{"inputContentType":"application/json"}},
                "output":{{"outputContentType":"application/json","outputTokenCount":3}},
                "identity":{{"arn":"a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0",
                "corelog":{{"recordId":"{id}"}}}}"#
        ))
        .unwrap();
        let payload = self.blobs.payload(id, &document, parts);
        self.entries.push(Entry {
            sequence,
            id,
            time: NOW,
            payload,
        });
        self
    }

    fn garbage(self) -> Self {
        self.payload(b"\x09what is this")
    }

    fn payload(mut self, payload: &[u8]) -> Self {
        let (sequence, id) = self.next(0);
        self.entries.push(Entry {
            sequence,
            id,
            time: NOW,
            payload: payload.to_vec(),
        });
        self
    }

    fn batch(self) -> Arc<Batch> {
        Arc::new(Batch {
            destination: "account".to_owned(),
            node: NodeId::from_u64(0xab),
            plan: Plan {
                first: Sequence::from_u64(1),
                last: Sequence::from_u64(self.entries.len() as u64),
                time: NOW,
            },
            entries: self.entries,
            blobs: Arc::new(self.blobs),
        })
    }
}

/// Records of requests that came so long ago.
fn aged(ago_ms: &[i64]) -> Records {
    let add = |records: Records, ago: &i64| records.record(*ago, &[]);
    ago_ms.iter().fold(Records::default(), add)
}

fn config(fake: &Fake) -> Config {
    let clock = Clock::manual(NOW);
    let mut config = Config::new(&fake.url, "eu-central-1", "/llm/invocations", clock);
    config.credentials = Credentials::Static {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: Some("session".to_owned()),
    };
    config.allow_http = true;
    config
}

fn sink(fake: &Fake) -> CloudWatchSink {
    CloudWatchSink::open(&config(fake)).unwrap()
}

/// The sequences of the records that arrived, in the order of their arrival.
fn arrived(fake: &Fake) -> Vec<u64> {
    let state = fake.state.lock();
    let sequence = |(_, message): &(u64, String)| {
        let record: Value = serde_json::from_str(message).unwrap();
        record["corelog"]["sequence"].as_u64().unwrap()
    };
    state.events.iter().map(sequence).collect()
}

fn delivered(records: u64) -> Receipt {
    Receipt {
        records,
        ..Receipt::default()
    }
}

#[tokio::test]
async fn a_record_is_one_event_of_a_group_and_stream_that_are_made() {
    let fake = Fake::start().await;
    let body: Part<'_> = (
        PartName::Input,
        BodyForm::Json,
        Place::Inline,
        br#"{"messages":["h\u00e4llo"]}"#,
    );
    let batch = Records::default().record(1_500, &[body]).batch();
    let id = batch.entries[0].id;
    assert_eq!(sink(&fake).deliver(batch).await.unwrap(), delivered(1));
    let state = fake.state.lock();
    let streams = &state.groups["/llm/invocations"];
    assert!(
        streams.contains("aws/bedrock/modelinvocations"),
        "{streams:?}"
    );
    let [(timestamp, message)] = state.events.as_slice() else {
        panic!("one event")
    };
    assert_eq!(*timestamp, NOW.unix_ms() - 1_500);
    let expected = format!(
        r#"{{"timestamp":"2026-11-20T12:00:09Z","accountId":"111122223333","region":"us-east-1","requestId":"r","operation":"Converse","input":{{"inputContentType":"application/json","inputBodyJson":{{"messages":["h\u00e4llo"]}}}},"output":{{"outputContentType":"application/json","outputTokenCount":3}},"identity":{{"arn":"a"}},"schemaType":"ModelInvocationLog","schemaVersion":"1.0","corelog":{{"recordId":"{id}","nodeId":"00000000000000ab","sequence":1,"#
    );
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.ends_with("}}") && !message.contains('\n'));
}

#[tokio::test]
async fn log_events_that_were_put_are_no_records_and_stay() {
    let fake = Fake::start().await;
    let put = EventBatch {
        group: "/app",
        stream: "web-1",
        events: vec![(NOW.unix_ms(), "GET /")],
    };
    let batch = aged(&[0]).payload(&put.encode().unwrap()).batch();
    assert_eq!(sink(&fake).deliver(batch).await.unwrap(), delivered(1));
    assert_eq!(arrived(&fake), [1]);
}

#[tokio::test]
async fn what_is_there_is_not_made() {
    let fake = Fake::start().await;
    let sink = sink(&fake);
    sink.check().await.unwrap();
    let made = [
        "PutLogEvents",
        "CreateLogStream",
        "CreateLogGroup",
        "CreateLogStream",
        "PutLogEvents",
    ];
    assert_eq!(fake.state.lock().operations, made);
    assert_eq!(fake.state.lock().events, [], "the check leaves no event");
    sink.deliver(aged(&[0]).batch()).await.unwrap();
    assert_eq!(fake.state.lock().operations[made.len()..], ["PutLogEvents"]);
}

#[tokio::test]
async fn requests_are_in_chronological_order_and_span_a_day_at_most() {
    let fake = Fake::start().await;
    let hour = i64::try_from(HOUR_MS).unwrap();
    // By age: 3 (30 h), 1 (25 h), 5 (6 h), 2 and 4 (1 h).
    let ages = [25 * hour, hour, 30 * hour, hour, 6 * hour - 1];
    let receipt = sink(&fake).deliver(aged(&ages).batch()).await.unwrap();
    assert_eq!(receipt, delivered(5));
    assert_eq!(arrived(&fake), [3, 1, 5, 2, 4]);
    // From 30 h to 6 h less a millisecond is more than a day; from there everything is within one.
    assert_eq!(fake.state.lock().requests, [2, 3]);
}

#[test]
fn a_request_has_room_for_what_the_service_takes_and_no_more() {
    let event = |timestamp_ms: u64, bytes: usize| Event {
        timestamp_ms,
        message: "x".repeat(bytes),
        ..Event::probe()
    };
    let mut room = Room::default();
    assert!((0..10_000).all(|_| room.takes(&event(5, 1))));
    assert!(!room.takes(&event(5, 1)));

    let mut room = Room::default();
    assert!(room.takes(&event(5, 1_000_000)));
    assert!(!room.takes(&event(5, 48_576 - 2 * 26 + 1)));
    assert!(room.takes(&event(5, 48_576 - 2 * 26)));
    assert!(Room::default().takes(&event(5, 1_048_550)));

    let mut room = Room::default();
    assert!(room.takes(&event(5, 1)));
    assert!(room.takes(&event(5 + 24 * HOUR_MS, 1)));
    assert!(!room.takes(&event(6 + 24 * HOUR_MS, 1)));
}

#[tokio::test]
async fn a_batch_of_many_bytes_is_several_requests() {
    let fake = Fake::start().await;
    let body = format!("\"{}\"", "x".repeat(400_000));
    let part: Part<'_> = (
        PartName::Input,
        BodyForm::Json,
        Place::Blob,
        body.as_bytes(),
    );
    let batch = (0..5)
        .fold(Records::default(), |all, _| all.record(0, &[part]))
        .garbage();
    let receipt = sink(&fake).deliver(batch.batch()).await.unwrap();
    let expected = Receipt {
        records: 6,
        unreadable: 1,
        rejected: 0,
    };
    assert_eq!(receipt, expected);
    assert_eq!(fake.state.lock().requests, [2, 2, 2]);
    assert_eq!(arrived(&fake), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn events_too_old_or_too_new_are_counted_and_the_others_stay() {
    let fake = Fake::start().await;
    let hour = i64::try_from(HOUR_MS).unwrap();
    let ages = [15 * 24 * hour, 0, -3 * hour, hour];
    let receipt = sink(&fake).deliver(aged(&ages).batch()).await.unwrap();
    let expected = Receipt {
        records: 2,
        unreadable: 0,
        rejected: 2,
    };
    assert_eq!(receipt, expected);
    assert_eq!(arrived(&fake), [4, 2]);
}

#[test]
fn rejections_are_told_apart_and_stay_within_the_request() {
    let rejected = |text: &str| -> Rejected { serde_json::from_str(text).unwrap() };
    let ranges = |text: &str| rejected(text).ranges(10).map(|(_, range)| range);
    assert_eq!(ranges("{}"), [0..0, 0..0, 10..10]);
    assert_eq!(
        ranges(
            r#"{"tooOldLogEventEndIndex":2,"expiredLogEventEndIndex":5,"tooNewLogEventStartIndex":8}"#
        ),
        [0..2, 2..5, 8..10]
    );
    assert_eq!(
        ranges(r#"{"tooOldLogEventEndIndex":99,"tooNewLogEventStartIndex":3}"#),
        [0..10, 10..10, 10..10]
    );
}

#[tokio::test]
async fn trouble_of_the_service_is_an_error_and_what_was_put_is_not_put_again() {
    let fake = Fake::start().await;
    let sink = sink(&fake);
    let day = i64::try_from(25 * HOUR_MS).unwrap();
    let batch = aged(&[3 * day, 2 * day, day, 0]).batch();
    sink.check().await.unwrap();
    // The second of four requests meets every kind of trouble, one after the other.
    fake.state.lock().trouble.extend([
        None,
        Some(Trouble::Answer(400, "ThrottlingException")),
        Some(Trouble::Answer(503, "ServiceUnavailableException")),
        Some(Trouble::Answer(403, "AccessDeniedException")),
        Some(Trouble::Stranger),
    ]);
    let mut said = Vec::new();
    for _ in 0..4 {
        let error = sink.deliver(Arc::clone(&batch)).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        said.push(format!("{error}: {source}"));
    }
    let location = sink.location();
    assert_eq!(
        location,
        format!("{}#/llm/invocations:aws/bedrock/modelinvocations", fake.url)
    );
    let failed = format!("cannot put log events into `{location}`: the service answered");
    assert_eq!(
        said,
        [
            format!("{failed} 400 `ThrottlingException`: as it was told"),
            format!("{failed} 503 `ServiceUnavailableException`: as it was told"),
            format!("{failed} 403 `AccessDeniedException`: as it was told"),
            format!("{failed} with what is no answer of CloudWatch Logs"),
        ]
    );
    assert_eq!(
        sink.deliver(Arc::clone(&batch)).await.unwrap(),
        delivered(4)
    );
    assert_eq!(arrived(&fake), [1, 2, 3, 4]);
    // The cursor was not moved, say: the same batch once more.
    assert_eq!(sink.deliver(batch).await.unwrap(), delivered(4));
    assert_eq!(arrived(&fake), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_lost_answer_and_a_lost_process_put_events_again_in_the_same_order() {
    let fake = Fake::start().await;
    let first = sink(&fake);
    let batch = aged(&[0, 0, 0]).batch();
    first.check().await.unwrap();
    fake.state.lock().trouble.push_back(Some(Trouble::Lost));
    first.deliver(Arc::clone(&batch)).await.unwrap_err();
    first.deliver(Arc::clone(&batch)).await.unwrap();
    assert_eq!(arrived(&fake), [1, 2, 3, 1, 2, 3]);
    // Another process knows the batch's plan, and nothing else.
    sink(&fake).deliver(batch).await.unwrap();
    assert_eq!(arrived(&fake)[6..], [1, 2, 3]);
}

#[tokio::test]
async fn a_service_that_is_away_is_an_error_without_secrets() {
    let fake = Fake::start().await;
    let mut away = config(&fake);
    // Nobody listens on port 1.
    away.endpoint = "http://127.0.0.1:1".to_owned();
    let sink = CloudWatchSink::open(&away).unwrap();
    let error = sink.deliver(aged(&[0]).batch()).await.unwrap_err();
    let printed = format!("{error:?} {sink:?} {away:?}");
    assert!(!printed.contains(SECRET), "{printed}");
    away.endpoint = "no URL".to_owned();
    assert!(CloudWatchSink::open(&away).is_err());
}
