//! `anomaly`: what is unusual among patterns.
//!
//! The service publishes neither its algorithm nor its columns, so these are ours. The query's time is cut into ten
//! parts, and the last is held against the nine before it. Two kinds are found: a pattern is `New` if it is in the
//! last part only, and of unusual `Frequency` if its count there is more than three standard deviations off the mean
//! of the counts before; a deviation below 1 is taken for 1. Numbers and other values within patterns are not looked
//! at. Columns: `@anomalyKind`, missing where nothing is unusual, `@anomalyCount` of the last part, and
//! `@anomalyExpectedCount`, the mean before. All patterns stay.

use super::{Each, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::number::Number;
use crate::value::Value;

/// The columns it adds.
pub(super) const COLUMNS: [&str; 3] = ["@anomalyKind", "@anomalyCount", "@anomalyExpectedCount"];

/// The column in which `pattern` leaves the counts of each part, which no result shows.
pub(super) const PARTS: &str = "\u{0}parts";

/// Parts of the query's time.
pub(super) const PARTS_COUNT: usize = 10;

/// The part that a time is in; times outside are in the nearest.
pub(super) fn part_of(ms: i64, cx: &Context) -> usize {
    let (start, end) = (i128::from(cx.start_ms), i128::from(cx.end_ms));
    let parts = i128::try_from(PARTS_COUNT).unwrap_or(1);
    let length = (end - start + 1).max(1);
    let part = (i128::from(ms) - start) * parts / length;
    usize::try_from(part.clamp(0, parts - 1)).unwrap_or(0)
}

/// The first millisecond of a part.
pub(super) fn start_of(part: usize, cx: &Context) -> i128 {
    let (start, end) = (i128::from(cx.start_ms), i128::from(cx.end_ms));
    let parts = i128::try_from(PARTS_COUNT).unwrap_or(1);
    let length = (end - start + 1).max(1);
    let before = i128::try_from(part).unwrap_or(0) * length;
    start + (before + parts - 1).div_euclid(parts)
}

pub(super) fn anomaly(parts: Expression, slots: [usize; 3]) -> impl Step {
    let cx = Context::default();
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let values = match parts.eval(&cx, &row) {
            Value::List(counts) => judged(&counts),
            _ => [Value::Null, Value::Null, Value::Null],
        };
        for (slot, value) in slots.iter().zip(values) {
            put(&mut row, *slot, value);
        }
        out.push(row);
    })
}

fn judged(counts: &[Value<'_>]) -> [Value<'static>; 3] {
    let counts = counts.iter().filter_map(coerce::number);
    let mut before: Vec<f64> = counts.map(Number::as_f64).collect();
    let Some(last) = before.pop() else {
        return [Value::Null, Value::Null, Value::Null];
    };
    #[expect(clippy::cast_precision_loss, reason = "nine")]
    let length = before.len() as f64;
    let mean = before.iter().sum::<f64>() / length;
    let squares = before.iter().map(|count| (count - mean).powi(2));
    let deviation = (squares.sum::<f64>() / length).sqrt().max(1.0);
    let kind = if mean == 0.0 && last > 0.0 {
        Value::text("New")
    } else if (last - mean).abs() > 3.0 * deviation {
        Value::text("Frequency")
    } else {
        Value::Null
    };
    [kind, Value::float(last), Value::float(mean)]
}
