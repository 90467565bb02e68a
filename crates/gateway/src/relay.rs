//! An answer on its way to the caller.
//!
//! Each chunk is handed on as it comes, copied first. What ends the answer waits for the record: the last
//! frame of a body whose length is known, the chunk that completes the dialect's terminal event, and the
//! end of the stream. Nothing else waits for anything.
//!
//! ```text
//! relaying ──last frame or end──► storing ──record durable──► releasing ──► done
//!     │ caller drops the body                                    │ upstream not at its end
//!     ▼                                                          ▼ (bytes after the terminal event)
//! drained by a task of its own, then stored                   trailing ──► done
//! ```

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use corelog_capture::{Capture, End, Fault};
use corelog_record::{Delivered, DeliveryOutcome, ErrorSource};
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use crate::body::BodyError;
use crate::inflight::{Abort, Listed, State};
use crate::keep::{Keeper, Kept, Ours};
use crate::upstream::Lease;

/// How long the end of the stream is awaited once all that belongs to the answer is there.
const END_GRACE: Duration = Duration::from_millis(250);

/// The answer broke off, and so does ours.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut: {0}")]
pub(crate) struct Cut(String);

/// An answer coming in, being observed.
pub(crate) struct Flow {
    pub(crate) incoming: Incoming,
    pub(crate) lease: Lease,
    pub(crate) capture: Capture,
    pub(crate) listed: Listed,
    pub(crate) keeper: Arc<Keeper>,
    /// How long the upstream may be silent.
    pub(crate) idle_timeout: Duration,
    /// How long the request took to go upstream.
    pub(crate) before: Duration,
    /// Bytes still to come, where the answer says so.
    pub(crate) left: Option<u64>,
    pub(crate) handed: Handed,
    held: Vec<Frame<Bytes>>,
    /// Whether the terminal event has begun, so that every frame is held from here on.
    is_ending: bool,
    /// Runs once all that belongs to the answer is there.
    grace: Option<Pin<Box<Sleep>>>,
    ended: Option<Finale>,
}

/// What the caller's connection has taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handed {
    bytes: u64,
    chunks: u64,
}

/// What a step of a flow brings.
pub(crate) enum Step {
    /// Hand this on.
    Frame(Frame<Bytes>),
    /// The record can be made.
    End(Finale),
}

/// How the upstream ended.
pub(crate) struct Finale {
    pub(crate) complete: bool,
    pub(crate) at_end: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) outcome: Option<DeliveryOutcome>,
}

impl Finale {
    pub(crate) fn complete(at_end: bool) -> Self {
        Self {
            complete: true,
            at_end,
            fault: None,
            outcome: None,
        }
    }

    pub(crate) fn cut(
        code: &str,
        message: String,
        source: ErrorSource,
        outcome: DeliveryOutcome,
    ) -> Self {
        let fault = Some(Fault {
            code: code.to_owned(),
            message,
            source,
        });
        Self {
            complete: false,
            at_end: true,
            fault,
            outcome: Some(outcome),
        }
    }
}

impl Flow {
    pub(crate) fn new(
        incoming: Incoming,
        lease: Lease,
        capture: Capture,
        listed: Listed,
        keeper: Arc<Keeper>,
        idle_timeout: Duration,
    ) -> Self {
        listed.set_state(State::Streaming);
        let left = incoming.size_hint().exact();
        let handed = Handed::default();
        Self {
            incoming,
            lease,
            capture,
            listed,
            keeper,
            idle_timeout,
            before: Duration::ZERO,
            left,
            handed,
            held: Vec::new(),
            is_ending: false,
            grace: None,
            ended: None,
        }
    }

    /// Whether at most one frame waits for the record, and it is data.
    pub(crate) fn holds_at_most_one(&self) -> bool {
        self.held.len() <= 1 && self.held.iter().all(Frame::is_data)
    }

    /// Puts back an end that was taken already.
    pub(crate) fn ends_with(&mut self, finale: Finale) {
        self.ended = Some(finale);
    }

