//! `relevantfields`: which fields tell the rows for which a condition holds from the rest.
//!
//! The service publishes columns and no algorithm, so this is ours. A field is of numbers if all its values are
//! numbers. The score of other fields is half the sum, over all values, of how much the shares of rows with the value
//! differ between the two sides; that of numbers is the largest difference between the shares of rows up to a value.
//! A row without the field has a value of its own, below all numbers. So 0 means alike and 1 that the field alone
//! tells the sides apart; scores are rounded to four decimals. Contributors are up to three values that are more
//! common where the condition holds, those of the largest difference first; numbers have medians instead, those of
//! `pct`. Fields of score 0 are left out; the highest score comes first, then names in order. Without fields, all
//! that are discovered in the rows' messages are looked at.

use std::collections::{BTreeMap, BTreeSet};

use corelog_insights::{Expr, Field};
use corelog_values::{Number, coerce};

use crate::aggregates::percentile;
use crate::eval::{Scope, truth};
use crate::row::{Frame, Row};
use crate::value::{Value, identity};

const COLUMNS: [&str; 5] = [
    "@fieldName",
    "@relevanceScore",
    "@topRelevanceContributors",
    "@conditionalMedian",
    "@baselineMedian",
];

pub(crate) fn apply(scope: &Scope<'_>, frame: &Frame, fields: &[Field], condition: &Expr) -> Frame {
    let holds = |row: &&Row| truth(scope, row, condition) == Some(true);
    let (inside, outside): (Vec<&Row>, Vec<&Row>) = frame.rows.iter().partition(holds);
    let mut judged: Vec<(f64, Row)> = Vec::new();
    if !inside.is_empty() && !outside.is_empty() {
        for (name, value) in looked_at(frame, fields) {
            let values = |rows: &[&Row]| -> Vec<Value> {
                rows.iter().map(|row| value(row).scalar()).collect()
            };
            let (degree, rest) = judge(&values(&inside), &values(&outside));
            let degree = (degree * 10_000.0).round() / 10_000.0;
            if degree > 0.0 {
                let mut row = Row::default();
                row.set(COLUMNS[0], Value::text(name));
                row.set(COLUMNS[1], Value::float(degree));
                for (column, value) in COLUMNS[2..].iter().zip(rest) {
                    row.set(column, value);
                }
                judged.push((degree, row));
            }
        }
    }
    judged.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let rows = judged.into_iter().map(|(_, row)| row).collect();
    Frame::aggregated(&COLUMNS.map(str::to_owned), rows)
}

type Read<'f> = Box<dyn Fn(&Row) -> Value + 'f>;

/// Fields by their names, in order.
fn looked_at<'f>(frame: &Frame, fields: &'f [Field]) -> BTreeMap<String, Read<'f>> {
    if !fields.is_empty() {
        let read = |field: &'f Field| -> (String, Read<'f>) {
            (field.name(), Box::new(move |row: &Row| row.field(field)))
        };
        return fields.iter().rev().map(read).collect();
    }
    let events = frame.rows.iter().filter_map(|row| row.event.as_ref());
    let names: BTreeSet<String> = events
        .flat_map(|event| event.discovered())
        .map(|(name, _)| name.clone())
        .collect();
    let read = |name: String| -> (String, Read<'f>) {
        let wanted = name.clone();
        let of = move |row: &Row| {
            let fields = row.event.iter().flat_map(|event| event.discovered());
            let mut of_name = fields.filter(|(name, _)| *name == wanted);
            of_name
                .next()
                .map_or(Value::Null, |(_, value)| value.clone())
        };
        (name, Box::new(of))
    };
    names.into_iter().map(read).collect()
}

fn judge(inside: &[Value], outside: &[Value]) -> (f64, [Value; 3]) {
    let is_number = |value: &Value| value.is_null() || coerce::number(value).is_some();
    if inside.iter().chain(outside).all(is_number) {
        judge_numbers(inside, outside)
    } else {
        judge_texts(inside, outside)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
fn share(values: &[Value], counts: impl Fn(&Value) -> bool) -> f64 {
    values.iter().filter(|value| counts(value)).count() as f64 / values.len() as f64
}

fn judge_texts(inside: &[Value], outside: &[Value]) -> (f64, [Value; 3]) {
    let all: BTreeSet<Option<String>> = inside.iter().chain(outside).map(identity).collect();
    let mut differences: Vec<(f64, Option<String>)> = Vec::new();
    for text in all {
        let is_it = |value: &Value| identity(value) == text;
        differences.push((share(inside, is_it) - share(outside, is_it), text));
    }
    let sum: f64 = differences
        .iter()
        .map(|(difference, _)| difference.abs())
        .sum();
    differences.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let more = differences
        .into_iter()
        .filter(|(difference, _)| *difference > 0.0);
    let names: Vec<String> = more.filter_map(|(_, text)| text).take(3).collect();
    let contributors = match names.as_slice() {
        [] => Value::Null,
        names => Value::text(names.join(", ")),
    };
    (sum / 2.0, [contributors, Value::Null, Value::Null])
}

fn judge_numbers(inside: &[Value], outside: &[Value]) -> (f64, [Value; 3]) {
    let up_to = |most: Option<Number>| {
        move |value: &Value| match (coerce::number(value), most) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(number), Some(most)) => number.compare(most).is_le(),
        }
    };
    let all = inside.iter().chain(outside);
    let score = all
        .map(|value| up_to(coerce::number(value)))
        .chain([up_to(None)])
        .map(|counts| (share(inside, counts) - share(outside, counts)).abs())
        .fold(0.0, f64::max);
    let median = |values: &[Value]| {
        let numbers = values.iter().filter_map(coerce::number);
        let middle = percentile(numbers.map(Number::as_f64).collect(), 50.0);
        middle.map_or(Value::Null, Value::float)
    };
    (score, [Value::Null, median(inside), median(outside)])
}
