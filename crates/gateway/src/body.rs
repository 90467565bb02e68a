//! The bodies that pass: the request on its way up, the answers on their way down.

use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use corelog_capture::BodyCopy;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use parking_lot::Mutex;

use crate::relay::Relay;

/// Any error of a body; it ends the connection it travels on.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

const FILE_CHUNK_BYTES: usize = 64 * 1024;
/// Of a refused request, so much is still read at the most, and for so long.
const DRAIN_BYTES_MAX: u64 = 4 * 1024 * 1024;
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// A request's body on its way upstream.
pub(crate) enum RequestBody {
    /// Straight from the caller, copied as it passes.
    Passing {
        /// What came before anybody asked for it.
        first: Option<Result<Bytes, hyper::Error>>,
        incoming: Incoming,
        copy: Option<Arc<Mutex<BodyCopy>>>,
        left: u64,
        passed: Arc<AtomicU64>,
    },
    /// Held already.
    Held(Option<Bytes>),
    /// Held on disk.
    File {
        reader: Box<dyn Read + Send>,
        left: u64,
    },
}

/// The caller sent more than the limit allows.
#[derive(Debug, thiserror::Error)]
#[error("the request body passes the limit")]
pub(crate) struct OverLimit;

/// Reads what the caller still sends of a request that is answered without it, and forgets it.
///
/// A connection that is closed on someone who still sends can take the answer with it, and the next
/// request on it: the caller would see a broken connection rather than why it was refused.
pub(crate) async fn drain(incoming: &mut Incoming) {
    let rest = async {
        let mut left = DRAIN_BYTES_MAX;
        while left > 0
            && let Some(Ok(frame)) = incoming.frame().await
        {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            left = left.saturating_sub(bytes);
        }
    };
    // Whoever sends slower than that is closed on.
    let _ = tokio::time::timeout(DRAIN_TIME_MAX, rest).await;
}

impl RequestBody {
    /// Reads what the caller still sends of a request that goes nowhere: for its copy, and for the reason that
    /// [`drain`] has.
    pub(crate) async fn read_for_record(&mut self) {
        let rest = async { while let Some(Ok(_)) = self.frame().await {} };
        let _ = tokio::time::timeout(DRAIN_TIME_MAX, rest).await;
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Held(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::File { reader, left } => {
                if *left == 0 {
                    return Poll::Ready(None);
                }
                let length = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(FILE_CHUNK_BYTES);
                let mut piece = vec![0; length];
                if let Err(error) = reader.read_exact(&mut piece) {
                    return Poll::Ready(Some(Err(error.into())));
                }
                *left -= length as u64;
                Poll::Ready(Some(Ok(Frame::data(piece.into()))))
            }
            Self::Passing {
                first,
                incoming,
                copy,
                left,
                passed,
            } => {
                let frame = match first.take() {
                    Some(first) => Some(first.map(Frame::data)),
                    None => std::task::ready!(Pin::new(incoming).poll_frame(context)),
                };
                let frame = match frame {
                    Some(Ok(frame)) => frame,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    None => return Poll::Ready(None),
                };
                if let Some(data) = frame.data_ref() {
                    let length = data.len() as u64;
                    if length > *left {
                        return Poll::Ready(Some(Err(OverLimit.into())));
                    }
                    *left -= length;
                    passed.fetch_add(length, Ordering::Relaxed);
                    if let Some(copy) = copy {
                        copy.lock().push(data);
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passing {
                first, incoming, ..
            } => first.is_none() && incoming.is_end_stream(),
            Self::Held(bytes) => bytes.is_none(),
            Self::File { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passing {
                first, incoming, ..
            } => {
                let taken = match first {
                    Some(Ok(data)) => data.len() as u64,
                    _ => 0,
                };
                longer(&incoming.size_hint(), taken)
            }
            Self::Held(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::File { left, .. } => SizeHint::with_exact(*left),
        }
    }
}

/// A hint that counts so many bytes more.
fn longer(hint: &SizeHint, bytes: u64) -> SizeHint {
    let mut longer = SizeHint::new();
    longer.set_lower(hint.lower() + bytes);
    if let Some(upper) = hint.upper() {
        longer.set_upper(upper + bytes);
    }
    longer
}

/// An answer's body on its way to the caller.
pub enum Answer {
    /// All of it, and its record is durable.
    Whole(Option<Bytes>),
    /// Relayed frame by frame.
    Relayed(Box<Relay>),
    /// Of our own API.
    Own(UnsyncBoxBody<Bytes, BodyError>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relayed(relay) => relay.poll_frame(context),
            Self::Own(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Relayed(_) => false,
            Self::Own(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Relayed(relay) => relay.size_hint(),
            Self::Own(body) => body.size_hint(),
        }
    }
}
