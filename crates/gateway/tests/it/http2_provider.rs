//! Providers in HTTP/2: trailers, and connections that they leave or break.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use corelog_record::{DeliveryOutcome, ErrorSource};
use corelog_runtime::{Shutdown, Tasks};
use corelog_types::Dialect;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::http2::{asked, caller};
use crate::ledger::Kept;
use crate::scene::Scene;
use crate::upstream::within;
use crate::whole::{ASKED, CHAT};

const FIRST: &str = "data: {\"choices\":[]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

type Fed = io::Result<Frame<Bytes>>;

/// A body that the test feeds.
struct FedBody(mpsc::Receiver<Fed>);

impl Body for FedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Fed>> {
        self.0.poll_recv(context)
    }
}

/// One of a provider's connections.
struct Connection {
    /// The bodies to feed, one for each request.
    requests: mpsc::Receiver<mpsc::Sender<Fed>>,
    leaving: Shutdown,
    serving: JoinHandle<()>,
}

impl Connection {
    /// Accepts one, on which every answer has this head.
    async fn accept(scene: &Scene, tasks: &Tasks, head: &'static [(&str, &str)]) -> Self {
        let socket = scene.upstream.accept_raw().await;
        let (seen, requests) = mpsc::channel(8);
        let service = service_fn(move |_: Request<Incoming>| {
            let seen = seen.clone();
            async move {
                let (feeding, body) = mpsc::channel(8);
                seen.send(feeding).await.unwrap();
                let mut answer = Response::builder();
                for (name, value) in head {
                    answer = answer.header(*name, *value);
                }
                Ok::<_, Infallible>(answer.body(FedBody(body)).unwrap())
            }
        });
        let leaving = Shutdown::new();
        let left = leaving.child();
        let serving = tasks.spawn("provider", async move {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let mut serving = pin!(builder.serve_connection(TokioIo::new(socket), service));
            tokio::select! {
                ended = serving.as_mut() => drop(ended),
                () = left.requested() => {
                    serving.as_mut().graceful_shutdown();
                    drop(serving.await);
                }
            }
        });
        Self {
            requests,
            leaving,
            serving,
        }
    }

    async fn request(&mut self) -> mpsc::Sender<Fed> {
        within("a request", self.requests.recv()).await.unwrap()
    }

    /// Says that it takes no more requests (GOAWAY).
    fn leave(&self) {
        self.leaving.request();
    }

    async fn gone(self) {
        within("the connection to end", self.serving).await.unwrap();
    }
}

async fn feed(body: &mpsc::Sender<Fed>, text: &'static str) {
    let frame = Frame::data(Bytes::from_static(text.as_bytes()));
    body.send(Ok(frame)).await.unwrap();
}

async fn scene() -> Scene {
    Scene::with(Dialect::OpenAi, |c| c.providers[0].upstream.http2 = true).await
}

const STREAM: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const WITH_TRAILER: &[(&str, &str)] = &[("content-type", "application/json"), ("trailer", "x-sum")];
const WITH_LENGTH: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("content-length", "2"),
];

fn sum() -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "42".parse().unwrap());
    Frame::trailers(trailers)
}

async fn check_trailers(head: &'static [(&str, &str)]) {
    let (scene, tasks) = (scene().await, Tasks::new());
    let mut sender = caller(&scene, &tasks).await;
    let provider = async {
        let mut connection = Connection::accept(&scene, &tasks, head).await;
        let body = connection.request().await;
        feed(&body, "{}").await;
        // The trailers come on their own.
        scene.settle().await;
        body.send(Ok(sum())).await.unwrap();
        connection
    };
    let (answer, _connection) = tokio::join!(sender.send_request(asked()), provider);
    let body = within("the end", answer.unwrap().into_body().collect()).await;
    let body = body.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "42", "{head:?}");
    assert_eq!(body.to_bytes(), "{}");
    assert_eq!(scene.ledger.record(1).await.output(), "{}");
    scene.is_idle().await;
}

#[tokio::test]
async fn trailers_reach_a_caller_in_http2() {
    check_trailers(WITH_TRAILER).await;
    check_trailers(&[("content-type", "application/json")]).await;
    check_trailers(WITH_LENGTH).await;
}

#[tokio::test]
async fn announced_trailers_reach_a_caller_in_http1_that_wants_them() {
    let (scene, tasks) = (scene().await, Tasks::new());
    let mut caller = scene.post_with(CHAT, "te: trailers\r\n", ASKED).await;
    let mut connection = Connection::accept(&scene, &tasks, WITH_TRAILER).await;
    let body = connection.request().await;
    feed(&body, "{}").await;
    body.send(Ok(sum())).await.unwrap();
    drop(body);
    let head = caller.head().await;
    assert_eq!(head.get("trailer"), Some("x-sum"));
    assert_eq!(head.get("transfer-encoding"), Some("chunked"));
    let rest = caller.until("\r\n\r\n").await;
    assert_eq!(rest, b"2\r\n{}\r\n0\r\nx-sum: 42\r\n\r\n");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let (scene, tasks) = (scene().await, Tasks::new());
    let mut caller = scene.post(CHAT, ASKED).await;
    let mut connection = Connection::accept(&scene, &tasks, STREAM).await;
    finish(connection.request().await).await;
    assert_eq!(caller.message().await.text(), DONE);
    scene.stop();
    assert_eq!(scene.stopped().await, Ok(()));
    scene.gateway.wind_down();
    let patience = std::time::Duration::from_secs(10);
    assert_eq!(scene.gateway.tasks().wait(patience).await, Ok(()));
    connection.gone().await;
}

