//! Calls in flight tell how many tokens they have given so far.

use std::io::Write as _;

use corelog_gateway::Seen;
use corelog_types::{Count, Dialect};

use crate::scene::Scene;
use crate::upstream::Wire;

const MESSAGES: &str = "/anthropic/v1/messages";
const ASKED: &str = r#"{"model":"claude-x","stream":true}"#;
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
const END: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":15}}\n\n";

/// An event of exactly 256 bytes with a text of four.
fn delta() -> String {
    let event = |pad: &str| {
        format!(
            "data: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"text_delta\",\"text\":\"abcd\"}},\"p\":\"{pad}\"}}\n\n"
        )
    };
    let event = event(&"x".repeat(256 - event("").len()));
    assert_eq!(event.len(), 256);
    event
}

/// A stream of which nothing has come.
async fn stream(scene: &Scene, more: &str) -> (Wire, Wire) {
    let mut caller = scene.post(MESSAGES, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{more}transfer-encoding: chunked\r\n\r\n"
        ))
        .await;
    caller.head().await;
    (caller, upstream)
}

/// What is seen once these bytes have gone through.
async fn after(scene: &Scene, wires: &mut (Wire, Wire), bytes: &[u8]) -> Seen {
    for piece in bytes.chunks(16 * 1024) {
        wires.1.send_chunk(piece).await;
        let mut left = piece.len();
        while left > 0 {
            left -= wires.0.chunk().await.len();
        }
    }
    scene.inflight.list().remove(0)
}

#[tokio::test]
async fn what_the_provider_counted_and_what_is_estimated_stay_apart() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut wires = stream(&scene, "").await;
    assert_eq!(scene.inflight.list()[0].tokens.input, None);
    let tokens = after(&scene, &mut wires, START.as_bytes()).await.tokens;
    assert_eq!(tokens.input, Some(Count::reported(25)));
    assert_eq!((tokens.output, tokens.output_estimate), (None, None));
    let text = delta().repeat(3);
    let tokens = after(&scene, &mut wires, text.as_bytes()).await.tokens;
    assert_eq!((tokens.output, tokens.output_estimate), (None, Some(3)));
    let tokens = after(&scene, &mut wires, END.as_bytes()).await.tokens;
    assert_eq!(tokens.input, Some(Count::reported(25)));
    assert_eq!(tokens.output, Some(Count::reported(15)));
    assert_eq!(tokens.output_estimate, None);
}

/// The copy goes to disk past 64 kB, and no more than 256 kB of it are looked at.
#[tokio::test]
async fn a_long_stream_is_judged_by_its_beginning() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut wires = stream(&scene, "").await;
    for (events, expected) in [(512, 512), (512, 1_024), (1_024, 2_048)] {
        let text = delta().repeat(events);
        let seen = after(&scene, &mut wires, text.as_bytes()).await;
        assert_eq!(seen.tokens.output_estimate, Some(expected));
    }
    assert_eq!(scene.inflight.list()[0].response_bytes, 2_048 * 256);
}

#[tokio::test]
async fn a_compressed_stream_is_read_as_far_as_it_came() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut wires = stream(&scene, "content-encoding: gzip\r\n").await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(START.as_bytes()).unwrap();
    encoder.write_all(delta().repeat(5).as_bytes()).unwrap();
    encoder.flush().unwrap();
    let sent = encoder.get_ref().clone();
    let tokens = after(&scene, &mut wires, &sent).await.tokens;
    assert_eq!(tokens.input, Some(Count::reported(25)));
    assert_eq!(tokens.output_estimate, Some(5));
}

/// What comes whole has no tokens so far.
#[tokio::test]
async fn an_answer_that_is_no_stream_says_nothing_before_its_end() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut caller = scene.post(MESSAGES, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"usage\":{\"output_tokens\":15}")
        .await;
    caller.head().await;
    let tokens = scene.inflight.list()[0].tokens;
    assert_eq!((tokens.input, tokens.output), (None, None));
    assert_eq!(tokens.output_estimate, None);
}
