//! The sink against a receiver that answers as it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Read as _;

use bytes::Bytes;
use corelog_catalog::Modality;
use corelog_delivery::Entry;
use corelog_record::events::EventBatch;
use corelog_record::stored::{PartName, Place};
use corelog_record::{BodyForm, Document};
use corelog_runtime::Tasks;
use corelog_types::{NodeId, RecordId, Sequence};
use http::{HeaderMap, HeaderValue, Request as HttpRequest, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::fixture::Blobs;

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_176_039_000);
const PROMPT: &[u8] = br#"{"messages":[{"role":"user","content":"where is the berth"}]}"#;

/// An answer: status, `Retry-After`, body.
type Told = (u16, Option<&'static str>, &'static [u8]);

#[derive(Debug, Default)]
struct State {
    requests: Vec<(String, HeaderMap, Vec<u8>)>,
    /// Of what is posted to `/v1/traces`; then, all is well.
    traces: VecDeque<Told>,
    metrics: VecDeque<Told>,
    connections: usize,
    /// Whether each answer is the last of its connection.
    closes: bool,
}

struct Fake {
    url: Uri,
    state: Arc<Mutex<State>>,
    tasks: Tasks,
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/otlp/", listener.local_addr().unwrap());
        let fake = Self {
            url: url.parse().unwrap(),
            state: Arc::default(),
            tasks: Tasks::new(),
        };
        let (tasks, state) = (fake.tasks.clone(), Arc::clone(&fake.state));
        fake.tasks.spawn("receiver", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                state.lock().connections += 1;
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tasks.spawn("connection", async move {
                    let _ = serving.await;
                });
            }
        });
        fake
    }

    fn sink(&self, set: impl FnOnce(&mut Config)) -> OtlpSink {
        let mut config = Config::new(self.url.clone(), Clock::manual(NOW));
        config.gzip_level = 0;
        set(&mut config);
        OtlpSink::open(config).unwrap()
    }

    fn tell(&self, told: &[Told]) {
        self.state.lock().traces.extend(told);
    }

    /// How many spans each request so far had.
    fn spans(&self) -> Vec<usize> {
        self.bodies("/otlp/v1/traces")
            .iter()
            .map(|body| count(body, b"gen_ai.operation.name"))
            .collect()
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let state = self.state.lock();
        let of_path = state.requests.iter().filter(|it| it.0 == path);
        of_path.map(|it| it.2.clone()).collect()
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: HttpRequest<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let path = head.uri.path().to_owned();
    let mut state = state.lock();
    let told = match path.as_str() {
        "/otlp/v1/traces" => state.traces.pop_front(),
        _ => state.metrics.pop_front(),
    };
    state.requests.push((path, head.headers, body));
    let (status, after, body) = told.unwrap_or((200, None, b""));
    let mut answer = Response::builder().status(status);
    if let Some(after) = after {
        answer = answer.header("retry-after", after);
    }
    if state.closes {
        answer = answer.header("connection", "close");
    }
    Ok(answer.body(Full::new(Bytes::from_static(body))).unwrap())
}

fn count(body: &[u8], wanted: &[u8]) -> usize {
    body.windows(wanted.len())
        .filter(|window| *window == wanted)
        .count()
}

/// Builds a batch.
#[derive(Default)]
struct Records {
    entries: Vec<Entry>,
    blobs: Blobs,
}

impl Records {
    fn entry(&mut self, make: impl FnOnce(&mut Blobs, RecordId) -> Vec<u8>) {
        let number = self.entries.len() as u64 + 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let id = RecordId::from_parts(NOW.unix_ms(), random);
        let payload = make(&mut self.blobs, id);
        self.entries.push(Entry {
            sequence: Sequence::from_u64(number),
            id,
            time: NOW,
            payload,
        });
    }

