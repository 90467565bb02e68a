//! `dedup`: the first row of each combination of values.

use std::collections::HashSet;

use super::{Failure, RowValues, Step, add_identity};
use crate::context::Context;
use crate::expression::Expression;

/// Keeps the first row of each combination; rows in which a key is missing are all kept.
pub(super) struct Dedup {
    keys: Vec<Expression>,
    seen: HashSet<Box<str>>,
    bytes: usize,
    context: Context,
}

impl Dedup {
    pub(super) fn new(keys: Vec<Expression>) -> Self {
        Self {
            keys,
            seen: HashSet::new(),
            bytes: 0,
            context: Context::default(),
        }
    }
}

impl Step for Dedup {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut text = String::new();
        for row in rows {
            text.clear();
            let keys = self.keys.iter();
            let mut identities =
                keys.map(|key| add_identity(&mut text, &key.eval(&self.context, &row)));
            if !identities.all(|present| present) {
                out.push(row);
            } else if !self.seen.contains(text.as_str()) {
                self.bytes += text.len() + size_of::<Box<str>>();
                self.seen.insert(text.as_str().into());
                out.push(row);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
