//! `diff`: the patterns of now beside those of an earlier time of the same length.
//!
//! Decisions: the columns' names, and the words `New`, `Gone`, `Increased`, `Decreased`, `Unchanged`; the largest
//! difference comes first, then the patterns by text.

use std::collections::HashMap;

use super::{Failure, RowValues, Step, put, row_bytes};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::value::Value;

/// The columns it adds.
pub(super) const COLUMNS: [&str; 3] = [
    "@baselineSampleCount",
    "@differenceCount",
    "@differenceDescription",
];

pub(super) struct Diff {
    pub(super) pattern: Expression,
    pub(super) count: Expression,
    /// The slots of `@sampleCount`, `@ratio`, and of [`COLUMNS`].
    pub(super) count_slot: usize,
    pub(super) ratio_slot: usize,
    pub(super) slots: [usize; 3],
    pub(super) before: Vec<RowValues>,
    pub(super) now: Vec<RowValues>,
}

impl Diff {
    fn read(&self, row: &RowValues) -> (String, i64) {
        let cx = Context::default();
        let pattern = coerce::text(&self.pattern.eval(&cx, row))
            .unwrap_or_default()
            .into_owned();
        let count = coerce::millis(&self.count.eval(&cx, row)).unwrap_or(0);
        (pattern, count)
    }

    fn compared(&self, mut row: RowValues, now: i64, before: i64) -> (i64, RowValues) {
        let (difference, values) = compared(now, before);
        for (slot, value) in self.slots.iter().zip(values) {
            put(&mut row, *slot, value);
        }
        (difference, row)
    }
}

/// The difference, and the values of [`COLUMNS`].
pub(super) fn compared(now: i64, before: i64) -> (i64, [Value<'static>; 3]) {
    let difference = now.saturating_sub(before);
    let description = match (now, before) {
        (_, 0) => "New",
        (0, _) => "Gone",
        _ if difference > 0 => "Increased",
        _ if difference < 0 => "Decreased",
        _ => "Unchanged",
    };
    let values = [
        Value::int(before),
        Value::int(difference),
        Value::text(description),
    ];
    (difference, values)
}

impl Step for Diff {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        self.now.extend(rows);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let (now, before) = (
            std::mem::take(&mut self.now),
            std::mem::take(&mut self.before),
        );
        let mut counts_before: HashMap<String, i64> = HashMap::new();
        for row in &before {
            let (pattern, count) = self.read(row);
            counts_before.entry(pattern).or_insert(count);
        }
        let mut all: Vec<(i64, String, RowValues)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for row in now {
            let (pattern, count) = self.read(&row);
            let before = counts_before.get(&pattern).copied().unwrap_or(0);
            let (difference, row) = self.compared(row, count, before);
            known.insert(pattern.clone());
            all.push((difference, pattern, row));
        }
        for mut row in before {
            let (pattern, count) = self.read(&row);
            if !known.contains(&pattern) {
                put(&mut row, self.count_slot, Value::int(0));
                put(&mut row, self.ratio_slot, Value::int(0));
                let (difference, row) = self.compared(row, 0, count);
                all.push((difference, pattern, row));
            }
        }
        all.sort_by(|(left, left_text, _), (right, right_text, _)| {
            let by_size = right.saturating_abs().cmp(&left.saturating_abs());
            by_size.then_with(|| left_text.cmp(right_text))
        });
        out.extend(all.into_iter().map(|(_, _, row)| row));
        Ok(())
    }

    fn bytes(&self) -> usize {
        let rows = self.now.iter().chain(&self.before);
        rows.map(row_bytes).sum()
    }
}
