//! Runs queries of Logs Insights, and SQL, over log events: plans of `DataFusion` made straight from the syntax tree.
//!
//! A query reads the files of one version of the store's table and the recent events beside it. Commands are planned
//! one after the other. What the engine has is planned on the engine: scans with what can be left out left out, sorting,
//! aggregations, limits; what the language has of its own (values that are numbers and texts at once, fields inside of
//! messages) are steps between. Memory is bounded by the engine's pool; sorts and aggregations spill to disk.
//!
//! # Values
//! A column holds values of one kind where that is known, such as a promoted field, and then conditions and
//! aggregations are the engine's own, as far as they mean the same. Otherwise values are computed row by row by
//! `corelog-values`, which says what they mean.
//!
//! Absent here: log groups' state, who may ask, which queries there are, HTTP.

mod bloom;
mod collect;
mod compute;
mod condense;
mod discover;
mod engine;
mod error;
mod finish;
mod frame;
mod group;
mod kind;
mod late;
mod native;
mod of_group;
mod output;
mod pages;
mod pattern;
mod peek;
mod plan;
mod request;
mod scan;
mod sort_key;
mod sql;
mod stage;
mod steps;
mod tally;
mod text;
mod watch;

pub use engine::{Engine, Limits};
pub use error::Error;
pub use group::{Group, LookupTable};
pub use output::{Answer, AnswerRow, Statistics};
pub use request::{Request, Window};
pub use scan::{Events, Extent, Recent};
pub use watch::Watch;

/// What fails here fails with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
