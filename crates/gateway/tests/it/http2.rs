//! Callers in HTTP/2: the same promises, frame by frame.

use bytes::Bytes;
use corelog_gateway::State;
use corelog_record::DeliveryOutcome;
use corelog_runtime::Tasks;
use corelog_types::Dialect;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::scene::Scene;
use crate::upstream::{Wire, within};
use crate::whole::{ASKED, CHAT};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const FIRST: &str = "data: {\"choices\":[]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// A caller's connection, which carries many calls.
pub(crate) async fn caller(scene: &Scene, tasks: &Tasks) -> SendRequest<Full<Bytes>> {
    let socket = TcpStream::connect(scene.address).await.unwrap();
    let io = TokioIo::new(socket);
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
    let (sender, connection) = shaken.unwrap();
    tasks.spawn("caller", connection);
    sender
}

pub(crate) fn asked() -> Request<Full<Bytes>> {
    Request::post(format!("http://gateway{CHAT}"))
        .body(Full::new(Bytes::from_static(ASKED.as_bytes())))
        .unwrap()
}

/// A stream of which the caller has the first frame.
async fn streaming(
    scene: &Scene,
    sender: &mut SendRequest<Full<Bytes>>,
) -> (Response<Incoming>, Wire) {
    let provider = async {
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.send(STREAM_HEAD).await;
        upstream.send_chunk(FIRST).await;
        upstream
    };
    let (answer, upstream) = within("the head", async {
        tokio::join!(sender.send_request(asked()), provider)
    })
    .await;
    let mut answer = answer.unwrap();
    assert_eq!(frame(&mut answer).await.unwrap(), FIRST);
    (answer, upstream)
}

async fn frame(answer: &mut Response<Incoming>) -> Option<Bytes> {
    let frame = within("a frame", answer.body_mut().frame()).await?;
    Some(frame.unwrap().into_data().unwrap())
}

async fn rest(answer: Response<Incoming>) -> Bytes {
    let rest = within("the end", answer.into_body().collect()).await;
    rest.unwrap().to_bytes()
}

#[tokio::test]
async fn the_terminal_event_waits_for_the_record() {
    let (scene, tasks) = (Scene::new(Dialect::OpenAi).await, Tasks::new());
    scene.ledger.hold();
    let mut sender = caller(&scene, &tasks).await;
    let (mut answer, mut upstream) = streaming(&scene, &mut sender).await;
    upstream.send_chunk(DONE).await;
    upstream.send("0\r\n\r\n").await;
    scene.ledger.record(1).await;
    scene.settle().await;
    assert!(answer.body_mut().frame().now_or_never().is_none());
    scene.ledger.release();
    assert_eq!(frame(&mut answer).await.unwrap(), DONE);
    assert_eq!(rest(answer).await, "");
}

#[tokio::test]
async fn a_stream_that_is_left_is_drained_and_others_go_on() {
    let (scene, tasks) = (Scene::new(Dialect::OpenAi).await, Tasks::new());
    let mut sender = caller(&scene, &tasks).await;
    let (left, mut upstream) = streaming(&scene, &mut sender).await;
    drop(left);
    within("the drain", async {
        while scene.inflight.list()[0].state != State::Draining {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (mut other, mut others) = streaming(&scene, &mut sender).await;
    upstream.send_chunk(DONE).await;
    upstream.send("0\r\n\r\n").await;
    let record = scene.ledger.record(1).await;
    let extension = record.extension();
    assert!(extension.stream.unwrap().complete);
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::HungUp);
    assert_eq!(delivery.bytes, FIRST.len() as u64);

    others.send_chunk(DONE).await;
    others.send("0\r\n\r\n").await;
    assert_eq!(frame(&mut other).await.unwrap(), DONE);
    assert_eq!(rest(other).await, "");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_reset_after_what_came() {
    let (scene, tasks) = (Scene::new(Dialect::OpenAi).await, Tasks::new());
    let mut sender = caller(&scene, &tasks).await;
    let (mut answer, upstream) = streaming(&scene, &mut sender).await;
    drop(upstream);
    let broken = within("the reset", answer.body_mut().frame()).await;
    assert!(broken.unwrap().is_err());
    let code = scene.ledger.record(1).await.document().error_code;
    assert_eq!(code.as_deref(), Some("UpstreamTruncated"));
}
