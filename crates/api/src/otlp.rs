//! OTLP: exports of an OpenTelemetry SDK or collector that has this address for its endpoint, so that the calls to
//! models that it reports are recorded, and its metrics kept. Over HTTP at `/v1/traces`, `/v1/logs` and `/v1/metrics`, and
//! over gRPC as the services of those names.
//!
//! An answer of success says that the records are durable; what was refused it says in OTLP's own way. A call that the
//! gateway recorded is not recorded again: an export waits until all records are known that were durable before it
//! (`follow.rs`). Exports of one trace are taken one after the other, since one that is sent twice at once would be
//! recorded twice (`taking.rs`); others are taken side by side, a few at a time, for each takes memory.
//!
//! Where no metrics are kept, their path is answered here all the same: it would otherwise be a call to `OpenAI`.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/>

mod follow;
mod grpc;
mod keep;
mod measures;
mod otlp_http;
mod taking;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_otel::{Booking, Encoding, Export, Intake, Series, Signal, reply};
use corelog_record::{CallerFacts, CostFacts, Document};
use corelog_runtime::Tasks;
use corelog_types::Timestamp;
use corelog_wire::protocol;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use self::follow::Following;
use self::taking::Taking;
use crate::{Action, Api, Body};

pub(crate) use self::follow::follow;

/// How large an export may be once it is unpacked.
const INFLATED_BYTES_MAX: usize = 16 << 20;
/// Exports that are taken at once: each may hold some hundred megabytes while it is read.
const TAKEN_AT_ONCE_MAX: usize = 4;
/// How long a sender waits before it tries again.
const RETRY_AFTER_S: u64 = 5;

/// Codes of gRPC, which a failure names.
///
/// Source: <https://grpc.io/docs/guides/status-codes/>
const INVALID_ARGUMENT: u8 = 3;
const PERMISSION_DENIED: u8 = 7;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNIMPLEMENTED: u8 = 12;
const INTERNAL: u8 = 13;
const UNAVAILABLE: u8 = 14;
const UNAUTHENTICATED: u8 = 16;

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

/// Decides what is kept of calls that are reported rather than relayed, and what they cost.
pub trait Keeps: Send + Sync + std::fmt::Debug {
    /// Answers for a call to a provider's model that the holder of a key reports.
    fn keeps(&self, provider: &str, model: Option<&str>, key: Option<&str>) -> Kept;

    /// What a call cost that began then, or why that is not known.
    fn cost(&self, document: &Document, began: Timestamp) -> Option<CostFacts>;
}

/// Whether a path is one of OTLP's.
pub(crate) fn owns(path: &str) -> bool {
    otlp_http::owns(path) || grpc::owns(path)
}

/// What is remembered between exports.
#[derive(Debug)]
pub(crate) struct Otlp {
    intake: Arc<Mutex<Intake>>,
    following: Following,
    taking: Taking,
    room: Arc<Semaphore>,
    /// What series of metrics have come to. Held while an export of metrics is taken.
    series: Arc<tokio::sync::Mutex<Series>>,
    /// What goes on though its sender hung up.
    tasks: Tasks,
}

impl Otlp {
    /// Nothing, for a process that begins.
    pub(crate) fn since(began: Timestamp) -> Self {
        Self {
            series: Arc::new(tokio::sync::Mutex::new(Series::since(began))),
            tasks: Tasks::new(),
            intake: Arc::default(),
            following: Following::default(),
            taking: Taking::default(),
            room: Arc::new(Semaphore::new(TAKEN_AT_ONCE_MAX)),
        }
    }
}

/// An export as it came.
struct Parcel {
    signal: Signal,
    encoding: Encoding,
    /// How it is compressed.
    packed: Option<String>,
    body: Bytes,
}

