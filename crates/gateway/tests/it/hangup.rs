//! A caller that hangs up loses nothing: the provider's answer is read to its end for the record.

use std::time::Duration;

use corelog_gateway::State;
use corelog_record::{DeliveryOutcome, ErrorSource};
use corelog_types::Dialect;

use crate::scene::Scene;
use crate::upstream::{Wire, within};
use crate::whole::{ASKED, CHAT};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const FIRST: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
const SECOND: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n";

async fn until(what: &str, holds: impl Fn() -> bool) {
    within(what, async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A stream that is left by its caller after the first frame.
async fn left(scene: &Scene) -> Wire {
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send(STREAM_HEAD).await;
    upstream.send_chunk(FIRST).await;
    caller.head().await;
    caller.chunk().await;
    drop(caller);
    let inflight = scene.inflight.clone();
    until("the drain", || inflight.list()[0].state == State::Draining).await;
    upstream
}

#[tokio::test]
async fn before_the_head_of_the_answer() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    drop(caller);
    until("the exchange to be on its own", || {
        !scene.gateway.tasks().is_empty()
    })
    .await;
    upstream.answer(r#"{"object":"chat.completion"}"#).await;
    let record = scene.ledger.record(1).await;
    assert_eq!(record.output(), r#"{"object":"chat.completion"}"#);
    let extension = record.extension();
    assert_eq!(extension.http_status, Some(200));
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::HungUp);
    assert_eq!(delivery.bytes, 0);
    assert!(delivery.closed_after_ms.is_some());
    scene.is_idle().await;
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut upstream = left(&scene).await;
    upstream.send_chunk(SECOND).await;
    upstream.send_chunk("data: [DONE]\n\n").await;
    upstream.send("0\r\n\r\n").await;
    let record = scene.ledger.record(1).await;
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["choices"][0]["message"]["content"], "Hello");
    assert_eq!(record.document().error_code, None);
    let extension = record.extension();
    assert!(extension.stream.unwrap().complete);
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::HungUp);
    assert_eq!((delivery.bytes, delivery.chunks), (FIRST.len() as u64, 1));
    scene.is_idle().await;
}

#[tokio::test]
async fn while_the_record_is_stored() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.hold();
    let caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer("{}").await;
    scene.ledger.record(1).await;
    drop(caller);
    until("the exchange to be on its own", || {
        !scene.gateway.tasks().is_empty()
    })
    .await;
    scene.ledger.release();
    scene.counts("corelog_spool_records_total 1").await;
    assert_eq!(scene.ledger.count(), 1);
    scene.is_idle().await;
}

#[tokio::test]
async fn the_drain_has_a_limit_in_bytes() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.limits.drain_bytes_max = 1_000;
    })
    .await;
    let mut upstream = left(&scene).await;
    let comment = format!(": {}\n\n", "x".repeat(596));
    assert_eq!(comment.len(), 600);
    upstream.send_chunk(&comment).await;
    upstream.send_chunk(&comment).await;
    let record = scene.ledger.record(1).await;
    let extension = record.extension();
    assert_eq!(record.document().error_code.as_deref(), Some("DrainLimit"));
    assert_eq!(extension.error_source, Some(ErrorSource::Gateway));
    assert_eq!(extension.response_bytes, Some(FIRST.len() as u64 + 1_200));
    assert!(!extension.stream.unwrap().complete);
    assert_eq!(extension.delivery.unwrap().outcome, DeliveryOutcome::HungUp);
    // The connection is of no more use.
    assert_eq!(upstream.until_end().await, b"");
}

#[tokio::test]
async fn the_drain_has_a_limit_in_time() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.limits.drain_timeout = Duration::from_millis(20);
    })
    .await;
    let _upstream = left(&scene).await;
    let record = scene.ledger.record(1).await;
    assert_eq!(record.document().error_code.as_deref(), Some("DrainLimit"));
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["choices"][0]["message"]["content"], "Hel");
}

#[tokio::test]
async fn in_the_middle_of_its_own_request() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
        ))
        .await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    assert_eq!(upstream.chunk().await, b"abc");
    drop(caller);
    // The provider never takes what it got for a whole request.
    assert_eq!(upstream.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    let extension = record.extension();
    assert_eq!(extension.error_source, Some(ErrorSource::Caller));
    assert_eq!(extension.request_bytes, Some(3));
    assert_eq!(extension.delivery.unwrap().outcome, DeliveryOutcome::HungUp);
    scene.is_idle().await;
}
