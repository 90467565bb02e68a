//! Where a request's body is before it goes upstream: passing, or held because something must be known first.

use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use corelog_access::SigningKey;
use corelog_capture::{BodyCopy, Capture};
use corelog_providers::{RequestReader, Route, model_of};
use corelog_runtime::Clock;
use corelog_types::{Dialect, RecordId};
use http::{header, request};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use parking_lot::Mutex;

use crate::body::{self, RequestBody};
use crate::front;
use crate::gateway::Routing;
use crate::provider::Provider;
use crate::refusal::Refusal;
use crate::sign;

const PIECE_BYTES: usize = 64 * 1024;
/// A body up to here is read before it goes upstream, if it is there: microseconds, which its record then saves.
const AT_HAND_BYTES_MAX: u64 = 16 * 1024;

/// Reads the body of a caller that is who it says only if its signature holds.
pub(super) async fn prove(
    routing: &Arc<Routing>,
    key: &SigningKey,
    parts: &request::Parts,
    source: Source,
    (id, clock): (RecordId, &Clock),
) -> Result<Source, Refusal> {
    let most = routing.limits.body_bytes_max;
    let mut held = source.hold(scratch(routing, id), most).await?;
    if is_proven(key, parts, &mut held, clock) {
        Ok(Source::Held(held))
    } else {
        Err(Refusal::BadSignature)
    }
}

/// Whether the caller's signature holds for its request.
fn is_proven(key: &SigningKey, parts: &request::Parts, body: &mut BodyCopy, clock: &Clock) -> bool {
    let hash = body
        .reader()
        .and_then(|mut reader| sign::hash_of(&mut reader));
    let request = (parts.method.as_str(), &parts.uri);
    hash.is_ok_and(|hash| sign::is_proven(key, request, &parts.headers, &hash, clock))
}

/// The model that a body asks for, wherever in it that is said.
pub(super) fn model_in(body: &mut BodyCopy, route: &Route) -> Option<String> {
    if let Some(memory) = body.in_memory() {
        return model_of(memory);
    }
    let mut file = body.reader().ok()?;
    let mut reader = RequestReader::new(route, &NoHeaders);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece).ok()? {
            0 => return reader.finish().model,
            length => reader.push(&piece[..length]),
        }
    }
}

/// For a reader that is to look at the body alone.
pub(super) struct NoHeaders;

impl corelog_providers::Headers for NoHeaders {
    fn each(&self, _: &mut dyn FnMut(&str, &str)) {}
}

/// The dialect's provider for the model that the request names, whose body is read if only it says so.
pub(super) async fn choose(
    routing: &Arc<Routing>,
    route: &Route,
    mut source: Source,
    id: RecordId,
) -> Result<(Arc<Provider>, Source), Refusal> {
    let dialect = route.dialect;
    let mut model = route.model.clone();
    if model.is_none() && front::asks_for_model(&routing.providers, dialect) {
        let most = routing.limits.body_bytes_max;
        let mut held = source.hold(scratch(routing, id), most).await?;
        model = model_in(&mut held, route);
        source = Source::Held(held);
    }
    if let Some(provider) = front::choose(&routing.providers, dialect, model.as_deref()) {
        return Ok((Arc::clone(provider), source));
    }
    source.drain().await;
    Err(no_provider(dialect))
}

/// Where a request's body is.
pub(super) enum Source {
    Passing(Incoming),
    Held(BodyCopy),
}

impl Source {
    /// Reads what is left of a body that is refused.
    pub(super) async fn drain(mut self) {
        if let Self::Passing(incoming) = &mut self {
            body::drain(incoming).await;
        }
    }

    /// Reads the whole body into `copy`.
    pub(super) async fn hold(self, mut copy: BodyCopy, most: u64) -> Result<BodyCopy, Refusal> {
        let mut incoming = match self {
            Self::Held(copy) => return Ok(copy),
            Self::Passing(incoming) => incoming,
        };
        while let Some(frame) = incoming.frame().await {
            let frame = frame
                .map_err(|_| Refusal::BadRequest("the request's body broke off".to_owned()))?;
            if let Some(data) = frame.data_ref() {
                copy.push(data);
                if copy.seen_bytes() > most {
                    return Err(Refusal::BodyTooLarge(most));
                }
            }
        }
        Ok(copy)
    }

    /// The body to send, its copy being in the capture, or getting there as it passes.
    pub(super) async fn into_body(
        self,
        capture: &mut Capture,
        most: u64,
        needs_all: bool,
        passed: Arc<AtomicU64>,
    ) -> Result<RequestBody, Refusal> {
        let copy = capture.request_copy();
        let held = match self {
            Self::Passing(incoming) if !needs_all => {
                return Ok(passing(incoming, capture, most, passed));
            }
            Self::Passing(incoming) => {
                let taken = capture.take_request_copy();
                Self::Passing(incoming).hold(taken, most).await?
            }
            Self::Held(held) => held,
        };
        passed.store(held.seen_bytes(), Ordering::Relaxed);
        if held.seen_bytes() <= AT_HAND_BYTES_MAX
            && let Some(body) = held.in_memory()
        {
            capture.asks(body);
        }
        *copy.lock() = held;
        sending(&copy)
    }
}

/// A body that goes upstream as it comes. Where all of it came with the head it is read at once, so that the intent
/// has its model too; nothing is waited for.
fn passing(
    mut incoming: Incoming,
    capture: &mut Capture,
    most: u64,
    passed: Arc<AtomicU64>,
) -> RequestBody {
    let copy = capture.is_wanted().then(|| capture.request_copy());
    let length = incoming.size_hint().exact().unwrap_or(0);
    let is_small = (1..=AT_HAND_BYTES_MAX.min(most)).contains(&length);
    // Whoever asks before sending is told to send by the first look at its body: upstream shall have a say first.
    let asks_first = capture.call().headers.contains_key(header::EXPECT);
    let mut first = None;
    if capture.is_model_in_body() && is_small && !asks_first {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Some(frame)) = Pin::new(&mut incoming).poll_frame(&mut context) {
            // A body with a length begins with data, or not at all.
            first = frame.map(|frame| frame.into_data().ok()).transpose();
        }
    }
    if let Some(Ok(body)) = &first
        && body.len() as u64 == length
    {
        capture.asks(body);
    }
    RequestBody::Passing {
        first,
        incoming,
        copy,
        left: most,
        passed,
    }
}

/// A body that is sent from its copy.
pub(super) fn sending(copy: &Mutex<BodyCopy>) -> Result<RequestBody, Refusal> {
    let mut copy = copy.lock();
    if let Some(memory) = copy.in_memory() {
        let bytes = Bytes::copy_from_slice(memory);
        return Ok(RequestBody::Held((!bytes.is_empty()).then_some(bytes)));
    }
    let left = copy.kept_bytes();
    if copy.cut().is_some() {
        let why = "the body cannot be kept on disk, so it cannot be signed".to_owned();
        return Err(Refusal::NotRecorded(why));
    }
    let reader = copy
        .file_reader()
        .map_err(|e| Refusal::NotRecorded(e.to_string()))?;
    Ok(RequestBody::File { reader, left })
}

fn scratch(routing: &Arc<Routing>, id: RecordId) -> BodyCopy {
    let recorder = Arc::clone(&routing.keeper.recorder);
    let capture = &routing.capture;
    BodyCopy::new(id, "input", recorder, capture.memory_max, capture.body_max)
}

pub(super) fn no_provider(dialect: Dialect) -> Refusal {
    Refusal::NoRoute(format!(
        "no provider speaks `{dialect}` for this model; add a [[provider]] with that dialect"
    ))
}