    /// Moves the answer by one step. Cancel safe.
    pub(crate) fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        if let Some(finale) = self.ended.take() {
            return Poll::Ready(Step::End(finale));
        }
        loop {
            if let Some(abort) = self.listed.poll_abort(context) {
                if let Some(limit) = abort.limit() {
                    self.keeper.note_limit(limit);
                }
                return Poll::Ready(Step::End(finale_of(abort)));
            }
            let frame = match self.poll_incoming(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    ready!(self.poll_grace(context));
                    return Poll::Ready(Step::End(Finale::complete(false)));
                }
            };
            match frame {
                None => return Poll::Ready(Step::End(Finale::complete(true))),
                Some(Err(error)) => return Poll::Ready(Step::End(broken(&error))),
                Some(Ok(frame)) => {
                    if let Some(step) = self.take(frame) {
                        return Poll::Ready(step);
                    }
                }
            }
        }
    }

    fn poll_incoming(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.lease.drive(context);
        Pin::new(&mut self.incoming).poll_frame(context)
    }

    fn poll_grace(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.grace {
            Some(grace) => grace.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    /// Copies a frame, and says what to do: hand it on, end, or (`None`) go on because it is held.
    fn take(&mut self, frame: Frame<Bytes>) -> Option<Step> {
        let Some(data) = frame.data_ref() else {
            // Trailers come last.
            self.held.push(frame);
            return None;
        };
        let now = Instant::now();
        let at = now.saturating_duration_since(self.listed.began());
        let terminal = self.capture.chunk(data, at);
        let (length, events) = (data.len(), self.capture.events());
        self.listed.comes(now, data, events, self.idle_timeout);
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(length as u64);
            if *left == 0 {
                self.held.push(frame);
                if self.incoming.is_end_stream() || !self.lease.is_http2() {
                    return Some(Step::End(Finale::complete(true)));
                }
                // In HTTP/2 trailers may follow a body of known length.
                self.grace = Some(Box::pin(sleep(END_GRACE)));
                return None;
            }
        }
        self.is_ending |= terminal;
        if self.is_ending {
            if self.grace.is_none() && self.capture.is_complete() {
                self.grace = Some(Box::pin(sleep(END_GRACE)));
            }
            self.held.push(frame);
            return None;
        }
        if self.listed.hung_up_after().is_none() {
            self.handed.bytes += length as u64;
            self.handed.chunks += 1;
        }
        Some(Step::Frame(frame))
    }

    /// Makes the record; what waited for it comes with the future's owner.
    pub(crate) fn store(self, finale: Finale) -> Storing {
        let Self {
            incoming,
            lease,
            capture,
            listed,
            keeper,
            before,
            handed,
            held,
            ..
        } = self;
        listed.set_state(State::Storing);
        listed.expect_nothing();
        let ended_at = Instant::now();
        let held_bytes: usize = held
            .iter()
            .filter_map(Frame::data_ref)
            .map(Bytes::len)
            .sum();
        let gone = listed.hung_up_after();
        let outcome = match (gone, finale.outcome) {
            (Some(_), _) => DeliveryOutcome::HungUp,
            (None, Some(outcome)) => outcome,
            (None, None) => DeliveryOutcome::Complete,
        };
        // What is held goes out with the record, so a caller who is there gets it too.
        let released = if gone.is_none() { held_bytes as u64 } else { 0 };
        let end = End {
            at: ended_at.saturating_duration_since(listed.began()),
            complete: finale.complete,
            delivered: Delivered {
                outcome,
                bytes: handed.bytes + released,
                chunks: handed.chunks + u64::from(released > 0),
                closed_after_ms: gone.map(|after| after.as_secs_f64() * 1_000.0),
            },
            status: None,
            fault: finale.fault,
        };
        let cut = (!finale.complete)
            .then(|| end.fault.as_ref().map(|f| f.code.clone()))
            .flatten();
        let rest = if finale.at_end {
            lease.give_back();
            None
        } else {
            Some((incoming, lease))
        };
        let ours = Ours {
            before,
            since: ended_at,
        };
        let kept = keeper.keep(capture, end, ours);
        Storing {
            kept,
            held: held.into(),
            rest,
            cut,
            keeper,
            listed,
        }
    }
}

pub(crate) fn finale_of(abort: Abort) -> Finale {
    let gateway = ErrorSource::Gateway;
    let cut = DeliveryOutcome::Truncated;
    match abort {
        Abort::Killed => Finale::cut(
            "CallKilled",
            "an operator ended this call".to_owned(),
            gateway,
            DeliveryOutcome::Killed,
        ),
        Abort::Stopping => {
            let message = "the gateway was stopped while this connection was open".to_owned();
            Finale::cut("GatewayStopped", message, gateway, cut)
        }
        Abort::FirstByteTimeout | Abort::IdleTimeout => {
            let message = "the provider was silent for longer than the idle timeout".to_owned();
            Finale::cut("UpstreamIdleTimeout", message, gateway, cut)
        }
        Abort::TotalTimeout => {
            let message = "the call took longer than the total timeout".to_owned();
            Finale::cut("UpstreamTotalTimeout", message, gateway, cut)
        }
    }
}

