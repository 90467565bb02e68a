//! What the control API says when it says no: restJson1 errors.

use corelog_telemetry::Chain;
use http::{Response, StatusCode};

use crate::Body;

/// A refused request, its kind and text as the original gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    AccessDenied(String),
    Validation(String),
    Serialization(String),
    NoSuchOperation,
    Internal,
}

impl Refusal {
    /// Something of ours failed: the cause goes into our log, and the caller learns only that it is not theirs.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "a control operation failed");
        Self::Internal
    }

    pub(crate) fn render(self) -> Response<Body> {
        let (status, kind, message) = match self {
            Self::AccessDenied(message) => {
                (StatusCode::FORBIDDEN, "AccessDeniedException", message)
            }
            Self::Validation(message) => (StatusCode::BAD_REQUEST, "ValidationException", message),
            Self::Serialization(message) => {
                (StatusCode::BAD_REQUEST, "SerializationException", message)
            }
            Self::NoSuchOperation => (
                StatusCode::METHOD_NOT_ALLOWED,
                "UnknownOperationException",
                "The requested operation is not supported.".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerException",
                "The request could not be completed. Try it again.".to_owned(),
            ),
        };
        let body = serde_json::json!({ "message": message }).to_string();
        let mut response = Response::new(Body::from(body.into_bytes()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert("x-amzn-errortype", http::HeaderValue::from_static(kind));
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        response
    }
}

/// A successful response: JSON, status 200.
pub(crate) fn success(body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
