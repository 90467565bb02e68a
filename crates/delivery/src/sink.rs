//! The port to wherever records go, and what comes back from there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::Batch;

/// Puts batches somewhere.
///
/// A batch may come again after a crash or a failure, with the same [`crate::Plan`] and the same entries.
/// A sink derives every name it uses from these, never from a clock or a random number, and overwrites:
/// then a repeated batch changes nothing.
#[async_trait]
pub trait Sink: Send + Sync + fmt::Debug {
    /// Puts the whole batch. Everything is durable at the destination once this returns `Ok`.
    ///
    /// A record that cannot be decoded is no failure: it is kept in some other form and counted in the
    /// receipt, for a batch that fails is tried again for ever.
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError>;

    /// Tries whether the destination can be written.
    async fn check(&self) -> Result<(), SinkError>;

    /// Where records go, for people: a URL.
    fn location(&self) -> String;
}

/// What a sink did with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Records delivered, the unreadable ones included; the rejected ones not, and not what a sink leaves out because
    /// it delivers records of invocations and nothing else.
    pub records: u64,
    /// Records that could not be decoded and were put aside as raw bytes.
    pub unreadable: u64,
    /// Records that the other side did not keep, and never will: too old for it, say. The sink has logged their ids.
    pub rejected: u64,
}

/// A batch was not put, or a destination cannot be written. Trying again may help.
#[derive(Debug, thiserror::Error)]
#[error("cannot {attempt} `{object}`")]
pub struct SinkError {
    attempt: &'static str,
    object: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
    not_before: Option<Duration>,
}

impl SinkError {
    /// Says what was attempted (a verb), with which object, and why it failed.
    pub fn new(
        attempt: &'static str,
        object: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            attempt,
            object: object.into(),
            source: source.into(),
            not_before: None,
        }
    }

    /// Asks for no other attempt before that much time has passed: the other side said so.
    #[must_use]
    pub fn not_before(mut self, wait: Option<Duration>) -> Self {
        self.not_before = wait;
        self
    }

    /// The least time before another attempt, where the other side named one.
    pub fn wait(&self) -> Option<Duration> {
        self.not_before
    }
}
