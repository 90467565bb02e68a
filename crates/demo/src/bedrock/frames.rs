//! Events as frames of `application/vnd.amazon.eventstream`.
//!
//! Source: <https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream>

use bytes::Bytes;
use serde_json::{Value, json};

use crate::corpus::mix;

/// The content type of a body of frames.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const STRING: u8 = 7;

/// An event, padded with `p` so that its size says nothing about its text, as the real service does.
pub(super) fn event(name: &str, mut payload: Value, seed: u64) -> Bytes {
    let length = usize::try_from(mix(seed) % PADDING.len() as u64).unwrap_or(0);
    payload["p"] = json!(PADDING[..length]);
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

/// What ends a stream that failed.
pub(super) fn exception(name: &str, payload: &Value) -> Bytes {
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        head.push(STRING);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = u32::try_from(16 + head.len() + payload.len()).unwrap_or(u32::MAX);
    let head_length = u32::try_from(head.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(16 + head.len() + payload.len());
    frame.extend_from_slice(&total.to_be_bytes());
    frame.extend_from_slice(&head_length.to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.into()
}
