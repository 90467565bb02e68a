//! The calls: one of every dialect, streaming and not, each with a marker that no other call has.

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::client::Request;
use crate::text::{self, Stream};

/// Prompts past 256 kB spill to disk in the gateway; this is well past it.
const LARGE_BYTES: usize = 400_000;
const SMALL_BYTES_MAX: usize = 2_000;
/// A slow answer has about as many chunks as tokens, each a tenth of a second after the other.
const SLOW_TOKENS: u32 = 12;
/// The header that carries the marker: in the record even where the prompt is not.
pub(crate) const MARKER_HEADER: &str = "x-corelog-tag-marker";
/// What the record makes of it.
pub(crate) const MARKER_TAG: &str = "marker";

/// How a call is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    ChatStream,
    Messages,
    MessagesStream,
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
}

const DIALECTS: [Dialect; 8] = [
    Dialect::Chat,
    Dialect::ChatStream,
    Dialect::Messages,
    Dialect::MessagesStream,
    Dialect::Converse,
    Dialect::ConverseStream,
    Dialect::Invoke,
    Dialect::InvokeStream,
];

impl Dialect {
    pub(crate) fn streams(self) -> bool {
        matches!(
            self,
            Self::ChatStream | Self::MessagesStream | Self::ConverseStream | Self::InvokeStream
        )
    }
}

/// What calls are wanted, in percent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    pub(crate) large: u32,
    pub(crate) slow: u32,
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) marker: String,
    pub(crate) dialect: Dialect,
    pub(crate) prompt: String,
    pub(crate) slow: bool,
}

impl Ask {
    /// Draws a call.
    pub(crate) fn draw(rng: &mut StdRng, mix: Mix, marker: String) -> Self {
        let dialect = DIALECTS[rng.random_range(0..DIALECTS.len())];
        let slow = dialect.streams() && rng.random_range(0..100) < mix.slow;
        let large = !slow && rng.random_range(0..100) < mix.large;
        let (bytes, word_bytes) = if large {
            // Long words, because the demo provider streams word by word.
            (LARGE_BYTES, 5_000)
        } else {
            (rng.random_range(20..SMALL_BYTES_MAX), 24)
        };
        let mut prompt = format!("[{marker}]");
        while prompt.len() < bytes {
            prompt.push(' ');
            let letter = char::from(rng.random_range(b'a'..=b'z'));
            prompt.extend(std::iter::repeat_n(
                letter,
                rng.random_range(1..=word_bytes),
            ));
        }
        Self {
            marker,
            dialect,
            prompt,
            slow,
        }
    }

    /// What a model that echoes answers.
    pub(crate) fn expected(&self) -> Option<&str> {
        (!self.slow).then_some(&self.prompt)
    }

    /// The request as the gateway takes it.
    pub(crate) fn request(&self) -> Request {
        let model = if self.slow { "demo-slow" } else { "demo-echo" };
        let bedrock = |operation: &str| format!("/model/anthropic.{model}-v1:0/{operation}");
        let (path, body) = match self.dialect {
            Dialect::Chat | Dialect::ChatStream => (
                "/openai/v1/chat/completions".to_owned(),
                json!({
                    "model": model,
                    "stream": self.dialect.streams(),
                    "max_tokens": self.tokens_max(),
                    "messages": [{"role": "user", "content": self.prompt}],
                }),
            ),
            Dialect::Messages | Dialect::MessagesStream => {
                let mut body = self.anthropic_body();
                body["model"] = json!(model);
                body["stream"] = json!(self.dialect.streams());
                ("/anthropic/v1/messages".to_owned(), body)
            }
            Dialect::Converse => (bedrock("converse"), self.converse_body()),
            Dialect::ConverseStream => (bedrock("converse-stream"), self.converse_body()),
            Dialect::Invoke => (bedrock("invoke"), self.invoke_body()),
            Dialect::InvokeStream => (bedrock("invoke-with-response-stream"), self.invoke_body()),
        };
        let mut headers = vec![
            (MARKER_HEADER, self.marker.clone()),
            ("authorization", "Bearer torture".to_owned()),
        ];
        if path.starts_with("/anthropic") {
            headers.push(("anthropic-version", "2023-06-01".to_owned()));
        }
        Request {
            method: "POST",
            path,
            headers,
            body: body.to_string(),
        }
    }

    fn tokens_max(&self) -> u32 {
        if self.slow { SLOW_TOKENS } else { 1_000_000 }
    }

    fn converse_body(&self) -> Value {
        json!({
            "messages": [{"role": "user", "content": [{"text": self.prompt}]}],
            "inferenceConfig": {"maxTokens": self.tokens_max()},
        })
    }

    fn anthropic_body(&self) -> Value {
        json!({
            "max_tokens": self.tokens_max(),
            "messages": [{"role": "user", "content": [{"type": "text", "text": self.prompt}]}],
        })
    }

    fn invoke_body(&self) -> Value {
        let mut body = self.anthropic_body();
        body["anthropic_version"] = json!("bedrock-2023-05-31");
        body
    }

    /// Whether a body is an error as the dialect's clients know it.
    pub(crate) fn is_error(&self, body: &[u8]) -> bool {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        match self.dialect {
            Dialect::Chat | Dialect::ChatStream => value["error"]["message"].is_string(),
            Dialect::Messages | Dialect::MessagesStream => {
                value["type"] == "error" && value["error"]["type"].is_string()
            }
            Dialect::Converse
            | Dialect::ConverseStream
            | Dialect::Invoke
            | Dialect::InvokeStream => value["message"].is_string(),
        }
    }

    /// What an answer says, as far as it came.
    pub(crate) fn read(&self, body: &[u8]) -> Stream {
        match self.dialect {
            Dialect::ChatStream | Dialect::MessagesStream => text::server_sent(body),
            Dialect::ConverseStream | Dialect::InvokeStream => text::event_stream(body),
            Dialect::Chat | Dialect::Messages | Dialect::Converse | Dialect::Invoke => {
                let text = text::answer_text(&serde_json::from_slice(body).unwrap_or_default());
                // JSON that parses is all there: a client could act on it.
                let ended = !text.is_empty();
                Stream { text, ended }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_same_seed_asks_the_same_and_every_dialect_is_asked() {
        let mix = Mix { large: 3, slow: 10 };
        let draw = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..200)
                .map(|n| Ask::draw(&mut rng, mix, n.to_string()))
                .collect::<Vec<_>>()
        };
        let asked = draw(7);
        let again = draw(7);
        assert!(
            asked
                .iter()
                .zip(&again)
                .all(|(a, b)| a.request().body == b.request().body)
        );
        for dialect in DIALECTS {
            assert!(
                asked.iter().any(|ask| ask.dialect == dialect),
                "{dialect:?}"
            );
        }
        assert!(asked.iter().any(|ask| ask.prompt.len() >= LARGE_BYTES));
        assert!(asked.iter().any(|ask| ask.slow));
    }
}
