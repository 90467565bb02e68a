//! What of an exchange its record holds: large bodies, compressed ones, policies, secrets.

use std::io::Write as _;

use corelog_access::{Access, Key};
use corelog_capture::{HeaderFilter, Policy, Rule};
use corelog_gateway::{Credentials, OnFull};
use corelog_record::stored::PartName;
use corelog_record::{BodyForm, Cut, CutReason, DeliveryOutcome};
use corelog_types::Dialect;

use crate::ledger::{Broken, Kept};
use crate::scene::{Scene, capture};
use crate::whole::{ASKED, CHAT};

const ANSWERED: &str = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"content":"Hi."}}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;

/// One exchange: `asked` goes up, `head` and `answered` come down, and are what the caller gets.
async fn exchange(scene: &Scene, more: &str, asked: &str, head: &str, answered: &[u8]) -> Kept {
    exchange_at(scene, CHAT, more, asked, head, answered).await
}

async fn exchange_at(
    scene: &Scene,
    path: &str,
    more: &str,
    asked: &str,
    head: &str,
    answered: &[u8],
) -> Kept {
    let before = scene.ledger.count();
    pass(scene, path, more, asked, head, answered).await;
    scene.ledger.record(before + 1).await
}

async fn pass(scene: &Scene, path: &str, more: &str, asked: &str, head: &str, answered: &[u8]) {
    let mut caller = scene.post_with(path, more, asked).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert!(request.text() == asked);
    let length = answered.len();
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n"
        ))
        .await;
    let (answer, ()) = tokio::join!(caller.message(), upstream.send(answered));
    assert!(answer.body == answered);
}

const JSON: &str = "content-type: application/json\r\n";

fn large(bytes: usize) -> String {
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - 11))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn cut(part: &str, reason: CutReason, bytes: usize) -> Cut {
    Cut {
        part: part.to_owned(),
        reason,
        bytes: Some(bytes as u64),
    }
}

#[tokio::test]
async fn large_bodies_are_kept_whole_on_disk() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (asked, answered) = (large(1_500_000), large(2_000_000));
    let record = exchange(&scene, "", &asked, JSON, answered.as_bytes()).await;
    assert!(record.is_on_disk(PartName::Input) && record.is_on_disk(PartName::Output));
    assert!(record.text(PartName::Input) == asked);
    assert!(record.output() == answered);
    assert_eq!(record.extension().cut, []);
    // Written as it came, never gathered first.
    let most = scene.ledger.piece_bytes_max();
    assert!(most < 1_000_000, "{most}");
    assert!(record.bytes.len() < 10_000);
}

#[tokio::test]
async fn what_passes_the_limit_is_cut_in_the_record_alone() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        capture(config, |c| c.body_max = 100_000);
    })
    .await;
    let (asked, answered) = (large(150_000), large(200_000));
    let record = exchange(&scene, "", &asked, JSON, answered.as_bytes()).await;
    assert!(record.text(PartName::Input) == asked[..100_000]);
    assert!(record.output() == answered[..100_000]);
    let extension = record.extension();
    let over = CutReason::OverLimit;
    assert_eq!(
        extension.cut,
        [cut("input", over, 150_000), cut("output", over, 200_000)]
    );
    assert_eq!(extension.request_bytes, Some(150_000));
    assert_eq!(extension.response_bytes, Some(200_000));
}

#[tokio::test]
async fn a_disk_without_room_for_a_body_cuts_it_where_calls_shall_go_on() {
    let scene = Scene::with(Dialect::OpenAi, |config| config.on_full = OnFull::Relay).await;
    scene.ledger.breaks_at(Broken::Spill);
    let answered = large(200_000);
    let record = exchange(&scene, "", ASKED, JSON, answered.as_bytes()).await;
    assert_eq!(
        record.extension().cut,
        [cut("output", CutReason::Disk, 200_000)]
    );
    scene.counts("corelog_capture_lost_total 1").await;
}

