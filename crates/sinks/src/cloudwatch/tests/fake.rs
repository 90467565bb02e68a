//! A service that checks every signature and every rule, and gets into trouble as it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use corelog_runtime::Tasks;
use corelog_wire::sigv4;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::NOW;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// What happens to the next request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// It is refused.
    Answer(u16, &'static str),
    /// It is performed, and its answer lost.
    Lost,
    /// Somebody else answers it.
    Stranger,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// Timestamps and messages, in the order of their arrival.
    pub(super) events: Vec<(u64, String)>,
    /// How many events each request brought.
    pub(super) requests: Vec<usize>,
    pub(super) operations: Vec<String>,
    pub(super) trouble: VecDeque<Option<Trouble>>,
}

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) url: String,
    pub(super) state: Arc<Mutex<State>>,
    tasks: Tasks,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
            tasks: Tasks::new(),
        };
        let serving = fake.clone();
        fake.tasks.spawn("fake service", async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answering = serving.clone();
                let service = service_fn(move |request| answering.clone().answer(request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // A lost answer ends its connection.
                serving.tasks.spawn("fake connection", async move {
                    let _ = connection.await;
                });
            }
        });
        fake
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert!(is_signed(&head, &body), "{head:?}");
        let target = head.headers["x-amz-target"].to_str().unwrap();
        let operation = target.strip_prefix("Logs_20140328.").unwrap();
        let mut state = self.state.lock();
        state.operations.push(operation.to_owned());
        let trouble = state.trouble.pop_front().flatten();
        if let Some(Trouble::Answer(status, code)) = trouble {
            return Ok(refused(status, code, "as it was told"));
        }
        if let Some(Trouble::Stranger) = trouble {
            return Ok(Response::new(Full::from("<html>Welcome</html>")));
        }
        let outcome = state.perform(operation, &serde_json::from_slice(&body).unwrap());
        match (trouble, outcome) {
            (Some(Trouble::Lost), _) => Err(Lost),
            (_, Ok(answer)) => Ok(Response::new(Full::from(answer.to_string()))),
            (_, Err((code, message))) => Ok(refused(400, code, message)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
pub(super) struct Lost;

impl From<Infallible> for Lost {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

fn refused(status: u16, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = json!({"__type": format!("com.amazonaws.logs#{code}"), "message": message});
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

fn is_signed(head: &http::request::Parts, body: &[u8]) -> bool {
    assert_eq!(head.headers["content-type"], "application/x-amz-json-1.1");
    let text = |name: &str| head.headers[name].to_str().unwrap();
    let authorization = sigv4::Authorization::parse(text("authorization")).unwrap();
    assert_eq!(authorization.access_key_id, "AKIDEXAMPLE");
    assert_eq!(authorization.region, "eu-central-1");
    assert_eq!(authorization.service, "logs");
    assert_eq!(text("x-amz-security-token"), "session");
    let signed = [
        "content-type",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    ];
    assert_eq!(authorization.signed_headers, signed);
    let headers = head.headers.iter();
    let headers: Vec<(&str, &str)> = headers
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    let request = sigv4::Request {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: "",
        headers: &headers,
        payload_sha256: &sigv4::payload_hash(body),
    };
    sigv4::verify(&authorization, &request, text("x-amz-date"), SECRET)
}

type Outcome = Result<Value, (&'static str, &'static str)>;

impl State {
    fn perform(&mut self, operation: &str, asked: &Value) -> Outcome {
        const MISSING: &str = "ResourceNotFoundException";
        const EXISTS: &str = "ResourceAlreadyExistsException";
        let name = |member: &str| asked[member].as_str().unwrap_or_default().to_owned();
        let (group, stream) = (name("logGroupName"), name("logStreamName"));
        if operation == "CreateLogGroup" {
            return match self.groups.insert(group, BTreeSet::new()) {
                None => Ok(json!({})),
                Some(_) => Err((EXISTS, "The specified log group already exists")),
            };
        }
        let Some(streams) = self.groups.get_mut(&group) else {
            return Err((MISSING, "The specified log group does not exist."));
        };
        match operation {
            "CreateLogStream" if streams.insert(stream.clone()) => Ok(json!({})),
            "CreateLogStream" => Err((EXISTS, "The specified log stream already exists")),
            "PutLogEvents" if streams.contains(&stream) => Ok(self.put(&asked["logEvents"])),
            "PutLogEvents" => Err((MISSING, "The specified log stream does not exist.")),
            other => unreachable!("{other} is not needed"),
        }
    }

    /// The rules, as the documentation of the operation has them.
    fn put(&mut self, events: &Value) -> Value {
        let events: Vec<(u64, &str)> = events
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                (
                    it["timestamp"].as_u64().unwrap(),
                    it["message"].as_str().unwrap(),
                )
            })
            .collect();
        let bytes: usize = events.iter().map(|(_, message)| message.len() + 26).sum();
        assert!(
            (1..=10_000).contains(&events.len()),
            "{} events",
            events.len()
        );
        assert!(bytes <= 1_048_576, "{bytes} bytes");
        assert!(
            events.is_sorted_by_key(|(at, _)| *at),
            "in chronological order"
        );
        let now = NOW.unix_ms();
        let is_old = |(at, _): &(u64, &str)| *at + 14 * DAY_MS < now;
        let is_new = |(at, _): &(u64, &str)| *at > now + DAY_MS / 12;
        let old = events.iter().take_while(|event| is_old(event)).count();
        let fit = events[old..]
            .iter()
            .take_while(|event| !is_new(event))
            .count();
        let kept = &events[old..old + fit];
        if let (Some((first, _)), Some((last, _))) = (kept.first(), kept.last()) {
            assert!(last - first <= DAY_MS, "within 24 hours");
        }
        let mut rejected = json!({});
        if old > 0 {
            rejected["tooOldLogEventEndIndex"] = old.into();
        }
        if old + fit < events.len() {
            rejected["tooNewLogEventStartIndex"] = (old + fit).into();
        }
        let owned = kept
            .iter()
            .map(|(at, message)| (*at, (*message).to_owned()));
        self.events.extend(owned);
        self.requests.push(events.len());
        let mut answer = json!({"nextSequenceToken": "4956"});
        if old + fit < events.len() || old > 0 {
            answer["rejectedLogEventsInfo"] = rejected;
        }
        answer
    }
}
