//! `fillmissing`: rows for time bins without events.
//!
//! Decisions: bins are filled from the first to the last that has a row, for each combination of the other keys; the
//! rows come in the order of `stats`; without a time key nothing happens.

use std::collections::BTreeSet;

use corelog_insights::Fill;

use crate::commands::stats::key_order;
use crate::eval::Scope;
use crate::output::Failure;
use crate::pipeline::{ROWS_MAX, constant};
use crate::row::{Frame, Row, TimeKey};
use crate::value::{Value, identity};
use corelog_values::calendar;

pub(crate) fn apply(scope: &Scope<'_>, mut frame: Frame, fills: &[Fill]) -> Result<Frame, Failure> {
    let Some(key) = frame.time_key.clone() else {
        return Ok(frame);
    };
    let bins = bins(&frame.rows, &key)?;
    let others: Vec<String> = frame
        .keys
        .iter()
        .filter(|name| **name != key.name)
        .cloned()
        .collect();
    let mut combinations: Vec<Vec<Value>> = Vec::new();
    let mut present = BTreeSet::new();
    for row in &frame.rows {
        let values: Vec<Value> = others.iter().map(|name| row.get(name)).collect();
        present.insert((time_of(row, &key), texts(&values)));
        if !combinations
            .iter()
            .any(|known| texts(known) == texts(&values))
        {
            combinations.push(values);
        }
    }
    for bin in bins {
        for values in &combinations {
            if present.contains(&(Some(bin), texts(values))) {
                continue;
            }
            let mut row = Row::default();
            row.set(&key.name, Value::time(bin));
            for (name, value) in others.iter().zip(values) {
                row.set(name, value.clone());
            }
            for fill in fills {
                row.set(&fill.field.name(), constant(scope, &fill.value));
            }
            frame.rows.push(row);
        }
        too_many(frame.rows.len())?;
    }
    let keys = frame.keys.clone();
    let values = |row: &Row| -> Vec<Value> { keys.iter().map(|name| row.get(name)).collect() };
    frame
        .rows
        .sort_by(|left, right| key_order(&values(left), &values(right)));
    Ok(frame)
}

fn texts(values: &[Value]) -> Vec<Option<String>> {
    values.iter().map(identity).collect()
}

fn time_of(row: &Row, key: &TimeKey) -> Option<i64> {
    match row.get(&key.name) {
        Value::Time(ms) => Some(ms),
        _ => None,
    }
}

/// Every bin from the first to the last.
fn bins(rows: &[Row], key: &TimeKey) -> Result<Vec<i64>, Failure> {
    let times = || rows.iter().filter_map(|row| time_of(row, key));
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Ok(Vec::new());
    };
    let shift = key.offset.and_then(calendar::length_ms).unwrap_or(0);
    let mut bins = vec![first];
    let mut bin = first;
    while bin < last {
        let next = bin
            .checked_sub(shift)
            .and_then(|start| calendar::next(start, key.period))
            .and_then(|start| start.checked_add(shift));
        let Some(next) = next.filter(|next| *next > bin) else {
            break;
        };
        bin = next;
        bins.push(bin);
        too_many(bins.len())?;
    }
    Ok(bins)
}

fn too_many(count: usize) -> Result<(), Failure> {
    if count > ROWS_MAX {
        let what = "rows of a result";
        return Err(Failure::TooMany {
            what,
            max: ROWS_MAX,
        });
    }
    Ok(())
}
