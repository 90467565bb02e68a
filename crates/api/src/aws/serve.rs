//! From a request to an operation and back.

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_types::RecordId;
use corelog_wire::model::{self, Constraint, Operation, Service, Value, Violation};
use corelog_wire::protocol::{self, Answer, Asked, EventFrames, Head, Protocol, Terms};
use corelog_wire::sigv4;
use futures_util::{StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};

use super::entry::Given;
use super::{Context, Entry, EventStream, Fault, Kind};
use crate::{Api, Body, cloudwatch, logs};

/// Every service that is served, with its operations.
const SERVICES: [&Service; 2] = [
    &corelog_wire::logs::SERVICE,
    &corelog_wire::cloudwatch::SERVICE,
];

/// Bytes of a request or an answer that are read or written at once: what takes longer than a moment is done elsewhere.
const AT_ONCE_BYTES_MAX: usize = 64 << 10;

/// What a compressed body may come to: as much as most bodies may have that are not.
const INFLATED_BYTES_MAX: usize = 8 << 20;

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
const METRIC_DATA_BYTES_MAX: usize = 1 << 20;

const TOO_LARGE: &str = "The request is too large.";

/// Of a name that a caller made up, so much is said back.
const SAID_CHARS_MAX: usize = 128;

fn entries(service: &Service) -> &'static [Entry] {
    match service.id {
        "CloudWatch Logs" => &logs::OPERATIONS,
        "CloudWatch" => &cloudwatch::OPERATIONS,
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
    let asked = protocol::find(&SERVICES, &head, b"")?;
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
        TurnedAway::BodyTooLarge => (Kind::Serialization, TOO_LARGE),
    };
    let request_id = corelog_runtime::record_id(api.clock().now());
    let terms = terms(&asked, &parts.headers, request_id);
    let exception = Fault::new(kind, message).into_exception();
    let answer = asked.protocol.refuse(&exception, &terms);
    Some(response(answer, request_id))
}

/// Serves a request that [`is_aws`]; `None` for any other.
pub(crate) async fn serve(
    api: &Api,
    request: &Request<Bytes>,
    caller: &Caller,
) -> Option<Response<Body>> {
    let head = head(request.method(), request.uri(), request.headers());
    if !head.is_aws() {
        return None;
    }
    let cx = Context::new(api, caller);
    let content = content(request).await;
    // What cannot be read is refused in the words of whom its head names.
    let readable = content.as_ref().map_or(&b""[..], |content| &content[..]);
    let asked = protocol::find(&SERVICES, &head, readable)?;
    let terms = terms(&asked, request.headers(), cx.request_id());
    let answered = match (&content, fits(&asked, request.body())) {
        (Ok(content), Ok(())) => answer(&asked, content, &terms, &cx).await,
        (Err(fault), _) => Err(fault.clone()),
        (_, Err(fault)) => Err(fault),
    };
    Some(answered.unwrap_or_else(|fault| {
        let answer = asked.protocol.refuse(&fault.into_exception(), &terms);
        response(answer, cx.request_id())
    }))
}

/// What the protocol is to read: the body, unpacked, or the query of a request that can have no body.
async fn content(request: &Request<Bytes>) -> Result<Bytes, Fault> {
    if request.method() == Method::GET {
        let query = request.uri().query().unwrap_or_default();
        return Ok(Bytes::copy_from_slice(query.as_bytes()));
    }
    let body = request.body().clone();
    let Some(encoding) = request.headers().get(http::header::CONTENT_ENCODING) else {
        return Ok(body);
    };
    let encoding = encoding.to_str().unwrap_or_default().to_owned();
    let inflate = move || {
        let inflated = protocol::inflated(Some(&encoding), &body, INFLATED_BYTES_MAX);
        inflated.map(|content| Bytes::from(content.into_owned()))
    };
    let inflated = apart_if(true, inflate).await?;
    inflated.map_err(|error| Fault::new(Kind::Serialization, error.to_string()))
}

/// Refuses a body that is larger than its operation takes, as it was sent.
fn fits(asked: &Asked<'_>, body: &Bytes) -> Result<(), Fault> {
    if asked.operation == "PutMetricData" && body.len() > METRIC_DATA_BYTES_MAX {
        return Err(Fault::new(Kind::Serialization, TOO_LARGE));
    }
    Ok(())
}

fn terms(asked: &Asked<'_>, headers: &HeaderMap, request_id: RecordId) -> Terms {
    let query_mode = headers.get("x-amzn-query-mode");
    Terms {
        service: asked.service,
        request_id: request_id.to_string(),
        is_query_mode: query_mode.is_some_and(|value| value.as_bytes() == b"true"),
    }
}

