//! The commands that look at rows one after the other, as steps that batches of rows pass through. `fields`, `filter`,
//! `sort`, `limit` and `stats` are not among them: engines have operators for these.
//!
//! A row is a list of values, and a [`Layout`] says which names are in which slots. [`step`] makes the [`Step`] of a
//! command for rows of a layout, and changes the layout to that of the rows that come out. A step keeps what its
//! command needs to see of earlier rows and no more; commands that need all rows keep them until the end, and say how
//! much that is.
//!
//! Absent here: where rows come from, sorting, and what `stats` computes.

mod along;
mod anomaly;
mod dedup;
mod diff;
mod fill;
mod join;
mod layout;
mod lists;
mod lookup;
mod make;
mod mining;
mod names;
mod outlier;
mod parse;
mod pattern;
mod relevant;
mod sessions;
mod shown;
mod tokens;
mod totals;

use crate::value::Value;

pub use layout::{Column, Layout};
pub use lookup::Table;
pub use make::{Given, Other, TimeKey, step};
pub use names::{added, read};
pub use pattern::Windows;
pub use shown::{Columns, Shown};
pub(crate) use tokens::uuid_length;

/// A row: a value for each slot of its layout. Slots beyond its end are missing.
pub type RowValues = Vec<Value<'static>>;

/// Rows of a result, and rows that a command may add. Source: the service model's largest `limit`.
const ROWS_MAX: usize = corelog_insights::LIMIT_MAX as usize;

/// Rows that a command may make of one: matches in a text, elements of a list.
const MADE_MAX: usize = 1_000_000;

/// A command at work on rows that come in batches.
pub trait Step: Send {
    /// Takes the next rows, and puts those that are ready behind others in `out`.
    ///
    /// # Errors
    /// What the command cannot do; the step is of no use then.
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure>;

    /// Gives the rows that were kept until all had come. Nothing is pushed afterwards.
    ///
    /// # Errors
    /// What the command cannot do.
    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let _ = out;
        Ok(())
    }

    /// About how many bytes are kept for later rows.
    fn bytes(&self) -> usize {
        0
    }
}

/// Why a command cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The language has it and there is no meaning for it here.
    #[error("not supported: {what}")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The query asks for more of something than there may be.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
}

impl Failure {
    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// A step that makes rows of each row by itself.
struct Each<F>(F);

impl<F> Step for Each<F>
where
    F: FnMut(RowValues, &mut Vec<RowValues>) + Send,
{
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        for row in rows {
            let before = out.len();
            (self.0)(row, out);
            if out.len() - before > MADE_MAX {
                return Err(Failure::TooMany {
                    what: "rows made of one",
                    max: MADE_MAX,
                });
            }
        }
        Ok(())
    }
}

/// A step that leaves rows as they are.
fn unchanged() -> impl Step {
    Each(|row, out: &mut Vec<RowValues>| out.push(row))
}

/// How a row is copied that several are made of.
#[derive(Debug, Clone, Copy)]
struct Copies {
    /// Without its values.
    bare: bool,
}

impl Copies {
    fn of(self, row: &RowValues) -> RowValues {
        if self.bare {
            RowValues::new()
        } else {
            row.clone()
        }
    }
}

/// Puts a value into a slot.
fn put(row: &mut RowValues, slot: usize, value: Value<'static>) {
    if row.len() <= slot {
        row.resize(slot + 1, Value::Null);
    }
    row[slot] = value;
}

/// Rows that are kept until all have come.
#[derive(Debug, Default)]
struct Kept {
    rows: Vec<RowValues>,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, rows: Vec<RowValues>) {
        self.bytes += rows.iter().map(row_bytes).sum::<usize>();
        self.rows.extend(rows);
    }

    fn take(&mut self) -> Vec<RowValues> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

/// About how many bytes a row holds.
fn row_bytes(row: &RowValues) -> usize {
    let values: usize = row.iter().map(Value::bytes).sum();
    values + row.capacity() * size_of::<Value<'_>>() + size_of::<RowValues>()
}

/// Adds to a text what tells a value from others in groups, so that texts are equal only if all values are. False if
/// the value is missing; maps and lists are.
fn add_identity(key: &mut String, value: &Value<'_>) -> bool {
    use std::fmt::Write as _;
    let identity = if value.is_container() {
        None
    } else {
        value.identity()
    };
    let Some(identity) = identity else {
        key.push('-');
        return false;
    };
    let _ = write!(key, "{}:{identity}", identity.len());
    true
}
