//! The start of an answer: the provider's, looked at once before it is relayed, or the gateway's own.

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use corelog_capture::{Answered, Capture, End, Fault};
use corelog_record::{Delivered, DeliveryOutcome, ErrorSource};
use corelog_types::RecordId;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;

use super::{Prepared, whole};
use crate::body::Answer;
use crate::headers;
use crate::keep::{Keeper, Kept, Ours};
use crate::refusal::Refusal;
use crate::relay::{Flow, Relay, Step};
use crate::upgrade::{self, Tunnel};
use crate::upstream::Lease;

impl Prepared {
    /// Everything from the first upstream byte to the answer's head, or the whole answer if it is there.
    pub(super) async fn run(mut self) -> Response<Answer> {
        let sent_at = Instant::now();
        let (mut answer, lease) = match self.send().await {
            Ok(answered) => answered,
            Err(refusal) => return whole(self.refuse(&refusal).await),
        };
        let now = Instant::now();
        let headers = std::mem::take(answer.headers_mut());
        let mut head = headers::travelling(&headers);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            upgrade::keep(&headers, &mut head);
        }
        self.capture.answered(Answered {
            status: answer.status().as_u16(),
            headers,
            at: now.saturating_duration_since(self.began),
        });
        if let Some(passing) = self.capture.passing() {
            self.listed.streams(passing);
        }
        let id = self.capture.id();
        mark(&mut head, self.capture.is_wanted().then_some(id));
        head.append("server-timing", timing(self.began, sent_at, now));
        let (status, dialect) = (answer.status(), self.capture.call().dialect);
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(answer, head, lease).await;
        }
        let extensions = std::mem::take(answer.extensions_mut());
        let incoming = answer.into_body();
        let length = incoming.size_hint().exact();
        let mut flow = Flow::new(
            incoming,
            lease,
            self.capture,
            self.listed,
            Arc::clone(&self.keeper),
            self.provider.idle_timeout,
        );
        flow.before = sent_at.saturating_duration_since(self.began);
        let body = match begin(flow).await {
            Begun::Whole(Kept::Refused(why), _) => {
                let refusal = Refusal::NotRecorded(why);
                self.shared.note_refusal(&refusal);
                return whole(refusal.answer(dialect, None));
            }
            Begun::Whole(_, frame) => Answer::Whole(frame.and_then(|frame| frame.into_data().ok())),
            Begun::Going(flow, first) => {
                Answer::Relayed(Box::new(Relay::new(*flow, first, length)))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = head;
        *response.extensions_mut() = extensions;
        response
    }

    /// Leaves HTTP behind, on both sides.
    async fn switch(
        mut self,
        mut answer: Response<Incoming>,
        head: HeaderMap,
        lease: Lease,
    ) -> Response<Answer> {
        let Some(caller) = self.upgrade.take() else {
            let why = "it changed the protocol without being asked to".to_owned();
            return whole(self.refuse(&Refusal::Broken(why)).await);
        };
        let tunnel = Tunnel {
            caller,
            upstream: hyper::upgrade::on(&mut answer),
            lease,
            capture: self.capture,
            listed: self.listed,
            keeper: self.keeper,
        };
        tunnel.start();
        let mut response = Response::new(Answer::Whole(None));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = head;
        response
    }
}

/// Records that the gateway itself answers, and gives the answer.
pub(super) async fn refused(
    keeper: &Arc<Keeper>,
    capture: Capture,
    refusal: &Refusal,
    began: Instant,
    gone: Option<Duration>,
) -> Response<Bytes> {
    let dialect = capture.call().dialect;
    let (answer, end) = ending(&capture, refusal, began, gone);
    keeper.note_refusal(refusal);
    match keeper.keep(capture, end, Ours::since(Instant::now())).await {
        Kept::Refused(why) => Refusal::NotRecorded(why).answer(dialect, None),
        Kept::Yes | Kept::Lost => answer,
    }
}

/// Records a call that is turned away, and gives the answer, which is the same without a record: no stranger
/// learns how the disk is.
pub(super) async fn turned_away(
    keeper: &Arc<Keeper>,
    capture: Capture,
    refusal: &Refusal,
    began: Instant,
) -> Response<Bytes> {
    let dialect = capture.call().dialect;
    let (answer, end) = ending(&capture, refusal, began, None);
    keeper.note_refusal(refusal);
    match keeper.keep(capture, end, Ours::since(Instant::now())).await {
        Kept::Refused(_) | Kept::Lost => refusal.answer(dialect, None),
        Kept::Yes => answer,
    }
}

/// The gateway's own answer, and what the record says of it.
fn ending(
    capture: &Capture,
    refusal: &Refusal,
    began: Instant,
    gone: Option<Duration>,
) -> (Response<Bytes>, End) {
    let dialect = capture.call().dialect;
    let answer = refusal.answer(dialect, capture.is_wanted().then(|| capture.id()));
    let now = Instant::now();
    let outcome = match (gone, refusal) {
        (Some(_), _) => DeliveryOutcome::HungUp,
        (None, Refusal::Killed) => DeliveryOutcome::Killed,
        (None, _) => DeliveryOutcome::Complete,
    };
    let source = if refusal.is_callers() {
        ErrorSource::Caller
    } else {
        ErrorSource::Gateway
    };
    let end = End {
        at: now.saturating_duration_since(began),
        overhead: None,
        complete: false,
        delivered: Delivered {
            outcome,
            bytes: answer.body().len() as u64,
            chunks: 1,
            closed_after_ms: gone.map(|after| after.as_secs_f64() * 1_000.0),
        },
        status: Some(answer.status().as_u16()),
        fault: Some(Fault {
            code: refusal.code(dialect).to_owned(),
            message: refusal.message(),
            source,
        }),
    };
    (answer, end)
}

/// The start of an answer's body.
pub(super) enum Begun {
    /// It was all there, and its record is kept.
    Whole(Kept, Option<Frame<Bytes>>),
    /// It goes on.
    Going(Box<Flow>, Option<Frame<Bytes>>),
}

/// Looks once, without waiting, whether the whole body came with the head: then head and body go out
/// together, in one write, once the record is durable.
pub(super) async fn begin(mut flow: Flow) -> Begun {
    let step = std::future::poll_fn(|context| {
        Poll::Ready(match flow.poll_step(context) {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        })
    })
    .await;
    match step {
        Some(Step::End(finale)) if finale.complete && flow.holds_at_most_one() => {
            let mut storing = flow.store(finale);
            let frame = storing.held.pop_front();
            Begun::Whole(storing.kept.await, frame)
        }
        Some(Step::End(finale)) => {
            flow.ends_with(finale);
            Begun::Going(Box::new(flow), None)
        }
        Some(Step::Frame(frame)) => Begun::Going(Box::new(flow), Some(frame)),
        None => Begun::Going(Box::new(flow), None),
    }
}

/// Adds the header that names the record.
pub(super) fn mark(headers: &mut HeaderMap, id: Option<RecordId>) {
    if let Some(id) = id
        && let Ok(value) = HeaderValue::try_from(id.to_string())
    {
        headers.insert("x-corelog-record-id", value);
    }
}

/// `Server-Timing` with the provider's time to its head and ours before it.
pub(super) fn timing(began: Instant, sent_at: Instant, answered_at: Instant) -> HeaderValue {
    let ms =
        |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64() * 1_000.0;
    let text = format!(
        "corelog;dur={:.3}, upstream;dur={:.3}",
        ms(began, sent_at),
        ms(sent_at, answered_at)
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("corelog"))
}
