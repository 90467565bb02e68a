//! From a request to an operation and back.

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_types::RecordId;
use corelog_wire::model::{self, Operation, Service, Value, Violation};
use corelog_wire::protocol::{self, Answer, Asked, Head, Protocol};
use futures_util::{StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};

use super::entry::Given;
use super::{Context, Entry, EventStream, Fault, Kind};
use crate::{Api, Body, logs};

/// Every service that is served, with its operations.
const SERVICES: [&Service; 1] = [&corelog_wire::logs::SERVICE];

/// Bytes of a request or an answer that are read or written at once: what takes longer than a moment is done elsewhere.
const AT_ONCE_BYTES_MAX: usize = 64 << 10;

fn entries(service: &Service) -> &'static [Entry] {
    match service.id {
        "CloudWatch Logs" => &logs::OPERATIONS,
        _ => &[],
    }
}

/// Whether a request is of an AWS protocol that is answered here.
pub(crate) fn is_aws(parts: &Parts) -> bool {
    head(&parts.method, &parts.uri, &parts.headers).is_aws()
}

/// The answer to a request that is turned away, in its own protocol.
pub(crate) fn turn_away(api: &Api, parts: &Parts, why: TurnedAway) -> Option<Response<Body>> {
    let head = head(&parts.method, &parts.uri, &parts.headers);
    let asked = protocol::find(&SERVICES, &head)?;
    let (kind, message) = match why {
        TurnedAway::NoCredential => (
            Kind::MissingAuthenticationToken,
            "Missing Authentication Token",
        ),
        TurnedAway::UnknownCredential => (
            Kind::UnrecognizedClient,
            "The security token included in the request is invalid.",
        ),
        TurnedAway::BadSignature => (
            Kind::InvalidSignature,
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ),
        TurnedAway::BodyTooLarge => (Kind::Serialization, "The request is too large."),
    };
    let fault = Fault::new(kind, message);
    let answer = asked.protocol.refuse(&fault.into_exception());
    let request_id = corelog_runtime::record_id(api.clock().now());
    Some(response(answer, request_id))
}

/// Serves a request that [`is_aws`]; `None` for any other.
pub(crate) async fn serve(
    api: &Api,
    request: &Request<Bytes>,
    caller: &Caller,
) -> Option<Response<Body>> {
    let head = head(request.method(), request.uri(), request.headers());
    let asked = protocol::find(&SERVICES, &head)?;
    let cx = Context::new(api, caller);
    let answered = answer(&asked, request.body(), &cx).await;
    Some(answered.unwrap_or_else(|fault| {
        let answer = asked.protocol.refuse(&fault.into_exception());
        response(answer, cx.request_id())
    }))
}

async fn answer(
    asked: &Asked<'_>,
    body: &Bytes,
    cx: &Context<'_>,
) -> Result<Response<Body>, Fault> {
    let unknown = || {
        Fault::new(
            Kind::UnknownOperation,
            "Corelog does not serve this operation.",
        )
    };
    let service = asked.service.ok_or_else(unknown)?;
    let operation = service.operation(asked.operation).ok_or_else(unknown)?;
    let mut served = entries(service).iter();
    let entry = served.find(|entry| entry.name == operation.name);
    let entry = entry.ok_or_else(unknown)?;
    let (protocol, body) = (asked.protocol, body.clone());
    let is_large = body.len() > AT_ONCE_BYTES_MAX;
    let document = apart_if(is_large, move || admitted(protocol, operation, &body)).await??;
    Ok(match (entry.perform)(document, cx).await? {
        Given::Document(document) => {
            let is_large = text_bytes(&document) > AT_ONCE_BYTES_MAX;
            let written = apart_if(is_large, move || protocol.write(operation, document));
            response(written.await?, cx.request_id())
        }
        Given::Events(events) => stream(protocol, events, cx.request_id()),
    })
}

