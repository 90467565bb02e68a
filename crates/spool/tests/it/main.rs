//! The spool from outside: its promises on a real disk, on a faulty one, and against a model.
#![expect(
    clippy::unwrap_used,
    reason = "this crate is tests; its fixtures may unwrap too"
)]

mod basics;
mod faults;
mod faulty;
mod fixture;
mod model;
