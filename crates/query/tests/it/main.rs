//! The query engine, run.

#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

mod compared;
mod differential;
mod limits;
mod loose;
mod setup;
mod watching;
mod words;
