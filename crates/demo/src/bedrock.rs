//! Bedrock Runtime: which operation answers, and how errors look.

mod async_invoke;
mod converse;
mod families;
mod frames;
mod guardrail;
mod invoke;

use http::StatusCode;
use serde_json::json;

use crate::behaviour::Fault;
use crate::reply::Reply;
use crate::routes::{Call, no_such_path};

/// Answers a request; `segments` is the whole path, decoded.
pub(crate) fn reply(call: &Call<'_>, segments: &[&str]) -> Reply {
    let reply = match (call.method.as_str(), segments) {
        ("POST", ["model", model, "invoke"]) => invoke::whole(call, model),
        ("POST", ["model", model, "invoke-with-response-stream"]) => invoke::stream(call, model),
        ("POST", ["model", model, "converse"]) => converse::whole(call, model),
        ("POST", ["model", model, "converse-stream"]) => converse::stream(call, model),
        ("POST", ["model", model, "count-tokens"]) => converse::count_tokens(call, model),
        ("POST", ["guardrail", id, "version", version, "apply"]) => {
            guardrail::apply(call, id, version)
        }
        (_, ["async-invoke", rest @ ..]) => async_invoke::reply(call, rest),
        _ => no_such_path(),
    };
    reply.with("x-amzn-requestid", call.request_id.as_str())
}

/// The service's exceptions by HTTP status.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors>
const EXCEPTIONS: [(u16, &str); 8] = [
    (400, "ValidationException"),
    (403, "AccessDeniedException"),
    (404, "ResourceNotFoundException"),
    (408, "ModelTimeoutException"),
    (424, "ModelErrorException"),
    (429, "ThrottlingException"),
    (500, "InternalServerException"),
    (503, "ServiceUnavailableException"),
];

/// `{"message":…}` with the exception's name in a header.
fn error(_: &Call<'_>, fault: Fault, message: &str) -> Reply {
    let (status, name) = EXCEPTIONS
        .into_iter()
        .find(|(status, _)| *status == fault.status())
        .unwrap_or((500, "InternalServerException"));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply::json(status, &json!({"message": message})).with(
        "x-amzn-errortype",
        format!("{name}:http://internal.amazon.com/coral/"),
    )
}
