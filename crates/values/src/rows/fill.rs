//! `fillmissing`: rows for time bins without events.
//!
//! Decisions: bins are filled from the first to the last that has a row, for each combination of the other keys; the
//! rows come in the order of `stats`; without a time key nothing happens.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::{Failure, Kept, ROWS_MAX, RowValues, Step, TimeKey, add_identity, put};
use crate::calendar;
use crate::context::Context;
use crate::expression::Expression;
use crate::natural;
use crate::value::Value;

pub(super) struct FillMissing {
    pub(super) time: TimeKey,
    /// The time key, and its slot.
    pub(super) time_of: (Expression, usize),
    /// The other keys, and their slots.
    pub(super) others: Vec<(Expression, usize)>,
    /// All keys in their order.
    pub(super) keys: Vec<Expression>,
    /// Values for the rows that are added, and their slots.
    pub(super) fills: Vec<(Value<'static>, usize)>,
    pub(super) kept: Kept,
}

impl Step for FillMissing {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        self.kept.add(rows);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        let mut rows = self.kept.take();
        let mut combinations: Vec<(String, Vec<Value<'static>>)> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        let mut present: HashSet<(i64, String)> = HashSet::new();
        let mut times: Vec<i64> = Vec::new();
        for row in &rows {
            let others = self.others.iter().map(|(of, _)| of.eval(&cx, row));
            let values: Vec<Value<'static>> = others.map(Value::into_owned).collect();
            let mut text = String::new();
            for value in &values {
                add_identity(&mut text, value);
            }
            if let Value::Time(ms) = self.time_of.0.eval(&cx, row) {
                times.push(ms);
                present.insert((ms, text.clone()));
            }
            if known.insert(text.clone()) {
                combinations.push((text, values));
            }
        }
        for bin in self.bins(&times)? {
            for (text, values) in &combinations {
                if !present.contains(&(bin, text.clone())) {
                    rows.push(self.filled(bin, values));
                }
            }
            too_many(rows.len())?;
        }
        let mut keyed: Vec<(Vec<Value<'static>>, RowValues)> = Vec::new();
        for row in rows {
            let keys = self.keys.iter().map(|key| key.eval(&cx, &row).into_owned());
            keyed.push((keys.collect(), row));
        }
        keyed.sort_by(|(left, _), (right, _)| key_order(left, right));
        out.extend(keyed.into_iter().map(|(_, row)| row));
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.kept.bytes
    }
}

impl FillMissing {
    fn filled(&self, bin: i64, others: &[Value<'static>]) -> RowValues {
        let mut row = RowValues::new();
        put(&mut row, self.time_of.1, Value::time(bin));
        for ((_, slot), value) in self.others.iter().zip(others) {
            put(&mut row, *slot, value.clone());
        }
        for (value, slot) in &self.fills {
            put(&mut row, *slot, value.clone());
        }
        row
    }

    /// Every bin from the first to the last.
    fn bins(&self, times: &[i64]) -> Result<Vec<i64>, Failure> {
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
            return Ok(Vec::new());
        };
        let shift = self.time.offset.and_then(calendar::length_ms).unwrap_or(0);
        let mut bins = vec![*first];
        let mut bin = *first;
        while bin < *last {
            let next = bin
                .checked_sub(shift)
                .and_then(|start| calendar::next(start, self.time.period))
                .and_then(|start| start.checked_add(shift));
            let Some(next) = next.filter(|next| *next > bin) else {
                break;
            };
            bin = next;
            bins.push(bin);
            too_many(bins.len())?;
        }
        Ok(bins)
    }
}

fn too_many(count: usize) -> Result<(), Failure> {
    if count > ROWS_MAX {
        let what = "rows of a result";
        return Err(Failure::TooMany {
            what,
            max: ROWS_MAX,
        });
    }
    Ok(())
}

/// The order of the rows of `stats`: time keys first, the latest before; then the others, ascending. A key that is a
/// time in some rows only puts these before the rest, whatever the rest is, so that this is an order.
fn key_order(left: &[Value<'_>], right: &[Value<'_>]) -> Ordering {
    let pairs = || left.iter().zip(right);
    let times = pairs().map(|pair| match pair {
        (Value::Time(left), Value::Time(right)) => right.cmp(left),
        (Value::Time(_), _) => Ordering::Less,
        (_, Value::Time(_)) => Ordering::Greater,
        _ => Ordering::Equal,
    });
    let others = pairs().map(|(left, right)| natural::order(left, right));
    times
        .chain(others)
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::key_order;
    use crate::value::Value;

    #[test]
    fn keys_that_are_times_in_some_rows_only_have_an_order() {
        let values = [
            Value::time(20),
            Value::time(10),
            Value::Null,
            Value::text("x"),
            Value::int(5),
            Value::int(30),
        ];
        let mut keys: Vec<[Value; 2]> = Vec::new();
        for first in &values {
            keys.extend(values.iter().map(|second| [first.clone(), second.clone()]));
        }
        let is_before =
            |left: &[Value; 2], right: &[Value; 2]| key_order(left, right) != Ordering::Greater;
        for one in &keys {
            for two in &keys {
                assert_eq!(key_order(one, two), key_order(two, one).reverse());
                for three in &keys {
                    if is_before(one, two) && is_before(two, three) {
                        assert!(is_before(one, three), "{one:?} {two:?} {three:?}");
                    }
                }
            }
        }
        let mut sorted: Vec<[Value; 1]> =
            values.iter().rev().map(|value| [value.clone()]).collect();
        sorted.sort_by(|left, right| key_order(left, right));
        assert_eq!(sorted.concat(), values);
    }
}
