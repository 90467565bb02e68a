//! Transfers as their users see them: what was in a bucket is in the table, once, whatever happened on the way.
#![expect(
    clippy::unwrap_used,
    reason = "this crate is tests; its fixtures may panic too"
)]

mod exporting;
mod faults;
mod fixture;
mod importing;
mod published;
mod sunk;
