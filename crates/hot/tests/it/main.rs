//! From a spool to whoever asks or listens: every event, once, in order, whatever is let go of on the way.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod fixture;

mod following;
mod listening;
mod pages;
mod views;
