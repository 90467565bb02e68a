//! One log event's message, and what patterns have read from it so far.

use std::cell::OnceCell;

use crate::fields::Pieces;
use crate::json::Node;

/// A log event to match. JSON and fields are read when the first pattern asks, once for all patterns.
#[derive(Debug)]
pub struct Event<'m> {
    message: &'m str,
    json: OnceCell<Option<Node<'m>>>,
    pieces: OnceCell<Pieces<'m>>,
}

impl<'m> Event<'m> {
    /// Looks at nothing yet.
    pub fn new(message: &'m str) -> Self {
        Self {
            message,
            json: OnceCell::new(),
            pieces: OnceCell::new(),
        }
    }

    /// The message as it was given.
    pub fn message(&self) -> &'m str {
        self.message
    }

    /// The message as JSON, if it is an object or an array.
    pub(crate) fn json(&self) -> Option<&Node<'m>> {
        self.json.get_or_init(|| Node::parse(self.message)).as_ref()
    }

    pub(crate) fn pieces(&self) -> &Pieces<'m> {
        self.pieces.get_or_init(|| Pieces::of(self.message))
    }
}
