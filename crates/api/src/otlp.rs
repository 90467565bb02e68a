//! OTLP over HTTP: `POST /v1/traces` and `POST /v1/logs`, so that an OpenTelemetry SDK or collector with this address
//! for its endpoint has the calls to models that it reports recorded.
//!
//! An answer with status 200 says that the records are durable; what was refused it says in OTLP's own way. A call that
//! the gateway recorded is not recorded again: before an export is read, the records that came since the last one are
//! looked at, in the spool, so that the gateway itself is not slowed by it. Exports are taken one after the other, since one
//! that is sent twice at once would be recorded twice.
//!
//! Metrics are not taken, and that path is answered here all the same: it would otherwise be a call to `OpenAI`.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

mod keep;

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_otel::{Booking, Encoding, Intake, Malformed, Signal, Taken, failure, reply};
use corelog_record::CallerFacts;
use corelog_record::events::is_batch;
use corelog_record::stored;
use corelog_spool::{Reader, Spool};
use corelog_types::{Sequence, Timestamp};
use corelog_wire::protocol;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{Action, Api, Body};

const TRACES: &str = "/v1/traces";
const LOGS: &str = "/v1/logs";
const METRICS: &str = "/v1/metrics";

/// How large an export may be once it is unpacked.
const INFLATED_BYTES_MAX: usize = 16 << 20;
/// So many of the newest records are looked at after a start, or a long silence.
const LOOK_BACK_MAX: u64 = 8_192;
/// How long a sender waits before it tries again.
const RETRY_AFTER_S: &str = "5";

/// Codes of gRPC, which a failure names.
const INVALID_ARGUMENT: u8 = 3;
const PERMISSION_DENIED: u8 = 7;
const UNIMPLEMENTED: u8 = 12;
const UNAVAILABLE: u8 = 14;

/// What of a reported call is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whether there is a record at all.
    pub record: bool,
    /// Whether it has the prompt.
    pub input: bool,
    /// Whether it has the answer.
    pub output: bool,
}

/// Decides what is kept of calls that are reported rather than relayed.
pub trait Keeps: Send + Sync + std::fmt::Debug {
    /// Answers for a call to a provider's model that the holder of a key reports.
    fn keeps(&self, provider: &str, model: Option<&str>, key: Option<&str>) -> Kept;
}

/// Whether a path is one of OTLP's.
pub(crate) fn owns(path: &str) -> bool {
    matches!(path, TRACES | LOGS | METRICS)
}

/// What is remembered between exports.
#[derive(Debug, Default)]
pub(crate) struct Otlp(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    intake: Intake,
    reader: Option<Reader>,
}

/// Why an export is not taken.
enum Refusal {
    NotFound,
    Method,
    ContentType,
    Denied,
    Malformed(String),
    /// To be sent again.
    Unavailable(String),
}

/// Serves a request that [`owns`] claimed.
pub(crate) async fn serve(api: &Api, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let said = header(header::CONTENT_TYPE).and_then(Encoding::of_content_type);
    let encoding = said.unwrap_or(Encoding::Json);
    let outcome = match (request.uri().path(), said) {
        (METRICS, _) => Err(Refusal::NotFound),
        _ if *request.method() != Method::POST => Err(Refusal::Method),
        (_, None) => Err(Refusal::ContentType),
        (path, Some(encoding)) => {
            let signal = if path == TRACES {
                Signal::Traces
            } else {
                Signal::Logs
            };
            let packed = header(header::CONTENT_ENCODING).map(str::to_owned);
            let body = request.body().clone();
            export(api, signal, encoding, packed, body, caller).await
        }
    };
    match outcome {
        Ok(body) => answer(StatusCode::OK, encoding, body),
        Err(refusal) => refusal.render(encoding),
    }
}

