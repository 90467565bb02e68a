//! Why a subscriber did not take something.

use std::io;
use std::time::Duration;

/// Nothing, or not all of it, is known to have arrived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error("the subscriber is not reached")]
    Unreached(#[source] corelog_dial::Error),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    /// Nobody answered in time.
    #[error("there was no answer within {0:?}")]
    TimedOut(Duration),
    /// The settings do not make a request.
    #[error("the request cannot be made: {0}")]
    Request(String),
    /// It answered that it did not take it.
    #[error("the subscriber answered {status}: {said}")]
    Answered {
        /// The HTTP status.
        status: u16,
        /// What it said, in short.
        said: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// It did not speak as it should.
    #[error("the subscriber did not answer as its kind does: {0}")]
    Unexpected(String),
    /// A file, or a socket, failed.
    #[error("cannot {attempt}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A parcel is more than the subscriber ever takes.
    #[error("{bytes} bytes are more than the subscriber takes at once")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl Error {
    /// Whether the same parcel would be refused for ever.
    ///
    /// Decision: only what speaks of the data is final. A credential, an address or a receiver that is out of order can
    /// be mended, and events wait until it is.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Answered { status, .. } => [400, 422].contains(status) || self.is_too_large(),
            _ => self.is_too_large(),
        }
    }

    /// Whether fewer events at once may be taken.
    pub fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. } | Self::Answered { status: 413, .. }
        )
    }

    /// How long the subscriber wants to be left alone.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Answered { after, .. } => *after,
            _ => None,
        }
    }

    pub(crate) fn io(attempt: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { attempt, source }
    }
}
