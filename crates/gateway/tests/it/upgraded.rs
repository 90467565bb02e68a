//! Web sockets: relayed byte for byte, recorded as opaque.

use std::time::Duration;

use corelog_gateway::{Config, Credentials};
use corelog_record::stored::PartName;
use corelog_record::{Cut, CutReason, DeliveryOutcome, ErrorSource};
use corelog_types::Dialect;

use crate::ledger::Kept;
use crate::scene::Scene;
use crate::upstream::{Head, Wire, within};
use crate::whole::{ASKED, CHAT};

const ASKING: &str = "GET /openai/v1/realtime?model=gpt-realtime HTTP/1.1\r\nhost: g\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\nauthorization: Bearer sk-callers\r\n\r\n";
const AGREED: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Both ends of an upgraded connection, and the two heads.
async fn upgraded(scene: &Scene, first_bytes: &str) -> (Wire, Wire, Head, Head) {
    let mut caller = scene.caller().await;
    caller.send(ASKING).await;
    let mut upstream = scene.upstream.accept().await;
    let asked = upstream.head().await;
    upstream.send(format!("{AGREED}{first_bytes}")).await;
    let agreed = caller.head().await;
    (caller, upstream, asked, agreed)
}

fn check(record: &Kept, from_caller: u64, to_caller: u64, outcome: DeliveryOutcome) {
    let extension = record.extension();
    assert_eq!(extension.http_status, Some(101));
    assert_eq!(extension.request_bytes, Some(from_caller));
    assert_eq!(extension.response_bytes, Some(to_caller));
    let opaque = |part: &str, bytes| Cut {
        part: part.to_owned(),
        reason: CutReason::Opaque,
        bytes: Some(bytes),
    };
    assert_eq!(
        extension.cut,
        [opaque("input", from_caller), opaque("output", to_caller)]
    );
    assert_eq!(record.part(PartName::Input), None);
    assert_eq!(record.part(PartName::Output), None);
    let delivery = extension.delivery.unwrap();
    assert_eq!((delivery.outcome, delivery.bytes), (outcome, to_caller));
}

#[tokio::test]
async fn bytes_pass_both_ways_and_the_end_waits_for_the_record() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.hold();
    let (mut caller, mut upstream, asked, agreed) = upgraded(&scene, "hello;").await;
    let line = "GET /v1/realtime?model=gpt-realtime HTTP/1.1";
    assert_eq!(asked.first_line, line);
    assert_eq!(asked.get("connection"), Some("Upgrade"));
    assert_eq!(asked.get("upgrade"), Some("websocket"));
    assert_eq!(asked.get("sec-websocket-version"), Some("13"));
    assert_eq!(asked.get("authorization"), Some("Bearer sk-callers"));
    assert_eq!(scene.ledger.intents().len(), 1);

    assert_eq!(agreed.status(), 101);
    assert_eq!(agreed.get("upgrade"), Some("websocket"));
    let accept = agreed.get("sec-websocket-accept");
    assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let id = scene.ledger.intents()[0].0.to_string();
    assert_eq!(agreed.get("x-corelog-record-id"), Some(id.as_str()));

    assert_eq!(caller.exactly(6).await, b"hello;");
    for n in 0..3_u8 {
        caller.send([0x81, n, 0xff]).await;
        assert_eq!(upstream.exactly(3).await, [0x81, n, 0xff]);
        upstream.send([n, 0]).await;
        assert_eq!(caller.exactly(2).await, [n, 0]);
    }
    assert_eq!(scene.inflight.list()[0].response_bytes, 12);
    drop(upstream);
    let record = scene.ledger.record(1).await;
    assert_eq!(record.id.to_string(), id);
    check(&record, 9, 12, DeliveryOutcome::Complete);
    assert_eq!(record.document().error_code, None);
    assert_eq!(record.document().model_id.as_deref(), Some("gpt-realtime"));
    scene.ledger.release();
    assert_eq!(caller.until_end().await, b"");
    scene.is_idle().await;
}

#[tokio::test]
async fn a_caller_that_leaves_is_told_from_a_provider_that_ends() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, mut upstream, ..) = upgraded(&scene, "").await;
    caller.send("bye").await;
    drop(caller);
    assert_eq!(upstream.until_end().await, b"bye");
    drop(upstream);
    let record = scene.ledger.record(1).await;
    check(&record, 3, 0, DeliveryOutcome::HungUp);
    scene.is_idle().await;
}

