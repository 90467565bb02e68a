//! `relevantfields`: which fields tell the rows for which a condition holds from the rest.
//!
//! The service publishes columns and no algorithm, so this is ours. A field is of numbers if all its values are
//! numbers. The score of other fields is half the sum, over all values, of how much the shares of rows with the value
//! differ between the two sides; that of numbers is the largest difference between the shares of rows up to a value.
//! A row without the field has a value of its own, below all numbers. So 0 means alike and 1 that the field alone
//! tells the sides apart; scores are rounded to four decimals. Contributors are up to three values that are more
//! common where the condition holds, those of the largest difference first; numbers have medians instead, those of
//! `pct`. Fields of score 0 are left out; the highest score comes first, then names in order.
//!
//! Of a field, [`VALUES_MAX`] different values are counted, and of all, [`FIELDS_MAX`] fields; what comes later is
//! left out, as if rows had it not.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Failure, RowValues, Step};
use crate::coerce;
use crate::context::Context;
use crate::discover;
use crate::expression::Expression;
use crate::number::Number;
use crate::value::Value;

/// Different values of a field that are counted.
const VALUES_MAX: usize = 10_000;

/// Fields that are looked at.
const FIELDS_MAX: usize = 1_000;

/// Values that are named as contributors.
const CONTRIBUTORS_MAX: usize = 3;

pub(super) const COLUMNS: [&str; 5] = [
    "@fieldName",
    "@relevanceScore",
    "@topRelevanceContributors",
    "@conditionalMedian",
    "@baselineMedian",
];

/// Which fields are looked at.
pub(super) enum Fields {
    /// These, by their names.
    Named(Vec<(String, Expression)>),
    /// Those that are discovered in the message in this slot, if there is one.
    All(Option<usize>),
}

pub(super) struct RelevantFields {
    context: Arc<Context>,
    condition: Expression,
    fields: Fields,
    seen: BTreeMap<String, Seen>,
    /// Rows for which the condition holds, and others.
    totals: [u64; 2],
    bytes: usize,
}

/// The values of a field: how many rows of each side have each.
#[derive(Debug, Default)]
struct Seen {
    values: BTreeMap<Box<str>, Counted>,
}

#[derive(Debug)]
struct Counted {
    number: Option<Number>,
    counts: [u64; 2],
}

impl RelevantFields {
    pub(super) fn new(context: Arc<Context>, condition: Expression, fields: Fields) -> Self {
        Self {
            context,
            condition,
            fields,
            seen: BTreeMap::new(),
            totals: [0; 2],
            bytes: 0,
        }
    }

    fn count(&mut self, name: &str, value: &Value<'_>, side: usize) {
        let Some(text) = value.identity().filter(|_| !value.is_container()) else {
            return;
        };
        let number = coerce::number(value);
        if !self.seen.contains_key(name) {
            if self.seen.len() == FIELDS_MAX {
                return;
            }
            self.bytes += name.len() + 128;
            self.seen.insert(name.to_owned(), Seen::default());
        }
        let Some(seen) = self.seen.get_mut(name) else {
            return;
        };
        if let Some(counted) = seen.values.get_mut(&*text) {
            counted.counts[side] += 1;
            counted.number = counted.number.filter(|_| number.is_some());
        } else if seen.values.len() < VALUES_MAX {
            let mut counts = [0; 2];
            counts[side] = 1;
            self.bytes += text.len() + 96;
            seen.values
                .insert((&*text).into(), Counted { number, counts });
        }
    }
}

