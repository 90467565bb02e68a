//! Exports over gRPC: one message asked, one answered, each behind five bytes that say how long it is; how it went is in
//! the trailers, or in the head of an answer that has nothing else.
//!
//! Answers are not compressed: they are a few bytes.
//!
//! Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>,
//! <https://github.com/grpc/grpc/blob/master/doc/compression.md>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{BufMut as _, Bytes, BytesMut};
use corelog_access::Caller;
use corelog_otel::{Encoding, Signal, status};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{INTERNAL, Parcel, Refusal, UNIMPLEMENTED, export};
use crate::{Api, Body};

/// What the paths of OTLP's services begin with.
const SERVICES: &str = "/opentelemetry.proto.collector.";
const METHODS: [(&str, Signal); 3] = [
    ("trace.v1.TraceService/Export", Signal::Traces),
    ("logs.v1.LogsService/Export", Signal::Logs),
    ("metrics.v1.MetricsService/Export", Signal::Metrics),
];

const CONTENT_TYPE: &str = "application/grpc";
const ENCODING: &str = "grpc-encoding";
/// Whether the message is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// What a status message is sent without: all but printable ASCII, and the sign that stands for the rest.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

pub(super) fn owns(path: &str) -> bool {
    path.starts_with(SERVICES)
}

pub(super) async fn serve(api: &Api, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
    if let Some(answer) = no_grpc(request) {
        return answer;
    }
    let outcome = match parcel(request) {
        Ok(parcel) => export(api, parcel, caller).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(message) => done(&message),
        Err(refusal) => refused(refusal),
    }
}

/// The answer to a request that is no call of gRPC: a plain status, since whoever asked knows no trailers.
///
/// Source: what gRPC's own servers answer to such requests over HTTP.
fn no_grpc(request: &Request<Bytes>) -> Option<Response<Body>> {
    let status = if request.version() != Version::HTTP_2 {
        StatusCode::HTTP_VERSION_NOT_SUPPORTED
    } else if *request.method() != Method::POST {
        StatusCode::METHOD_NOT_ALLOWED
    } else if !is_protobuf(request.headers()) {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else {
        return None;
    };
    let mut response = Response::new(Body::from(Vec::new()));
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    Some(response)
}

/// Whether the messages are Protocol Buffers, as those of gRPC are where nothing else is said.
fn is_protobuf(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE);
    let said = said.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind == CONTENT_TYPE || kind.strip_prefix(CONTENT_TYPE) == Some("+proto")
}

fn parcel(request: &Request<Bytes>) -> Result<Parcel, Refusal> {
    let method = request.uri().path().strip_prefix(SERVICES);
    let known = METHODS.iter().find(|(name, _)| Some(*name) == method);
    let (_, signal) = known.ok_or(Refusal::NotFound)?;
    let encoding = request.headers().get(ENCODING);
    let encoding = encoding.and_then(|it| it.to_str().ok());
    let (packed, body) = message(request.body(), encoding)?;
    Ok(Parcel {
        signal: *signal,
        encoding: Encoding::Protobuf,
        packed: packed.map(str::to_owned),
        body,
    })
}

/// The one message of a call, and how it is compressed.
fn message<'a>(
    body: &Bytes,
    encoding: Option<&'a str>,
) -> Result<(Option<&'a str>, Bytes), Refusal> {
    let broken = |why| Err(Refusal::Transport(INTERNAL, why));
    let Some(([flag, length @ ..], message)) = body.split_first_chunk::<PREFIX_BYTES>() else {
        return broken("the call has no message");
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if message.len() < length {
        return broken("the message is shorter than it says");
    }
    if message.len() > length {
        return broken("the call has more than one message");
    }
    let named = encoding.filter(|encoding| *encoding != "identity");
    let packed = match (flag, named) {
        (0, _) => None,
        (1, Some("gzip")) => named,
        (1, Some(_)) => {
            let why = "messages may be compressed with gzip";
            return Err(Refusal::Transport(UNIMPLEMENTED, why));
        }
        (1, None) => return broken("a compressed message does not say how it is compressed"),
        _ => return broken("the first byte of a message is 0 or 1"),
    };
    Ok((packed, body.slice(PREFIX_BYTES..)))
}

/// An answer with a message.
fn done(message: &[u8]) -> Response<Body> {
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    answer(Body::Trailed(framed.freeze(), trailers))
}

/// An answer that has a status alone.
pub(super) fn refused(refusal: Refusal) -> Response<Body> {
    let wait = refusal.retry_after_s();
    let (_, code, text) = refusal.told();
    let mut response = answer(Body::from(Vec::new()));
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(u16::from(code)));
    let said = utf8_percent_encode(&text, ESCAPED).to_string();
    if let Ok(said) = HeaderValue::try_from(said) {
        headers.insert("grpc-message", said);
    }
    // Without it, a sender of OTLP need not know that the export may be sent again, nor when.
    if wait.is_some() {
        let details = STANDARD_NO_PAD.encode(status(code, &text, wait));
        if let Ok(details) = HeaderValue::try_from(details) {
            headers.insert("grpc-status-details-bin", details);
        }
    }
    response
}

