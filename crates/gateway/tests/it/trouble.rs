//! Providers that refuse, break off, are silent, or are given up on.

use std::time::Duration;

use corelog_gateway::Config;
use corelog_record::stored::PartName;
use corelog_record::{DeliveryOutcome, ErrorSource};
use corelog_types::Dialect;
use tokio::net::TcpListener;

use crate::ledger::Kept;
use crate::scene::{Scene, provider};
use crate::upstream::{Message, Wire};
use crate::whole::{ASKED, CHAT};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const FIRST: &str = "data: {\"choices\":[]}\n\n";

/// A stream of which the caller has the first frame.
async fn streaming(scene: &Scene) -> (Wire, Wire) {
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send(STREAM_HEAD).await;
    upstream.send_chunk(FIRST).await;
    caller.head().await;
    caller.chunk().await;
    (caller, upstream)
}

fn check_cut(record: &Kept, code: &str, source: ErrorSource, outcome: DeliveryOutcome) {
    assert_eq!(record.document().error_code.as_deref(), Some(code));
    let extension = record.extension();
    assert_eq!(extension.error_source, Some(source));
    // What the caller saw in the head.
    assert_eq!(extension.http_status, Some(200));
    assert!(!extension.stream.unwrap().complete);
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, outcome);
    assert_eq!(delivery.bytes, FIRST.len() as u64);
}

fn check_refused(answer: &Message, record: &Kept, status: u16, code: &str, source: ErrorSource) {
    assert_eq!(answer.head.status(), status);
    let id = record.id.to_string();
    assert_eq!(answer.head.get("x-corelog-record-id"), Some(id.as_str()));
    assert_eq!(record.document().error_code.as_deref(), Some(code));
    let extension = record.extension();
    assert_eq!(extension.http_status, Some(status));
    assert_eq!(extension.error_source, Some(source));
    assert!(extension.error_message.is_some());
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_cut_for_the_caller_too() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, upstream) = streaming(&scene).await;
    drop(upstream);
    assert_eq!(caller.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    check_cut(
        &record,
        "UpstreamTruncated",
        ErrorSource::Upstream,
        DeliveryOutcome::Truncated,
    );
}

#[tokio::test]
async fn a_body_shorter_than_it_says_is_cut() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"half\":")
        .await;
    drop(upstream);
    caller.head().await;
    assert_eq!(caller.until_end().await, b"{\"half\":");
    let record = scene.ledger.record(1).await;
    assert_eq!(record.output(), "{\"half\":");
    assert_eq!(
        record.document().error_code.as_deref(),
        Some("UpstreamTruncated")
    );
}