/// Why an export is not taken.
enum Refusal {
    NotFound,
    /// None are kept.
    NoMetrics,
    Method,
    ContentType,
    Denied,
    TurnedAway(TurnedAway),
    Malformed(String),
    /// What the transport has to say: a code of gRPC, and why.
    Transport(u8, &'static str),
    /// To be sent again.
    Unavailable(String),
}

/// Serves a request that [`owns`] claimed.
pub(crate) async fn serve(api: &Api, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
    if grpc::owns(request.uri().path()) {
        grpc::serve(api, request, caller).await
    } else {
        otlp_http::serve(api, request, caller).await
    }
}

/// The answer to an export that is turned away at the door; `None` for any other request.
pub(crate) fn turn_away(head: &Parts, why: TurnedAway) -> Option<Response<Body>> {
    let path = head.uri.path();
    let refusal = Refusal::TurnedAway(why);
    if grpc::owns(path) {
        Some(grpc::refused(refusal))
    } else if otlp_http::owns(path) {
        Some(otlp_http::refused(refusal, &head.headers))
    } else {
        None
    }
}

/// Takes an export; returns the answer's body once all that is kept of it is durable.
///
/// Dropped, it leaves what it has kept so far: the same export then finds it.
async fn export(api: &Api, parcel: Parcel, caller: &Caller) -> Result<Vec<u8>, Refusal> {
    let allowed = api.authorise(caller, Action::ExportTelemetry, "*");
    allowed.map_err(|_| Refusal::Denied)?;
    let otlp = api.otlp();
    let room = Arc::clone(&otlp.room).acquire_owned().await;
    let room = room.map_err(|error| Refusal::Unavailable(error.to_string()))?;
    if parcel.signal == Signal::Metrics {
        return measures::export(api, parcel).await;
    }
    let (signal, encoding) = (parcel.signal, parcel.encoding);
    let now = api.clock().now();
    let export = apart(move || read(&parcel, now)).await??;
    // From here on, no other export is about its traces; and whoever was before has had its records read.
    let _taking = otlp.taking.begin(export.trace_ids()).await;
    otlp.following.catch_up(api.spool()).await?;
    let (intake, booking) = (Arc::clone(&otlp.intake), booking(api, caller));
    let sift = move || {
        let sifted = intake.lock().sift(export, now);
        sifted.taken(&booking)
    };
    let taken = apart(sift).await?;
    let taken = keep::all(api, taken, caller.name.as_deref()).await?;
    drop(room);
    if taken.refused > 0 {
        tracing::debug!(
            refused = taken.refused,
            why = taken.why,
            "spans were refused"
        );
    }
    Ok(reply(signal, encoding, taken.refused, taken.why))
}

fn read(parcel: &Parcel, now: Timestamp) -> Result<Export, Refusal> {
    let export = Export::read(parcel.signal, &inflated(parcel)?, parcel.encoding, now);
    export.map_err(|error| Refusal::Malformed(error.to_string()))
}

/// The export as it was before it was compressed.
fn inflated(parcel: &Parcel) -> Result<Cow<'_, [u8]>, Refusal> {
    let packed = parcel.packed.as_deref();
    let inflated = protocol::inflated(packed, &parcel.body, INFLATED_BYTES_MAX);
    inflated.map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Does work in proportion to an export on a thread for such work: those that answer requests relay calls, too.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::Unavailable(error.to_string()))
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
    /// The status of HTTP, the code of gRPC, and the words.
    fn told(self) -> (StatusCode, u8, String) {
        let (status, code, text) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                UNIMPLEMENTED,
                "Corelog takes exports of traces, logs and metrics",
            ),
            Self::NoMetrics => (
                StatusCode::NOT_FOUND,
                UNIMPLEMENTED,
                "this Corelog keeps no metrics: set OTEL_METRICS_EXPORTER=none",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                UNIMPLEMENTED,
                "exports are sent with POST",
            ),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                INVALID_ARGUMENT,
                "an export is application/x-protobuf or application/json",
            ),
            Self::Denied => {
                let text = format!("this key may not do {}", Action::ExportTelemetry);
                return (StatusCode::FORBIDDEN, PERMISSION_DENIED, text);
            }
            Self::TurnedAway(TurnedAway::NoCredential) => (
                StatusCode::UNAUTHORIZED,
                UNAUTHENTICATED,
                "a key is needed: set OTEL_EXPORTER_OTLP_HEADERS=x-corelog-key=…",
            ),
            Self::TurnedAway(TurnedAway::UnknownCredential | TurnedAway::BadSignature) => (
                StatusCode::UNAUTHORIZED,
                UNAUTHENTICATED,
                "the key is none of those configured",
            ),
            Self::TurnedAway(TurnedAway::BodyTooLarge) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                RESOURCE_EXHAUSTED,
                "the export is too large, or broke off",
            ),
            Self::Transport(code, why) => (StatusCode::BAD_REQUEST, code, why),
            Self::Malformed(why) => return (StatusCode::BAD_REQUEST, INVALID_ARGUMENT, why),
            Self::Unavailable(why) => return (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, why),
        };
        (status, code, text.to_owned())
    }

    /// After how many seconds the export may be sent again; `None` where that would not help.
    fn retry_after_s(&self) -> Option<u64> {
        matches!(self, Self::Unavailable(_)).then_some(RETRY_AFTER_S)
    }
}
