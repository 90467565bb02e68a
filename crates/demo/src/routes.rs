//! Which dialect answers which path.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::behaviour::{Ending, Fault};
use crate::reply::Reply;
use crate::script::Script;
use crate::{anthropic, bedrock, generic, openai};

/// One request, read whole.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) script: &'a Script,
    /// A fresh UUID for the header that names the request.
    pub(crate) request_id: String,
}

/// How a dialect says that something failed.
pub(crate) type ErrorForm = fn(&Call<'_>, Fault, &str) -> Reply;

impl Call<'_> {
    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or_default()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Answers `ask` as its model's name asks: with an error, or with what `render` makes of the answer.
    pub(crate) fn respond(
        &self,
        ask: &Ask,
        error: ErrorForm,
        render: impl FnOnce(&Answer) -> Reply,
    ) -> Reply {
        let behaviour = ask.behaviour;
        if let Some(fault) = behaviour.fault {
            return error(self, fault, message(fault));
        }
        if behaviour.ending == Ending::Error && !ask.streams {
            let fault = Fault::Status(500);
            return error(self, fault, message(fault));
        }
        let Ok(answer) = Answer::to(ask, self.script) else {
            let message = "The script has no answer to this prompt.";
            return error(self, Fault::Validation, message);
        };
        let mut reply = render(&answer);
        reply.slow = behaviour.slow;
        if behaviour.ending == Ending::Cut {
            reply = reply.broken();
        }
        reply
    }
}

fn message(fault: Fault) -> &'static str {
    match fault {
        Fault::Throttle => "Too many requests, please wait before trying again.",
        Fault::Validation => "The request does not fit what the model accepts.",
        Fault::Status(_) => "The demo provider fails, as it was asked to.",
    }
}

/// Answers a request of any dialect.
pub(crate) fn reply(call: &Call<'_>) -> Reply {
    // Bedrock serves OpenAI's API under `/openai`, in front of OpenAI's own paths.
    let path = call.path.strip_prefix("/openai").unwrap_or(call.path);
    let segments: Vec<_> = path
        .trim_start_matches('/')
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
        .collect();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let by_anthropic = call.header("anthropic-version").is_some();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET" | "HEAD", ["" | "healthz"]) => Reply::ok(&json!({"status": "ok"})),
        (_, ["v1", "messages", ..]) => anthropic::reply(call, &segments[1..]),
        ("GET", ["v1", "models", ..]) if by_anthropic => anthropic::reply(call, &segments[1..]),
        (_, ["model" | "guardrail" | "async-invoke", ..]) => bedrock::reply(call, &segments),
        (_, ["api" | "v2" | "v1beta", ..]) => generic::reply(call, &segments),
        (_, ["v1", ..]) => openai::reply(call, &segments[1..]),
        _ => no_such_path(),
    }
}

/// A path that no dialect has.
pub(crate) fn no_such_path() -> Reply {
    let body = json!({"error": {"message": "There is nothing at this path.", "type": "not_found"}});
    Reply::json(StatusCode::NOT_FOUND, &body)
}
