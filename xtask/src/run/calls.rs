//! A few dozen calls of every dialect, over plain sockets: the point is what Corelog makes of them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Questions as people ask them.
const QUESTIONS: [&str; 6] = [
    "Write a polite reminder to a supplier whose invoice is two weeks late.",
    "Explain in three sentences what a checkpoint in a database is.",
    "Wie kündige ich einen Mietvertrag fristgerecht? Bitte kurz.",
    "Turn this into a table: Rotterdam 13.4, Busan 22.7, Santos 5.0 million TEU.",
    "What does `Pin<Box<dyn Future>>` mean, and when do I need it?",
    "Summarise: the pump failed at 03:12, was restarted at 03:20, and ran until noon.",
];

/// One kind of call: where it goes, and its body with `QUESTION` in the question's place.
struct Kind {
    path: &'static str,
    headers: &'static str,
    body: &'static str,
}

const BEDROCK: &str = "authorization: AWS4-HMAC-SHA256 Credential=AKIDDEMO/20261120/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00\r\n";
const OPENAI: &str =
    "authorization: Bearer sk-demo\r\nx-corelog-user: ana\r\nx-corelog-tag-team: docs\r\n";
const ANTHROPIC: &str = "x-api-key: sk-ant-demo\r\nanthropic-version: 2023-06-01\r\n";

const KINDS: [Kind; 11] = [
    Kind {
        path: "/openai/v1/chat/completions",
        headers: OPENAI,
        body: r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
    Kind {
        path: "/openai/v1/chat/completions",
        headers: OPENAI,
        body: r#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
    Kind {
        path: "/openai/v1/responses",
        headers: OPENAI,
        body: r#"{"model":"gpt-5-mini","input":"QUESTION"}"#,
    },
    Kind {
        path: "/openai/v1/embeddings",
        headers: OPENAI,
        body: r#"{"model":"text-embedding-3-small","input":"QUESTION"}"#,
    },
    Kind {
        path: "/anthropic/v1/messages",
        headers: ANTHROPIC,
        body: r#"{"model":"claude-sonnet-4-5","max_tokens":400,"messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
    Kind {
        path: "/anthropic/v1/messages",
        headers: ANTHROPIC,
        body: r#"{"model":"claude-haiku-4-5","max_tokens":400,"stream":true,"messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
    Kind {
        path: "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        headers: BEDROCK,
        body: r#"{"messages":[{"role":"user","content":[{"text":"QUESTION"}]}],"requestMetadata":{"team":"ports"}}"#,
    },
    Kind {
        path: "/model/amazon.nova-lite-v1%3A0/converse-stream",
        headers: BEDROCK,
        body: r#"{"messages":[{"role":"user","content":[{"text":"QUESTION"}]}]}"#,
    },
    Kind {
        path: "/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream",
        headers: BEDROCK,
        body: r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":200,"messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
    Kind {
        path: "/model/anthropic.demo-throttle-v1%3A0/converse",
        headers: BEDROCK,
        body: r#"{"messages":[{"role":"user","content":[{"text":"QUESTION"}]}]}"#,
    },
    Kind {
        path: "/ollama/api/chat",
        headers: "",
        body: r#"{"model":"llama3.2","messages":[{"role":"user","content":"QUESTION"}]}"#,
    },
];

/// Makes them; says how many, and how many were answered with an error.
pub(crate) fn make(gateway: SocketAddr) -> anyhow::Result<(usize, usize)> {
    let (mut made, mut failed) = (0, 0);
    for (turn, kind) in KINDS.iter().cycle().take(KINDS.len() * 4).enumerate() {
        let question = QUESTIONS[turn % QUESTIONS.len()];
        let status = call(gateway, kind, &kind.body.replace("QUESTION", question))?;
        made += 1;
        failed += usize::from(status >= 400);
    }
    Ok((made, failed))
}

fn call(gateway: SocketAddr, kind: &Kind, body: &str) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(gateway)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {gateway}\r\ncontent-type: application/json\r\n{}content-length: {}\r\nconnection: close\r\n\r\n",
        kind.path,
        kind.headers,
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    Ok(status.and_then(|digits| digits.parse().ok()).unwrap_or(0))
}
