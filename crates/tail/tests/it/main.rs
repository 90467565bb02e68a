//! Sessions over a real spool: what is shown and when, and what becomes of slow readers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod fixture;

mod sessions;
mod updates;
