//! `anomaly`: what is unusual among patterns.
//!
//! The service publishes neither its algorithm nor its columns, so these are ours. The query's time is cut into ten
//! parts, and the last is held against the nine before it. Two kinds are found: a pattern is `New` if it is in the
//! last part only, and of unusual `Frequency` if its count there is more than three standard deviations off the mean
//! of the counts before; a deviation below 1 is taken for 1. All patterns stay.

use crate::row::{Frame, Row};
use crate::source::Window;
use crate::value::Value;

/// The column in which `pattern` leaves the counts of each part.
const PARTS: &str = "\u{0}parts";
pub(crate) const PARTS_COUNT: usize = 10;
const COLUMNS: [&str; 3] = ["@anomalyKind", "@anomalyCount", "@anomalyExpectedCount"];

/// The part that a time is in; what has no time is in the first.
pub(crate) fn part_of(ms: Option<i64>, window: Window) -> usize {
    let Some(ms) = ms else { return 0 };
    let (start, end) = (i128::from(window.start_ms), i128::from(window.end_ms));
    (1..PARTS_COUNT)
        .rev()
        .find(|part| {
            // The first millisecond of a part is in it.
            let part = i128::try_from(*part).unwrap_or(0);
            (i128::from(ms) - start) * 10 >= part * (end - start + 1)
        })
        .unwrap_or(0)
}

/// The first millisecond of a part.
pub(crate) fn start_of(part: usize, window: Window) -> i128 {
    let (start, end) = (i128::from(window.start_ms), i128::from(window.end_ms));
    let behind = i128::try_from(part).unwrap_or(0) * (end - start + 1);
    // Rounded up.
    start - (-behind).div_euclid(10)
}

/// Leaves the counts of a pattern, by the parts that its texts are in.
pub(crate) fn note(row: &mut Row, parts: &[usize]) {
    let count = |part| parts.iter().filter(|one| **one == part).count();
    let counts = (0..PARTS_COUNT).map(|part| Value::count(count(part)));
    row.set(PARTS, Value::list(counts.collect()));
}

/// A pattern without texts has no counts.
pub(crate) fn forget(row: &mut Row) {
    if row.column(PARTS).is_some() {
        row.set(PARTS, Value::Null);
    }
}

pub(crate) fn apply(mut frame: Frame) -> Frame {
    for row in &mut frame.rows {
        let values = match row.column(PARTS) {
            Some(Value::List(counts)) => judged(counts),
            _ => [Value::Null, Value::Null, Value::Null],
        };
        for (name, value) in COLUMNS.into_iter().zip(values) {
            row.set(name, value);
        }
    }
    for name in COLUMNS {
        frame.columns.show_made(name);
    }
    frame
}

fn judged(counts: &[Value]) -> [Value; 3] {
    let counts: Vec<f64> = counts
        .iter()
        .filter_map(corelog_values::coerce::number)
        .map(corelog_values::Number::as_f64)
        .collect();
    let (last, before) = (counts[PARTS_COUNT - 1], &counts[..PARTS_COUNT - 1]);
    let mean = before.iter().sum::<f64>() / 9.0;
    let squares: f64 = before.iter().map(|count| (count - mean).powi(2)).sum();
    let deviation = f64::max((squares / 9.0).sqrt(), 1.0);
    let kind = match () {
        () if mean == 0.0 && last > 0.0 => Value::text("New"),
        () if (last - mean).abs() > 3.0 * deviation => Value::text("Frequency"),
        () => Value::Null,
    };
    [kind, Value::float(last), Value::float(mean)]
}
