//! What streams say is seen while they say it, and nobody who watches is in their way.

use std::io::Write as _;

use corelog_capture::{Policy, Rule};
use corelog_gateway::{Sight, Watch};
use corelog_providers::SaidKind;
use corelog_types::Dialect;

use crate::scene::{Scene, capture};
use crate::upstream::{Wire, within};

const MESSAGES: &str = "/anthropic/v1/messages";
const ASKED: &str = r#"{"model":"claude-x","stream":true}"#;
const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

fn delta(text: &str) -> String {
    format!(
        "data: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
    )
}

/// A stream of which nothing has come: the caller's side and the provider's.
async fn stream(scene: &Scene, of_call: &str, of_answer: &str) -> (Wire, Wire) {
    let mut caller = scene.post_with(MESSAGES, of_call, ASKED).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream
        .send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{of_answer}transfer-encoding: chunked\r\n\r\n"
        ))
        .await;
    caller.head().await;
    (caller, upstream)
}

/// Sends bytes, which the caller has when this returns.
async fn send(wires: &mut (Wire, Wire), bytes: &[u8]) {
    for piece in bytes.chunks(16 * 1024) {
        wires.1.send_chunk(piece).await;
        let mut left = piece.len();
        while left > 0 {
            left -= wires.0.chunk().await.len();
        }
    }
}

/// Ends a stream.
async fn end((mut caller, mut upstream): (Wire, Wire)) {
    upstream.send_chunk(STOP).await;
    upstream.send("0\r\n\r\n").await;
    let mut left = STOP.len();
    while left > 0 {
        left -= caller.chunk().await.len();
    }
}

/// The next sights in words, with texts put together, until that one is there.
async fn seen(watch: &mut Watch, last: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    within(last, async {
        while all.last().is_none_or(|it| it != last) {
            for sight in watch.next().await {
                let word = match sight {
                    Sight::Began(seen) => format!("began {}", seen.model.unwrap()),
                    Sight::Said(_, said) => {
                        assert_eq!(said.kind, SaidKind::Text);
                        match all.last_mut().filter(|it| it.starts_with("said")) {
                            Some(before) => {
                                before.push_str(&said.text);
                                continue;
                            }
                            None => format!("said {}", said.text),
                        }
                    }
                    Sight::Gap(_) => "gap".to_owned(),
                    Sight::Ended(_) => "ended".to_owned(),
                    Sight::Missed(bytes) => format!("missed {bytes}"),
                };
                all.push(word);
            }
        }
    })
    .await;
    all
}

#[tokio::test]
async fn what_a_stream_says_is_seen_before_the_next_is_said() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut watch = scene.inflight.watch().unwrap();
    let mut other = scene.inflight.watch().unwrap();
    let mut wires = stream(&scene, "", "").await;
    send(&mut wires, delta("To be,").as_bytes()).await;
    let first = seen(&mut watch, "said To be,").await;
    assert_eq!(first, ["began claude-x", "said To be,"]);
    // Half an event says nothing yet.
    let event = delta(" or not");
    let (begin, rest) = event.as_bytes().split_at(50);
    send(&mut wires, begin).await;
    send(&mut wires, rest).await;
    assert_eq!(seen(&mut watch, "said  or not").await, ["said  or not"]);
    end(wires).await;
    assert_eq!(seen(&mut watch, "ended").await, ["ended"]);
    // The model is told where the request, in whose body it is, is long gone.
    let all = ["began claude-x", "said To be, or not", "ended"];
    assert_eq!(seen(&mut other, "ended").await, all);
}

/// In memory, on disk, and compressed.
#[tokio::test]
async fn who_comes_late_sees_what_was_said_before() {
    let scene = Scene::new(Dialect::Anthropic).await;
    for events in [1, 2_000] {
        let mut wires = stream(&scene, "", "").await;
        send(&mut wires, delta("x").repeat(events).as_bytes()).await;
        let mut watch = scene.inflight.watch().unwrap();
        let said = format!("said {}", "x".repeat(events));
        let sights = seen(&mut watch, &said).await;
        assert_eq!(sights, ["began claude-x".to_owned(), said]);
        send(&mut wires, delta("y").as_bytes()).await;
        assert_eq!(seen(&mut watch, "said y").await, ["said y"]);
        end(wires).await;
        assert_eq!(seen(&mut watch, "ended").await, ["ended"]);
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut packed = |text: &str| {
        encoder.write_all(delta(text).as_bytes()).unwrap();
        encoder.flush().unwrap();
        std::mem::take(encoder.get_mut())
    };
    let mut wires = stream(&scene, "", "content-encoding: gzip\r\n").await;
    send(&mut wires, &packed("a")).await;
    let mut watch = scene.inflight.watch().unwrap();
    seen(&mut watch, "said a").await;
    send(&mut wires, &packed("b")).await;
    assert_eq!(seen(&mut watch, "said b").await, ["said b"]);
}

#[tokio::test]
async fn a_slow_watcher_holds_nobody_up_and_learns_what_it_missed() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut watch = scene.inflight.watch().unwrap();
    let mut wires = stream(&scene, "", "").await;
    let piece = delta(&"x".repeat(10_000 - delta("").len()));
    assert_eq!(piece.len(), 10_000);
    // The caller has all of it while nobody reads what the watcher has.
    for _ in 0..500 {
        send(&mut wires, piece.as_bytes()).await;
    }
    let mut dropped = 0;
    let mut texts = 0;
    for sight in within("what is left", watch.next()).await {
        match sight {
            Sight::Missed(bytes) => dropped += bytes,
            Sight::Said(_, said) => texts += said.text.len(),
            Sight::Began(_) => {}
            other => panic!("{other:?}"),
        }
    }
    // 4 MiB of queue.
    assert!((800_000..1_200_000).contains(&dropped), "{dropped}");
    let seen_bytes = 5_000_000 - usize::try_from(dropped).unwrap();
    // A piece may come in two, of which one is dropped.
    let text = 10_000 - delta("").len();
    assert!(texts.abs_diff(seen_bytes * text / 10_000) <= 2 * 10_000);
    send(&mut wires, delta("on").as_bytes()).await;
    assert_eq!(seen(&mut watch, "said on").await, ["gap", "said on"]);
    end(wires).await;
    assert_eq!(seen(&mut watch, "ended").await, ["ended"]);
}

#[tokio::test]
async fn an_answer_that_is_not_kept_is_not_shown() {
    let scene = Scene::with(Dialect::Anthropic, |config| {
        capture(config, |limits| {
            limits.policies.rules.push(Rule {
                header: Some(("x-private".to_owned(), None)),
                policy: Policy::Input,
                ..Rule::default()
            });
        });
    })
    .await;
    let mut private = stream(&scene, "x-private: yes\r\n", "").await;
    send(&mut private, delta("secret").as_bytes()).await;
    let mut watch = scene.inflight.watch().unwrap();
    send(&mut private, delta("secret").as_bytes()).await;
    end(private).await;
    let mut wires = stream(&scene, "", "").await;
    send(&mut wires, delta("public").as_bytes()).await;
    let sights = seen(&mut watch, "said public").await;
    assert_eq!(sights, ["began claude-x", "said public"]);
}

#[tokio::test]
async fn watchers_are_limited_and_make_room() {
    let scene = Scene::new(Dialect::Anthropic).await;
    let mut all: Vec<_> = (0..15).map(|_| scene.inflight.watch().unwrap()).collect();
    assert!(scene.inflight.watch().is_none());
    all.pop();
    assert!(scene.inflight.watch().is_some());
}
