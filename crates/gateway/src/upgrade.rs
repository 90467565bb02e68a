//! Upgraded connections (WebSockets): relayed byte for byte, recorded as opaque.
//!
//! Such a call goes the way of every exchange up to the answer's head, on an upstream connection that is
//! its own. If the provider agrees, both connections leave HTTP and a [`Tunnel`] carries their bytes until
//! one side ends, the total timeout passes, an operator ends it or the gateway stops. The caller's connection is closed once
//! the record is stored: here too, what ends the answer waits for the record.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use corelog_capture::{Capture, End};
use corelog_record::{Delivered, DeliveryOutcome, ErrorSource};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, request};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};

use crate::inflight::{Entry, Listed, State};
use crate::keep::{Keeper, Ours, given_up};
use crate::relay::{Finale, finale_of};
use crate::upstream::Lease;

const PIECE_BYTES: usize = 16 * 1024;
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Takes the caller's side off a request that asks for a WebSocket.
///
/// Any other protocol is left unanswered, as a server may do; HTTP clients offer `h2c` on plain calls.
/// Source: RFC 9110, section 7.8.
pub(crate) fn take(parts: &mut request::Parts) -> Option<OnUpgrade> {
    let protocol = parts.headers.get(UPGRADE)?;
    let asked = protocol
        .as_bytes()
        .eq_ignore_ascii_case(b"websocket")
        .then_some(CONNECTION)?;
    let listed = parts
        .headers
        .get_all(asked)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    listed.then(|| parts.extensions.remove::<OnUpgrade>())?
}

/// Keeps the headers of this hop that speak about the change of protocol.
pub(crate) fn keep(from: &HeaderMap, to: &mut HeaderMap) {
    if let Some(protocol) = from.get(UPGRADE) {
        to.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        to.insert(UPGRADE, protocol.clone());
    }
}

/// Two connections that left HTTP behind.
pub(crate) struct Tunnel {
    pub(crate) caller: OnUpgrade,
    pub(crate) upstream: OnUpgrade,
    /// Holds the upstream connection's place among those allowed.
    pub(crate) lease: Lease,
    pub(crate) capture: Capture,
    pub(crate) listed: Listed,
    pub(crate) keeper: Arc<Keeper>,
}

type Io = TokioIo<Upgraded>;

impl Tunnel {
    /// Carries bytes in a task until the end, then keeps the record.
    pub(crate) fn start(self) {
        let tasks = self.keeper.tasks.clone();
        tasks.spawn("upgraded connection", self.run());
    }

    async fn run(self) {
        let Self {
            caller,
            upstream,
            lease,
            mut capture,
            listed,
            keeper,
        } = self;
        listed.set_state(State::Streaming);
        listed.upgraded();
        listed.expect_nothing();
        let entry = listed.entry();
        let mut ends = None;
        let finale = tokio::select! {
            finale = carry(caller, upstream, &mut ends, &entry, &keeper) => finale,
            abort = std::future::poll_fn(|context| match entry.poll_abort(context) {
                Some(abort) => Poll::Ready(abort),
                None => Poll::Pending,
            }) => finale_of(abort),
        };
        listed.set_state(State::Storing);
        let now = Instant::now();
        let (bytes, chunks) = entry.answered();
        let from_caller = entry.request_bytes().load(Ordering::Relaxed);
        capture.passed_opaque(from_caller, bytes);
        let gone = entry.hung_up_after();
        let outcome = match (gone, finale.outcome) {
            (Some(_), _) => DeliveryOutcome::HungUp,
            (None, Some(outcome)) => outcome,
            (None, None) => DeliveryOutcome::Complete,
        };
        let end = End {
            at: now.saturating_duration_since(entry.began()),
            overhead: None,
            complete: finale.complete,
            delivered: Delivered {
                outcome,
                bytes,
                chunks,
                closed_after_ms: gone.map(|after| after.as_secs_f64() * 1_000.0),
            },
            status: None,
            fault: finale.fault,
        };
        keeper.keep(capture, end, Ours::since(now)).await;
        if let Some((mut caller, mut upstream)) = ends {
            let closing = async { tokio::join!(caller.shutdown(), upstream.shutdown()) };
            // Whoever does not take the farewell in time is closed without it.
            tokio::time::timeout(CLOSE_TIMEOUT, closing).await.ok();
        }
        drop(lease);
    }
}

/// Carries bytes both ways. The connections stay in `ends`, open until whoever owns it lets go of them.
async fn carry(
    caller: OnUpgrade,
    upstream: OnUpgrade,
    ends: &mut Option<(Io, Io)>,
    entry: &Entry,
    keeper: &Keeper,
) -> Finale {
    let upstream = match upstream.await {
        Ok(upstream) => upstream,
        Err(error) => return broken(&error),
    };
    let Ok(caller) = caller.await else {
        entry.hung_up();
        return Finale::complete(true);
    };
    let (caller, upstream) = ends.insert((TokioIo::new(caller), TokioIo::new(upstream)));
    let (mut from_caller, mut to_caller) = split(caller);
    let (mut from_upstream, mut to_upstream) = split(upstream);
    let request_bytes = entry.request_bytes();
    let up = async {
        let ended = copy(&mut from_caller, &mut to_upstream, |bytes| {
            request_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        })
        .await;
        // An upstream that cannot be told is about to say so itself.
        to_upstream.shutdown().await.ok();
        ended
    };
    let down = copy(&mut from_upstream, &mut to_caller, |bytes| {
        entry.note_chunk(bytes);
    });
    tokio::pin!(up, down);
    let ended = tokio::select! {
        ended = &mut down => Some(ended),
        ended = &mut up => {
            if !matches!(ended, Err(Broken::Writing)) {
                entry.hung_up();
            }
            None
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => match tokio::time::timeout(keeper.drain_timeout, down).await {
            Ok(ended) => ended,
            Err(_) => return given_up("the drain timeout"),
        },
    };
    match ended {
        Ok(()) => Finale::complete(true),
        Err(Broken::Reading(error)) => broken(&error),
        Err(Broken::Writing) => {
            entry.hung_up();
            Finale::complete(true)
        }
    }
}

/// Which side of a copy broke.
enum Broken {
    Reading(io::Error),
    Writing,
}

async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    note: impl Fn(usize),
) -> Result<(), Broken> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = from.read(&mut piece).await.map_err(Broken::Reading)?;
        if length == 0 {
            return Ok(());
        }
        let written = to.write_all(&piece[..length]).await;
        written.map_err(|_| Broken::Writing)?;
        to.flush().await.map_err(|_| Broken::Writing)?;
        note(length);
    }
}

fn broken(error: &dyn std::error::Error) -> Finale {
    let message = format!("the provider broke off the upgraded connection: {error}");
    let outcome = DeliveryOutcome::Truncated;
    Finale::cut("UpstreamTruncated", message, ErrorSource::Upstream, outcome)
}