/// An answer that ends the dialect's way.
async fn finish(body: mpsc::Sender<Fed>) {
    feed(&body, DONE).await;
    drop(body);
}

#[tokio::test]
async fn the_call_after_a_goaway_goes_to_a_new_connection() {
    let (scene, tasks) = (scene().await, Tasks::new());
    for n in 1..=3 {
        let mut caller = scene.post(CHAT, ASKED).await;
        let mut connection = Connection::accept(&scene, &tasks, STREAM).await;
        let body = connection.request().await;
        finish(body).await;
        assert_eq!(caller.message().await.text(), DONE);
        assert_eq!(scene.ledger.record(n).await.document().error_code, None);
        connection.leave();
        if n == 2 {
            // This one is gone for good before the next call, the others are just leaving.
            connection.gone().await;
        }
    }
}

#[tokio::test]
async fn an_answer_under_way_outlives_a_goaway() {
    let (scene, tasks) = (scene().await, Tasks::new());
    let mut first = scene.post(CHAT, ASKED).await;
    let mut old = Connection::accept(&scene, &tasks, STREAM).await;
    let body = old.request().await;
    feed(&body, FIRST).await;
    first.head().await;
    assert_eq!(first.chunk().await, FIRST.as_bytes());
    old.leave();
    scene.settle().await;
    let mut second = scene.post(CHAT, ASKED).await;
    let other = async {
        let mut new = Connection::accept(&scene, &tasks, STREAM).await;
        finish(new.request().await).await;
    };
    within("a new connection", other).await;
    assert_eq!(second.message().await.text(), DONE);

    finish(body).await;
    assert_eq!(first.chunk().await, DONE.as_bytes());
    assert_eq!(first.until("\r\n\r\n").await, b"0\r\n\r\n");
    for n in 1..=2 {
        assert_eq!(scene.ledger.record(n).await.document().error_code, None);
    }
}

fn check_truncated(record: &Kept) {
    let code = record.document().error_code;
    assert_eq!(code.as_deref(), Some("UpstreamTruncated"));
    // Put together from what came.
    assert_eq!(record.output(), r#"{"choices":[]}"#);
    let extension = record.extension();
    assert_eq!(extension.error_source, Some(ErrorSource::Upstream));
    assert!(!extension.stream.unwrap().complete);
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::Truncated);
    assert_eq!(delivery.bytes, FIRST.len() as u64);
}

/// Breaks an answer off after its first event: the stream alone, or the connection.
async fn break_off(connection: Connection, body: mpsc::Sender<Fed>, stream_alone: bool) {
    if stream_alone {
        let broken = io::Error::other("the model is gone");
        body.send(Err(broken)).await.unwrap();
        // The connection is there to the end of the test.
        std::mem::forget(connection);
    } else {
        connection.serving.abort();
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_breaks_for_callers_in_either_protocol() {
    for stream_alone in [true, false] {
        let (scene, tasks) = (scene().await, Tasks::new());
        let mut h1 = scene.post(CHAT, ASKED).await;
        let mut connection = Connection::accept(&scene, &tasks, STREAM).await;
        let body = connection.request().await;
        feed(&body, FIRST).await;
        h1.head().await;
        assert_eq!(h1.chunk().await, FIRST.as_bytes());
        break_off(connection, body, stream_alone).await;
        // No last chunk: nobody takes this for an end.
        assert_eq!(h1.until_end().await, b"");
        check_truncated(&scene.ledger.record(1).await);
    }
    for stream_alone in [true, false] {
        let (scene, tasks) = (scene().await, Tasks::new());
        let mut sender = caller(&scene, &tasks).await;
        let provider = async {
            let mut connection = Connection::accept(&scene, &tasks, STREAM).await;
            let body = connection.request().await;
            feed(&body, FIRST).await;
            (connection, body)
        };
        let (answer, (connection, body)) = tokio::join!(sender.send_request(asked()), provider);
        let mut answer = answer.unwrap().into_body();
        let first = within("a frame", answer.frame()).await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), FIRST);
        break_off(connection, body, stream_alone).await;
        let broken = within("the reset", answer.frame()).await;
        assert!(broken.unwrap().is_err());
        check_truncated(&scene.ledger.record(1).await);
    }
}
