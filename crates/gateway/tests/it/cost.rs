//! What a record says of a call's cost.

use std::sync::Arc;

use corelog_prices::Table;
use corelog_record::CostFacts;
use corelog_types::Dialect;

use crate::ledger::Kept;
use crate::scene::{Scene, capture};
use crate::whole::{ASKED, CHAT};

async fn scene() -> Scene {
    Scene::with(Dialect::OpenAi, |config| {
        let prices = Table::built_in().billing("http://127.0.0.1*", "openai");
        capture(config, |it| it.prices = Arc::new(prices.unwrap()));
    })
    .await
}

async fn record(scene: &Scene, head: &str, answer: &str) -> Kept {
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    let length = answer.len();
    upstream
        .send(format!(
            "HTTP/1.1 {head}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
        ))
        .await;
    caller.message().await;
    scene.ledger.record(1).await
}

#[tokio::test]
async fn a_call_has_its_cost_by_the_prices_of_its_time() {
    let scene = scene().await;
    let answer = r#"{"model":"gpt-4o-2024-08-06","service_tier":"default","usage":{"prompt_tokens":2006,"completion_tokens":300,"prompt_tokens_details":{"cached_tokens":1920}}}"#;
    let extension = record(&scene, "200 OK", answer).await.extension();
    assert_eq!(extension.service_tier.as_deref(), Some("default"));
    // 86 x 2.50 + 1,920 x 1.25 + 300 x 10, in millionths.
    let expected = CostFacts {
        amount: Some(0.005_615),
        currency: Some("USD".to_owned()),
        list: Some("openai".to_owned()),
        model: Some("gpt-4o".to_owned()),
        version: Some("2026-11-22".to_owned()),
        ..CostFacts::default()
    };
    assert_eq!(extension.cost, Some(expected));
}

fn absent(cost: Option<CostFacts>) -> Option<String> {
    let cost = cost?;
    assert_eq!(cost.amount, None);
    cost.absent
}

#[tokio::test]
async fn what_is_not_known_is_absent_and_why() {
    let counted = r#"{"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
    let elsewhere = Scene::new(Dialect::OpenAi).await;
    let extension = record(&elsewhere, "200 OK", counted).await.extension();
    assert_eq!(absent(extension.cost).as_deref(), Some("unknown_upstream"));

    let scene = self::scene().await;
    let extension = record(&scene, "200 OK", "{}").await.extension();
    assert_eq!(absent(extension.cost).as_deref(), Some("no_usage"));

    let scene = self::scene().await;
    let refused = r#"{"error":{"message":"slow down"}}"#;
    let head = "429 Too Many Requests";
    let extension = record(&scene, head, refused).await.extension();
    assert_eq!(absent(extension.cost).as_deref(), Some("failed"));
}

#[tokio::test]
async fn what_is_no_call_of_a_model_says_nothing_of_costs() {
    let scene = scene().await;
    let mut caller = scene.post("/openai/v1/files", "{}").await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer("{\"data\":[]}").await;
    caller.message().await;
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().cost, None);
}
