//! `fillmissing`: rows for time bins without events.
//!
//! Decisions: bins are filled from the first to the last that has a row, for each combination of the other keys; the
//! rows come in the order of `stats`; without a time key nothing happens.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::{Failure, ROWS_MAX, RowValues, Step, TimeKey, add_identity, put, row_bytes};
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
    pub(super) rows: Vec<RowValues>,
    pub(super) bytes: usize,
}

impl Step for FillMissing {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        self.bytes += rows.iter().map(row_bytes).sum::<usize>();
        self.rows.extend(rows);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        let mut rows = std::mem::take(&mut self.rows);
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
        self.bytes = 0;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
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

/// The order of the rows of `stats`: time keys first, the latest before; then the others, ascending.
pub fn key_order(left: &[Value<'_>], right: &[Value<'_>]) -> Ordering {
    let pairs = || left.iter().zip(right);
    let is_time = |value: &Value<'_>| matches!(value, Value::Time(_));
    let is_time_key = |(left, right): &(&Value<'_>, &Value<'_>)| is_time(left) || is_time(right);
    let times = pairs().filter(is_time_key);
    let others = pairs().filter(|pair| !is_time_key(pair));
    times
        .map(|(left, right)| natural::order(left, right).reverse())
        .chain(others.map(|(left, right)| natural::order(left, right)))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}
