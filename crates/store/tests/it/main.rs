//! The table as its users see it: what was appended is there, once, after any number of repeats and restarts.
#![expect(
    clippy::unwrap_used,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod appending;
mod compacting;
mod fixture;
mod letting_go;
mod others;
mod reading;
mod words;
