//! `countFrequent` and `topk`: which values come most often.
//!
//! Counts are exact as long as there are no more than [`KEYS_MAX`] different values. Beyond that the rarest are
//! forgotten now and then, so that a value that comes often has at most a little too small a count.

use std::collections::HashMap;

use super::fill::key_order;
use super::{Failure, RowValues, Step, add_identity};
use crate::context::Context;
use crate::expression::Expression;
use crate::value::Value;

/// Different values that are counted at one time.
const KEYS_MAX: usize = 1_000_000;

pub(super) struct CountFrequent {
    context: std::sync::Arc<Context>,
    keys: Vec<Expression>,
    /// How many rows come out at most, and whether a missing value is none; for `topk`.
    most: Option<usize>,
    counts: HashMap<Box<str>, (Vec<Value<'static>>, u64)>,
    /// What was taken off all counts to forget the rarest.
    forgotten: u64,
    bytes: usize,
}

impl CountFrequent {
    pub(super) fn new(
        context: std::sync::Arc<Context>,
        keys: Vec<Expression>,
        most: Option<usize>,
    ) -> Self {
        Self {
            context,
            keys,
            most,
            counts: HashMap::new(),
            forgotten: 0,
            bytes: 0,
        }
    }

    fn forget(&mut self) {
        while self.counts.len() >= KEYS_MAX {
            self.forgotten += 1;
            let least = self.forgotten;
            self.counts.retain(|_, (_, count)| *count > least);
        }
        let entries = self.counts.iter();
        self.bytes = entries.map(|(text, (values, _))| entry(text, values)).sum();
    }
}

fn entry(text: &str, values: &[Value<'_>]) -> usize {
    let values = values
        .iter()
        .map(|value| size_of::<Value<'_>>() + value.bytes());
    text.len() + 64 + values.sum::<usize>()
}

impl Step for CountFrequent {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut text = String::new();
        for row in rows {
            text.clear();
            let keys = self.keys.iter();
            let values: Vec<Value<'_>> = keys
                .map(|key| key.eval(&self.context, &row).scalar())
                .collect();
            for value in &values {
                add_identity(&mut text, value);
            }
            if self.most.is_some() && values.iter().all(Value::is_null) {
                continue;
            }
            if let Some((_, count)) = self.counts.get_mut(text.as_str()) {
                *count += 1;
                continue;
            }
            let values: Vec<Value<'static>> = values.into_iter().map(Value::into_owned).collect();
            self.bytes += entry(&text, &values);
            let count = self.forgotten + 1;
            self.counts.insert(text.as_str().into(), (values, count));
            if self.counts.len() >= KEYS_MAX {
                self.forget();
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut all: Vec<_> = std::mem::take(&mut self.counts).into_values().collect();
        all.sort_by(|(left, left_count), (right, right_count)| {
            right_count
                .cmp(left_count)
                .then_with(|| key_order(left, right))
        });
        all.truncate(self.most.unwrap_or(usize::MAX));
        out.extend(all.into_iter().map(|(mut row, count)| {
            row.push(Value::int(i64::try_from(count).unwrap_or(i64::MAX)));
            row
        }));
        self.bytes = 0;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