fn answer(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(CONTENT_TYPE);
    headers.insert(header::CONTENT_TYPE, kind);
    let known = HeaderValue::from_static("identity,gzip");
    headers.insert("grpc-accept-encoding", known);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a message is read as: how it is compressed and its bytes, or the code of the refusal.
    fn read(body: &'static [u8], encoding: Option<&str>) -> Result<(Option<String>, Bytes), u8> {
        match message(&Bytes::from_static(body), encoding) {
            Ok((packed, message)) => Ok((packed.map(str::to_owned), message)),
            Err(refusal) => Err(refusal.told().1),
        }
    }

    #[test]
    fn a_call_has_one_message_behind_its_length() {
        let plain = |bytes: &'static [u8]| Ok((None, Bytes::from_static(bytes)));
        assert_eq!(read(b"\0\0\0\0\x02ab", None), plain(b"ab"));
        assert_eq!(read(b"\0\0\0\0\0", Some("gzip")), plain(b""));
        assert_eq!(read(b"\0\0\0\0\x01a", Some("zstd")), plain(b"a"));
        let packed = Ok((Some("gzip".to_owned()), Bytes::from_static(b"a")));
        assert_eq!(read(b"\x01\0\0\0\x01a", Some("gzip")), packed);
        for (body, encoding, code) in [
            (&b""[..], None, INTERNAL),
            (b"\0\0\0\0", None, INTERNAL),
            (b"\0\0\0\0\x02a", None, INTERNAL),
            (b"\0\xff\xff\xff\xffa", None, INTERNAL),
            (b"\0\0\0\0\x01ab", None, INTERNAL),
            (b"\x02\0\0\0\x01a", None, INTERNAL),
            (b"\x01\0\0\0\x01a", None, INTERNAL),
            (b"\x01\0\0\0\x01a", Some("identity"), INTERNAL),
            (b"\x01\0\0\0\x01a", Some("zstd"), UNIMPLEMENTED),
        ] {
            assert_eq!(read(body, encoding), Err(code), "{body:?} {encoding:?}");
        }
    }

    #[test]
    fn a_refusal_is_a_head_with_a_status() {
        let malformed = refused(Refusal::Malformed("100% größe\n".to_owned()));
        let said = |response: &Response<Body>, name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        assert_eq!(malformed.status(), StatusCode::OK);
        assert_eq!(said(&malformed, "grpc-status").unwrap(), "3");
        let message = "100%25 gr%C3%B6%C3%9Fe%0A";
        assert_eq!(said(&malformed, "grpc-message").unwrap(), message);
        assert_eq!(said(&malformed, "grpc-status-details-bin"), None);
        let busy = refused(Refusal::Unavailable("no".to_owned()));
        assert_eq!(said(&busy, "grpc-status").unwrap(), "14");
        assert!(said(&busy, "grpc-status-details-bin").is_some());
        let Body::Full(body) = busy.into_body() else {
            unreachable!("a refusal has no stream");
        };
        assert!(body.is_empty());
    }

    #[test]
    fn other_requests_get_a_plain_status() {
        let asked = |version, method: &str, kind: &str| {
            let mut request = Request::new(Bytes::new());
            *request.version_mut() = version;
            *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            no_grpc(&request).map(|answer| answer.status().as_u16())
        };
        let (old, new) = (Version::HTTP_11, Version::HTTP_2);
        assert_eq!(asked(new, "POST", "application/grpc"), None);
        assert_eq!(asked(new, "POST", "application/grpc+proto; x=y"), None);
        assert_eq!(asked(old, "POST", "application/grpc"), Some(505));
        assert_eq!(asked(new, "GET", "application/grpc"), Some(405));
        assert_eq!(asked(new, "POST", "application/grpc+json"), Some(415));
        assert_eq!(asked(new, "POST", "application/grpc-web"), Some(415));
        assert_eq!(asked(new, "POST", "application/x-protobuf"), Some(415));
    }
}
