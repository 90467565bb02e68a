//! Answers of the gateway's own making, in the caller's dialect.

use bytes::Bytes;
use corelog_types::{Dialect, RecordId};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

/// Why the gateway itself answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The caller has no valid key.
    Denied(String),
    /// The caller's signature is not what its key makes of the request.
    BadSignature,
    /// Nothing is configured for that path.
    NoRoute(String),
    /// The request says something that cannot be.
    BadRequest(String),
    /// The body is larger than the limit.
    BodyTooLarge(u64),
    /// As many exchanges as allowed are on the wire.
    TooMany,
    /// No record, no call.
    NotRecorded(String),
    /// The upstream cannot be reached.
    Unreachable(String),
    /// The upstream broke off before it answered.
    Broken(String),
    /// It took too long.
    TimedOut(&'static str),
    /// An operator ended the call.
    Killed,
    /// The gateway ends, and would not wait longer.
    Stopping,
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Denied(_) | Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::NoRoute(_) => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany | Self::NotRecorded(_) | Self::Killed | Self::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unreachable(_) | Self::Broken(_) => StatusCode::BAD_GATEWAY,
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The words for the caller. Never contain prompt or answer text, or a secret.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Denied(why) | Self::NoRoute(why) | Self::BadRequest(why) => why.clone(),
            Self::BadSignature => "The request signature we calculated does not match the \
                signature you provided. Check your AWS Secret Access Key and signing method. \
                Consult the service documentation for details."
                .to_owned(),
            Self::BodyTooLarge(most) => {
                format!("the request body is larger than this gateway's limit of {most} bytes")
            }
            Self::TooMany => "this gateway has as many calls in flight as it may; retry".to_owned(),
            Self::NotRecorded(why) => {
                format!("this gateway cannot record the call, so it does not make it: {why}")
            }
            Self::Unreachable(why) => format!("the gateway cannot reach the provider: {why}"),
            Self::Broken(why) => format!("the provider closed before it answered: {why}"),
            Self::TimedOut(what) => format!("the gateway gave up on the provider: {what} passed"),
            Self::Killed => "an operator ended this call".to_owned(),
            Self::Stopping => "the gateway was stopped before the provider answered".to_owned(),
        }
    }

    /// Its name in the metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::BadSignature => "bad_signature",
            Self::NoRoute(_) => "no_route",
            Self::BadRequest(_) => "bad_request",
            Self::BodyTooLarge(_) => "body_too_large",
            Self::TooMany => "too_many",
            Self::NotRecorded(_) => "not_recorded",
            Self::Unreachable(_) => "unreachable",
            Self::Broken(_) => "broken",
            Self::TimedOut(_) => "timed_out",
            Self::Killed => "killed",
            Self::Stopping => "stopping",
        }
    }

    /// Whether the caller is at fault, for the record's `errorSource`.
    pub(crate) fn is_callers(&self) -> bool {
        matches!(
            self,
            Self::BadSignature
                | Self::Denied(_)
                | Self::NoRoute(_)
                | Self::BadRequest(_)
                | Self::BodyTooLarge(_)
        )
    }

    /// The error's short name in that dialect; also the record's `errorCode`.
    pub(crate) fn code(&self, dialect: Dialect) -> &'static str {
        let (bedrock, openai, anthropic) = match self {
            Self::Denied(_) => (
                "UnrecognizedClientException",
                "invalid_api_key",
                "authentication_error",
            ),
            Self::BadSignature => (
                "InvalidSignatureException",
                "invalid_signature",
                "authentication_error",
            ),
            Self::NoRoute(_) => ("UnknownOperationException", "not_found", "not_found_error"),
            Self::BadRequest(_) => (
                "ValidationException",
                "invalid_request_error",
                "invalid_request_error",
            ),
            Self::BodyTooLarge(_) => (
                "ValidationException",
                "request_too_large",
                "request_too_large",
            ),
            Self::TooMany | Self::NotRecorded(_) => (
                "ServiceUnavailableException",
                "service_unavailable",
                "overloaded_error",
            ),
            Self::Killed => ("ServiceUnavailableException", "call_killed", "api_error"),
            Self::Stopping => (
                "ServiceUnavailableException",
                "gateway_stopped",
                "overloaded_error",
            ),
            Self::Unreachable(_) | Self::Broken(_) => {
                ("ServiceUnavailableException", "bad_gateway", "api_error")
            }
            Self::TimedOut(_) => ("ModelTimeoutException", "timeout", "timeout_error"),
        };
        match dialect {
            Dialect::Bedrock => bedrock,
            Dialect::Anthropic => anthropic,
            Dialect::OpenAi | Dialect::Generic => openai,
        }
    }

    /// The answer. `id` is left out where no record is made.
    pub(crate) fn answer(&self, dialect: Dialect, id: Option<RecordId>) -> Response<Bytes> {
        let code = self.code(dialect);
        let message = self.message();
        let (status, body) = match dialect {
            Dialect::Bedrock => (bedrock_status(self), json!({ "message": message })),
            Dialect::Anthropic => (
                self.status(),
                json!({"type": "error", "error": {"type": code, "message": message}}),
            ),
            Dialect::OpenAi | Dialect::Generic => {
                let kind = if self.is_callers() {
                    "invalid_request_error"
                } else {
                    "server_error"
                };
                let error = json!({"message": message, "type": kind, "param": null, "code": code});
                (self.status(), json!({ "error": error }))
            }
        };
        let mut answer = Response::new(Bytes::from(body.to_string()));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        if dialect == Dialect::Bedrock {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(code));
        }
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert("retry-after", HeaderValue::from_static("1"));
        }
        if let Some(id) = id {
            let id = id.to_string();
            if let Ok(value) = HeaderValue::try_from(&id) {
                headers.insert("x-corelog-record-id", value.clone());
                if dialect == Dialect::Bedrock {
                    headers.insert("x-amzn-requestid", value);
                }
            }
        }
        answer
    }
}

/// Bedrock's status for its exceptions where it differs from the plain HTTP one.
///
/// Source: error tables of the Bedrock Runtime API reference.
fn bedrock_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Denied(_) | Refusal::BadSignature => StatusCode::FORBIDDEN,
        Refusal::BodyTooLarge(_) => StatusCode::BAD_REQUEST,
        Refusal::Unreachable(_) | Refusal::Broken(_) => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::TimedOut(_) => StatusCode::REQUEST_TIMEOUT,
        other => other.status(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refusal: &Refusal, dialect: Dialect, status: u16, pointer: &str, expected: &str) {
        let answer = refusal.answer(dialect, None);
        assert_eq!(answer.status().as_u16(), status);
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            body.pointer(pointer).and_then(|v| v.as_str()),
            Some(expected)
        );
    }

    #[test]
    fn each_dialect_gets_its_own_error_object() {
        let full = Refusal::NotRecorded("disk full".into());
        check(
            &full,
            Dialect::OpenAi,
            503,
            "/error/code",
            "service_unavailable",
        );
        check(
            &full,
            Dialect::Anthropic,
            503,
            "/error/type",
            "overloaded_error",
        );
        let message = "this gateway cannot record the call, so it does not make it: disk full";
        check(&full, Dialect::Bedrock, 503, "/message", message);
        let header = full.answer(Dialect::Bedrock, None).headers()["x-amzn-errortype"].clone();
        assert_eq!(header, "ServiceUnavailableException");
        check(
            &Refusal::Denied("no".into()),
            Dialect::Bedrock,
            403,
            "/message",
            "no",
        );
        check(
            &Refusal::Denied("no".into()),
            Dialect::OpenAi,
            401,
            "/error/message",
            "no",
        );
    }
}
