//! Watches a stream while it passes, for the event that ends the answer.
use crate::framing::Framing;
use crate::route::Route;

/// What the last event of a family's stream looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The whole data of a server-sent event: `[DONE]`.
    pub(crate) data: Option<&'static str>,
    /// Event names, or values of `type` (`event_type`), that end the answer.
    pub(crate) types: &'static [&'static str],
    /// Event-stream event types that end the answer, first the one to hold back from.
    pub(crate) frames: &'static [&'static str],
    /// The last frame or chunk.
    pub(crate) last_frame: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct Terminal {
    events: u64,
}

impl Terminal {
    /// Starts a stream.
    pub fn new(_route: &Route, _framing: Framing) -> Self {
        Self { events: 0 }
    }
    /// Takes a chunk; returns `true` from the chunk on that must be held back until the record is durable.
    pub fn push(&mut self, _chunk: &[u8]) -> bool {
        false
    }
    /// Whether everything the provider sends of an answer has arrived.
    pub fn is_complete(&self) -> bool {
        false
    }
    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }
}
