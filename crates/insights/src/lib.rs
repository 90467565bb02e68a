//! The query language of `CloudWatch` Logs Insights: text to a syntax tree and back.
//!
//! [`parse`] reads a query into a [`Query`] or says what is wrong with it and where, as a [`Diagnostic`]; [`read`]
//! also gives warnings. [`expand`] puts saved queries in place of their calls. A [`Query`] prints itself in one spelling. [`FUNCTIONS`] and [`COMMANDS`] are the language's
//! tables, with a line of help each.
//!
//! The grammar opens `parser.rs`; `check.rs` says which commands may follow which, and which names exist after
//! `stats`. Text is untrusted: its length, the depth and height of expressions and the number of commands are bounded,
//! so that neither reading a query nor walking its tree can exhaust a stack.
//!
//! Absent here: I/O, clocks, evaluation, planning, panics.

mod check;
mod commands;
mod diagnostic;
mod format;
mod functions;
mod lexer;
mod nearest;
mod parser;
mod period;
mod regex;
mod saved;
mod span;
mod tree;

pub use commands::{COMMANDS, Word, WordHelp};
pub use diagnostic::{Diagnostic, Problem};
pub use functions::{FUNCTIONS, Function, FunctionHelp, Place};
pub use period::{Period, UNITS, Unit};
pub use regex::Regex;
pub use saved::{SavedQuery, expand, placeholders};
pub use span::{Location, Span};
pub use tree::*;

/// Characters in a query's text. Source: the service model's `QueryString`.
pub const QUERY_CHARS_MAX: usize = 10_000;

/// Commands in a query and its subqueries.
pub const COMMANDS_MAX: usize = 200;

/// `stats` commands in one pipeline. Source: the user guide's page of `stats`.
pub const STATS_MAX: usize = 10;

/// Rows that `limit` may ask for. Source: the service model's `limit` of `StartQuery`.
pub const LIMIT_MAX: u32 = 100_000;

/// How many expressions are read within each other.
pub const NESTING_MAX: usize = 64;

/// How many expressions hold each other in a tree.
pub const HEIGHT_MAX: usize = 128;

/// A query and what is suspicious about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The query.
    pub query: Query,
    /// Things that are allowed, and most likely not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a query.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(text: &str) -> Result<Query, Box<Diagnostic>> {
    Ok(read(text)?.query)
}

/// Reads a query, and keeps the warnings.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(text: &str) -> Result<Parsed, Box<Diagnostic>> {
    let located = |fault: diagnostic::Fault| Box::new(fault.located(text));
    let chars = text.chars().count();
    if chars > QUERY_CHARS_MAX {
        let problem = Problem::TooLong {
            chars,
            max: QUERY_CHARS_MAX,
        };
        let span = Span::new(0, text.len());
        return Err(located(diagnostic::Fault::new(problem, span)));
    }
    let mut parser = parser::Parser::new(text);
    let mut query = parser.whole().map_err(located)?;
    let mut warnings = parser.warnings;
    check::check(&mut query, &mut warnings).map_err(located)?;
    let warnings = warnings
        .into_iter()
        .map(|fault| fault.located(text))
        .collect();
    Ok(Parsed { query, warnings })
}
