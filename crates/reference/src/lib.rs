//! What queries of Logs Insights mean: a slow, obvious interpreter, and documents of queries with their results.
//!
//! [`Reference`] runs a [`corelog_insights::Query`] over a list of events in memory, command by command and row by
//! row. Nothing here is fast or clever: it is what the real engine is tested against. What single values and
//! expressions mean is the crate `values`, which both use. [`document`] runs Markdown
//! documents of events, queries and expected tables against any [`Engine`]; those of this crate are in `documents/`.
//!
//! Rules come from the service's user guide where that states them. What it leaves open is decided here, and each
//! decision is marked `Decision:` where it is made.
//!
//! Absent here: I/O, clocks, limits on time and memory. For tests only.

mod input;
mod output;

mod aggregates;
mod eval;
mod event;
mod row;
mod value;

mod commands;
mod mining;
mod pipeline;
mod source;
mod stepped;

pub mod document;
pub mod generate;

pub use corelog_values::print_time;
pub use document::{Checked, check};
pub use input::{Event, Group, Input, LookupTable};
pub use output::{Failure, Output, OutputRow, Statistics};

use corelog_insights::Query;

/// The interpreter with the commands of rows run by the steps of [`corelog_values::rows`], a few rows at a time: for
/// holding these against the interpreter's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stepped;

impl Engine for Stepped {
    fn run(&self, query: &Query, input: &Input) -> Result<Output, Failure> {
        pipeline::run(query, input, true)
    }
}

/// Something that runs queries, so that every engine can be held against the same documents.
pub trait Engine {
    /// Runs a query that was read without errors, its saved queries already in place.
    ///
    /// # Errors
    /// What the engine cannot do.
    fn run(&self, query: &Query, input: &Input) -> Result<Output, Failure>;
}

/// The interpreter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Engine for Reference {
    fn run(&self, query: &Query, input: &Input) -> Result<Output, Failure> {
        pipeline::run(query, input, false)
    }
}
