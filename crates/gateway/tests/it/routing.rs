//! Which provider a call goes to: by path, and by the model in its body.

use corelog_gateway::Credentials;
use corelog_types::Dialect;

use crate::scene::{Scene, provider};
use crate::upstream::Upstream;
use crate::whole::{ASKED, CHAT};

/// A gateway whose second provider serves Llama models, at the upstream given beside it.
async fn two() -> (Scene, Upstream) {
    let other = Upstream::listen().await;
    let base = format!("http://127.0.0.1:{}/serving/v1", other.port());
    let scene = Scene::with(Dialect::OpenAi, |config| {
        let mut local = provider("local", Dialect::OpenAi, &base);
        local.models = vec!["llama-*".to_owned()];
        local.credentials = Credentials::Key("sk-local".to_owned());
        config.providers.push(local);
    })
    .await;
    (scene, other)
}

#[tokio::test]
async fn the_model_in_the_body_decides() {
    let (scene, other) = two().await;
    let asked = r#"{"messages":[],"model":"llama-3"}"#;
    for path in [CHAT, "/v1/chat/completions"] {
        let mut caller = scene
            .post_with(path, "authorization: Bearer sk-callers\r\n", asked)
            .await;
        let (mut upstream, request) = other.request().await;
        let line = "POST /serving/v1/chat/completions HTTP/1.1";
        assert_eq!(request.head.first_line, line);
        assert_eq!(request.text(), asked);
        assert_eq!(request.head.get("authorization"), Some("Bearer sk-local"));
        let seen = &scene.inflight.list()[0];
        assert_eq!(seen.request_bytes, asked.len() as u64);
        assert_eq!(seen.model.as_deref(), Some("llama-3"));
        upstream.answer("{}").await;
        assert_eq!(caller.message().await.head.status(), 200);
    }
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().provider, "local");
    let upstream = format!(
        "http://127.0.0.1:{}/serving/v1/chat/completions",
        other.port()
    );
    assert_eq!(record.extension().upstream, Some(upstream));
    assert_eq!(record.document().model_id.as_deref(), Some("llama-3"));
}

#[tokio::test]
async fn a_model_nobody_names_goes_to_the_dialect_s_own() {
    let (scene, other) = two().await;
    let mut caller = scene
        .post_with(CHAT, "authorization: Bearer sk-callers\r\n", ASKED)
        .await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.head.get("authorization"), Some("Bearer sk-callers"));
    assert_eq!(request.text(), ASKED);
    upstream.answer("{}").await;
    caller.message().await;
    assert!(other.is_untouched().await);
}

#[tokio::test]
async fn a_body_too_large_for_memory_is_routed_too() {
    let (scene, other) = two().await;
    // Some SDKs write the model behind the messages.
    let asked = format!(r#"{{"text":"{}","model":"llama-3"}}"#, "x".repeat(300_000));
    let mut caller = scene.post(CHAT, &asked).await;
    let (mut upstream, request) = other.request().await;
    assert!(request.text() == asked);
    upstream.answer("{}").await;
    caller.message().await;
    let input = scene
        .ledger
        .record(1)
        .await
        .text(corelog_record::stored::PartName::Input);
    assert!(input == asked);
}

#[tokio::test]
async fn a_prefix_names_the_provider_whatever_the_model() {
    let (scene, other) = two().await;
    let mut caller = scene.post("/local/chat/completions", ASKED).await;
    let (mut upstream, request) = other.request().await;
    let line = "POST /serving/v1/chat/completions HTTP/1.1";
    assert_eq!(request.head.first_line, line);
    upstream.answer("{}").await;
    caller.message().await;
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().path, "/local/chat/completions");
    assert_eq!(record.document().model_id.as_deref(), Some("gpt-4o"));
}

async fn check_nowhere(path: &str, more: &str, pointer: &str, expected: &str) {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post_with(path, more, "{}").await;
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 404);
    assert_eq!(answer.json().pointer(pointer).unwrap(), expected);
    assert!(scene.upstream.is_untouched().await);
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_an_error_of_the_likely_dialect() {
    check_nowhere("/nowhere", "", "/error/code", "not_found").await;
    let more = "anthropic-version: 2023-06-01\r\n";
    check_nowhere("/nowhere", more, "/error/type", "not_found_error").await;
    // Served by no provider of that dialect.
    check_nowhere("/v1/messages", "", "/error/type", "not_found_error").await;
}

#[tokio::test]
async fn another_configuration_takes_over_without_dropping_a_call() {
    let other = Upstream::listen().await;
    let base = format!("http://127.0.0.1:{}", other.port());
    let mut next = None;
    let scene = Scene::with(Dialect::OpenAi, |config| {
        let mut changed = config.clone();
        changed.providers = vec![provider("openai", Dialect::OpenAi, &base)];
        next = Some(changed);
    })
    .await;
    let mut first = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    scene.gateway.reconfigure(next.unwrap()).unwrap();
    let mut second = scene.post(CHAT, ASKED).await;
    let (mut others, _) = other.request().await;
    others.answer(r#"{"n":2}"#).await;
    assert_eq!(second.message().await.text(), r#"{"n":2}"#);
    upstream.answer(r#"{"n":1}"#).await;
    assert_eq!(first.message().await.text(), r#"{"n":1}"#);
    assert_eq!(scene.ledger.record(2).await.output(), r#"{"n":1}"#);
}
