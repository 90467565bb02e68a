//! `fields`, `filter`, `sort` and `limit`, for rows that are not worth an engine of their own: those behind `pattern`,
//! `stats` and the like.

use std::cmp::Ordering;
use std::sync::Arc;

use corelog_insights::Direction;

use super::{Each, Failure, RowValues, Step, put, row_bytes};
use crate::context::Context;
use crate::expression::Expression;
use crate::natural;
use crate::value::Value;

/// Computes columns one after the other; later ones may look at earlier ones.
pub(super) fn compute(cx: Arc<Context>, columns: Vec<(Expression, usize)>) -> impl Step {
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        for (of, into) in &columns {
            let value = of.eval(&cx, &row).into_owned();
            put(&mut row, *into, value);
        }
        out.push(row);
    })
}

/// Keeps the rows for which the condition is true, not those for which it is unknown.
pub(super) fn filter(cx: Arc<Context>, condition: Expression) -> impl Step {
    Each(move |row: RowValues, out: &mut Vec<RowValues>| {
        if condition.truth(&cx, &row) == Some(true) {
            out.push(row);
        }
    })
}

/// Keeps the first rows.
pub(super) fn limit(count: usize) -> impl Step {
    let mut left = count;
    Each(move |row: RowValues, out: &mut Vec<RowValues>| {
        if left > 0 {
            left -= 1;
            out.push(row);
        }
    })
}

/// Keeps all rows until the end. Rows that are equal in all keys keep their order.
pub(super) struct Sort {
    pub(super) context: Arc<Context>,
    pub(super) keys: Vec<(Expression, Direction)>,
    pub(super) rows: Vec<(Vec<Value<'static>>, RowValues)>,
    pub(super) bytes: usize,
}

impl Step for Sort {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        for row in rows {
            let keys = self.keys.iter();
            let values = keys.map(|(key, _)| key.eval(&self.context, &row).scalar().into_owned());
            let values: Vec<Value<'static>> = values.collect();
            self.bytes += row_bytes(&values) + row_bytes(&row);
            self.rows.push((values, row));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|(left, _), (right, _)| {
            for ((left, right), (_, direction)) in left.iter().zip(right).zip(&self.keys) {
                let order = natural::order(left, right);
                let order = match direction {
                    Direction::Ascending => order,
                    Direction::Descending => order.reverse(),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            Ordering::Equal
        });
        out.extend(rows.into_iter().map(|(_, row)| row));
        self.bytes = 0;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
