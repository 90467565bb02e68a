//! An answer coming in: copied chunk by chunk, until its record can be made.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use corelog_capture::{Capture, End};
use corelog_record::{Delivered, DeliveryOutcome};
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use super::Storing;
use super::finale::{Finale, broken, finale_of};
use crate::inflight::{Listed, State};
use crate::keep::{Keeper, Ours};
use crate::upstream::Lease;

/// How long the end of the stream is awaited once all that belongs to the answer is there.
const END_GRACE: Duration = Duration::from_millis(250);

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
            overhead: None,
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
