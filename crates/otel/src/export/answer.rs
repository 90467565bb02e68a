//! What a receiver answers to an export.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>

use crate::protobuf::{Broken, Fields};

/// How much of an export was not taken, and what the receiver says about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Spans or data points that were refused for good; zero with a text is a warning.
    pub rejected: u64,
    /// The receiver's words, at whatever length it liked.
    pub said: String,
}

impl Answer {
    /// Reads the answer to an export that was taken: an `ExportTraceServiceResponse` or its like for metrics. One that
    /// cannot be read says nothing: the status has said that the export was taken.
    pub fn of_success(body: &[u8]) -> Self {
        let read = || -> Result<Self, Broken> {
            let mut fields = Fields::of(body);
            while let Some((field, wire)) = fields.next()? {
                if field == 1 {
                    return Self::fields(wire.bytes()?);
                }
            }
            Ok(Self::default())
        };
        read().unwrap_or_default()
    }

    /// The message of a `google.rpc.Status`, which an answer that is an error holds; empty where it holds none.
    pub fn of_failure(body: &[u8]) -> String {
        Self::fields(body).map(|it| it.said).unwrap_or_default()
    }

    /// A count and a text, the first two fields of both messages.
    fn fields(message: &[u8]) -> Result<Self, Broken> {
        let (mut answer, mut fields) = (Self::default(), Fields::of(message));
        while let Some((field, wire)) = fields.next()? {
            match field {
                1 => answer.rejected = wire.varint()?,
                2 => answer.said = wire.text()?,
                _ => {}
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Signal, failure, reply};

    #[test]
    fn what_was_refused_is_read() {
        let answer = |rejected, said: &str| Answer {
            rejected,
            said: said.to_owned(),
        };
        assert_eq!(
            Answer::of_success(b"\x0a\x07\x08\x02\x12\x03why"),
            answer(2, "why")
        );
        assert_eq!(Answer::of_success(b""), answer(0, ""));
        for foreign in [&b"{}"[..], b"ok", b"\x0a\x07\x08", b"\x08\x01"] {
            assert_eq!(Answer::of_success(foreign), answer(0, ""), "{foreign:?}");
        }
        let own = reply(Signal::Traces, Encoding::Protobuf, 7, Some("no ids"));
        assert_eq!(Answer::of_success(&own), answer(7, "no ids"));
    }

    #[test]
    fn a_failure_has_a_message() {
        assert_eq!(Answer::of_failure(b"\x08\x03\x12\x03bad"), "bad");
        let own = failure(Encoding::Protobuf, 3, "no export");
        assert_eq!(Answer::of_failure(&own), "no export");
        assert_eq!(Answer::of_failure(b"<html>"), "");
    }
}
