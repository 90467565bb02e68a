//! Limits, each with its behaviour and its metric; and who may call at all.

use corelog_access::{Access, Key};
use corelog_gateway::Credentials;
use corelog_types::Dialect;

use crate::scene::Scene;
use crate::upstream::within;
use crate::whole::{ASKED, CHAT};

#[tokio::test]
async fn one_exchange_too_many_is_refused_and_counted() {
    let scene = Scene::with(Dialect::OpenAi, |config| config.limits.exchanges_max = 1).await;
    let mut first = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    let mut second = scene.post(CHAT, ASKED).await;
    let answer = second.message().await;
    assert_eq!(answer.head.status(), 503);
    assert_eq!(answer.head.get("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["code"], "service_unavailable");
    scene
        .counts(r#"corelog_gateway_limits_total{limit="exchanges_max"} 1"#)
        .await;
    assert!(scene.upstream.is_untouched().await);
    // The refusal is a fact about a call, too.
    let refused = scene.ledger.record(1).await;
    assert_eq!(refused.extension().http_status, Some(503));

    upstream.answer("{}").await;
    first.message().await;
    scene.is_idle().await;
    second.send(crate::scene::post(CHAT, "", ASKED)).await;
    within("the third", upstream.message()).await;
    upstream.answer("{}").await;
    assert_eq!(second.message().await.head.status(), 200);
}

#[tokio::test]
async fn a_call_waits_for_a_connection_when_all_are_used() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.providers[0].upstream.connections_max = 1;
    })
    .await;
    let mut first = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    let mut second = scene.post(CHAT, ASKED).await;
    scene
        .counts(r#"corelog_gateway_limits_total{limit="connections_per_upstream_max"} 1"#)
        .await;
    scene.settle().await;
    assert!(scene.upstream.is_untouched().await);
    upstream.answer(r#"{"n":1}"#).await;
    assert_eq!(first.message().await.text(), r#"{"n":1}"#);
    upstream.message().await;
    upstream.answer(r#"{"n":2}"#).await;
    assert_eq!(second.message().await.text(), r#"{"n":2}"#);
}

#[tokio::test]
async fn a_head_too_large_is_refused() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.limits.header_bytes_max = 16 * 1024;
    })
    .await;
    let more = format!("x-large: {}\r\n", "x".repeat(40 * 1024));
    let mut caller = scene.post_with(CHAT, &more, ASKED).await;
    assert_eq!(caller.head().await.status(), 431);
    assert!(scene.upstream.is_untouched().await);
}

async fn keyed() -> Scene {
    Scene::with(Dialect::OpenAi, |config| {
        config.providers[0].credentials = Credentials::Key("sk-ours".to_owned());
        config.access = Access::new(&[Key {
            name: "ci".into(),
            secret: Some("s3cret".into()),
            signing: None,
        }]);
    })
    .await
}

#[tokio::test]
async fn nobody_calls_without_a_key_where_keys_are_configured() {
    let scene = keyed().await;
    for more in ["", "authorization: Bearer wrong\r\n"] {
        let mut caller = scene.post_with(CHAT, more, ASKED).await;
        let answer = caller.message().await;
        assert_eq!(answer.head.status(), 401);
        assert_eq!(answer.json()["error"]["code"], "invalid_api_key");
    }
    assert!(scene.upstream.is_untouched().await);
}

#[tokio::test]
async fn a_key_of_ours_stays_here_and_the_provider_s_goes_up() {
    let scene = keyed().await;
    let own = "authorization: Bearer s3cret\r\n";
    let mut caller = scene.post_with(CHAT, own, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.head.get("authorization"), Some("Bearer sk-ours"));
    assert!(!format!("{:?}", request.head).contains("s3cret"));
    upstream.answer("{}").await;
    caller.message().await;
    let record = scene.ledger.record(1).await;
    assert_eq!(
        record.document().identity.arn,
        "arn:aws:iam::111122223333:user/ci"
    );
    let caller = record.extension().caller;
    assert_eq!(caller.name.as_deref(), Some("ci"));
    // The head of the SHA-256 of "s3cret", by sha256sum.
    assert_eq!(caller.key_fingerprint.as_deref(), Some("1ec1c26b50d5d3c5"));
    assert_eq!(caller.address.as_deref(), Some("127.0.0.1"));
}