#[tokio::test]
async fn a_provider_that_stays_after_the_caller_left_is_left_too() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.limits.drain_timeout = Duration::from_millis(20);
    })
    .await;
    let (caller, _upstream, ..) = upgraded(&scene, "").await;
    drop(caller);
    let record = scene.ledger.record(1).await;
    assert_eq!(record.document().error_code.as_deref(), Some("DrainLimit"));
    check(&record, 0, 0, DeliveryOutcome::HungUp);
}

#[tokio::test]
async fn a_provider_that_does_not_agree_answers_as_ever() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    caller.send(ASKING).await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    let body = r#"{"error":{"message":"no","code":"invalid_api_key"}}"#;
    let length = body.len();
    upstream
        .send(format!("HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"))
        .await;
    let answer = caller.message().await;
    assert_eq!((answer.head.status(), answer.text()), (401, body));
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().http_status, Some(401));
    assert_eq!(record.output(), body);
    assert_eq!(
        record.document().error_code.as_deref(),
        Some("invalid_api_key")
    );
    assert_eq!(record.extension().cut, []);
    scene.is_idle().await;
}

async fn check_ended(
    change: impl FnOnce(&mut Config),
    kill: bool,
    code: &str,
    outcome: DeliveryOutcome,
) {
    let scene = Scene::with(Dialect::OpenAi, change).await;
    let (mut caller, mut upstream, ..) = upgraded(&scene, "").await;
    if kill {
        assert!(scene.inflight.kill(scene.inflight.list()[0].id));
    }
    assert_eq!(caller.until_end().await, b"");
    assert_eq!(upstream.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    check(&record, 0, 0, outcome);
    assert_eq!(record.document().error_code.as_deref(), Some(code));
    assert_eq!(record.extension().error_source, Some(ErrorSource::Gateway));
}

#[tokio::test]
async fn an_operator_and_the_total_timeout_end_it() {
    check_ended(|_| {}, true, "CallKilled", DeliveryOutcome::Killed).await;
    let soon = |config: &mut Config| {
        config.providers[0].total_timeout = Duration::from_millis(200);
        // Silence is no reason.
        config.providers[0].idle_timeout = Duration::from_millis(10);
    };
    let outcome = DeliveryOutcome::Truncated;
    check_ended(soon, false, "UpstreamTotalTimeout", outcome).await;
}

#[tokio::test]
async fn it_ends_with_the_gateway_after_the_calls_in_flight() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, mut upstream, ..) = upgraded(&scene, "hello").await;
    assert_eq!(caller.exactly(5).await, b"hello");
    let mut other = scene.post(CHAT, ASKED).await;
    let (mut others, _) = scene.upstream.request().await;
    scene.stop();
    others.answer("{}").await;
    assert_eq!(other.message().await.text(), "{}");
    assert_eq!(scene.stopped().await, Ok(()));
    // It is open as long as calls are.
    upstream.send("more").await;
    assert_eq!(caller.exactly(4).await, b"more");

    scene.gateway.wind_down();
    assert_eq!(caller.until_end().await, b"");
    assert_eq!(upstream.until_end().await, b"");
    let record = scene.ledger.record(2).await;
    check(&record, 0, 9, DeliveryOutcome::Truncated);
    let code = record.document().error_code;
    assert_eq!(code.as_deref(), Some("GatewayStopped"));
    let patience = Duration::from_secs(10);
    assert_eq!(scene.gateway.tasks().wait(patience).await, Ok(()));
}

#[tokio::test]
async fn the_provider_s_key_goes_up() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.providers[0].credentials = Credentials::Key("sk-ours".to_owned());
    })
    .await;
    let (_caller, _upstream, asked, _) = upgraded(&scene, "").await;
    assert_eq!(asked.get("authorization"), Some("Bearer sk-ours"));
}

#[tokio::test]
async fn other_protocols_are_not_asked_for() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let more = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
    let mut caller = scene.post_with(crate::whole::CHAT, more, "{}").await;
    let (mut upstream, request) = scene.upstream.request().await;
    for name in ["connection", "upgrade", "http2-settings"] {
        assert_eq!(request.head.get(name), None);
    }
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.text(), "{}");
}

#[tokio::test]
async fn a_change_nobody_asked_for_is_an_error() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(crate::whole::CHAT, "{}").await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send(AGREED).await;
    let answer = within("the refusal", caller.message()).await;
    assert_eq!(answer.head.status(), 502);
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().http_status, Some(502));
}
