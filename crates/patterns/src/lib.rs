//! Filter patterns of `CloudWatch` Logs: parse one, match one log event.
//!
//! One language for `FilterLogEvents`, live tail, metric filters and subscription filters: terms and phrases,
//! `{ $.json = conditions }`, `[space, delimited, fields]`, and `%regular expressions%` in all three. The grammar
//! heads `parse.rs`.
//!
//! ```
//! use corelog_patterns::{Event, Pattern};
//!
//! let pattern = Pattern::parse("{ $.latency > 500 && $.model = claude* }")?;
//! let event = Event::new(r#"{"model":"claude-opus","latency":731}"#);
//! let found = pattern.find(&event).expect("both conditions hold");
//! assert_eq!(found.extracted()["$.latency"], "731");
//! # Ok::<(), corelog_patterns::Error>(())
//! ```
//!
//! Absent here: I/O, clocks, tokio, and how many filters a log group may have. Nothing in a pattern or an event
//! panics; what a pattern costs is bounded by its 1,024 characters, and matching is linear in the event.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod error;
mod event;
mod pattern;

mod parse;

mod expression;
mod fields;
mod literal;
mod regexp;
mod selector;
mod terms;

mod json;

pub use error::{Error, ErrorKind, Warning, WarningKind};
pub use event::Event;
pub use pattern::{Kind, Match, Pattern, Reference};
pub use selector::Selector;
