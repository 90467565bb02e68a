//! The query engine, run.

#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

mod differential;
mod limits;
mod setup;
mod watching;
mod words;
