//! The last exchanges as they were on the wire, for tests that compare what was sent with what arrived.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::reply::Reply;

/// A ring of exchanges; keeps none when it was made for none.
#[derive(Debug)]
pub(crate) struct Exchanges {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// How many there have been; the number of the next one.
    count: u64,
    last: VecDeque<Value>,
}

/// The request's part of an exchange.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

impl Exchanges {
    pub(crate) fn keeping(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Keeps one, and lets go of the oldest if there are too many.
    ///
    /// A body that will be cut is kept as far as it will be sent.
    pub(crate) fn keep(&self, asked: &Asked<'_>, reply: &Reply) {
        if !self.is_on() {
            return;
        }
        let headers: Vec<_> = asked
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect();
        let chunks: Vec<_> = reply.chunks.iter().map(|c| STANDARD.encode(c)).collect();
        let mut exchange = json!({
            "number": 0,
            "method": asked.method.as_str(),
            "uri": asked.uri.to_string(),
            "requestHeaders": headers,
            "requestBody": STANDARD.encode(asked.body),
            "status": reply.status.as_u16(),
            "responseHeaders": reply.headers,
            "responseChunks": chunks,
            "cut": reply.cut,
        });
        let mut kept = self.kept.lock();
        exchange["number"] = json!(kept.count);
        kept.count += 1;
        if kept.last.len() == self.most {
            kept.last.pop_front();
        }
        kept.last.push_back(exchange);
    }

    /// The last of those that are kept, the oldest first; a query of `last=N` asks for no more than `N`.
    pub(crate) fn list(&self, query: &str) -> Reply {
        let wanted = query.strip_prefix("last=").and_then(|n| n.parse().ok());
        let kept = self.kept.lock();
        let skipped = kept.last.len().saturating_sub(wanted.unwrap_or(self.most));
        let last: Vec<_> = kept.last.iter().skip(skipped).collect();
        Reply::ok(&json!({"count": kept.count, "exchanges": last}))
    }
}