fn broken(error: &hyper::Error) -> Finale {
    let message = format!("the provider broke off in the middle of its answer: {error}");
    let outcome = DeliveryOutcome::Truncated;
    Finale::cut("UpstreamTruncated", message, ErrorSource::Upstream, outcome)
}

/// An answer whose record is being made durable.
pub(crate) struct Storing {
    pub(crate) kept: BoxFuture<'static, Kept>,
    pub(crate) held: VecDeque<Frame<Bytes>>,
    rest: Option<(Incoming, Lease)>,
    cut: Option<String>,
    keeper: Arc<Keeper>,
    listed: Listed,
}

enum Phase {
    Relaying(Box<Flow>),
    Storing(Box<Storing>),
    Releasing {
        held: VecDeque<Frame<Bytes>>,
        then: Then,
    },
    Done,
}

/// What follows the held frames.
enum Then {
    End,
    Cut(String),
    /// As [`Then::Cut`], once what was handed over so far had its chance to leave.
    Flushing(String),
    Trailing {
        incoming: Box<Incoming>,
        lease: Box<Lease>,
        keeper: Arc<Keeper>,
        _listed: Listed,
    },
}

/// The body of a relayed answer.
pub struct Relay {
    phase: Phase,
    first: Option<Frame<Bytes>>,
    length: Option<u64>,
}

impl Relay {
    /// Relays `flow`, of which `first` was taken already.
    pub(crate) fn new(flow: Flow, first: Option<Frame<Bytes>>, length: Option<u64>) -> Self {
        Self {
            phase: Phase::Relaying(Box::new(flow)),
            first,
            length,
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            match &mut self.phase {
                Phase::Relaying(flow) => match ready!(flow.poll_step(context)) {
                    Step::Frame(frame) => return Poll::Ready(Some(Ok(frame))),
                    Step::End(finale) => {
                        if let Phase::Relaying(flow) =
                            std::mem::replace(&mut self.phase, Phase::Done)
                        {
                            self.phase = Phase::Storing(Box::new(flow.store(finale)));
                        }
                    }
                },
                Phase::Storing(storing) => {
                    let kept = ready!(storing.kept.as_mut().poll(context));
                    if let Phase::Storing(storing) = std::mem::replace(&mut self.phase, Phase::Done)
                    {
                        self.phase = storing.release(kept);
                    }
                }
                Phase::Releasing { held, then } => {
                    if let Some(frame) = held.pop_front() {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    return then.poll(context);
                }
                Phase::Done => return Poll::Ready(None),
            }
        }
    }
}

impl Storing {
    fn release(self, kept: Kept) -> Phase {
        let Self {
            held,
            rest,
            cut,
            keeper,
            listed,
            ..
        } = self;
        if let Kept::Refused(why) = kept {
            // No answer without its record: what is held never goes out.
            return Phase::Releasing {
                held: VecDeque::new(),
                then: Then::Flushing(why),
            };
        }
        let then = match (cut, rest) {
            (Some(code), _) => Then::Flushing(code),
            (None, None) => Then::End,
            (None, Some((incoming, lease))) => Then::Trailing {
                incoming: Box::new(incoming),
                lease: Box::new(lease),
                keeper,
                _listed: listed,
            },
        };
        Phase::Releasing { held, then }
    }
}

impl Then {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self {
            Self::End => Poll::Ready(None),
            Self::Flushing(code) => {
                // An error makes hyper drop what it has not written yet, the answer's head even; while a body
                // is pending it writes.
                *self = Self::Cut(std::mem::take(code));
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Cut(code) => {
                let error = Cut(std::mem::take(code));
                *self = Self::End;
                Poll::Ready(Some(Err(Box::new(error))))
            }
            Self::Trailing {
                incoming,
                lease,
                keeper,
                _listed,
            } => {
                lease.drive(context);
                match ready!(Pin::new(incoming.as_mut()).poll_frame(context)) {
                    Some(Ok(frame)) => {
                        let bytes = frame.data_ref().map_or(0, Bytes::len);
                        keeper.note_trailing(bytes);
                        Poll::Ready(Some(Ok(frame)))
                    }
                    Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
                    None => Poll::Ready(None),
                }
            }
        }
    }
}

impl Drop for Relay {
    /// A body dropped before its end means that the caller is gone; the record still wants the rest.
    fn drop(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Relaying(flow) => {
                flow.listed.hung_up();
                let keeper = Arc::clone(&flow.keeper);
                keeper.drain(*flow);
            }
            Phase::Storing(storing) => {
                let keeper = Arc::clone(&storing.keeper);
                keeper.finish_alone(*storing);
            }
            Phase::Releasing { .. } | Phase::Done => {}
        }
    }
}
