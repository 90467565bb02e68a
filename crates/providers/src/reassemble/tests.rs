//! Streams of every family put together, whole and cut short.

mod anthropic;
mod bedrock;
mod hostile;
mod openai;
mod others;

use corelog_types::{Count, Dialect};
use serde_json::{Value, json};

use super::*;
use crate::route::route;
use crate::streams::sse;

/// Reassembles in chunks of many sizes, and expects the same of each.
fn check(route: &Route, framing: Framing, stream: &[u8], expected: &Value) -> Reassembled {
    let whole = reassemble(route, framing, 200, &(), stream);
    let body: Value = serde_json::from_slice(&whole.body).unwrap();
    assert_eq!(&body, expected, "{body}");
    assert!(whole.facts.body_is_json);
    for size in [1, 2, 3, 7, 64, 1000] {
        let mut reassembler = Reassembler::new(route, framing);
        for chunk in stream.chunks(size) {
            reassembler.push(chunk);
        }
        assert_eq!(
            reassembler.finish(route, 200, &()),
            whole,
            "chunks of {size}"
        );
    }
    whole
}

fn post(dialect: Dialect, path: &str) -> Route {
    route(dialect, "POST", path, None)
}

fn counts(found: &Reassembled) -> [Option<Count>; 4] {
    let usage = &found.facts.usage;
    [
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write,
    ]
}
