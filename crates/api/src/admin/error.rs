//! What our own operations say when they say no: `{"error":{"code","message","hint"}}`.

use std::borrow::Cow;

use corelog_telemetry::Chain;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::Body;
use crate::aws::Fault;

/// A request that is not served, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Cow<'static, str>,
    place: Option<Place>,
}

/// Where in a query's text something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// The text, which saved queries may have made another than the one that was sent.
    pub(crate) text: String,
    /// The first character meant, counted from 0.
    pub(crate) start: usize,
    /// One past the last character meant.
    pub(crate) end: usize,
}

#[derive(Serialize)]
struct Form<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'a str,
    message: &'a str,
    hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a Place>,
}

impl Problem {
    pub(crate) fn bad_request(message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: message.into(),
            hint: Cow::Borrowed(hint),
            place: None,
        }
    }

    pub(crate) fn not_found(message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            message: message.into(),
            hint: Cow::Borrowed(hint),
            place: None,
        }
    }

    /// Somebody else, whom the request needs, did not do their part.
    pub(crate) fn bad_gateway(message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            code: "bad_gateway",
            message: message.into(),
            hint: Cow::Borrowed(hint),
            place: None,
        }
    }

    /// What an operation of a service says, in our form.
    pub(crate) fn of_fault(fault: &Fault) -> Self {
        Self {
            status: StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST),
            code: fault.code(),
            message: fault.message().to_owned(),
            hint: Cow::Borrowed(""),
            place: None,
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub(crate) fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(crate) fn no_such_operation(method: &http::Method, path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "no_such_operation",
            message: format!("there is no operation `{method} {path}`"),
            hint: Cow::Borrowed(
                "the operations are records, events, exchanges, queries, notifiers and status; a newer command line may know more",
            ),
            place: None,
        }
    }

    pub(crate) fn too_many(message: impl Into<String>, hint: &'static str) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "too_many",
            message: message.into(),
            hint: Cow::Borrowed(hint),
            place: None,
        }
    }

    pub(crate) fn denied() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "denied",
            message: "this key may not do that".to_owned(),
            hint: Cow::Borrowed("use another key, or change what this one may do"),
            place: None,
        }
    }

    /// Something of ours failed: the chain goes into our log, its head to the caller.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "an operation failed");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal",
            message: error.to_string(),
            hint: Cow::Borrowed("corelog's own log says more"),
            place: None,
        }
    }

    pub(crate) fn render(&self) -> Response<Body> {
        let mut response = json(&Form {
            error: Inner {
                code: self.code,
                message: &self.message,
                hint: &self.hint,
                place: self.place.as_ref(),
            },
        });
        *response.status_mut() = self.status;
        response
    }
}

/// A JSON answer with status 200.
pub(crate) fn json(value: &impl Serialize) -> Response<Body> {
    // Our own structs of strings, numbers and lists always serialise.
    let body = serde_json::to_vec(value).unwrap_or_default();
    with_type(Body::from(body), "application/json")
}

/// An answer of that content type with status 200.
pub(crate) fn with_type(body: Body, content_type: &str) -> Response<Body> {
    let mut response = Response::new(body);
    let value = HeaderValue::from_str(content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