async fn check_unreachable(dialect: Dialect, path: &str, status: u16, code: &str) -> Message {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let scene = Scene::with(dialect, |config| {
        config.providers = vec![provider("p", dialect, &base)];
    })
    .await;
    let mut caller = scene.post(path, ASKED).await;
    let answer = caller.message().await;
    let record = scene.ledger.record(1).await;
    check_refused(&answer, &record, status, code, ErrorSource::Gateway);
    // What was asked is in the record, though nobody was.
    assert_eq!(record.text(PartName::Input), ASKED);
    assert!(record.document().model_id.is_some());
    answer
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_an_error_of_the_dialect() {
    let answer = check_unreachable(Dialect::OpenAi, CHAT, 502, "bad_gateway").await;
    assert_eq!(answer.json()["error"]["type"], "server_error");
    let path = "/anthropic/v1/messages";
    let answer = check_unreachable(Dialect::Anthropic, path, 502, "api_error").await;
    assert_eq!(answer.json()["type"], "error");
    let path = "/model/amazon.nova-lite-v1%3A0/converse";
    let code = "ServiceUnavailableException";
    let answer = check_unreachable(Dialect::Bedrock, path, 503, code).await;
    assert_eq!(answer.head.get("x-amzn-errortype"), Some(code));
    assert!(answer.json()["message"].is_string());
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_is_replaced_and_the_request_sent_once() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer("{}").await;
    caller.message().await;
    drop(upstream);
    scene.settle().await;

    caller.send(crate::scene::post(CHAT, "", ASKED)).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.text(), ASKED);
    upstream.answer(r#"{"second":1}"#).await;
    assert_eq!(caller.message().await.text(), r#"{"second":1}"#);
    assert!(scene.upstream.is_untouched().await);
}

#[tokio::test]
async fn a_request_that_was_sent_is_never_sent_again() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer("{}").await;
    caller.message().await;
    caller.send(crate::scene::post(CHAT, "", ASKED)).await;
    upstream.message().await;
    drop(upstream);
    let answer = caller.message().await;
    let record = scene.ledger.record(2).await;
    check_refused(&answer, &record, 502, "bad_gateway", ErrorSource::Gateway);
    scene.settle().await;
    assert!(scene.upstream.is_untouched().await);
}

#[tokio::test]
async fn what_is_no_http_is_an_error() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.send("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    let answer = caller.message().await;
    let record = scene.ledger.record(1).await;
    check_refused(&answer, &record, 502, "bad_gateway", ErrorSource::Gateway);
}

/// Short enough for a test, and the sweeper's tick is a tenth of a second.
const SOON: Duration = Duration::from_millis(30);

async fn scene_with(change: impl FnOnce(&mut Config)) -> Scene {
    Scene::with(Dialect::OpenAi, change).await
}

#[tokio::test]
async fn the_head_of_an_answer_may_take_so_long_only() {
    for total in [false, true] {
        let scene = scene_with(|config| {
            if total {
                config.providers[0].total_timeout = SOON;
            } else {
                config.providers[0].first_byte_timeout = SOON;
            }
        })
        .await;
        let mut caller = scene.post(CHAT, ASKED).await;
        let (mut upstream, _) = scene.upstream.request().await;
        let answer = caller.message().await;
        let record = scene.ledger.record(1).await;
        check_refused(&answer, &record, 504, "timeout", ErrorSource::Gateway);
        assert_eq!(upstream.until_end().await, b"");
    }
}

#[tokio::test]
async fn a_stream_may_be_silent_for_so_long_only() {
    let scene = scene_with(|config| config.providers[0].idle_timeout = SOON).await;
    let (mut caller, mut upstream) = streaming(&scene).await;
    assert_eq!(caller.until_end().await, b"");
    assert_eq!(upstream.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    let outcome = DeliveryOutcome::Truncated;
    check_cut(
        &record,
        "UpstreamIdleTimeout",
        ErrorSource::Gateway,
        outcome,
    );
}

#[tokio::test]
async fn a_stream_may_take_so_long_in_all() {
    let total = Duration::from_millis(300);
    let scene = scene_with(|config| config.providers[0].total_timeout = total).await;
    let (mut caller, _upstream) = streaming(&scene).await;
    assert_eq!(caller.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    let outcome = DeliveryOutcome::Truncated;
    check_cut(
        &record,
        "UpstreamTotalTimeout",
        ErrorSource::Gateway,
        outcome,
    );
}

#[tokio::test]
async fn an_operator_ends_a_call_that_waits() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (_upstream, _) = scene.upstream.request().await;
    assert!(scene.inflight.kill(scene.inflight.list()[0].id));
    let answer = caller.message().await;
    let record = scene.ledger.record(1).await;
    check_refused(&answer, &record, 503, "call_killed", ErrorSource::Gateway);
    let delivery = record.extension().delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::Killed);
}

#[tokio::test]
async fn an_operator_ends_a_stream() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, _upstream) = streaming(&scene).await;
    let seen = &scene.inflight.list()[0];
    assert_eq!((seen.chunks, seen.events), (1, 1));
    assert_eq!(seen.response_bytes, FIRST.len() as u64);
    assert_eq!(seen.request_bytes, ASKED.len() as u64);
    assert_eq!(seen.model.as_deref(), Some("gpt-4o"));
    assert!(scene.inflight.kill(seen.id));
    assert_eq!(caller.until_end().await, b"");
    let record = scene.ledger.record(1).await;
    let outcome = DeliveryOutcome::Killed;
    check_cut(&record, "CallKilled", ErrorSource::Gateway, outcome);
    assert!(!scene.inflight.kill(record.id));
}

#[tokio::test]
async fn an_error_of_the_provider_passes_and_is_recorded_as_its_own() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    let body = r#"{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    let length = body.len();
    upstream
        .send(format!("HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"))
        .await;
    let answer = caller.message().await;
    assert_eq!((answer.head.status(), answer.text()), (429, body));
    assert_eq!(answer.head.get("retry-after"), Some("7"));
    let record = scene.ledger.record(1).await;
    assert_eq!(
        record.document().error_code.as_deref(),
        Some("rate_limit_exceeded")
    );
    let extension = record.extension();
    assert_eq!(extension.error_source, Some(ErrorSource::Upstream));
    assert_eq!(extension.error_message.as_deref(), Some("slow down"));
    scene
        .counts(r#"corelog_gateway_errors_total{source="upstream"} 1"#)
        .await;
}
