//! `filter`, `sort`, `limit`, `dedup`: which rows, in which order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use corelog_insights::{Direction, Expr, Field, Limit, SortKey};

use crate::eval::{Scope, eval, truth};
use crate::row::{Frame, Row};
use crate::value::{Value, identity};
use corelog_values::natural;

/// Keeps the rows for which the condition is true, not those for which it is unknown.
pub(crate) fn filter(scope: &Scope<'_>, mut frame: Frame, condition: &Expr) -> Frame {
    frame
        .rows
        .retain(|row| truth(scope, row, condition) == Some(true));
    frame
}

/// Rows that are equal in all keys keep their order.
pub(crate) fn sort(scope: &Scope<'_>, mut frame: Frame, keys: &[SortKey]) -> Frame {
    let values = |row: &Row| -> Vec<Value> {
        keys.iter()
            .map(|key| eval(scope, row, &key.expr).scalar())
            .collect()
    };
    let mut rows: Vec<(Vec<Value>, Row)> = Vec::new();
    for row in frame.rows {
        rows.push((values(&row), row));
    }
    rows.sort_by(|(left, _), (right, _)| {
        for ((left, right), key) in left.iter().zip(right).zip(keys) {
            let order = natural::order(left, right);
            let order = match key.direction {
                Direction::Ascending => order,
                Direction::Descending => order.reverse(),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
    frame.rows = rows.into_iter().map(|(_, row)| row).collect();
    frame
}

/// Any rows do for `limit any`, the first ones too.
pub(crate) fn limit(mut frame: Frame, limit: Limit) -> Frame {
    frame.rows.truncate(limit.count as usize);
    frame
}

/// Keeps the first row of each combination; rows in which a key is missing are all kept.
pub(crate) fn dedup(mut frame: Frame, fields: &[Field]) -> Frame {
    let mut seen = BTreeSet::new();
    frame.rows.retain(|row| {
        let key: Option<Vec<String>> = fields
            .iter()
            .map(|field| identity(&row.field(field).scalar()))
            .collect();
        key.is_none_or(|key| seen.insert(key))
    });
    frame
}
