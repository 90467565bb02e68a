//! The binary from outside: started, called, told to reload or to stop, and started again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test relies on and does not get is a failure of the test"
)]

mod process;

mod gaps;
mod query;
mod reload;
mod stop;
