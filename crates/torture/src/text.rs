//! The text in a request, an answer, an event of a stream or a record's body, whatever dialect it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What a stream says, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) text: String,
    /// The event came that tells a client that it has everything.
    pub(crate) ended: bool,
}

/// The text of a model's answer: whole, one event of it, or an array of events.
pub(crate) fn answer_text(value: &Value) -> String {
    if let Value::Array(events) = value {
        return events.iter().map(answer_text).collect();
    }
    if let Some(choices) = value["choices"].as_array() {
        let of = |choice: &Value| {
            let content = &choice["message"]["content"];
            content
                .as_str()
                .or_else(|| choice["delta"]["content"].as_str())
                .map(str::to_owned)
        };
        return choices.iter().filter_map(of).collect();
    }
    let converse = &value["output"]["message"];
    if converse.is_object() {
        return content_text(converse);
    }
    let delta = value["delta"]["text"].as_str();
    delta.map_or_else(|| content_text(value), str::to_owned)
}

/// The text of the last message of a request.
pub(crate) fn prompt_text(value: &Value) -> String {
    let messages = value["messages"].as_array();
    messages
        .and_then(|messages| messages.last())
        .map(content_text)
        .unwrap_or_default()
}

fn content_text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

/// Reads server-sent events; a last line without its end is left out.
pub(crate) fn server_sent(body: &[u8]) -> Stream {
    let mut stream = Stream::default();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        let Some(data) = line.strip_prefix(b"data:") else {
            continue;
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            stream.ended = true;
            continue;
        }
        take(
            &mut stream,
            &serde_json::from_slice(data).unwrap_or_default(),
        );
    }
    stream
}

/// Reads the frames of an event stream; one that did not come whole is left out.
///
/// Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>: total length, length of the headers, a
/// checksum, the headers, the payload, a checksum; numbers are big-endian.
pub(crate) fn event_stream(mut body: &[u8]) -> Stream {
    const PRELUDE_BYTES: usize = 12;
    const CHECKSUM_BYTES: usize = 4;
    let mut stream = Stream::default();
    while let Some(total) = number(body, 0)
        && let Some(frame) = body.get(..total)
        && let Some(headers) = number(body, 4)
        && let Some(end) = total.checked_sub(CHECKSUM_BYTES)
    {
        let payload = PRELUDE_BYTES
            .checked_add(headers)
            .and_then(|start| frame.get(start..end));
        let event: Value = payload
            .and_then(|payload| serde_json::from_slice(payload).ok())
            .unwrap_or_default();
        match event["bytes"].as_str() {
            Some(inner) => {
                let inner = STANDARD.decode(inner).unwrap_or_default();
                take(
                    &mut stream,
                    &serde_json::from_slice(&inner).unwrap_or_default(),
                );
            }
            None => take(&mut stream, &event),
        }
        body = body.get(total.max(1)..).unwrap_or_default();
    }
    stream
}

fn take(stream: &mut Stream, event: &Value) {
    stream.text += &answer_text(event);
    // Anthropic's last event, and ConverseStream's, which is its only one with both.
    let is_last = event["type"] == "message_stop"
        || (event.get("usage").is_some() && event.get("metrics").is_some());
    stream.ended |= is_last;
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        assert_eq!(
            answer_text(&serde_json::from_str(json).unwrap()),
            expected,
            "{json}"
        );
    }

    #[test]
    fn the_text_is_found_in_every_dialect() {
        check(r#"{"choices":[{"message":{"content":"a b"}}]}"#, "a b");
        check(r#"{"choices":[{"delta":{"content":"a"}}]}"#, "a");
        check(
            r#"{"type":"message","content":[{"type":"text","text":"a"},{"text":"b"}]}"#,
            "ab",
        );
        check(
            r#"{"output":{"message":{"content":[{"text":"a"}]}},"usage":{}}"#,
            "a",
        );
        check(
            r#"[{"type":"message_start","message":{}},{"delta":{"text":"a"}},{"delta":{"text":"b"}}]"#,
            "ab",
        );
        let asked = r#"{"messages":[{"content":"no"},{"content":[{"text":"yes"}]}]}"#;
        assert_eq!(prompt_text(&serde_json::from_str(asked).unwrap()), "yes");
    }

    #[test]
    fn server_sent_events_count_when_their_line_is_whole() {
        let stream =
            server_sent(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]");
        assert_eq!((stream.text.as_str(), stream.ended), ("a", false));
        assert!(server_sent(b"data: [DONE]\n").ended);
        assert!(server_sent(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n").ended);
    }

    fn frame(payload: &[u8]) -> Vec<u8> {
        let total = u32::try_from(16 + 2 + payload.len()).unwrap();
        let mut frame = total.to_be_bytes().to_vec();
        frame.extend(2_u32.to_be_bytes());
        frame.extend(b"CRC1hd");
        frame.extend(payload);
        frame.extend(b"CRC2");
        frame
    }

    #[test]
    fn frames_count_when_they_are_whole() {
        let mut body = frame(br#"{"contentBlockIndex":0,"delta":{"text":"a"}}"#);
        body.extend(frame(br#"{"bytes":"eyJkZWx0YSI6eyJ0ZXh0IjoiYiJ9fQ=="}"#));
        body.extend(frame(
            br#"{"metrics":{"latencyMs":1},"usage":{"inputTokens":1}}"#,
        ));
        let all = event_stream(&body);
        assert_eq!((all.text.as_str(), all.ended), ("ab", true));
        let cut = event_stream(&body[..body.len() - 1]);
        assert_eq!((cut.text.as_str(), cut.ended), ("ab", false));
        assert!(!event_stream(&[0; 64]).ended);
    }
}
