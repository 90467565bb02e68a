//! Limits, each with its behaviour and its metric; and who may call at all.

use corelog_access::{Access, Key};
use corelog_capture::Policy;
use corelog_gateway::{Config, Credentials, OnFull};
use corelog_record::ErrorSource;
use corelog_record::stored::PartName;
use corelog_types::Dialect;

use crate::ledger::Broken;
use crate::scene::{Scene, capture};
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
    scene
        .counts(r#"corelog_gateway_refusals_total{reason="head_too_large"} 1"#)
        .await;
    let mut caller = scene.caller().await;
    caller.send("no request\r\n\r\n").await;
    assert_eq!(caller.head().await.status(), 400);
    scene
        .counts(r#"corelog_gateway_refusals_total{reason="bad_head"} 1"#)
        .await;
    assert!(scene.upstream.is_untouched().await);
}

async fn keyed() -> Scene {
    with_key(|_| {}).await
}

async fn with_key(change: impl FnOnce(&mut Config)) -> Scene {
    Scene::with(Dialect::OpenAi, |config| {
        change(config);
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
    let known = [
        ("", None),
        // The head of the SHA-256 of "abc", from FIPS 180-2.
        ("authorization: Bearer abc\r\n", Some("ba7816bf8f01cfea")),
        ("x-corelog-key: abc\r\n", Some("ba7816bf8f01cfea")),
    ];
    for (n, (more, fingerprint)) in known.into_iter().enumerate() {
        let mut caller = scene.post_with(CHAT, more, ASKED).await;
        let answer = caller.message().await;
        assert_eq!(answer.head.status(), 401);
        assert_eq!(answer.json()["error"]["code"], "invalid_api_key");

        let record = scene.ledger.record(n + 1).await;
        let id = record.id.to_string();
        assert_eq!(answer.head.get("x-corelog-record-id"), Some(id.as_str()));
        let (document, extension) = (record.document(), record.extension());
        assert_eq!(document.error_code.as_deref(), Some("invalid_api_key"));
        assert_eq!(document.operation, "ChatCompletions");
        assert_eq!(extension.http_status, Some(401));
        assert_eq!(extension.error_source, Some(ErrorSource::Caller));
        assert_eq!(extension.path, CHAT);
        assert_eq!(extension.caller.name, None);
        assert_eq!(extension.caller.key_fingerprint.as_deref(), fingerprint);
        assert_eq!(extension.caller.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(record.part(PartName::Input), None);
        let kept = String::from_utf8_lossy(&record.everything()).into_owned();
        assert!(!kept.contains("abc") && !kept.contains("gpt"), "{kept}");
    }
    assert!(scene.upstream.is_untouched().await);
    assert_eq!(scene.ledger.intents().len(), 0);
    // What no provider serves is no call to a model.
    let mut caller = scene.post("/nowhere", ASKED).await;
    assert_eq!(caller.message().await.head.status(), 401);
    assert_eq!(scene.ledger.count(), 3);
    scene
        .counts(r#"corelog_gateway_refusals_total{reason="denied"} 4"#)
        .await;
}

#[tokio::test]
async fn a_body_too_large_to_choose_a_provider_by_is_counted_and_recorded() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.limits.body_bytes_max = 100;
        config.providers[0].models = vec!["gpt-*".to_owned()];
    })
    .await;
    let mut caller = scene.post(CHAT, &"x".repeat(101)).await;
    assert_eq!(caller.message().await.head.status(), 413);
    let document = scene.ledger.record(1).await.document();
    assert_eq!(document.error_code.as_deref(), Some("request_too_large"));
    for line in [
        r#"corelog_gateway_limits_total{limit="body_bytes_max"} 1"#,
        r#"corelog_gateway_refusals_total{reason="body_too_large"} 1"#,
    ] {
        scene.counts(line).await;
    }
}

/// No key is asked for there, so nothing of size is read; the scene's own requests may have 8 MiB.
#[tokio::test]
async fn what_anybody_may_ask_has_no_large_body() {
    let scene = Scene::new(Dialect::OpenAi).await;
    for (bytes, status) in [(4_096, 200), (4_097, 413)] {
        let mut caller = scene.post("/healthz", &"x".repeat(bytes)).await;
        assert_eq!(caller.message().await.head.status(), status, "{bytes}");
    }
}

#[tokio::test]
async fn a_flood_of_strangers_is_counted_and_recorded_in_part() {
    let scene = with_key(|config| config.limits.denied_records_per_second = 2).await;
    let mut named = 0;
    for _ in 0..40 {
        let mut caller = scene.post(CHAT, ASKED).await;
        let answer = caller.message().await;
        assert_eq!(answer.head.status(), 401);
        named += usize::from(answer.head.get("x-corelog-record-id").is_some());
    }
    scene
        .counts(r#"corelog_gateway_refusals_total{reason="denied"} 40"#)
        .await;
    assert_eq!(scene.ledger.count(), named);
    assert!((2..20).contains(&named), "{named}");
    let over = 40 - named;
    scene
        .counts(&format!(
            r#"corelog_gateway_limits_total{{limit="denied_records_per_second"}} {over}"#
        ))
        .await;
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_a_full_disk() {
    for broken in [Broken::Admit, Broken::Append, Broken::Durable] {
        let scene = with_key(|config| config.on_full = OnFull::Refuse).await;
        scene.ledger.breaks_at(broken);
        let mut caller = scene.post(CHAT, ASKED).await;
        let answer = caller.message().await;
        assert_eq!(answer.head.status(), 401);
        assert_eq!(answer.head.get("x-corelog-record-id"), None);
    }
}

#[tokio::test]
async fn no_record_of_a_stranger_where_the_policy_wants_none() {
    let scene = with_key(|config| {
        capture(config, |limits| limits.policies.otherwise = Policy::None);
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    assert_eq!(caller.message().await.head.status(), 401);
    assert_eq!(scene.ledger.count(), 0);
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
