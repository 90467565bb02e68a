//! `accum`, `autoregress` and `filldown`: along the rows in their order.

use std::collections::VecDeque;

use corelog_insights::BinaryOp;

use super::{Failure, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::eval::arithmetic;
use crate::expression::Expression;
use crate::value::Value;

/// The sum so far; what is no number adds nothing.
pub(super) struct Accum {
    pub(super) of: Expression,
    pub(super) into: usize,
    pub(super) sum: Value<'static>,
}

impl Step for Accum {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        for mut row in rows {
            let value = self.of.eval(&cx, &row);
            if coerce::number(&value).is_some() {
                self.sum = arithmetic(BinaryOp::Add, &self.sum, &value);
            }
            put(&mut row, self.into, self.sum.clone());
            out.push(row);
        }
        Ok(())
    }
}

/// The values of rows before.
pub(super) struct AutoRegress {
    pub(super) of: Expression,
    /// How far back, and the slot of what was there; the farthest last.
    pub(super) lags: Vec<(usize, usize)>,
    /// The values before, the nearest first.
    pub(super) past: VecDeque<Value<'static>>,
}

impl Step for AutoRegress {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        let farthest = self.lags.last().map_or(0, |(lag, _)| *lag);
        for mut row in rows {
            let value = self.of.eval(&cx, &row).into_owned();
            for (lag, slot) in &self.lags {
                let before = lag.checked_sub(1).and_then(|at| self.past.get(at));
                put(&mut row, *slot, before.cloned().unwrap_or_default());
            }
            self.past.push_front(value);
            self.past.truncate(farthest);
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        let value = |value: &Value<'_>| size_of::<Value<'_>>() + value.bytes();
        self.past.iter().map(value).sum()
    }
}

/// Missing values become the last one before.
pub(super) struct FillDown {
    /// Where each column is read, where it is put, and its last value.
    pub(super) columns: Vec<(Expression, usize, Value<'static>)>,
}

impl Step for FillDown {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        for mut row in rows {
            for (of, into, last) in &mut self.columns {
                let value = of.eval(&cx, &row);
                if !value.is_null() {
                    *last = value.into_owned();
                }
                put(&mut row, *into, last.clone());
            }
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.columns.iter().map(|(_, _, last)| last.bytes()).sum()
    }
}
