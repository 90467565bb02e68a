//! `sessionize`: sessions that a gap in time ends. All rows are kept, since they come in any order of time.
//!
//! Decisions: a gap longer than `maxspan` begins a new session; sessions are numbered from 1 by their first event; a
//! row without time, or without one of the keys, is in no session.

use std::collections::HashMap;

use super::{Failure, Kept, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::value::Value;

pub(super) struct Sessionize {
    pub(super) keys: Vec<Expression>,
    pub(super) time: Expression,
    pub(super) gap_ms: i64,
    pub(super) into: usize,
    pub(super) kept: Kept,
}

impl Step for Sessionize {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        self.kept.add(rows);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        let rows = self.kept.take();
        let mut order: Vec<(i64, Vec<String>, usize)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let identity = |key: &Expression| {
                let value = key.eval(&cx, row).scalar();
                value.identity().map(std::borrow::Cow::into_owned)
            };
            let key: Option<Vec<String>> = self.keys.iter().map(identity).collect();
            let time = coerce::millis(&self.time.eval(&cx, row));
            order.extend(time.zip(key).map(|(time, key)| (time, key, at)));
        }
        order.sort_unstable();
        let mut last: HashMap<Vec<String>, (i64, i64)> = HashMap::new();
        let mut count = 0;
        let mut sessions: Vec<Value<'static>> = vec![Value::Null; rows.len()];
        for (time, key, at) in order {
            let session = match last.get(&key) {
                Some((before, session)) if time.saturating_sub(*before) <= self.gap_ms => *session,
                _ => {
                    count += 1;
                    count
                }
            };
            last.insert(key, (time, session));
            sessions[at] = Value::int(session);
        }
        for (mut row, session) in rows.into_iter().zip(sessions) {
            put(&mut row, self.into, session);
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.kept.bytes
    }
}
