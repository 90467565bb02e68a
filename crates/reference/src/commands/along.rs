//! `accum`, `autoregress` and `filldown`: along the rows in their order.

use std::collections::BTreeSet;

use corelog_insights::{AutoRegress, BinaryOp, Field, Text};

use crate::row::Frame;
use crate::value::Value;
use corelog_values::arithmetic;
use corelog_values::coerce;
use corelog_values::rows::Shown;

/// The sum so far; what is no number adds nothing.
pub(crate) fn accum(mut frame: Frame, field: &Field, alias: Option<&Text>) -> Frame {
    let name = alias.map_or_else(|| field.name(), |alias| alias.value.clone());
    let mut sum = Value::int(0);
    for row in &mut frame.rows {
        let value = row.field(field);
        if coerce::number(&value).is_some() {
            sum = arithmetic(BinaryOp::Add, &sum, &value);
        }
        row.set(&name, sum.clone());
    }
    frame.columns.show_made(&name);
    frame
}

/// The values of rows before: `field_p1` for the one just before. Decision: an alias names the column of a single lag,
/// and replaces `field` in the names of several.
pub(crate) fn auto_regress(mut frame: Frame, regress: &AutoRegress) -> Frame {
    let values: Vec<Value> = frame
        .rows
        .iter()
        .map(|row| row.field(&regress.field))
        .collect();
    for lag in regress.lag_min..=regress.lag_max {
        let name = match &regress.alias {
            Some(alias) if regress.lag_min == regress.lag_max => alias.value.clone(),
            Some(alias) => format!("{}_p{lag}", alias.value),
            None => format!("{}_p{lag}", regress.field.name()),
        };
        for (at, row) in frame.rows.iter_mut().enumerate() {
            let before = at.checked_sub(lag as usize);
            let value = before.and_then(|before| values.get(before));
            row.set(&name, value.cloned().unwrap_or(Value::Null));
        }
        frame.columns.show_made(&name);
    }
    frame
}

/// Missing values become the last one before. Names with `*`, and no names at all, mean columns that are shown.
pub(crate) fn fill_down(mut frame: Frame, names: &[Text]) -> Frame {
    let shown = frame.columns.all();
    let is_meant = |column: &&Shown| {
        let mut names = names.iter();
        names.len() == 0 || names.any(|name| fits_stars(&name.value, &column.name))
    };
    let mut columns: Vec<Shown> = shown.iter().filter(is_meant).cloned().collect();
    let mut known: BTreeSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    for name in names.iter().filter(|name| !name.value.contains('*')) {
        if known.insert(name.value.clone()) {
            columns.push(Shown::column(&name.value));
        }
    }
    for column in columns {
        let mut last = Value::Null;
        for row in &mut frame.rows {
            let value = row.shown(&column);
            if value.is_null() {
                row.set(&column.name, last.clone());
            } else {
                last = value;
            }
        }
    }
    frame
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits_stars(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            starts.any(|at| fits_stars(tail, &rest[at..]))
        }),
    }
}