/// Does work of milliseconds on a thread for such work: those that answer requests relay calls, too.
async fn apart_if<T: Send + 'static>(
    is_long: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    if !is_long {
        return Ok(work());
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::internal(&error))
}

/// About how long a document is as text: what is in it is counted until it is large.
fn text_bytes(document: &Value) -> usize {
    let mut bytes = 0;
    let mut left = vec![document];
    while let Some(value) = left.pop()
        && bytes <= AT_ONCE_BYTES_MAX
    {
        bytes += match value {
            Value::String(text) => text.len(),
            Value::Array(items) => {
                left.extend(items);
                items.len()
            }
            Value::Object(members) => {
                left.extend(members.values());
                members.keys().map(String::len).sum()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        };
    }
    bytes
}

/// A stream of events in frames, behind the frame that every stream begins with.
fn stream(
    protocol: &'static dyn Protocol,
    events: EventStream,
    request_id: RecordId,
) -> Response<Body> {
    let frames = events.map(|event| match event {
        Ok(event) => protocol.event(event.name, event.document),
        Err(fault) => protocol.end_stream(&fault.into_exception()),
    });
    let mut begun = protocol.begin_stream();
    let first = std::mem::take(&mut begun.body);
    let pieces = stream::once(std::future::ready(first)).chain(frames);
    let mut response = response(begun, request_id);
    *response.body_mut() = Body::Stream(Box::pin(pieces.map(|frame| Ok(frame.into()))));
    response
}

/// The request's document, once it holds what the model asks of it.
fn admitted(
    protocol: &'static dyn Protocol,
    operation: &Operation,
    body: &[u8],
) -> Result<Value, Fault> {
    let malformed = |text: String| Fault::new(Kind::Serialization, text);
    let read = protocol.read(operation, body);
    let mut document = read.map_err(|error| malformed(error.to_string()))?;
    let Some(shape) = operation.input else {
        return Ok(document);
    };
    let admitted = shape.admit(&mut document);
    let violations = admitted.map_err(|error| malformed(error.to_string()))?;
    if violations.is_empty() {
        return Ok(document);
    }
    Err(violated(operation, &violations))
}

/// Classic operations call a violation an invalid parameter, later ones a validation error: each declares its own.
fn violated(operation: &Operation, violations: &[Violation]) -> Fault {
    let declares = |exception| operation.errors.contains(&exception);
    let kind = if declares("ValidationException") && !declares("InvalidParameterException") {
        Kind::Validation
    } else {
        Kind::InvalidParameter
    };
    let own = violations.iter().find_map(logs::own_words);
    let message = own.map_or_else(|| model::sentence(violations), str::to_owned);
    Fault::new(kind, message)
}

fn head<'a>(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap) -> Head<'a> {
    let header = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    Head {
        method: method.as_str(),
        path: uri.path(),
        content_type: header("content-type"),
        target: header("x-amz-target"),
    }
}

fn response(answer: Answer, request_id: RecordId) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(answer.content_type),
    );
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::thread;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_counted_until_it_is_large() {
        let check = |document: Value, bytes: usize| assert_eq!(text_bytes(&document), bytes);
        check(
            json!({"name": "value", "many": [1, null, "ab"]}),
            8 + 5 + 3 + 4 + 4 + 2,
        );
        check(
            json!("x".repeat(AT_ONCE_BYTES_MAX + 1)),
            AT_ONCE_BYTES_MAX + 1,
        );
        let much = "x".repeat(AT_ONCE_BYTES_MAX);
        let counted = text_bytes(&json!([much, much, much, much]));
        assert!(
            (AT_ONCE_BYTES_MAX..3 * AT_ONCE_BYTES_MAX).contains(&counted),
            "{counted}"
        );
    }

    #[tokio::test]
    async fn long_work_is_done_on_another_thread() {
        let here = thread::current().id();
        let on = |is_long| apart_if(is_long, || thread::current().id());
        assert_eq!(on(false).await.unwrap(), here);
        assert_ne!(on(true).await.unwrap(), here);
    }
}
