//! Streams as providers send them, made of their events: for tests.

use corelog_wire::event_stream::encode_event;
use serde_json::Value;

/// Server-sent events; one that says its type is named by it.
pub(crate) fn sse(events: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        let name = event["type"]
            .as_str()
            .map_or(String::new(), |name| format!("event: {name}\n"));
        out.extend_from_slice(format!("{name}data: {event}\n\n").as_bytes());
    }
    out
}

/// Frames of an event stream, each with its event's name.
pub(crate) fn frames(events: &[(&str, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, payload) in events {
        encode_event(name, payload.to_string().as_bytes(), &mut out);
    }
    out
}
