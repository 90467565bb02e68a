//! Events as frames of `application/vnd.amazon.eventstream`.

use bytes::Bytes;
use corelog_wire::event_stream::{encode_event, encode_exception};
use serde_json::{Value, json};

use crate::corpus::mix;

/// The content type of a body of frames.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// An event, padded with `p` so that its size says nothing about its text, as the real service does.
pub(super) fn event(name: &str, mut payload: Value, seed: u64) -> Bytes {
    let length = usize::try_from(mix(seed) % PADDING.len() as u64).unwrap_or(0);
    payload["p"] = json!(PADDING[..length]);
    let mut frame = Vec::new();
    encode_event(name, payload.to_string().as_bytes(), &mut frame);
    frame.into()
}

/// What ends a stream that failed.
pub(super) fn exception(name: &str, payload: &Value) -> Bytes {
    let mut frame = Vec::new();
    encode_exception(name, payload.to_string().as_bytes(), &mut frame);
    frame.into()
}
