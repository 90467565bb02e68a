//! Whole answers: the last byte waits for the record, and nothing is changed on the way.

use corelog_record::stored::PartName;
use corelog_record::{BodyForm, DeliveryOutcome};
use corelog_types::Dialect;

use crate::scene::Scene;
use crate::upstream::within;

pub(crate) const CHAT: &str = "/openai/v1/chat/completions";
pub(crate) const ASKED: &str =
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Say hi."}]}"#;
const ANSWERED: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

#[tokio::test]
async fn an_answer_in_one_piece_is_held_until_its_record_is_durable() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.hold();
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(
        request.head.first_line,
        "POST /v1/chat/completions HTTP/1.1"
    );
    assert_eq!(request.text(), ASKED);
    assert_eq!(scene.ledger.intents().len(), 1);
    upstream.answer(ANSWERED).await;

    let record = scene.ledger.record(1).await;
    scene.settle().await;
    assert_eq!(caller.so_far().await, b"");
    scene.ledger.release();
    let answer = caller.message().await;
    assert_eq!(answer.text(), ANSWERED);
    assert_eq!(
        answer.head.get("x-corelog-record-id"),
        Some(record.id.to_string().as_str())
    );

    let document = record.document();
    assert_eq!(document.timestamp, "2026-11-20T09:15:42Z");
    assert_eq!(document.account_id, "111122223333");
    assert_eq!(document.operation, "ChatCompletions");
    assert_eq!(document.model_id.as_deref(), Some("gpt-4o"));
    assert_eq!(document.error_code, None);
    assert_eq!(document.input.unwrap().input_token_count, Some(9));
    assert_eq!(document.output.unwrap().output_token_count, Some(2));
    assert_eq!(
        record.part(PartName::Input),
        Some((BodyForm::Json, ASKED.into()))
    );
    assert_eq!(
        record.part(PartName::Output),
        Some((BodyForm::Json, ANSWERED.into()))
    );
    let extension = record.extension();
    assert_eq!(extension.http_status, Some(200));
    assert_eq!(extension.request_bytes, Some(ASKED.len() as u64));
    assert_eq!(extension.response_bytes, Some(ANSWERED.len() as u64));
    assert_eq!(extension.stop_reason.as_deref(), Some("stop"));
    let delivery = extension.delivery.unwrap();
    assert_eq!(delivery.outcome, DeliveryOutcome::Complete);
    assert_eq!(delivery.bytes, ANSWERED.len() as u64);
    scene.is_idle().await;
}

#[tokio::test]
async fn of_an_answer_in_pieces_only_the_last_waits() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.hold();
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    let (first, last) = ANSWERED.split_at(100);
    let length = ANSWERED.len();
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{first}"
        ))
        .await;
    let head = caller.head().await;
    assert_eq!(
        head.get("content-length"),
        Some(length.to_string().as_str())
    );
    assert_eq!(caller.exactly(100).await, first.as_bytes());
    upstream.send(last).await;

    let record = scene.ledger.record(1).await;
    assert_eq!(record.output(), ANSWERED);
    scene.settle().await;
    assert_eq!(caller.so_far().await, b"");
    scene.ledger.release();
    assert_eq!(caller.exactly(last.len()).await, last.as_bytes());
}

#[tokio::test]
async fn a_chunked_answer_waits_with_its_end() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.hold();
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    upstream.send_chunk(ANSWERED).await;
    caller.head().await;
    assert_eq!(caller.chunk().await, ANSWERED.as_bytes());
    upstream.send("0\r\n\r\n").await;
    scene.ledger.record(1).await;
    scene.settle().await;
    assert_eq!(caller.so_far().await, b"");
    scene.ledger.release();
    assert_eq!(caller.chunk().await, b"");
}

#[tokio::test]
async fn the_connection_serves_another_call_when_the_first_is_stored() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer(ANSWERED).await;
    caller.message().await;
    // Both connections are used again.
    caller.send(crate::scene::post(CHAT, "", ASKED)).await;
    within("the second request", upstream.message()).await;
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.text(), "{}");
    assert_eq!(scene.ledger.record(2).await.output(), "{}");
    scene
        .counts(r#"corelog_gateway_exchanges_total{provider="openai",operation="ChatCompletions",status="2xx"} 2"#)
        .await;
    scene.counts("corelog_spool_records_total 2").await;
}

/// What a record of this body is, with this content type.
async fn check_form(content_type: &str, body: &[u8], expected: BodyForm) {
    let scene = Scene::new(Dialect::Generic).await;
    let mut caller = scene.post("/generic/any/where", "{}").await;
    let (mut upstream, _) = scene.upstream.request().await;
    let length = body.len();
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    upstream.send(body).await;
    assert_eq!(caller.message().await.body, body);
    let record = scene.ledger.record(1).await;
    let kept = record.part(PartName::Output);
    assert_eq!(kept, Some((expected, body.to_vec())), "{content_type}");
    let output = record.document().output.unwrap();
    assert_eq!(output.output_content_type.as_deref(), Some(content_type));
}

#[tokio::test]
async fn a_body_is_kept_as_it_came_whatever_it_is() {
    check_form("application/json", br#"{"a": 1}"#, BodyForm::Json).await;
    check_form("application/json", b"{\n  \"a\": 1\n}", BodyForm::Pretty).await;
    check_form("application/json", b"{\"a\": oops", BodyForm::Text).await;
    check_form("text/plain", "déjà vu".as_bytes(), BodyForm::Text).await;
    check_form("audio/mpeg", b"\xff\xfb\x90\x00", BodyForm::Binary).await;
}
