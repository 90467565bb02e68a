//! The demo provider on a socket: every dialect answers, and breaks the way it was asked to.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where its expectation fails"
)]

use std::net::SocketAddr;

use corelog_demo::{Config, Demo, Script};
use corelog_runtime::{Shutdown, Tasks};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    tasks: Tasks,
}

struct Got {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Running {
    async fn start() -> Self {
        let script = "{\"prompt\":\"which berth\",\"response\":\"the seventh one\"}";
        let config = Config {
            exchanges_kept: 4,
            script: Script::parse(script).unwrap(),
            ..Config::default()
        };
        let demo = Demo::bind(([127, 0, 0, 1], 0).into(), config)
            .await
            .unwrap();
        let (address, shutdown, tasks) = (demo.address(), Shutdown::new(), Tasks::new());
        tasks.spawn("demo", demo.run(shutdown.clone()));
        Self {
            address,
            shutdown,
            tasks,
        }
    }

    async fn post(&self, path: &str, body: &str) -> Got {
        self.send("POST", path, body).await
    }

    /// One request in HTTP/1.0, whose answer ends with the connection and has no chunk lines.
    async fn send(&self, method: &str, path: &str, body: &str) -> Got {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: demo\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A cut connection may end in a reset; what came before it counts.
        let _ = connection.read_to_end(&mut answer).await;
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Got {
            status: head[9..12].parse().unwrap(),
            head,
            body: answer[end..].to_vec(),
        }
    }

    async fn stop(self) {
        self.shutdown.request();
        self.tasks
            .wait(std::time::Duration::from_secs(10))
            .await
            .unwrap();
    }
}

const CHAT: &str = "/v1/chat/completions";

fn chat(model: &str, prompt: &str, more: &str) -> String {
    format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"{prompt}"}}]{more}}}"#)
}

