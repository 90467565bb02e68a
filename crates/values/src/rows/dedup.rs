//! `dedup`: the first row of each combination of values.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::{Failure, RowValues, Step, add_identity};
use crate::context::Context;
use crate::expression::Expression;

/// Rows that come out. Only `limit` may follow, a result has fewer, and a subquery of more is refused.
const GIVEN_MAX: usize = 1_000_001;

/// Bytes of a combination that was seen, with its share of the table.
const SEEN_BYTES: usize = 32;

/// Keeps the first row of each combination; rows in which a key is missing are all kept.
pub(super) struct Dedup {
    keys: Vec<Expression>,
    /// Two hashes of each combination with keys of their own: 128 bits that nobody can foresee, in the place of texts
    /// that may be long.
    seen: HashSet<[u64; 2]>,
    hashers: [RandomState; 2],
    given: usize,
    context: Context,
}

impl Dedup {
    pub(super) fn new(keys: Vec<Expression>) -> Self {
        Self {
            keys,
            seen: HashSet::new(),
            hashers: [RandomState::new(), RandomState::new()],
            given: 0,
            context: Context::default(),
        }
    }

    /// Whether a row is the first of its combination.
    fn is_first(&mut self, row: &RowValues, text: &mut String) -> bool {
        text.clear();
        let mut keys = self.keys.iter();
        let is_whole = keys.all(|key| add_identity(text, &key.eval(&self.context, row)));
        !is_whole
            || self
                .seen
                .insert(self.hashers.each_ref().map(|it| it.hash_one(&*text)))
    }
}

impl Step for Dedup {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut text = String::new();
        for row in rows {
            if self.given < GIVEN_MAX && self.is_first(&row, &mut text) {
                self.given += 1;
                out.push(row);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.seen.len() * SEEN_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::{Dedup, GIVEN_MAX, SEEN_BYTES};
    use crate::expression::Expression;
    use crate::rows::Step as _;
    use crate::value::Value;

    #[test]
    fn long_values_take_no_more_than_short_ones_and_rows_have_an_end() {
        let mut step = Dedup::new(vec![Expression::slot(0), Expression::slot(1)]);
        let long = Value::text("x".repeat(100_000));
        let row = |number: i64| vec![long.clone(), Value::int(number)];
        let mut out = Vec::new();
        step.push(vec![row(1), row(2), row(1)], &mut out).unwrap();
        assert_eq!(out.len(), 2);
        assert_eq!(step.bytes(), 2 * SEEN_BYTES);
        out.clear();
        let missing = || vec![Value::Null, Value::int(1)];
        let rows = std::iter::repeat_with(missing).take(GIVEN_MAX).collect();
        step.push(rows, &mut out).unwrap();
        step.push(vec![row(3)], &mut out).unwrap();
        assert_eq!(out.len(), GIVEN_MAX - 2);
    }
}