#[tokio::test]
async fn an_answer_that_the_disk_did_not_take_whole_does_not_end() {
    let scene = Scene::new(Dialect::OpenAi).await;
    scene.ledger.breaks_at(Broken::Spill);
    let answered = large(200_000);
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\n{JSON}content-length: {}\r\n\r\n",
            answered.len()
        ))
        .await;
    let (received, ()) = tokio::join!(caller.until_end(), upstream.send(&answered));
    let body = received.windows(4).position(|at| at == b"\r\n\r\n");
    assert!(received.len() - body.map_or(0, |at| at + 4) < answered.len());
    let record = scene.ledger.record(1).await;
    assert_eq!(record.document().error_code.as_deref(), Some("NotRecorded"));
    let delivered = record.extension().delivery.unwrap();
    assert_eq!(delivered.outcome, DeliveryOutcome::Truncated);
}

#[tokio::test]
async fn compressed_bodies_pass_as_they_are_and_are_decoded_for_the_record() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let head = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let record = exchange(&scene, "", ASKED, head, &gzip(ANSWERED.as_bytes())).await;
    assert_eq!(record.output(), ANSWERED);
    assert_eq!(
        record.document().output.unwrap().output_token_count,
        Some(2)
    );
    let extension = record.extension();
    assert_eq!(extension.response_encoding.as_deref(), Some("gzip"));
    assert_eq!(
        extension.response_bytes,
        Some(gzip(ANSWERED.as_bytes()).len() as u64)
    );
    assert_eq!(extension.cut, []);

    // Large once decoded.
    let answered = large(400_000);
    let record = exchange(&scene, "", ASKED, head, &gzip(answered.as_bytes())).await;
    assert!(record.output() == answered);
    assert!(record.is_on_disk(PartName::Output));
}

#[tokio::test]
async fn a_compressed_stream_is_reassembled() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let stream = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    let head = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let record = exchange(&scene, "", ASKED, head, &gzip(stream.as_bytes())).await;
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["choices"][0]["message"]["content"], "Hi");
}

#[tokio::test]
async fn frames_are_kept_as_they_came_over_the_wire_as_far_as_they_are_kept_at_all() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        capture(config, |c| {
            c.events = true;
            c.body_max = 1_000;
        });
    })
    .await;
    let base64 = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    let stream = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[]}\n\ndata: [DONE]\n\n";
    let wire = gzip(stream.as_bytes());
    let head = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let record = exchange(&scene, "", ASKED, head, &wire).await;
    let mut passed = 0;
    for line in record.text(PartName::Events).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let length = usize::try_from(line["bytes"].as_u64().unwrap()).unwrap();
        assert_eq!(line["base64"], base64(&wire[passed..passed + length]));
        passed += length;
    }
    assert_eq!(passed, wire.len());

    // The limit falls into the second chunk, so the first is what is kept.
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    caller.head().await;
    let first = format!(": {}\n\n", "x".repeat(596));
    for _ in 0..2 {
        upstream.send_chunk(&first).await;
        caller.chunk().await;
    }
    upstream.send("0\r\n\r\n").await;
    let record = scene.ledger.record(2).await;
    let text = record.text(PartName::Events);
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains(&base64(first.as_bytes())));
    let cuts = record.extension().cut;
    assert!(
        cuts.contains(&cut("events", CutReason::OverLimit, 1_200)),
        "{cuts:?}"
    );
}

#[tokio::test]
async fn a_decompression_bomb_is_kept_as_it_came() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let bomb = gzip(&vec![0; 4 << 20]);
    let head = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let record = exchange(&scene, "", ASKED, head, &bomb).await;
    let kept = record.part(PartName::Output);
    assert!(kept == Some((BodyForm::Binary, bomb.clone())));
    assert_eq!(
        record.extension().cut,
        [cut("output", CutReason::DecodedOverLimit, bomb.len())]
    );
}

