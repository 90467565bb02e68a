//! The end of the gateway: what is on the wire is finished, and nothing new begins.

use std::time::Duration;

use corelog_record::stored::PartName;
use corelog_runtime::Tasks;
use corelog_types::Dialect;
use tokio::net::TcpStream;

use crate::scene::Scene;
use crate::upstream::within;
use crate::whole::{ASKED, CHAT};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn what_is_on_the_wire_is_finished() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut idle = scene.caller().await;
    idle.send("GET /healthz HTTP/1.1\r\nhost: g\r\n\r\n").await;
    idle.message().await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send(STREAM_HEAD).await;
    upstream.send_chunk("data: {\"choices\":[]}\n\n").await;
    caller.head().await;
    caller.chunk().await;

    scene.stop();
    // Nobody waits on a connection that carries nothing.
    assert_eq!(idle.until_end().await, b"");
    within("the door to close", async {
        while TcpStream::connect(scene.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    upstream.send_chunk("data: [DONE]\n\n").await;
    upstream.send("0\r\n\r\n").await;
    assert_eq!(caller.chunk().await, b"data: [DONE]\n\n");
    assert_eq!(caller.until_end().await, b"0\r\n\r\n");
    assert_eq!(scene.ledger.count(), 1);
    assert_eq!(scene.stopped().await, Ok(()));
}

#[tokio::test]
async fn whoever_is_late_is_named_and_recorded_with_what_there_is() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut waiting = scene.post(CHAT, ASKED).await;
    let _silent = scene.upstream.request().await;
    let mut reading = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send(STREAM_HEAD).await;
    let event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\n";
    upstream.send_chunk(event).await;
    reading.head().await;
    assert_eq!(reading.chunk().await, event.as_bytes());

    scene.stop();
    assert_eq!(scene.stopped().await, Err("connection ×2".to_owned()));
    let answer = waiting.message().await;
    assert_eq!(answer.head.status(), 503);
    assert_eq!(answer.json()["error"]["code"], "gateway_stopped");
    assert_eq!(reading.until_end().await, b"");
    let mut codes = Vec::new();
    for number in [1, 2] {
        let record = scene.ledger.record(number).await;
        assert_eq!(record.text(PartName::Input), ASKED);
        let code = record.document().error_code.unwrap();
        if code == "GatewayStopped" {
            assert!(record.output().contains("half"));
        }
        codes.push(code);
    }
    codes.sort();
    assert_eq!(codes, ["GatewayStopped", "gateway_stopped"]);
}

#[tokio::test]
async fn calls_whose_callers_are_gone_are_waited_for() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    drop(caller);
    let tasks: Tasks = scene.gateway.tasks().clone();
    within("the exchange to be on its own", async {
        while tasks.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    scene.stop();
    assert_eq!(scene.stopped().await, Ok(()));
    let late = tasks.wait(Duration::from_millis(1)).await;
    assert_eq!(late, Err("abandoned exchange ×1".to_owned()));
    upstream.answer("{}").await;
    assert_eq!(tasks.wait(Duration::from_secs(10)).await, Ok(()));
    assert_eq!(scene.ledger.count(), 1);
}
