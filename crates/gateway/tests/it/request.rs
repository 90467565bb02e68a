//! Requests on their way up: streamed through, bounded, recorded.

use corelog_record::ErrorSource;
use corelog_record::stored::PartName;
use corelog_types::Dialect;

use crate::scene::{Scene, post};
use crate::upstream::within;
use crate::whole::{ASKED, CHAT};

const MOST: u64 = 1_000;

#[tokio::test]
async fn an_upload_arrives_as_it_is_sent() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    caller
        .send("POST /openai/v1/files HTTP/1.1\r\nhost: g\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    caller.send_chunk("part 0;").await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    assert_eq!(upstream.chunk().await, b"part 0;");
    // Each part is sent only once the one before has arrived.
    for n in 1..20 {
        let part = format!("part {n};");
        caller.send_chunk(&part).await;
        assert_eq!(upstream.chunk().await, part.as_bytes());
    }
    caller.send("0\r\n\r\n").await;
    assert_eq!(upstream.chunk().await, b"");
    upstream.exactly(2).await;
    upstream.answer("{}").await;
    caller.message().await;
    let expected = (0..20)
        .map(|n| format!("part {n};"))
        .collect::<Vec<_>>()
        .concat();
    let record = scene.ledger.record(1).await;
    assert_eq!(record.text(PartName::Input), expected);
    assert_eq!(
        record.extension().request_bytes,
        Some(expected.len() as u64)
    );
}

#[tokio::test]
async fn an_answer_may_come_before_the_request_has_ended() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
        ))
        .await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    upstream.chunk().await;
    upstream
        .send("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")
        .await;
    drop(upstream);
    let answer = caller.message().await;
    assert_eq!((answer.head.status(), answer.text()), (400, "{}"));
    let record = scene.ledger.record(1).await;
    assert_eq!(record.text(PartName::Input), "abc");
    assert_eq!(record.extension().http_status, Some(400));
}

async fn check_too_large(dialect: Dialect, path: &str, status: u16, code: &str) {
    let scene = Scene::with(dialect, |config| config.limits.body_bytes_max = MOST).await;
    let body = "x".repeat(1_001);
    let mut caller = scene.post(path, &body).await;
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), status);
    assert!(scene.upstream.is_untouched().await);
    scene
        .counts(r#"corelog_gateway_limits_total{limit="body_bytes_max"} 1"#)
        .await;
    let record = scene.ledger.record(1).await;
    assert_eq!(record.document().error_code.as_deref(), Some(code));
    let extension = record.extension();
    assert_eq!(extension.http_status, Some(status));
    assert_eq!(extension.error_source, Some(ErrorSource::Caller));
    scene.is_idle().await;
}

#[tokio::test]
async fn a_request_that_says_it_is_too_large_is_refused_at_once() {
    check_too_large(Dialect::OpenAi, CHAT, 413, "request_too_large").await;
    let path = "/anthropic/v1/messages";
    check_too_large(Dialect::Anthropic, path, 413, "request_too_large").await;
    check_too_large(
        Dialect::Bedrock,
        "/model/m/invoke",
        400,
        "ValidationException",
    )
    .await;
}

#[tokio::test]
async fn a_request_of_just_the_limit_passes() {
    let scene = Scene::with(Dialect::OpenAi, |c| c.limits.body_bytes_max = MOST).await;
    let body = "x".repeat(1_000);
    let mut caller = scene.post(CHAT, &body).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.text(), body);
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.head.status(), 200);
}

#[tokio::test]
async fn a_request_that_grows_too_large_is_cut_and_refused() {
    let scene = Scene::with(Dialect::OpenAi, |c| c.limits.body_bytes_max = MOST).await;
    let mut caller = scene.caller().await;
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n"
        ))
        .await;
    caller.send_chunk("x".repeat(900)).await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    assert_eq!(upstream.chunk().await.len(), 900);
    caller.send_chunk("x".repeat(900)).await;
    // What the provider has is no whole request.
    assert_eq!(upstream.until_end().await, b"");
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 413);
    let record = scene.ledger.record(1).await;
    assert_eq!(
        record.document().error_code.as_deref(),
        Some("request_too_large")
    );
    assert_eq!(record.extension().error_source, Some(ErrorSource::Caller));
    assert_eq!(record.text(PartName::Input).len(), 900);
}

#[tokio::test]
async fn the_intent_says_what_was_under_way() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let _caller = scene.post(CHAT, ASKED).await;
    let _upstream = scene.upstream.request().await;
    let (id, bytes) = scene.ledger.intents().remove(0);
    let intent = corelog_record::stored::decode(&bytes).unwrap().document;
    assert_eq!(intent.request_id, id.to_string());
    assert_eq!(intent.error_code.as_deref(), Some("Interrupted"));
    assert_eq!(intent.operation, "ChatCompletions");
    assert_eq!(intent.model_id.as_deref(), Some("gpt-4o"));
    let extension = intent.corelog.unwrap();
    assert_eq!(extension.error_source, Some(ErrorSource::Gateway));
    assert_eq!(extension.provider, "openai");
    // True for either reason that it became the record.
    let message = extension.error_message.unwrap();
    assert!(message.contains("process ended"), "{message}");
    assert!(message.contains("disk took no more"), "{message}");
}

/// The model is in the intent where the body came with the head and is small; nothing waits for that.
#[tokio::test]
async fn the_intent_waits_for_no_body() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let large = format!(r#"{{"model":"gpt-4o","input":"{}"}}"#, "x".repeat(17_000));
    // The body's pieces as they come: the head's own piece first.
    for (pieces, model) in [
        (vec![ASKED], Some("gpt-4o")),
        (vec!["", ASKED], None),
        (vec![&ASKED[..20], &ASKED[20..]], None),
        (vec![large.as_str()], None),
        (vec![r#"{"messages":[]}"#], None),
        (vec!["no JSON"], None),
    ] {
        let known = scene.ledger.intents().len();
        let body = pieces.concat();
        let head = post(CHAT, "", &body);
        let head = head.strip_suffix(&body).unwrap();
        let mut caller = scene.caller().await;
        caller.send([head, pieces[0]].concat()).await;
        within("the intent", async {
            while scene.ledger.intents().len() == known {
                tokio::task::yield_now().await;
            }
        })
        .await;
        for piece in &pieces[1..] {
            caller.send(piece).await;
        }
        let (mut upstream, request) = scene.upstream.request().await;
        assert_eq!(request.text(), body);
        upstream.answer("{}").await;
        assert_eq!(caller.message().await.head.status(), 200);
        let record = scene.ledger.record(known + 1).await;
        assert_eq!(record.text(PartName::Input), body);
        let (_, intent) = scene.ledger.intents().remove(known);
        let intent = corelog_record::stored::decode(&intent).unwrap().document;
        assert_eq!(intent.model_id.as_deref(), model, "{pieces:?}");
    }
}
