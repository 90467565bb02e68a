//! `addtotals`: sums of rows and of columns.
//!
//! Decisions: without fields, all numbers that are shown count, times not among them; the added row of column sums has
//! no other values.

use corelog_insights::BinaryOp;

use super::{Failure, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::eval::arithmetic;
use crate::expression::Expression;
use crate::value::Value;

pub(super) struct AddTotals {
    /// What is summed.
    pub(super) columns: Vec<Expression>,
    /// The slot of a row's sum.
    pub(super) total: Option<usize>,
    /// The sums of the columns, with their slots: those of `columns`, then that of the rows' sums. Empty if columns
    /// are not summed.
    pub(super) sums: Vec<(usize, Value<'static>)>,
}

impl Step for AddTotals {
    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        for mut row in rows {
            let columns = self.columns.iter();
            let mut values: Vec<Value<'static>> =
                columns.map(|of| of.eval(&cx, &row).into_owned()).collect();
            if let Some(slot) = self.total {
                let mut total = Value::Null;
                for value in &values {
                    add(&mut total, value);
                }
                put(&mut row, slot, total.clone());
                values.push(total);
            }
            for ((slot, sum), value) in self.sums.iter_mut().zip(values) {
                add(sum, &value);
                put(&mut row, *slot, value);
            }
            out.push(row);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        if !self.sums.is_empty() {
            let mut last = RowValues::new();
            for (slot, sum) in self.sums.drain(..) {
                put(&mut last, slot, sum);
            }
            out.push(last);
        }
        Ok(())
    }
}

/// Adds a number; nothing stays nothing until there is one.
fn add(sum: &mut Value<'static>, value: &Value<'_>) {
    if coerce::number(value).is_none() || matches!(value, Value::Time(_)) {
        return;
    }
    let zero = Value::int(0);
    let before = if sum.is_null() { &zero } else { &*sum };
    *sum = arithmetic(BinaryOp::Add, before, value);
}
