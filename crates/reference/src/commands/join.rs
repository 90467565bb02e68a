//! `join` and `appendcols`: the rows of another query beside these.
//!
//! After a `join`, fields are reached by alias: `a.field`. Decision: a name without alias is one of the left rows.

use std::collections::BTreeSet;

use corelog_insights::{AppendCols, Join, JoinKind};

use crate::output::Failure;
use crate::row::{Frame, Row};
use crate::value::identity;
use corelog_values::coerce;

/// Rows that a join may make.
const ROWS_MAX: usize = 1_000_000;
/// Different keys that its right rows may have.
const KEYS_MAX: usize = 50_000;

pub(crate) fn join(mut left: Frame, right: &Frame, join: &Join) -> Result<Frame, Failure> {
    let keys = right.rows.iter().map(|row| row.field(&join.right_key));
    let keys: BTreeSet<String> = keys.filter_map(|key| identity(&key)).collect();
    if keys.len() > KEYS_MAX {
        let what = "different keys on the right side of a join";
        return Err(Failure::TooMany {
            what,
            max: KEYS_MAX,
        });
    }
    let mut rows = Vec::new();
    for row in left.rows {
        let key = row.field(&join.left_key);
        let fits = |other: &&Row| coerce::equal(&key, &other.field(&join.right_key)) == Some(true);
        let partners: Vec<&Row> = right.rows.iter().filter(fits).collect();
        if partners.is_empty() && join.kind == JoinKind::Left {
            rows.push(beside(&row, &Row::default(), join));
        }
        for partner in partners {
            rows.push(beside(&row, partner, join));
        }
        if rows.len() > ROWS_MAX {
            let what = "rows of a join";
            return Err(Failure::TooMany {
                what,
                max: ROWS_MAX,
            });
        }
    }
    left.rows = rows;
    Ok(left)
}

fn beside(left: &Row, right: &Row, join: &Join) -> Row {
    let mut row = left.clone();
    row.sides = vec![
        (join.left.value.clone(), left.clone()),
        (join.right.value.clone(), right.clone()),
    ];
    row
}

/// The other query's columns, row by row. Decision: its further rows are dropped; without `override` a value that
/// exists stays.
pub(crate) fn append_cols(mut frame: Frame, other: &Frame, append: &AppendCols) -> Frame {
    let columns = other.columns.all();
    let others = other.rows.iter().take(append.rows_max as usize);
    for (row, other) in frame.rows.iter_mut().zip(others) {
        for column in &columns {
            if append.overrides || row.get(&column.name).is_null() {
                row.set(&column.name, other.shown(column));
            }
        }
    }
    for column in &columns {
        frame.columns.show_made(&column.name);
    }
    frame
}
