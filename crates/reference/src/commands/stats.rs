//! `stats` and `countFrequent`: groups of rows.
//!
//! Only what they produce exists afterwards. Keys come first among the columns, then what was computed. Decisions:
//! rows come by their time keys, latest first, then by the other keys in ascending order; a missing key makes a group
//! of its own; without keys there is one row even if there are no rows before.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_insights::{Expr, ExprKind, Field, Function, Item, Stats};

use crate::eval::{Group, Scope, eval};
use crate::output::Failure;
use crate::row::{Frame, Row, TimeKey};
use crate::value::{Value, identity};
use corelog_values::calendar;
use corelog_values::coerce;
use corelog_values::natural;

/// The column of counts that `topk` and `countFrequent` add.
const COUNT: &str = "_approxcount";

pub(crate) fn apply(scope: &Scope<'_>, frame: &Frame, stats: &Stats) -> Result<Frame, Failure> {
    if let Some(frame) = topk(scope, frame, &stats.items) {
        return Ok(frame);
    }
    if stats
        .offset
        .is_some_and(|offset| calendar::length_ms(offset).is_none())
    {
        return Err(Failure::unsupported("an `offset` of months or years"));
    }
    let key_values = |row: &Row| -> Vec<Value> {
        stats
            .by
            .iter()
            .map(|key| eval(scope, row, &key.expr).scalar())
            .collect()
    };
    let mut groups = group(&frame.rows, &key_values);
    if stats.by.is_empty() && groups.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    groups.sort_by(|(left, _), (right, _)| key_order(left, right));
    let rows = groups
        .iter()
        .map(|(keys, rows)| computed(scope, stats, keys, rows))
        .collect();
    let mut columns: Vec<String> = Vec::new();
    for item in stats.by.iter().chain(&stats.items) {
        if !columns.contains(&item.name) {
            columns.push(item.name.clone());
        }
    }
    let mut after = Frame::aggregated(&columns, rows);
    after.keys = stats.by.iter().map(|key| key.name.clone()).collect();
    after.time_key = time_key(stats);
    Ok(after)
}

/// Rows of equal keys, in the order of their first row.
fn group(rows: &[Row], keys: &dyn Fn(&Row) -> Vec<Value>) -> Vec<(Vec<Value>, Vec<Row>)> {
    let mut places: BTreeMap<Vec<Option<String>>, usize> = BTreeMap::new();
    let mut groups: Vec<(Vec<Value>, Vec<Row>)> = Vec::new();
    for row in rows {
        let values = keys(row);
        let texts = values.iter().map(identity).collect();
        let place = *places.entry(texts).or_insert(groups.len());
        if place == groups.len() {
            groups.push((values, Vec::new()));
        }
        groups[place].1.push(row.clone());
    }
    groups
}

/// Time keys first, the latest before; then the others, ascending.
pub(crate) fn key_order(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = || left.iter().zip(right);
    let time = |value: &Value| match value {
        Value::Time(ms) => Some(*ms),
        _ => None,
    };
    // What is no time comes behind all times.
    let by_time = pairs().map(|(left, right)| time(right).cmp(&time(left)));
    let by_value = pairs().map(|(left, right)| natural::order(left, right));
    by_time
        .chain(by_value)
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// One row of the result. Items see the keys and the items before them.
fn computed(scope: &Scope<'_>, stats: &Stats, keys: &[Value], rows: &[Row]) -> Row {
    let mut row = Row::default();
    let mut by: Vec<(Expr, Value)> = Vec::new();
    for (key, value) in stats.by.iter().zip(keys) {
        row.set(&key.name, value.clone());
        by.push((key.expr.clone(), value.clone()));
    }
    let scope = Scope {
        context: Arc::clone(&scope.context),
        group: Some(Group { rows, keys: &by }),
        ..Scope::default()
    };
    for item in &stats.items {
        let value = eval(&scope, &row, &item.expr);
        row.set(&item.name, value);
    }
    row
}

/// The key that is a bin of time, for `fillmissing`.
fn time_key(stats: &Stats) -> Option<TimeKey> {
    stats.by.iter().find_map(|key| {
        let ExprKind::Call { function, args } = &key.expr.kind else {
            return None;
        };
        let offset = match function {
            Function::Bin => stats.offset,
            Function::DateFloor => None,
            _ => return None,
        };
        Some(TimeKey {
            name: key.name.clone(),
            period: crate::eval::period_of(args)?,
            offset,
        })
    })
}

/// `topk` makes a row for each of the most frequent values. Decision: their counts stand beside them.
fn topk(scope: &Scope<'_>, frame: &Frame, items: &[Item]) -> Option<Frame> {
    let [item] = items else { return None };
    let ExprKind::Call {
        function: Function::TopK,
        args,
    } = &item.expr.kind
    else {
        return None;
    };
    let count = coerce::number(&eval(scope, &Row::default(), args.first()?))?.truncate()?;
    let of = args.get(1)?;
    let mut counted = counts(&frame.rows, &|row| vec![eval(scope, row, of).scalar()]);
    counted.retain(|(keys, _)| !keys[0].is_null());
    counted.truncate(usize::try_from(count).ok()?);
    Some(counted_frame(std::slice::from_ref(&item.name), counted))
}

/// Exact here; the service's counts are approximate.
pub(crate) fn count_frequent(frame: &Frame, fields: &[Field]) -> Frame {
    let keys = |row: &Row| -> Vec<Value> {
        let values = fields.iter().map(|field| row.field(field).scalar());
        values.collect()
    };
    let counted = counts(&frame.rows, &keys);
    let names: Vec<String> = fields.iter().map(Field::name).collect();
    counted_frame(&names, counted)
}

/// Keys and how often they come, the most frequent first, then in order.
fn counts(rows: &[Row], keys: &dyn Fn(&Row) -> Vec<Value>) -> Vec<(Vec<Value>, usize)> {
    let groups = group(rows, keys).into_iter();
    let mut counted: Vec<_> = groups.map(|(keys, rows)| (keys, rows.len())).collect();
    counted.sort_by(|(left, left_count), (right, right_count)| {
        right_count
            .cmp(left_count)
            .then_with(|| key_order(left, right))
    });
    counted
}

fn counted_frame(names: &[String], counted: Vec<(Vec<Value>, usize)>) -> Frame {
    let mut rows = Vec::new();
    for (keys, count) in counted {
        let mut row = Row::default();
        for (name, key) in names.iter().zip(keys) {
            row.set(name, key);
        }
        row.set(COUNT, Value::count(count));
        rows.push(row);
    }
    let mut columns = names.to_vec();
    columns.push(COUNT.to_owned());
    Frame::aggregated(&columns, rows)
}
