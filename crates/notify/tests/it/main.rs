//! Notices from an outbox to real receivers on this machine, and back what became of them.

#![expect(
    clippy::unwrap_used,
    reason = "what a test relies on and does not get is a failure of the test"
)]

mod delivery;
mod mail;
mod receiver;
mod scene;
mod shapes;
