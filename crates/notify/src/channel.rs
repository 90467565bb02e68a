//! The port that every channel implements.

use std::fmt;

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::error::Error;
use crate::message::Message;

/// A way to somebody who is to hear of alarms.
#[async_trait]
pub(crate) trait Channel: Send + Sync + fmt::Debug {
    /// Sends a message; `now` is for what says when it was sent.
    ///
    /// # Errors
    /// [`Error`], and the message may have arrived all the same.
    /// # Cancel safety
    /// Dropped, the message may have arrived; nothing goes on in the background, but for a mail server that is waited
    /// for until its time is over.
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error>;

    /// Where it goes, for people: no secret in it.
    fn place(&self) -> String;
}
