//! Streams: each frame at once, the terminal event with the record.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corelog_record::stored::PartName;
use corelog_types::Dialect;
use corelog_wire::event_stream::encode_event;

use crate::scene::{Scene, capture};
use crate::whole::{ASKED, CHAT};

const SSE: &str = "text/event-stream";
const EVENTS: &str = "application/vnd.amazon.eventstream";

/// A stream whose `free` frames pass at once and whose `held` ones wait for the record.
async fn check(
    dialect: Dialect,
    path: &str,
    content_type: &str,
    free: &[Vec<u8>],
    held: &[Vec<u8>],
) -> (Scene, crate::ledger::Kept) {
    let scene = Scene::new(dialect).await;
    scene.ledger.hold();
    let mut caller = scene.post(path, r#"{"stream":true}"#).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        ))
        .await;
    assert_eq!(caller.head().await.get("content-type"), Some(content_type));
    for frame in free {
        upstream.send_chunk(frame).await;
        assert_eq!(&caller.chunk().await, frame);
    }
    assert_eq!(scene.ledger.count(), 0);
    for frame in held {
        upstream.send_chunk(frame).await;
    }
    upstream.send("0\r\n\r\n").await;
    let record = scene.ledger.record(1).await;
    scene.settle().await;
    assert_eq!(caller.so_far().await, b"");
    scene.ledger.release();
    for frame in held {
        assert_eq!(&caller.chunk().await, frame);
    }
    assert_eq!(caller.chunk().await, b"");
    let stream = record.extension().stream.unwrap();
    assert!(stream.complete);
    assert_eq!(stream.chunks, (free.len() + held.len()) as u64);
    let sent = free.iter().chain(held).map(Vec::len).sum::<usize>();
    assert_eq!(record.extension().delivery.unwrap().bytes, sent as u64);
    (scene, record)
}

fn lines(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[tokio::test]
async fn done_ends_a_chat_completion() {
    let free = lines(&[
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
    ]);
    let held = lines(&["data: [DONE]\n\n"]);
    let (_scene, record) = check(Dialect::OpenAi, CHAT, SSE, &free, &held).await;
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["choices"][0]["message"]["content"], "Hello");
    assert_eq!(record.extension().stream.unwrap().framing, "sse");
}

#[tokio::test]
async fn message_stop_ends_an_anthropic_message() {
    let free = lines(&[
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n",
    ]);
    let held = lines(&["event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"]);
    let path = "/anthropic/v1/messages";
    let (_scene, record) = check(Dialect::Anthropic, path, SSE, &free, &held).await;
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["content"][0]["text"], "Hi");
    assert_eq!(
        record.document().output.unwrap().output_token_count,
        Some(3)
    );
}

#[tokio::test]
async fn response_completed_ends_a_response() {
    let free = lines(&[
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n",
    ]);
    let held = lines(&[
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"usage\":{\"input_tokens\":4,\"output_tokens\":5}}}\n\n",
    ]);
    let path = "/openai/v1/responses";
    let (_scene, record) = check(Dialect::OpenAi, path, SSE, &free, &held).await;
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["id"], "resp_1");
    assert_eq!(record.document().input.unwrap().input_token_count, Some(4));
}

fn event(kind: &str, payload: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_event(kind, payload.as_bytes(), &mut frame);
    frame
}

#[tokio::test]
async fn message_stop_and_metadata_end_a_converse_stream() {
    let free = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#,
        ),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
    ];
    let held = [
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":3,"outputTokens":1,"totalTokens":4},"metrics":{"latencyMs":50}}"#,
        ),
    ];
    let path = "/model/amazon.nova-lite-v1%3A0/converse-stream";
    let (_scene, record) = check(Dialect::Bedrock, path, EVENTS, &free, &held).await;
    let document = record.document();
    assert_eq!(document.operation, "ConverseStream");
    assert_eq!(document.model_id.as_deref(), Some("amazon.nova-lite-v1:0"));
    assert_eq!(document.output.unwrap().output_token_count, Some(1));
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output["output"]["message"]["content"][0]["text"], "Hi");
}