async fn answer(
    asked: &Asked<'_>,
    content: &Bytes,
    terms: &Terms,
    cx: &Context<'_>,
) -> Result<Response<Body>, Fault> {
    let service = asked.service.ok_or_else(|| unknown(asked))?;
    let operation = service.operation(&asked.operation);
    let operation = operation.ok_or_else(|| unknown(asked))?;
    let mut served = entries(service).iter();
    let entry = served.find(|entry| entry.name == operation.name);
    let entry = entry.ok_or_else(|| unknown(asked))?;
    let (protocol, content) = (asked.protocol, content.clone());
    let is_large = content.len() > AT_ONCE_BYTES_MAX;
    let admit = move || admitted(protocol, service, (operation, entry), &content);
    let document = apart_if(is_large, admit).await??;
    match entry.perform(document, cx).await? {
        Given::Document(document, header) => {
            let is_large = text_bytes(&document) > AT_ONCE_BYTES_MAX;
            let terms = terms.clone();
            let write = move || protocol.write(operation, document, &terms);
            let mut answer = response(apart_if(is_large, write).await?, cx.request_id());
            if let Some((name, value)) = header {
                let value = HeaderValue::from_static(value);
                answer.headers_mut().insert(name, value);
            }
            Ok(answer)
        }
        Given::Events(events) => {
            let frames = protocol.events().ok_or_else(|| unknown(asked))?;
            Ok(stream(frames, events, cx.request_id()))
        }
    }
}

/// The operation is none of those that are served.
///
/// Source: what services answer that were first asked in forms, and still say so in other protocols.
fn unknown(asked: &Asked<'_>) -> Fault {
    let Some(service) = asked.service.filter(|service| service.query.is_some()) else {
        let message = "Corelog does not serve this operation.";
        return Fault::new(Kind::UnknownOperation, message);
    };
    if asked.operation.is_empty() {
        let message = "The request must contain the parameter Action.";
        return Fault::new(Kind::MissingAction, message);
    }
    let name: String = asked.operation.chars().take(SAID_CHARS_MAX).collect();
    let version = service.version;
    let message = format!("Could not find operation {name} for version {version}");
    Fault::new(Kind::UnknownOperation, message)
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
    frames: &'static dyn EventFrames,
    events: EventStream,
    request_id: RecordId,
) -> Response<Body> {
    let following = events.map(|event| match event {
        Ok(event) => frames.event(event.name, event.document),
        Err(fault) => frames.end_stream(&fault.into_exception()),
    });
    let mut begun = frames.begin_stream();
    let first = std::mem::take(&mut begun.body);
    let pieces = stream::once(std::future::ready(first)).chain(following);
    let mut response = response(begun, request_id);
    *response.body_mut() = Body::Stream(Box::pin(pieces.map(|frame| Ok(frame.into()))));
    response
}

/// The request's document, once it holds what the model asks of it.
fn admitted(
    protocol: &'static dyn Protocol,
    service: &Service,
    (operation, entry): (&Operation, &Entry),
    content: &[u8],
) -> Result<Value, Fault> {
    let malformed = |text: String| Fault::new(Kind::Serialization, text);
    let read = protocol.read(operation, content);
    let mut document = read.map_err(|error| malformed(error.to_string()))?;
    let Some(shape) = operation.input else {
        return Ok(document);
    };
    let admitted = shape.admit(&mut document);
    let mut violations = admitted.map_err(|error| malformed(error.to_string()))?;
    // Behind a full list may be others.
    if violations.len() < model::VIOLATIONS_MAX {
        violations.retain(|violation| !(entry.forgives)(&document, violation));
    }
    if violations.is_empty() {
        return Ok(document);
    }
    Err(match service.query {
        Some(_) => violated_in_form(&violations),
        None => violated(operation, &violations),
    })
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

/// Services that were first asked in forms have one exception for all of them, but for numbers that are none.
fn violated_in_form(violations: &[Violation]) -> Fault {
    let is_finite = |violation: &&Violation| violation.constraint == Constraint::Finite;
    let Some(violation) = violations.iter().find(is_finite) else {
        return Fault::new(Kind::Validation, model::sentence(violations));
    };
    let value = violation.value.as_deref().unwrap_or_default();
    let parameter = parameter(&violation.at);
    let message = format!("The value {value} for parameter {parameter} is invalid.");
    Fault::invalid_parameter_value(message)
}

/// A place as forms name it: `MetricData.member.1.Value` for `metricData.1.member.value`
fn parameter(at: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in at.split('.').filter(|part| *part != "member") {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            parts.push("member".to_owned());
        }
        let mut chars = part.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        parts.push(first.into_iter().chain(chars).collect());
    }
    parts.join(".")
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
        query: uri.query(),
        content_type: header("content-type"),
        target: header("x-amz-target"),
        smithy_protocol: header("smithy-protocol"),
        signed_for: header("authorization").and_then(sigv4::signed_for),
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
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
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

    #[test]
    fn a_place_is_named_as_in_forms() {
        let check = |at: &str, expected: &str| assert_eq!(parameter(at), expected);
        check("threshold", "Threshold");
        check("metricData.1.member.value", "MetricData.member.1.Value");
        check(
            "metricData.2.member.values.10.member",
            "MetricData.member.2.Values.member.10",
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