    fn record(mut self, operation: &str, corelog: serde_json::Value) -> Self {
        let mut document: Document = serde_json::from_value(json!({
            "timestamp": "2026-11-20T12:00:39Z", "accountId": "a", "region": "r", "requestId": "q",
            "operation": operation, "modelId": "gpt-4o", "identity": {"arn": "a"},
            "schemaType": "s", "schemaVersion": "1.0", "corelog": {"recordId": "x",
                "provider": "openai", "dialect": "openai", "latencyMs": 240.5},
        }))
        .unwrap();
        if !corelog.is_null() {
            document.corelog.as_mut().unwrap().span =
                Some(serde_json::from_value(corelog).unwrap());
        }
        let parts = [(PartName::Input, BodyForm::Json, Place::Blob, PROMPT)];
        self.entry(|blobs, id| blobs.payload(id, &document, &parts));
        self
    }

    fn calls(self, count: usize) -> Self {
        (0..count).fold(self, |records, _| {
            records.record("ChatCompletions", serde_json::Value::Null)
        })
    }

    fn batch(self) -> Arc<Batch> {
        Arc::new(Batch {
            destination: "spans".to_owned(),
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

fn receipt(records: u64, rejected: u64) -> Receipt {
    Receipt {
        records,
        unreadable: 0,
        rejected,
    }
}

#[tokio::test]
async fn spans_and_histograms_arrive_with_the_headers_and_without_content() {
    let fake = Fake::start().await;
    let sink = fake.sink(|config| {
        config.gzip_level = 6;
        config.headers = Headers::parse("api-key=hunter2").unwrap();
    });
    sink.check().await.unwrap();
    let batch = Records::default().calls(2).batch();
    assert_eq!(sink.deliver(batch).await.unwrap(), receipt(2, 0));
    let state = fake.state.lock();
    let paths: Vec<&str> = state.requests.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        paths,
        ["/otlp/v1/traces", "/otlp/v1/traces", "/otlp/v1/metrics"]
    );
    let (_, headers, body) = &state.requests[0];
    assert_eq!(
        (body.as_slice(), &headers["content-length"]),
        (&b""[..], &HeaderValue::from(0))
    );
    for (_, headers, body) in &state.requests[1..] {
        assert_eq!(headers["api-key"], "hunter2");
        assert_eq!(headers["content-type"], "application/x-protobuf");
        assert_eq!(headers["content-encoding"], "gzip");
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(body.as_slice())
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(count(&plain, b"berth"), 0);
        assert!(count(&plain, b"gen_ai.request.model") > 0);
    }
    assert!(!format!("{sink:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_connection_is_kept_while_both_sides_like() {
    let fake = Fake::start().await;
    let sink = fake.sink(|_| {});
    for calls in 1..=3 {
        let batch = Records::default().calls(calls).batch();
        sink.deliver(batch).await.unwrap();
    }
    assert_eq!(fake.spans(), [1, 2, 3]);
    assert_eq!(fake.state.lock().connections, 1);
    // The receiver closes it with the answer to the spans; the metrics need another.
    fake.state.lock().closes = true;
    let batch = Records::default().calls(4).batch();
    sink.deliver(batch).await.unwrap();
    assert_eq!(fake.bodies("/otlp/v1/metrics").len(), 4);
    assert_eq!(fake.state.lock().connections, 2);
}

#[tokio::test]
async fn content_goes_out_where_it_is_asked_for_and_its_kind_may() {
    let fake = Fake::start().await;
    for (modalities, prompts) in [
        (Modalities::all(), 1),
        (Modalities::all().with(Modality::Text, false), 0),
    ] {
        let sink = fake.sink(|config| {
            config.content = true;
            config.modalities = modalities;
        });
        let batch = Records::default().calls(1).batch();
        sink.deliver(batch).await.unwrap();
        let bodies = fake.bodies("/otlp/v1/traces");
        assert_eq!(count(bodies.last().unwrap(), b"berth"), prompts);
    }
}

#[tokio::test]
async fn what_may_be_mended_waits_as_asked_and_comes_again_the_same() {
    let fake = Fake::start().await;
    let sink = fake.sink(|config| config.metrics = false);
    let batch = Records::default().calls(SPANS_MAX + 1).batch();
    // Known to be taken, the first request does not come again.
    fake.tell(&[(200, None, b"")]);
    for (told, wait) in [
        ((429, Some("7"), &b""[..]), Some(7)),
        ((503, Some("Fri, 20 Nov 2026 12:01:39 GMT"), b""), Some(60)),
        ((401, None, b""), None),
        ((500, None, b"\x12\x04oops"), None),
    ] {
        fake.tell(&[told]);
        let error = sink.deliver(Arc::clone(&batch)).await.unwrap_err();
        assert_eq!(error.wait(), wait.map(Duration::from_secs), "{told:?}");
    }
    assert_eq!(
        sink.deliver(batch).await.unwrap(),
        receipt(SPANS_MAX as u64 + 1, 0)
    );
    let bodies = fake.bodies("/otlp/v1/traces");
    assert_eq!(fake.spans(), [SPANS_MAX, 1, 1, 1, 1, 1]);
    assert!(
        bodies[2..].iter().all(|body| *body == bodies[1]),
        "the same span"
    );
}

#[tokio::test]
async fn what_is_refused_for_good_is_counted_and_holds_nothing_back() {
    let fake = Fake::start().await;
    let sink = fake.sink(|config| config.metrics = false);
    fake.tell(&[(400, None, b"\x12\x03bad")]);
    let batch = Records::default().calls(3).batch();
    assert_eq!(sink.deliver(batch).await.unwrap(), receipt(0, 3));
    // `partial_success` of two spans, and more than there were.
    for (body, taken) in [(&b"\x0a\x02\x08\x02"[..], 1), (b"\x0a\x02\x08\x09", 0)] {
        let sink = fake.sink(|config| config.metrics = false);
        fake.tell(&[(200, None, body)]);
        let batch = Records::default().calls(3).batch();
        assert_eq!(
            sink.deliver(batch).await.unwrap(),
            receipt(taken, 3 - taken)
        );
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_halved() {
    let fake = Fake::start().await;
    let sink = fake.sink(|config| config.metrics = false);
    let large = (413, None, &b""[..]);
    fake.tell(&[large, large, large]);
    let batch = Records::default().calls(5).batch();
    // Five, two and one are refused; the one for good.
    assert_eq!(sink.deliver(batch).await.unwrap(), receipt(4, 1));
    assert_eq!(fake.spans(), [5, 2, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn reported_calls_and_what_is_no_call_stay_here() {
    let fake = Fake::start().await;
    let records = || {
        let reported = json!({"name": "chat", "attributes": {}});
        let mut records = Records::default()
            .record("ChatCompletions", reported)
            .record("ListModels", serde_json::Value::Null);
        let events = EventBatch {
            group: "g",
            stream: "s",
            events: vec![(NOW.unix_ms(), "e")],
        };
        records.entry(|_, _| events.encode().unwrap());
        records.entry(|_, _| b"garbage".to_vec());
        records.batch()
    };
    let unreadable = Receipt {
        unreadable: 1,
        ..Receipt::default()
    };
    let sink = fake.sink(|_| {});
    assert_eq!(sink.deliver(records()).await.unwrap(), unreadable);
    assert!(fake.state.lock().requests.is_empty(), "nothing to send");
    let sink = fake.sink(|config| config.reported = true);
    let all = Receipt {
        records: 1,
        ..unreadable
    };
    assert_eq!(sink.deliver(records()).await.unwrap(), all);
    assert_eq!(fake.spans(), [1]);
}

#[tokio::test]
async fn a_receiver_without_metrics_gets_spans() {
    let fake = Fake::start().await;
    let sink = fake.sink(|_| {});
    fake.state.lock().metrics.push_back((404, None, b""));
    let batch = Records::default().calls(1).batch();
    assert_eq!(sink.deliver(batch).await.unwrap(), receipt(1, 0));
    // The same batch again: nothing is sent or counted a second time.
    let requests = fake.state.lock().requests.len();
    let batch = Records::default().calls(1).batch();
    assert_eq!(sink.deliver(batch).await.unwrap(), receipt(1, 0));
    assert_eq!(fake.state.lock().requests.len(), requests);
}
