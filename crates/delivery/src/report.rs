//! How a destination is doing, for everyone who is not its task.

use std::sync::Arc;
use std::time::Duration;

use corelog_types::{Sequence, Timestamp};
use parking_lot::Mutex;

/// How a destination is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The destination's name.
    pub name: String,
    /// Where it writes.
    pub location: String,
    /// The last record that was delivered, or was there before the destination.
    pub position: Sequence,
    /// Durable records behind it.
    pub backlog: u64,
    /// How long the oldest of them has waited; zero where there is none.
    pub oldest_age: Duration,
    /// Failures in a row; 0 while all is well.
    pub failures: u32,
    /// The last failure and its causes, as long as it lasts.
    pub last_error: Option<String>,
    /// When a batch was last delivered.
    pub last_delivered: Option<Timestamp>,
}

/// Looks at a destination from outside. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) spool: corelog_spool::Spool,
    pub(crate) clock: corelog_runtime::Clock,
}

/// What the task publishes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) position: Sequence,
    pub(crate) failures: u32,
    pub(crate) last_error: Option<String>,
    pub(crate) last_delivered: Option<Timestamp>,
    /// The time of the oldest record that was read and is not delivered.
    pub(crate) oldest: Option<Timestamp>,
}

impl Handle {
    /// How the destination is doing now.
    pub fn report(&self) -> Report {
        let durable = self.spool.durable_sequence().to_u64();
        let state = self.state.lock();
        let backlog = durable.saturating_sub(state.position.to_u64());
        let now = self.clock.now().unix_ms();
        let oldest = state.oldest.filter(|_| backlog > 0);
        Report {
            name: state.name.clone(),
            location: state.location.clone(),
            position: state.position,
            backlog,
            oldest_age: oldest.map_or(Duration::ZERO, |time| {
                Duration::from_millis(now.saturating_sub(time.unix_ms()))
            }),
            failures: state.failures,
            last_error: state.last_error.clone(),
            last_delivered: state.last_delivered,
        }
    }
}