#[tokio::test]
async fn what_is_not_in_its_encoding_is_kept_as_it_came() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let head = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    // Small, and so large that it is on disk.
    for bytes in [100, 200_000] {
        let body = vec![0xfe; bytes];
        let record = exchange(&scene, "", ASKED, head, &body).await;
        assert!(record.part(PartName::Output) == Some((BodyForm::Binary, body)));
        assert_eq!(
            record.extension().cut,
            [cut("output", CutReason::NotDecoded, bytes)]
        );
    }
}

/// Some servers say `gzip` and send what they have.
#[tokio::test]
async fn json_that_is_said_to_be_compressed_is_json() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let head = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let more = "content-encoding: gzip\r\n";
    // Small, and so large that it is on disk.
    for (asked, form) in [
        (ASKED.to_owned(), BodyForm::Json),
        (large(200_000), BodyForm::Pretty),
    ] {
        let record = exchange(&scene, more, &asked, head, ANSWERED.as_bytes()).await;
        assert!(record.part(PartName::Input) == Some((form, asked.into_bytes())));
        let answered = (BodyForm::Json, ANSWERED.as_bytes().to_vec());
        assert_eq!(record.part(PartName::Output), Some(answered));
        assert_eq!(
            record.document().output.unwrap().output_token_count,
            Some(2)
        );
        assert_eq!(record.extension().cut, []);
        assert_eq!(
            record.extension().response_encoding.as_deref(),
            Some("gzip")
        );
    }
    let head = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let stream =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    let record = exchange(&scene, "", ASKED, head, stream.as_bytes()).await;
    assert!(record.output().contains("\"content\":\"Hi\""));
    assert_eq!(record.extension().cut, []);
}

#[tokio::test]
async fn a_stream_that_is_none_is_kept_as_it_came() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let head = "content-type: text/event-stream\r\n";
    let record = exchange(&scene, "", ASKED, head, ANSWERED.as_bytes()).await;
    assert_eq!(record.output(), ANSWERED);
    let head = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";
    let body = [0xfe; 100];
    let record = exchange(&scene, "", ASKED, head, &body).await;
    let kept = record.part(PartName::Output);
    assert_eq!(kept, Some((BodyForm::Binary, body.to_vec())));
}

#[tokio::test]
async fn one_object_where_an_array_of_parts_was_expected_is_kept_as_it_came() {
    let scene = Scene::new(Dialect::Bedrock).await;
    let path = "/model/m/invoke-with-response-stream";
    let mut caller = scene.post(path, "{}").await;
    let (mut upstream, _) = scene.upstream.request().await;
    let answer = r#"{"a": [1, 2], "usage": {"input_tokens": 3}}"#;
    upstream.answer(answer).await;
    assert_eq!(caller.message().await.text(), answer);
    let record = scene.ledger.record(1).await;
    assert_eq!(record.output(), answer);
    assert_eq!(record.document().input.unwrap().input_token_count, Some(3));
}

fn rule(policy: Policy) -> Rule {
    Rule {
        policy,
        ..Rule::default()
    }
}

async fn scene_with(rules: Vec<Rule>) -> Scene {
    Scene::with(Dialect::OpenAi, |config| {
        capture(config, |c| c.policies.rules = rules);
    })
    .await
}

#[tokio::test]
async fn a_policy_says_what_is_kept() {
    for (policy, input, output) in [
        (Policy::Full, true, true),
        (Policy::Input, true, false),
        (Policy::Output, false, true),
        (Policy::Metadata, false, false),
    ] {
        let scene = scene_with(vec![rule(policy)]).await;
        let record = exchange(&scene, "", ASKED, JSON, ANSWERED.as_bytes()).await;
        assert_eq!(record.part(PartName::Input).is_some(), input, "{policy:?}");
        assert_eq!(
            record.part(PartName::Output).is_some(),
            output,
            "{policy:?}"
        );
        let extension = record.extension();
        let of_policy = extension
            .cut
            .iter()
            .map(|cut| (cut.part.as_str(), cut.reason));
        let expected = [("input", input), ("output", output)]
            .into_iter()
            .filter(|(_, kept)| !kept)
            .map(|(part, _)| (part, CutReason::Policy));
        assert!(of_policy.eq(expected), "{policy:?}");
        // Numbers are no content.
        let counted = record.document().input.unwrap().input_token_count;
        assert_eq!(counted, Some(9));
        let text = String::from_utf8_lossy(&record.everything()).into_owned();
        assert_eq!(text.contains("Say hi."), input, "{policy:?}");
        assert_eq!(text.contains("Hi."), output, "{policy:?}");
    }
}

