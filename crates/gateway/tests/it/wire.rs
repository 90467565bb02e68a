//! Bytes are sacred: what passes is what was sent.

use corelog_types::Dialect;

use crate::scene::Scene;
use crate::upstream::{Head, Wire};
use crate::whole::{ASKED, CHAT};

/// Headers of an answer but for the two that the gateway adds.
fn without_ours(head: &Head) -> Vec<(&str, &str)> {
    let mut ours = 0;
    let rest: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| {
            let is_ours = ["x-corelog-record-id", "server-timing"].contains(name);
            ours += usize::from(is_ours);
            !is_ours
        })
        .collect();
    assert_eq!(ours, 2, "{head:?}");
    rest
}

/// Asks, and gives both ends once the request is upstream.
async fn asked(scene: &Scene) -> (Wire, Wire) {
    let caller = scene.post(CHAT, ASKED).await;
    let (upstream, _) = scene.upstream.request().await;
    (caller, upstream)
}

#[tokio::test]
async fn headers_pass_in_their_order_known_or_not() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let more = "x-first: 1\r\nconnection: keep-alive, x-hop\r\nx-hop: secret\r\nauthorization: Bearer sk-1\r\nx-many: a\r\nx-many: b\r\nx-empty: \r\nuser-agent: test\r\nx-corelog-session: s1\r\n";
    let mut caller = scene.post_with(CHAT, more, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    let mut sent: Vec<_> = request
        .head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let host = format!("127.0.0.1:{}", scene.upstream.port());
    sent.retain(|pair| *pair != ("host", host.as_str()));
    let length = ASKED.len().to_string();
    assert_eq!(
        sent,
        [
            ("content-type", "application/json"),
            ("x-first", "1"),
            ("authorization", "Bearer sk-1"),
            ("x-many", "a"),
            ("x-many", "b"),
            ("x-empty", ""),
            ("user-agent", "test"),
            ("x-corelog-session", "s1"),
            ("content-length", length.as_str()),
        ]
    );
    upstream
        .send("HTTP/1.1 200 Fine\r\nx-new: 1\r\nconnection: x-hop\r\nset-cookie: a\r\nset-cookie: b\r\nx-hop: 1\r\ncontent-type: application/json\r\nserver-timing: model;dur=3\r\ncontent-length: 2\r\n\r\n{}")
        .await;
    let answer = caller.message().await;
    let timings: Vec<_> = answer
        .head
        .headers
        .iter()
        .filter(|(name, _)| name == "server-timing")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(timings[0], "model;dur=3");
    assert!(timings[1].starts_with("corelog;dur="), "{timings:?}");
    let mut rest = answer.head;
    rest.headers.retain(|(_, value)| value != "model;dur=3");
    assert_eq!(
        without_ours(&rest),
        [
            ("x-new", "1"),
            ("set-cookie", "a"),
            ("set-cookie", "b"),
            ("content-type", "application/json"),
            ("content-length", "2"),
        ]
    );
}

#[tokio::test]
async fn chunks_keep_their_boundaries_in_both_directions() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
        ))
        .await;
    let mut upstream = scene.upstream.accept().await;
    upstream.head().await;
    for expected in ["abc", "d", ""] {
        assert_eq!(upstream.chunk().await, expected.as_bytes());
    }
    upstream
        .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n5\r\nefghi\r\n0\r\n\r\n")
        .await;
    let head = caller.head().await;
    assert_eq!(without_ours(&head), [("transfer-encoding", "chunked")]);
    for expected in ["abc", "d", "efghi", ""] {
        assert_eq!(caller.chunk().await, expected.as_bytes());
    }
}

#[tokio::test]
async fn trailers_pass() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.post_with(CHAT, "te: trailers\r\n", ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.head.get("te"), Some("trailers"));
    upstream
        .send("HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-sum: 42\r\n\r\n")
        .await;
    caller.head().await;
    assert_eq!(
        caller.until("\r\n\r\n").await,
        b"2\r\n{}\r\n0\r\nx-sum: 42\r\n\r\n"
    );
}

