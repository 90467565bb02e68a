//! Trees to text: one command a line, one spelling for everything.
//!
//! Reading the text again gives the same tree, and formatting that the same text. Two things stay as they were
//! typed, because results show them: names, and expressions that name a column by their text.

mod commands;
mod expr;
mod words;

use std::fmt;

use crate::tree::{Command, Expr, Field, Query};

impl fmt::Display for Query {
    /// One command a line, each but the first behind a pipe.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, command) in self.commands.iter().enumerate() {
            if at > 0 {
                f.write_str("\n| ")?;
            }
            write!(f, "{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    /// The command on one line, unless a string in it has lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        commands::write(f, &self.kind)
    }
}

impl fmt::Display for Expr {
    /// With the parentheses it needs and no others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr::write(f, self, 0)
    }
}

impl fmt::Display for Field {
    /// With backticks where they are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        words::write_field(f, self)
    }
}

/// The subquery on one line.
fn write_subquery(f: &mut fmt::Formatter<'_>, query: &Query) -> fmt::Result {
    f.write_str("(")?;
    for (at, command) in query.commands.iter().enumerate() {
        let pipe = if at > 0 { " | " } else { "" };
        write!(f, "{pipe}{command}")?;
    }
    f.write_str(")")
}

/// Each of `all`, with commas between.
fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    all: &[T],
    mut one: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        one(f, item)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
