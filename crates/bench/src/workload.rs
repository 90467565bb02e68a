//! What is asked and answered: the bodies of each workload, made once.

use std::fmt::Write as _;

/// Chunks of a stream, the one with `[DONE]` included.
pub(crate) const STREAM_CHUNKS: usize = 50;
/// Chunks of a slow stream, which come one a second.
const SLOW_CHUNKS: usize = 30;
const WORDS: &str = "The quick brown fox jumps over the lazy dog while seven tired engineers \\\"measure\\\" it.\\n";

/// One kind of exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// A 2 kB prompt and a 1.6 kB answer.
    Small,
    /// A 2 kB prompt and an answer in 50 chunks, each written on its own, without pauses.
    Stream,
    /// The same stream in a single write, as a relay sees it that is slower than its upstream.
    Burst,
    /// A 100 kB prompt and a 100 kB answer.
    Large,
    /// A stream of one chunk a second.
    Slow,
    /// A request of 100 MB and a small answer.
    Upload,
    /// A small request and an answer of 100 MB.
    Download,
}

impl Workload {
    /// Those whose speed is measured.
    pub(crate) const MEASURED: [Self; 4] = [Self::Small, Self::Stream, Self::Burst, Self::Large];
    const ALL: [Self; 7] = [
        Self::Small,
        Self::Stream,
        Self::Burst,
        Self::Large,
        Self::Slow,
        Self::Upload,
        Self::Download,
    ];

    /// The model's name in the request, by which the mock knows what to answer.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Small => "bench-small",
            Self::Stream => "bench-stream",
            Self::Burst => "bench-burst",
            Self::Large => "bench-large",
            Self::Slow => "bench-slow",
            Self::Upload => "bench-upload",
            Self::Download => "bench-download",
        }
    }

    /// The workload that a request's first bytes ask for.
    pub(crate) fn of_request(prefix: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|workload| memchr::memmem::find(prefix, workload.model().as_bytes()).is_some())
    }

    fn prompt_bytes(self) -> usize {
        match self {
            Self::Large => 100_000,
            // The whole request is 100 MB, so that it is just not cut by the default `capture.body_max`.
            Self::Upload => 99_999_000,
            _ => 2_000,
        }
    }

    /// The request's body.
    pub(crate) fn request(self) -> Vec<u8> {
        let stream = match self {
            Self::Stream | Self::Burst | Self::Slow => r#""stream":true,"#,
            _ => "",
        };
        format!(
            r#"{{"model":"{}",{stream}"temperature":0.2,"messages":[{{"role":"system","content":"You measure."}},{{"role":"user","content":"{}"}}]}}"#,
            self.model(),
            text(self.prompt_bytes()),
        )
        .into_bytes()
    }

    /// The mock's answer.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Small | Self::Upload => Answer::whole(1_600),
            Self::Large => Answer::whole(100_000),
            Self::Download => Answer::whole(99_999_000),
            Self::Stream => Answer::stream(STREAM_CHUNKS),
            Self::Burst => Answer::stream(STREAM_CHUNKS).in_one_write(),
            Self::Slow => Answer::stream(SLOW_CHUNKS),
        }
    }
}

/// An answer's bytes on the wire, and how they are written.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) wire: Vec<u8>,
    /// Where each write ends; the last one is the end of `wire`.
    pub(crate) cuts: Vec<usize>,
    /// Bytes of the body, chunk framing aside.
    pub(crate) body_bytes: u64,
}

impl Answer {
    fn whole(content_bytes: usize) -> Self {
        let body = format!(
            r#"{{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1767225600,"model":"bench-1","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":463,"completion_tokens":371,"total_tokens":834,"prompt_tokens_details":{{"cached_tokens":128,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0}}}},"service_tier":"default","system_fingerprint":"fp_bench"}}"#,
            text(content_bytes),
        );
        let mut wire = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        wire.extend_from_slice(body.as_bytes());
        Self {
            cuts: vec![wire.len()],
            wire,
            body_bytes: body.len() as u64,
        }
    }

    fn stream(chunks: usize) -> Self {
        let mut wire = String::from(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        let mut cuts = Vec::new();
        let mut body_bytes = 0;
        for number in 1..=chunks {
            let event = event(number, chunks);
            body_bytes += event.len() as u64;
            // Writing to a string cannot fail.
            let _ = write!(wire, "{:x}\r\n{event}\r\n", event.len());
            if number == chunks {
                wire.push_str("0\r\n\r\n");
            }
            cuts.push(wire.len());
        }
        Self {
            wire: wire.into_bytes(),
            cuts,
            body_bytes,
        }
    }

    fn in_one_write(self) -> Self {
        Self {
            cuts: vec![self.wire.len()],
            ..self
        }
    }
}

/// The event number `number` of a stream: the role, then content, then the reason to stop, then `[DONE]`.
fn event(number: usize, chunks: usize) -> String {
    let (delta, finish) = match chunks - number {
        0 => return "data: [DONE]\n\n".to_owned(),
        1 => ("{}".to_owned(), "\"stop\""),
        _ if number == 1 => (
            r#"{"role":"assistant","content":"","refusal":null}"#.to_owned(),
            "null",
        ),
        _ => (
            format!(r#"{{"content":" chunk {number} of a text that is told"}}"#),
            "null",
        ),
    };
    format!(
        "data: {{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,\"model\":\"bench-1\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
    )
}

/// `bytes` of a JSON string's inside, escapes among it, filled up with `.`.
fn text(bytes: usize) -> String {
    let mut text = WORDS.repeat(bytes / WORDS.len());
    text.push_str(&".".repeat(bytes - text.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::Parser;

    #[test]
    fn every_request_is_json_that_says_what_it_asks_for() {
        for workload in Workload::MEASURED {
            let request = workload.request();
            let parsed: serde_json::Value = serde_json::from_slice(&request).unwrap();
            assert_eq!(parsed["model"], workload.model());
            assert_eq!(Workload::of_request(&request[..64]), Some(workload));
        }
        assert_eq!(Workload::of_request(b"{\"model\":\"gpt\"}"), None);
    }

    #[test]
    fn every_answer_is_one_message_of_the_length_it_claims() {
        for workload in Workload::MEASURED {
            let answer = workload.answer();
            let mut parser = Parser::new();
            assert_eq!(parser.feed(&answer.wire).unwrap(), Some(answer.wire.len()));
            assert_eq!(parser.body_bytes(), answer.body_bytes, "{workload:?}");
            assert_eq!(answer.cuts.last(), Some(&answer.wire.len()));
        }
        assert_eq!(Workload::Stream.answer().cuts.len(), 50);
    }

    #[test]
    fn the_sizes_are_those_of_the_issue() {
        let content = |workload: Workload| {
            let request: serde_json::Value = serde_json::from_slice(&workload.request()).unwrap();
            request["messages"][1]["content"].as_str().unwrap().len()
        };
        // Escapes make the text a little shorter than its JSON.
        assert!((1_900..=2_000).contains(&content(Workload::Small)));
        assert!((95_000..=100_000).contains(&content(Workload::Large)));
        assert!((1_600..2_200).contains(&Workload::Small.answer().body_bytes));
        assert!(Workload::Upload.request().len() <= 100_000_000);
        assert!(Workload::Download.answer().body_bytes <= 100_000_000);
    }
}
