//! What expressions of Logs Insights mean: values, how they compare and count as one another, and functions of one
//! row.
//!
//! A [`Value`] borrows its texts from wherever they are. An [`Expression`] is made once for a query, with every field
//! bound to a slot of its rows by a [`Binder`], and then computes a value of each [`Row`]. [`discover`] says which
//! fields a message has, and [`Paths`] takes a few of them out of its text without building a tree. [`source`] says
//! which log groups and which time a query reads.
//!
//! Rules come from the service's user guide where that states them. What it leaves open is decided here, and each
//! decision is marked `Decision:` where it is made.
//!
//! Absent here: I/O, clocks, whole queries, groups of rows.

pub mod calendar;
pub mod coerce;
pub mod csv;
pub mod date_pattern;
pub mod discover;
pub mod json;
pub mod natural;
pub mod rows;
pub mod source;
pub mod xml;

mod context;
mod eval;
mod expression;
mod functions;
mod lambda;
mod number;
mod paths;
mod scan;
mod set;
mod stars;
mod value;

pub use context::Context;
pub use eval::{Row, arithmetic};
pub use expression::{Binder, Bound, Expression, Simple};
pub use functions::ip::{is_in, prefix_length};
pub use functions::json::list;
pub use functions::numeric::bucket;
pub use number::Number;
pub use paths::Paths;
pub use set::Set;
pub use value::{Member, Value, print_time};

/// Fields discovered in one message. Source: the user guide's page of discovered fields.
pub const FIELDS_MAX: usize = 200;