async fn export(
    api: &Api,
    signal: Signal,
    encoding: Encoding,
    packed: Option<String>,
    body: Bytes,
    caller: &Caller,
) -> Result<Vec<u8>, Refusal> {
    let allowed = api.authorise(caller, Action::ExportTelemetry, "*");
    allowed.map_err(|_| Refusal::Denied)?;
    let booking = booking(api, caller);
    let (spool, now) = (api.spool().clone(), api.clock().now());
    let state = Arc::clone(&api.otlp().0).lock_owned().await;
    // Reading is work in proportion to the export, and blocks on the disk.
    let reading = move || {
        read(
            state,
            &spool,
            signal,
            encoding,
            packed.as_deref(),
            &body,
            &booking,
            now,
        )
    };
    let read = tokio::task::spawn_blocking(reading).await;
    let read = read.map_err(|error| Refusal::Unavailable(error.to_string()))?;
    let (mut state, mut taken) = read.map_err(Refusal::Malformed)?;
    let key = caller.name.as_deref();
    keep::records(api, &mut state.intake, &mut taken, key).await?;
    keep::steps(api, &taken, key).await?;
    if taken.refused > 0 {
        tracing::debug!(
            refused = taken.refused,
            why = taken.why,
            "spans were refused"
        );
    }
    Ok(reply(signal, encoding, taken.refused, taken.why))
}

type Held = OwnedMutexGuard<State>;

#[expect(
    clippy::too_many_arguments,
    reason = "all that an export is, moved to another thread"
)]
fn read(
    mut state: Held,
    spool: &Spool,
    signal: Signal,
    encoding: Encoding,
    packed: Option<&str>,
    body: &[u8],
    booking: &Booking,
    now: Timestamp,
) -> Result<(Held, Taken), String> {
    let inflated = protocol::inflated(packed, body, INFLATED_BYTES_MAX);
    let body = inflated.map_err(|error| error.to_string())?;
    state.catch_up(spool);
    let intake = &mut state.intake;
    let taken = match signal {
        Signal::Traces => intake.traces(&body, encoding, booking, now),
        Signal::Logs => intake.logs(&body, encoding, now),
    };
    let taken = taken.map_err(|error: Malformed| error.to_string())?;
    Ok((state, taken))
}

impl State {
    /// Remembers the records that came since the last export. What cannot be read now is read with the next.
    fn catch_up(&mut self, spool: &Spool) {
        let newest = spool.durable_sequence().to_u64();
        let oldest = Sequence::from_u64(newest.saturating_sub(LOOK_BACK_MAX)).next();
        let is_far = |reader: &Reader| reader.position() < oldest;
        let reader = match self.reader.take().filter(|reader| !is_far(reader)) {
            Some(reader) => reader,
            None => spool.reader(oldest),
        };
        let reader = self.reader.insert(reader);
        while let Ok(Some(entry)) = reader.next() {
            if is_batch(&entry.payload) {
                continue;
            }
            if let Ok(record) = stored::decode(&entry.payload) {
                let began = Timestamp::from_unix_ms(entry.id.unix_ms());
                self.intake.note(entry.id, began, &record.document);
            }
        }
    }
}

fn booking(api: &Api, caller: &Caller) -> Booking {
    let account = api.account();
    Booking {
        account_id: account.id.clone(),
        region: account.region.clone(),
        identity_arn: caller.arn(&account.id),
        caller: CallerFacts {
            name: caller.name.clone(),
            key_fingerprint: caller.fingerprint.as_ref().map(ToString::to_string),
            address: None,
        },
    }
}

impl Refusal {
    fn render(self, encoding: Encoding) -> Response<Body> {
        let (status, code, text) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                UNIMPLEMENTED,
                "Corelog takes /v1/traces and /v1/logs; metrics it makes itself: set OTEL_METRICS_EXPORTER=none".to_owned(),
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                UNIMPLEMENTED,
                "exports are sent with POST".to_owned(),
            ),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                INVALID_ARGUMENT,
                "an export is application/x-protobuf or application/json".to_owned(),
            ),
            Self::Denied => (
                StatusCode::FORBIDDEN,
                PERMISSION_DENIED,
                format!("this key may not do {}", Action::ExportTelemetry),
            ),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, INVALID_ARGUMENT, why),
            Self::Unavailable(why) => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, why),
        };
        let mut response = answer(status, encoding, failure(encoding, code, &text));
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(encoding.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
