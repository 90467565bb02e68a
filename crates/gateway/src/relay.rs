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

mod finale;
mod flow;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::body::BodyError;
use crate::inflight::Listed;
use crate::keep::{Keeper, Kept};
use crate::upstream::Lease;

pub(crate) use self::finale::{Finale, finale_of};
pub(crate) use self::flow::{Flow, Step};

/// The answer broke off, and so does ours.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut: {0}")]
pub(crate) struct Cut(String);

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