impl Step for RelevantFields {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Arc::clone(&self.context);
        for row in rows {
            let side = usize::from(self.condition.truth(&cx, &row) != Some(true));
            self.totals[side] += 1;
            match &self.fields {
                Fields::Named(fields) => {
                    let values = fields.iter().map(|(name, of)| {
                        let value = of.eval(&cx, &row).into_owned();
                        (name.clone(), value)
                    });
                    for (name, value) in values.collect::<Vec<_>>() {
                        self.count(&name, &value, side);
                    }
                }
                Fields::All(slot) => {
                    let message = slot.and_then(|slot| row.get(slot));
                    let Some(Value::Text(text)) = message else {
                        continue;
                    };
                    let mut before: HashSet<String> = HashSet::new();
                    discover::each(text, |name, value| {
                        if before.insert(name.to_owned()) {
                            self.count(name, value, side);
                        }
                    });
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let [conditional, rest] = self.totals;
        if conditional == 0 || rest == 0 {
            return Ok(());
        }
        let mut rows: Vec<(f64, RowValues)> = Vec::new();
        for (name, seen) in std::mem::take(&mut self.seen) {
            let (score, values) = seen.judged(self.totals);
            let score = (score * 10_000.0).round() / 10_000.0;
            if score > 0.0 {
                let head = [Value::text(name), Value::float(score)];
                rows.push((score, head.into_iter().chain(values).collect()));
            }
        }
        rows.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        out.extend(rows.into_iter().map(|(_, row)| row));
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of events")]
fn share(count: u64, total: u64) -> f64 {
    count as f64 / total as f64
}

impl Seen {
    /// The score, and what stands behind it.
    fn judged(self, totals: [u64; 2]) -> (f64, [Value<'static>; 3]) {
        let numbers = self
            .values
            .values()
            .map(|counted| Some((counted.number?, counted.counts)));
        match numbers.collect::<Option<Vec<_>>>() {
            Some(numbers) => judged_numbers(numbers, totals),
            None => self.judged_texts(totals),
        }
    }

    fn judged_texts(self, totals: [u64; 2]) -> (f64, [Value<'static>; 3]) {
        let mut present = [0, 0];
        let mut differences: Vec<(f64, Box<str>)> = Vec::new();
        for (text, counted) in self.values {
            for (present, count) in present.iter_mut().zip(counted.counts) {
                *present += count;
            }
            let [conditional, rest] = counted.counts;
            let difference = share(conditional, totals[0]) - share(rest, totals[1]);
            differences.push((difference, text));
        }
        let missing =
            share(totals[0] - present[0], totals[0]) - share(totals[1] - present[1], totals[1]);
        let sum: f64 = differences
            .iter()
            .map(|(difference, _)| difference.abs())
            .sum();
        let score = f64::midpoint(sum, missing.abs());
        differences.sort_by(|(left, left_text), (right, right_text)| {
            right
                .total_cmp(left)
                .then_with(|| left_text.cmp(right_text))
        });
        let most = differences
            .iter()
            .filter(|(difference, _)| *difference > 0.0);
        let names: Vec<&str> = most
            .take(CONTRIBUTORS_MAX)
            .map(|(_, text)| &**text)
            .collect();
        let contributors = if names.is_empty() {
            Value::Null
        } else {
            Value::text(names.join(", "))
        };
        (score, [contributors, Value::Null, Value::Null])
    }
}

fn judged_numbers(
    mut numbers: Vec<(Number, [u64; 2])>,
    totals: [u64; 2],
) -> (f64, [Value<'static>; 3]) {
    numbers.sort_by(|(left, _), (right, _)| left.compare(*right));
    let present = |side: usize| -> u64 { numbers.iter().map(|(_, counts)| counts[side]).sum() };
    let mut sums = [0, 1].map(|side| totals[side] - present(side));
    let difference = |sums: [u64; 2]| (share(sums[0], totals[0]) - share(sums[1], totals[1])).abs();
    let mut score = difference(sums);
    let mut at = numbers.iter().peekable();
    while let Some((number, counts)) = at.next() {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        // Numbers that are equal, though written otherwise, are one value.
        let is_last = at
            .peek()
            .is_none_or(|(next, _)| next.compare(*number) != Ordering::Equal);
        if is_last {
            score = score.max(difference(sums));
        }
    }
    let [conditional, baseline] = [0, 1].map(|side| median(&numbers, side));
    (score, [Value::Null, conditional, baseline])
}

/// Between two neighbours the value is interpolated.
fn median(numbers: &[(Number, [u64; 2])], side: usize) -> Value<'static> {
    let total: u64 = numbers.iter().map(|(_, counts)| counts[side]).sum();
    let Some(last) = total.checked_sub(1) else {
        return Value::Null;
    };
    let at = |place: u64| {
        let mut before = 0;
        let found = numbers.iter().find(|(_, counts)| {
            before += counts[side];
            before > place
        });
        found.map_or(0.0, |(number, _)| number.as_f64())
    };
    let (low, high) = (at(last / 2), at(last.div_ceil(2)));
    Value::float(low + (high - low) / 2.0)
}