/// The `data:` of an SSE body, as JSON.
fn events(body: &str) -> Vec<serde_json::Value> {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// The payloads of event-stream frames, their check sums verified.
fn frames(mut body: &[u8]) -> Vec<(String, serde_json::Value)> {
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let mut found = Vec::new();
    while !body.is_empty() {
        let total = number(&body[..4]) as usize;
        let head = number(&body[4..8]) as usize;
        assert_eq!(crc32fast::hash(&body[..8]), number(&body[8..12]));
        let (frame, rest) = body.split_at(total);
        assert_eq!(
            crc32fast::hash(&frame[..total - 4]),
            number(&frame[total - 4..])
        );
        let headers = String::from_utf8_lossy(&frame[12..12 + head]).into_owned();
        let payload = serde_json::from_slice(&frame[12 + head..total - 4]).unwrap();
        found.push((headers, payload));
        body = rest;
    }
    found
}

#[tokio::test]
async fn an_echo_is_exact_in_every_dialect_streamed_and_not() {
    let demo = Running::start().await;
    let said = "berth  7, then 9";
    let whole = demo.post(CHAT, &chat("demo-echo", said, "")).await.json();
    assert_eq!(whole["choices"][0]["message"]["content"], said);
    let got = demo
        .post(CHAT, &chat("demo-echo", said, r#","stream":true"#))
        .await;
    let pieces: Vec<_> = events(&got.text())
        .iter()
        .filter_map(|event| {
            event["choices"][0]["delta"]["content"]
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(pieces, ["", "berth ", " ", "7, ", "then ", "9"]);

    let message = chat("demo-echo", said, r#","max_tokens":9"#);
    let whole = demo.post("/v1/messages", &message).await.json();
    assert_eq!(whole["content"][0]["text"], said);

    let converse = format!(r#"{{"messages":[{{"role":"user","content":[{{"text":"{said}"}}]}}]}}"#);
    let path = "/model/anthropic.demo-echo-v1%3A0/converse";
    let whole = demo.post(path, &converse).await.json();
    assert_eq!(whole["output"]["message"]["content"][0]["text"], said);
    let got = demo.post(&format!("{path}-stream"), &converse).await;
    let text: String = frames(&got.body)
        .iter()
        .filter_map(|(_, payload)| payload["delta"]["text"].as_str())
        .collect();
    assert_eq!(text, said);

    let whole = demo
        .post(
            "/v1/responses",
            &format!(r#"{{"model":"demo-echo","input":"{said}"}}"#),
        )
        .await;
    assert_eq!(whole.json()["output"][0]["content"][0]["text"], said);
    let got = demo
        .post("/api/chat", &chat("demo-echo", said, ""))
        .await
        .text();
    let lines: Vec<serde_json::Value> = got
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let text: String = lines
        .iter()
        .filter_map(|line| line["message"]["content"].as_str())
        .collect();
    assert_eq!(text, said);
    assert_eq!(lines.last().unwrap()["done"], true);
    demo.stop().await;
}

#[tokio::test]
async fn errors_come_in_the_dialects_own_form() {
    let demo = Running::start().await;
    let got = demo.post(CHAT, &chat("demo-throttle", "hi", "")).await;
    assert_eq!(got.status, 429);
    assert_eq!(got.json()["error"]["code"], "rate_limit_exceeded");
    let got = demo
        .post(
            "/v1/messages",
            &chat("demo-error-529", "hi", r#","max_tokens":9"#),
        )
        .await;
    assert_eq!(
        (got.status, got.json()["error"]["type"].as_str()),
        (529, Some("overloaded_error"))
    );
    let got = demo
        .post("/model/anthropic.demo-throttle-v1%3A0/converse", "{}")
        .await;
    assert_eq!(got.status, 429);
    assert!(got.head.contains("x-amzn-errortype: ThrottlingException"));
    let got = demo.post("/model/meta.demo-error-403/invoke", "{}").await;
    assert_eq!(got.status, 403);
    assert!(got.head.contains("AccessDeniedException"));
    assert_eq!(demo.post("/nothing", "").await.status, 404);
    demo.stop().await;
}

#[tokio::test]
async fn streams_break_on_request() {
    let demo = Running::start().await;
    let got = demo
        .post(
            CHAT,
            &chat("demo-midstream-error", "hi", r#","stream":true"#),
        )
        .await;
    assert_eq!(
        events(&got.text()).last().unwrap()["error"]["type"],
        "server_error"
    );
    let got = demo
        .post(CHAT, &chat("demo-broken", "hi", r#","stream":true"#))
        .await;
    assert!(!got.text().contains("[DONE]") && !got.body.is_empty());
    let shown = demo.send("GET", "/demo/exchanges?last=1", "").await.json();
    let chunks = shown["exchanges"][0]["responseChunks"].as_array().unwrap();
    let sent = events(&got.text()).len();
    assert_eq!(sent, chunks.len(), "all that comes before the cut arrives");
    let got = demo.post(CHAT, &chat("demo-broken", "hi", "")).await;
    assert!(got.head.contains("content-length") && !got.body.is_empty());
    let invoke = r#"{"prompt":"hi"}"#;
    let got = demo
        .post(
            "/model/meta.demo-midstream-error/invoke-with-response-stream",
            invoke,
        )
        .await;
    assert!(
        frames(&got.body)
            .last()
            .unwrap()
            .0
            .contains("modelStreamErrorException")
    );
    demo.stop().await;
}

#[tokio::test]
async fn scripts_answer_their_prompts_and_exchanges_are_shown() {
    let demo = Running::start().await;
    let got = demo
        .post(CHAT, &chat("demo-script-0", "which berth", ""))
        .await;
    assert_eq!(
        got.json()["choices"][0]["message"]["content"],
        "the seventh one"
    );
    let changed = demo
        .post(CHAT, &chat("demo-script-0", "which birth", ""))
        .await;
    assert_eq!(changed.status, 400);
    let shown = demo.send("GET", "/demo/exchanges", "").await.json();
    assert_eq!(shown["count"], 2);
    assert_eq!(shown["exchanges"][1]["status"], 400);
    let shown = demo.send("GET", "/demo/exchanges?last=1", "").await.json();
    assert_eq!(shown["exchanges"].as_array().unwrap().len(), 1);
    assert_eq!(shown["exchanges"][0]["number"], 1);
    demo.stop().await;
}
