//! The only door to ambient authority: time, randomness, tasks, shutdown, backoff.

mod background;
mod backoff;
mod clock;
mod random;
mod tasks;

pub use background::{background, background_of, give_way};
pub use backoff::Backoff;
pub use clock::Clock;
pub use random::{node_id, record_id};
pub use tasks::{Shutdown, Tasks};