#[tokio::test]
async fn the_usage_behind_a_message_stop_is_waited_for() {
    let scene = Scene::new(Dialect::Bedrock).await;
    let path = "/model/amazon.nova-lite-v1%3A0/converse-stream";
    let mut caller = scene.post(path, "{}").await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n"
        ))
        .await;
    caller.head().await;
    let stop = event("messageStop", r#"{"stopReason":"end_turn"}"#);
    upstream.send_chunk(&stop).await;
    scene.settle().await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(5)).await;
    tokio::time::resume();
    scene.settle().await;
    assert_eq!(scene.ledger.count(), 0);
    let usage = event(
        "metadata",
        r#"{"usage":{"inputTokens":3,"outputTokens":1,"totalTokens":4}}"#,
    );
    upstream.send_chunk(&usage).await;
    upstream.send("0\r\n\r\n").await;
    assert_eq!(caller.chunk().await, stop);
    assert_eq!(caller.chunk().await, usage);
    let input = scene.ledger.record(1).await.document().input.unwrap();
    assert_eq!(input.input_token_count, Some(3));
}

#[tokio::test]
async fn the_part_with_the_metrics_ends_an_invocation() {
    let part = |inner: &str| {
        let bytes = STANDARD.encode(inner);
        event("chunk", &format!(r#"{{"bytes":"{bytes}"}}"#))
    };
    let free = [part(r#"{"outputText":"Hi","index":0}"#)];
    let held = [part(
        r#"{"outputText":"","amazon-bedrock-invocationMetrics":{"inputTokenCount":6,"outputTokenCount":2}}"#,
    )];
    let path = "/model/amazon.titan-text-lite-v1/invoke-with-response-stream";
    let (_scene, record) = check(Dialect::Bedrock, path, EVENTS, &free, &held).await;
    let document = record.document();
    assert_eq!(document.operation, "InvokeModelWithResponseStream");
    assert_eq!(document.input.unwrap().input_token_count, Some(6));
    let output: serde_json::Value = serde_json::from_str(&record.output()).unwrap();
    assert_eq!(output.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_stream_without_a_terminal_event_waits_with_its_end() {
    let free = lines(&["data: {\"choices\":[]}\n\n", ": ping\n\n"]);
    check(Dialect::OpenAi, CHAT, SSE, &free, &[]).await;
}

#[tokio::test]
async fn a_stream_that_stays_open_after_its_terminal_event_is_stored_all_the_same() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    upstream.send_chunk("data: [DONE]\n\n").await;
    caller.head().await;
    assert_eq!(caller.chunk().await, b"data: [DONE]\n\n");
    assert_eq!(scene.ledger.count(), 1);
    // What comes later belongs to no record, and is counted.
    upstream.send_chunk(": bye\n\n").await;
    assert_eq!(caller.chunk().await, b": bye\n\n");
    upstream.send("0\r\n\r\n").await;
    assert_eq!(caller.chunk().await, b"");
    scene.counts("corelog_gateway_trailing_bytes_total 7").await;
}

#[tokio::test]
async fn raw_frames_are_kept_with_their_times_where_that_is_wanted() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        capture(config, |c| c.events = true);
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let frames = ["data: {\"choices\":[]}\n\n", "data: [DONE]\n\n"];
    caller.head().await;
    upstream.send_chunk(frames[0]).await;
    caller.chunk().await;
    upstream.send_chunk(frames[1]).await;
    upstream.send("0\r\n\r\n").await;
    caller.chunk().await;
    let text = scene.ledger.record(1).await.text(PartName::Events);
    let mut last = 0.0;
    for (line, frame) in text.lines().zip(frames) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["base64"], STANDARD.encode(frame));
        assert_eq!(line["bytes"], frame.len());
        let at = line["atMs"].as_f64().unwrap();
        assert!(at >= last);
        last = at;
    }
    assert_eq!(text.lines().count(), 2);
}
