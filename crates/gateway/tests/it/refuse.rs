//! No answer without its record, or the gap counted: what happens when the disk fails.

use corelog_gateway::OnFull;
use corelog_types::Dialect;

use crate::ledger::Broken;
use crate::scene::Scene;
use crate::whole::{ASKED, CHAT};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

async fn scene(on_full: OnFull, broken: Broken) -> Scene {
    scene_of(Dialect::OpenAi, on_full, broken).await
}

async fn scene_of(dialect: Dialect, on_full: OnFull, broken: Broken) -> Scene {
    let scene = Scene::with(dialect, |config| config.on_full = on_full).await;
    scene.ledger.breaks_at(broken);
    scene
}

async fn check_refused_before(
    dialect: Dialect,
    path: &str,
    broken: Broken,
    pointer: &str,
    code: &str,
) {
    let scene = scene_of(dialect, OnFull::Refuse, broken).await;
    let mut caller = scene.post(path, ASKED).await;
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 503);
    assert_eq!(answer.head.get("retry-after"), Some("1"));
    match answer.json().pointer(pointer) {
        Some(said) => assert_eq!(said, code),
        None => assert_eq!(answer.head.get(pointer), Some(code)),
    }
    assert!(scene.upstream.is_untouched().await);
    assert_eq!(scene.ledger.count(), 0);
    scene
        .counts(r#"corelog_capture_disk_policy_total{outcome="Refused"} 1"#)
        .await;
    scene.is_idle().await;
}

#[tokio::test]
async fn a_full_disk_refuses_before_anything_goes_upstream() {
    let code = "service_unavailable";
    check_refused_before(Dialect::OpenAi, CHAT, Broken::Admit, "/error/code", code).await;
    check_refused_before(Dialect::OpenAi, CHAT, Broken::Intent, "/error/code", code).await;
    let path = "/anthropic/v1/messages";
    check_refused_before(
        Dialect::Anthropic,
        path,
        Broken::Admit,
        "/error/type",
        "overloaded_error",
    )
    .await;
    let code = "ServiceUnavailableException";
    check_refused_before(
        Dialect::Bedrock,
        "/model/m/converse",
        Broken::Intent,
        "x-amzn-errortype",
        code,
    )
    .await;
}

#[tokio::test]
async fn a_full_disk_lets_pass_where_that_is_wanted() {
    for broken in [Broken::Admit, Broken::Intent] {
        let scene = scene(OnFull::Relay, broken).await;
        let mut caller = scene.post(CHAT, ASKED).await;
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.answer("{}").await;
        let answer = caller.message().await;
        assert_eq!((answer.head.status(), answer.text()), (200, "{}"));
        // There is no record, so none is named.
        assert_eq!(answer.head.get("x-corelog-record-id"), None);
        assert_eq!(scene.ledger.count(), 0);
        assert_eq!(scene.ledger.gaps().len(), 1);
        scene.counts("corelog_capture_lost_total 1").await;
        scene
            .counts(r#"corelog_capture_disk_policy_total{outcome="Relayed"} 1"#)
            .await;
    }
}

#[tokio::test]
async fn a_whole_answer_that_lost_its_record_becomes_an_error() {
    for broken in [Broken::Append, Broken::Durable] {
        let scene = scene(OnFull::Refuse, broken).await;
        let mut caller = scene.post(CHAT, ASKED).await;
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.answer(r#"{"secret":"of the model"}"#).await;
        let answer = caller.message().await;
        assert_eq!(answer.head.status(), 503);
        assert_eq!(answer.json()["error"]["code"], "service_unavailable");
        assert!(!answer.text().contains("of the model"));
    }
}

#[tokio::test]
async fn a_stream_that_lost_its_record_is_cut() {
    for broken in [Broken::Append, Broken::Durable] {
        let scene = scene(OnFull::Refuse, broken).await;
        let mut caller = scene.post(CHAT, ASKED).await;
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.send(STREAM_HEAD).await;
        upstream.send_chunk("data: {\"choices\":[]}\n\n").await;
        caller.head().await;
        caller.chunk().await;
        upstream.send_chunk("data: [DONE]\n\n").await;
        upstream.send("0\r\n\r\n").await;
        // Neither the terminal event nor the last chunk: no client takes this for an end.
        assert_eq!(caller.until_end().await, b"");
    }
}

#[tokio::test]
async fn an_answer_that_lost_its_record_passes_where_that_is_wanted() {
    for broken in [Broken::Append, Broken::Durable] {
        let scene = scene(OnFull::Relay, broken).await;
        let mut caller = scene.post(CHAT, ASKED).await;
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.answer("{}").await;
        assert_eq!(caller.message().await.text(), "{}");
        scene.counts("corelog_capture_lost_total 1").await;

        caller.send(crate::scene::post(CHAT, "", ASKED)).await;
        upstream.message().await;
        upstream.send(STREAM_HEAD).await;
        upstream.send_chunk("data: [DONE]\n\n").await;
        upstream.send("0\r\n\r\n").await;
        assert_eq!(caller.message().await.text(), "data: [DONE]\n\n");
        scene.counts("corelog_capture_lost_total 2").await;
        assert_eq!(scene.ledger.gaps().len(), 2);
    }
}
