//! Metric math as `CloudWatch` has it: what expressions over metrics mean.
//!
//! A request is a list of [`Query`]s, each a metric with a statistic or an expression that names others by their ids.
//! [`Plan`] checks the list as a whole and says what has to be read for it; given that, it computes what the request
//! asked for. The caller brings the data points and the time:
//!
//! ```text
//! let plan = Plan::of(queries)?;
//! for (id, metric) in plan.metrics()   { /* read its series */ }
//! for search in plan.searches()        { /* list metrics, keep those that it matches, read their series */ }
//! if let Some(select) = plan.select()  { /* the same, added to its groups */ }
//! let answers = plan.evaluate(&data, range)?;
//! let labels = label::of_answers(&plan, &answers, &options);
//! ```
//!
//! # Values
//! An expression is a number (S), a series (TS) or an array of series (TS[]); [`Type`] is known before anything is read,
//! so what has the wrong type is refused with the request and never fails halfway. A series has points at some of its
//! periods. Where two series meet, the result has a point wherever one of them has; the other counts as 0 there. A point
//! whose value would be no number, as after a division by zero, is left out.
//!
//! # Bounds
//! Texts come from anybody. Expressions are bounded in length and depth, requests in queries and searches, and what one
//! request computes in data points ([`POINTS_MAX`]) and series ([`SERIES_MAX`]); ids that lead back to themselves are
//! refused.
//!
//! Source: the user guide, "Using math expressions with `CloudWatch` metrics" and "Search expression syntax".
//!
//! Absent here: I/O, clocks, tokio, statistics of raw values, models of anomaly detection (see [`Bands`]).

mod calendar;
mod check;
mod error;
mod evaluate;
mod functions;
pub mod label;
mod lexer;
mod parse;
mod plan;
mod search;
mod select;
mod series;
mod syntax;

pub use check::Type;
pub use error::{Error, ExpressionError};
pub use evaluate::{Band, Bands, Data, POINTS_MAX, SERIES_MAX};
pub use parse::{DEPTH_MAX, EXPRESSION_CHARS_MAX, parse};
pub use plan::{Answer, MetricStat, Plan, Query, Term, Watched, WatchedPoint};
pub use search::{Candidate, SEARCH_CHARS_MAX, Search};
pub use select::{Groups, Part, Select};
pub use series::{Origin, Point, Range, Series};
pub use syntax::{Expression, Function, Node, Operator, Text, Word};