/// No record at all for what `rule` fits, given what `config` and `more` say.
async fn check_unrecorded(rule: Rule, more: &str) {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.access = Access::new(&[Key {
            name: "ci".into(),
            secret: Some("s3cret".into()),
            signing: None,
        }]);
        capture(config, |c| c.policies.rules = vec![rule]);
    })
    .await;
    let more = format!("x-corelog-key: s3cret\r\n{more}");
    pass(&scene, CHAT, &more, ASKED, JSON, b"{}").await;
    scene.is_idle().await;
    scene.settle().await;
    assert_eq!(scene.ledger.count(), 0);
    let intents: Vec<_> = scene.ledger.intents().iter().map(|(id, _)| *id).collect();
    assert_eq!(scene.ledger.abandoned(), intents);
}

#[tokio::test]
async fn none_leaves_nothing_whoever_it_is_told_by() {
    let none = || rule(Policy::None);
    let provider = Some("openai".to_owned());
    check_unrecorded(Rule { provider, ..none() }, "").await;
    let model = Some("gpt-*".to_owned());
    check_unrecorded(Rule { model, ..none() }, "").await;
    let key = Some("ci".to_owned());
    check_unrecorded(Rule { key, ..none() }, "").await;
    let header = Some(("x-private".to_owned(), Some("yes".to_owned())));
    check_unrecorded(Rule { header, ..none() }, "x-private: yes\r\n").await;
}

#[tokio::test]
async fn a_rule_leaves_others_alone() {
    let scene = scene_with(vec![Rule {
        model: Some("llama-*".to_owned()),
        ..rule(Policy::None)
    }])
    .await;
    let record = exchange(&scene, "", ASKED, JSON, ANSWERED.as_bytes()).await;
    assert_eq!(record.output(), ANSWERED);
}

#[tokio::test]
async fn a_secret_enters_no_record_wherever_it_is_shown() {
    const CANARY: &str = "canary-7f3a";
    let scene = Scene::with(Dialect::OpenAi, |config| {
        config.providers[0].credentials = Credentials::Key(format!("{CANARY}-ours"));
        capture(config, |c| {
            let all = ["authorization", "x-api-key", "cookie", "x-team"];
            c.headers = HeaderFilter::new(&all.map(str::to_owned));
            c.events = true;
        });
    })
    .await;
    for header in [
        "authorization: Bearer",
        "authorization: Basic",
        "x-api-key:",
        "api-key:",
        "x-goog-api-key:",
        "x-corelog-key:",
        "cookie:",
        "proxy-authorization: Basic",
        "x-amz-security-token:",
        "x-of-tomorrow:",
    ] {
        let path = format!("{CHAT}?key={CANARY}");
        let more = format!("x-team: ports\r\n{header} {CANARY}\r\n");
        let answer = format!("{JSON}set-cookie: {CANARY}\r\nx-new-secret: {CANARY}\r\n");
        let record = exchange_at(&scene, &path, &more, ASKED, &answer, b"{}").await;
        let text = String::from_utf8_lossy(&record.everything()).into_owned();
        assert!(!text.contains(CANARY), "{header}: {text}");
        assert!(text.contains("ports"));
    }
    let intents = scene.ledger.intents();
    assert_eq!(intents.len(), 10);
    for (_, intent) in intents {
        assert!(!String::from_utf8_lossy(&intent).contains(CANARY));
    }
}
