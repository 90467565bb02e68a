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
            };
            let partial = json!({name: refused.to_string(), "errorMessage": why});
            json!({ "partialSuccess": partial })
                .to_string()
                .into_bytes()
        }
    }
}

/// The body of an answer that is an error: a `google.rpc.Status`.
pub fn failure(encoding: Encoding, code: u8, message: &str) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => {
            let mut status = Message::default();
            status.number(1, u64::from(code));
            status.bytes(2, message.as_bytes());
            status.into_bytes()
        }
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
}
