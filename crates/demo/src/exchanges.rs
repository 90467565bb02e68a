//! The last exchanges as they were on the wire, for tests that compare what was sent with what arrived.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::reply::Reply;

/// What the kept exchanges hold together, at most; the last one is kept whatever its size.
const BYTES_MAX: usize = 64 * 1024 * 1024;

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
    last: VecDeque<Exchange>,
    bytes: usize,
}

#[derive(Debug)]
struct Exchange {
    /// As `GET /demo/exchanges` shows it.
    shown: Value,
    /// Size of both bodies.
    bytes: usize,
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
        let sent: usize = reply.chunks.iter().map(Bytes::len).sum();
        let bytes = asked.body.len() + sent;
        let mut kept = self.kept.lock();
        exchange["number"] = json!(kept.count);
        kept.count += 1;
        kept.bytes += bytes;
        kept.last.push_back(Exchange {
            shown: exchange,
            bytes,
        });
        while kept.last.len() > self.most || (kept.bytes > BYTES_MAX && kept.last.len() > 1) {
            let oldest = kept.last.pop_front().map_or(0, |oldest| oldest.bytes);
            kept.bytes -= oldest;
        }
    }

    /// The last of those that are kept, the oldest first; a query of `last=N` asks for no more than `N`.
    pub(crate) fn list(&self, query: &str) -> Reply {
        let wanted = query.strip_prefix("last=").and_then(|n| n.parse().ok());
        let kept = self.kept.lock();
        let skipped = kept.last.len().saturating_sub(wanted.unwrap_or(self.most));
        let last: Vec<_> = kept.last.iter().skip(skipped).map(|e| &e.shown).collect();
        Reply::ok(&json!({"count": kept.count, "exchanges": last}))
    }
}
