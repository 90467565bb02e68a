//! An answer before it is HTTP: status, headers, and the body in the chunks it is sent in.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

/// What a dialect answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body; a whole one is a single chunk.
    pub(crate) chunks: Vec<Bytes>,
    /// Whether `content-length` is sent, as providers do for whole bodies.
    pub(crate) sized: bool,
    /// Whether to pause before each chunk.
    pub(crate) slow: bool,
    /// Whether the connection is cut instead of the body being ended.
    pub(crate) cut: bool,
}

impl Reply {
    /// A whole body of that content type.
    pub(crate) fn whole(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            chunks: vec![body.into()],
            sized: true,
            slow: false,
            cut: false,
        }
    }

    /// A JSON document.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    /// A JSON document with status 200.
    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// A stream of chunks with status 200.
    pub(crate) fn stream(content_type: &str, chunks: Vec<Bytes>) -> Self {
        Self {
            chunks,
            sized: false,
            ..Self::whole(StatusCode::OK, content_type, Bytes::new())
        }
    }

    /// The same with one more header.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with the second half of the body missing and the connection cut there.
    #[must_use]
    pub(crate) fn broken(mut self) -> Self {
        self.cut = true;
        if let [whole] = self.chunks.as_mut_slice() {
            self.headers
                .push(("content-length", whole.len().to_string()));
            whole.truncate(whole.len() / 2);
        } else {
            self.chunks.truncate(self.chunks.len() / 2);
        }
        self
    }
}

/// One server-sent event without a name.
pub(crate) fn sse(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// One server-sent event named by its `type` member.
pub(crate) fn named_sse(data: &Value) -> Bytes {
    let name = data["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// The content type of server-sent events, as providers write it.
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