#[tokio::test]
async fn answers_without_a_body_keep_what_they_say_of_it() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, mut upstream) = asked(&scene).await;
    upstream
        .send("HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n")
        .await;
    assert_eq!(without_ours(&caller.head().await), [("x-a", "1")]);

    caller
        .send("GET /openai/v1/models HTTP/1.1\r\nhost: g\r\nif-none-match: x\r\n\r\n")
        .await;
    upstream.message().await;
    upstream
        .send("HTTP/1.1 304 Not Modified\r\netag: x\r\ncontent-length: 99\r\n\r\n")
        .await;
    let head = caller.head().await;
    assert_eq!(head.status(), 304);
    // hyper leaves out the length of a body that is not there, which RFC 9110 allows (section 8.6).
    assert_eq!(without_ours(&head), [("etag", "x")]);

    caller
        .send("HEAD /openai/v1/models HTTP/1.1\r\nhost: g\r\n\r\n")
        .await;
    assert_eq!(upstream.head().await.first_line, "HEAD /v1/models HTTP/1.1");
    upstream
        .send("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n")
        .await;
    let head = caller.head().await;
    assert_eq!(without_ours(&head), [("content-length", "7")]);

    let record = scene.ledger.record(3).await;
    assert_eq!(record.extension().method, "HEAD");
    assert_eq!(record.extension().response_bytes, Some(0));
    // Neither side had a body, and neither said of what type it would have been.
    let document = record.document();
    assert_eq!((document.input, document.output), (None, None));
    scene.settle().await;
    assert_eq!(caller.so_far().await, b"");
}

#[tokio::test]
async fn interim_answers_are_no_answers() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, mut upstream) = asked(&scene).await;
    upstream
        .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
        .await;
    upstream.answer("{}").await;
    let answer = caller.message().await;
    assert_eq!((answer.head.status(), answer.text()), (200, "{}"));
}

#[tokio::test]
async fn a_caller_that_waits_to_be_told_is_told() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    let length = ASKED.len();
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: g\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    assert_eq!(caller.head().await.first_line, "HTTP/1.1 100 Continue");
    caller.send(ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.text(), ASKED);
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.head.status(), 200);
}

#[tokio::test]
async fn an_old_server_ends_its_answer_by_closing() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let (mut caller, mut upstream) = asked(&scene).await;
    upstream
        .send("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"old\":")
        .await;
    caller.head().await;
    assert_eq!(caller.chunk().await, b"{\"old\":");
    upstream.send("true}").await;
    assert_eq!(caller.chunk().await, b"true}");
    drop(upstream);
    assert_eq!(caller.chunk().await, b"");
    let record = scene.ledger.record(1).await;
    assert_eq!(record.output(), r#"{"old":true}"#);
    assert_eq!(record.document().error_code, None);
}

#[tokio::test]
async fn a_caller_of_http_1_0_is_served() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let mut caller = scene.caller().await;
    let length = ASKED.len();
    caller
        .send(format!(
            "POST {CHAT} HTTP/1.0\r\ncontent-length: {length}\r\n\r\n{ASKED}"
        ))
        .await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(
        request.head.first_line,
        "POST /v1/chat/completions HTTP/1.1"
    );
    upstream
        .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        .await;
    let answer = caller.until_end().await;
    assert!(
        answer.ends_with(b"\r\n\r\n{}"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let version = scene.ledger.record(1).await.extension().http_version;
    assert_eq!(version.as_deref(), Some("HTTP/1.0"));
}

#[tokio::test]
async fn path_and_query_pass_as_they_are_written() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let path = "/openai/v1/x%2Fy/%7Ez?a=%20b&key=canary&c";
    let mut caller = scene.post(path, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(
        request.head.first_line,
        "POST /v1/x%2Fy/%7Ez?a=%20b&key=canary&c HTTP/1.1"
    );
    upstream.answer("{}").await;
    caller.message().await;
    // A query may hold a key.
    let record = scene.ledger.record(1).await;
    assert_eq!(record.extension().path, "/openai/v1/x%2Fy/%7Ez");
    assert!(!String::from_utf8_lossy(&record.everything()).contains("canary"));
}
