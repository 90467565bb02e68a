//! The spool from outside: its promises on a real disk, on a faulty one, and against a model.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod basics;
mod faults;
mod faulty;
mod fixture;
mod model;
