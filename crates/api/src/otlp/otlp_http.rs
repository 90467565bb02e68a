//! Exports as plain requests: the path says the signal, the content type the encoding.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use bytes::Bytes;
use corelog_access::Caller;
use corelog_otel::{Encoding, Signal, failure};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use super::{Parcel, Refusal, export};
use crate::{Api, Body};

const TRACES: &str = "/v1/traces";
const LOGS: &str = "/v1/logs";
const METRICS: &str = "/v1/metrics";

pub(super) fn owns(path: &str) -> bool {
    matches!(path, TRACES | LOGS | METRICS)
}

pub(super) async fn serve(api: &Api, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
    let said = encoding(request.headers());
    let outcome = match (request.uri().path(), said) {
        _ if *request.method() != Method::POST => Err(Refusal::Method),
        (_, None) => Err(Refusal::ContentType),
        (path, Some(encoding)) => {
            let signal = match path {
                TRACES => Signal::Traces,
                LOGS => Signal::Logs,
                _ => Signal::Metrics,
            };
            let packed = text(request.headers(), &header::CONTENT_ENCODING);
            let parcel = Parcel {
                signal,
                encoding,
                packed: packed.map(str::to_owned),
                body: request.body().clone(),
            };
            export(api, parcel, caller).await
        }
    };
    match outcome {
        Ok(body) => answer(StatusCode::OK, said.unwrap_or(Encoding::Json), body),
        Err(refusal) => refused(refusal, request.headers()),
    }
}

/// The answer to an export that is not taken, in the encoding of its request.
pub(super) fn refused(refusal: Refusal, asked: &HeaderMap) -> Response<Body> {
    let encoding = encoding(asked).unwrap_or(Encoding::Json);
    let wait = refusal.retry_after_s();
    let (status, code, text) = refusal.told();
    let mut response = answer(status, encoding, failure(encoding, code, &text));
    let headers = response.headers_mut();
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    Encoding::of_content_type(text(headers, &header::CONTENT_TYPE)?)
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(encoding.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
