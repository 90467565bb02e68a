//! The answer to an export, which says how much of it was not taken.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#partial-success>

use serde_json::json;

use crate::protobuf::Message;
use crate::request::Encoding;

/// Which of OTLP's signals an export is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `/v1/traces`
    Traces,
    /// `/v1/logs`
    Logs,
    /// `/v1/metrics`
    Metrics,
}

/// The body of the answer to an export that was taken, the refused part aside.
pub fn reply(signal: Signal, encoding: Encoding, refused: u64, why: Option<&str>) -> Vec<u8> {
    let why = why.unwrap_or_default();
    let nothing = refused == 0 && why.is_empty();
    match encoding {
        Encoding::Protobuf => {
            let mut response = Message::default();
            if !nothing {
                let mut partial = Message::default();
                partial.number(1, refused);
                partial.bytes(2, why.as_bytes());
                response.message(1, &partial);
            }
            response.into_bytes()
        }
        Encoding::Json if nothing => b"{}".to_vec(),
        Encoding::Json => {
            let name = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            let partial = json!({name: refused.to_string(), "errorMessage": why});
            json!({ "partialSuccess": partial })
                .to_string()
                .into_bytes()
        }
    }
}

/// A `google.rpc.Status`, with the seconds after which a request may be sent again, where it may.
///
/// Source: <https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto>, `error_details.proto` beside it.
pub fn status(code: u8, message: &str, retry_after_s: Option<u64>) -> Vec<u8> {
    let mut status = Message::default();
    status.number(1, u64::from(code));
    status.bytes(2, message.as_bytes());
    if let Some(seconds) = retry_after_s {
        let mut delay = Message::default();
        delay.number(1, seconds);
        let mut info = Message::default();
        info.message(1, &delay);
        let mut any = Message::default();
        any.bytes(1, b"type.googleapis.com/google.rpc.RetryInfo");
        any.message(2, &info);
        status.message(3, &any);
    }
    status.into_bytes()
}

/// The body of an answer that is an error: a `google.rpc.Status`.
pub fn failure(encoding: Encoding, code: u8, message: &str) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => status(code, message, None),
        Encoding::Json => json!({"code": code, "message": message})
            .to_string()
            .into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_said_in_the_encoding_of_the_request() {
        let reply = |encoding, refused, why| reply(Signal::Traces, encoding, refused, why);
        assert_eq!(reply(Encoding::Protobuf, 0, None), b"");
        assert_eq!(reply(Encoding::Json, 0, None), b"{}");
        assert_eq!(
            reply(Encoding::Protobuf, 2, Some("why")),
            b"\x0a\x07\x08\x02\x12\x03why"
        );
        assert_eq!(
            reply(Encoding::Json, 2, Some("why")),
            br#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}}"#
        );
    }
    #[test]
    fn a_status_says_when_to_try_again() {
        assert_eq!(status(3, "no", None), b"\x08\x03\x12\x02no");
        let mut expected = b"\x08\x0e\x12\x02no\x1a\x30\x0a\x28".to_vec();
        expected.extend(b"type.googleapis.com/google.rpc.RetryInfo");
        expected.extend(b"\x12\x04\x0a\x02\x08\x05");
        assert_eq!(status(14, "no", Some(5)), expected);
    }
}
