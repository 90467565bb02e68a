//! What expressions may look at besides their row.

use std::collections::HashMap;
use std::sync::Arc;

use corelog_insights::{Period, Span};
use parking_lot::Mutex;
use regex::Regex;

use crate::set::Set;

/// Regular expressions that are kept; beyond that, they are compiled again.
const REGEXES_MAX: usize = 100;

/// What is the same for all rows of a command: the query's times, the results of its `in` subqueries.
#[derive(Debug, Default)]
pub struct Context {
    /// When the query started, in milliseconds since the epoch.
    pub now_ms: i64,
    /// The first millisecond of the queried time.
    pub start_ms: i64,
    /// The last millisecond of the queried time.
    pub end_ms: i64,
    /// How far `bin` is shifted.
    pub offset: Option<Period>,
    /// The results of `in` subqueries by their place in the text. Expressions take them when they are made.
    pub sets: Vec<(Span, Arc<Set>)>,
    /// Expressions that were compiled before, by their text in the dialect of the `regex` crate.
    regexes: Mutex<HashMap<String, Option<Regex>>>,
}

impl Context {
    /// Of a query that started at a time, and reads from a time to a time, both inclusive.
    pub fn new(now_ms: i64, start_ms: i64, end_ms: i64) -> Self {
        Self {
            now_ms,
            start_ms,
            end_ms,
            ..Self::default()
        }
    }

    /// The members of a subquery. One that was not run has none.
    pub(crate) fn set(&self, span: Span) -> Arc<Set> {
        let is_same = |other: &Span| other.start == span.start && other.end == span.end;
        let found = self.sets.iter().find(|(other, _)| is_same(other));
        found.map_or_else(Arc::default, |(_, set)| Arc::clone(set))
    }

    /// A regular expression, compiled; none if it is too large.
    pub(crate) fn regex(&self, pattern: String) -> Option<Regex> {
        let mut known = self.regexes.lock();
        if known.len() >= REGEXES_MAX && !known.contains_key(&pattern) {
            known.clear();
        }
        let compile = |pattern: &String| Regex::new(pattern).ok();
        known.entry(pattern).or_insert_with_key(compile).clone()
    }

    /// The regular expression that a text is, for functions that are given one.
    pub(crate) fn regex_of_text(&self, text: &str) -> Option<Regex> {
        let regex = corelog_insights::Regex::read(text)?;
        self.regex(regex.pattern())
    }
}
