//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.

use corelog_insights::Expr;

use crate::eval::{Scope, eval};
use crate::mining;
use crate::row::{Frame, Row};
use crate::value::{Value, text as text_of};

const COLUMNS: [&str; 4] = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];

/// The texts to group; rows without a text take no part.
pub(crate) fn texts(scope: &Scope<'_>, frame: &Frame, of: &Expr) -> Vec<String> {
    let rows = frame.rows.iter();
    rows.filter_map(|row| text_of(&eval(scope, row, of)))
        .collect()
}

/// The patterns of the rows' texts, formed together with those of another time.
pub(crate) fn apply(scope: &Scope<'_>, frame: &Frame, of: &Expr, others: &[String]) -> Frame {
    let own = texts(scope, frame, of);
    let all: Vec<&str> = own.iter().chain(others).map(String::as_str).collect();
    let mut patterns = mining::mine(&all);
    patterns.truncate(own.len());
    let mut counts: Vec<(String, usize)> = Vec::new();
    for pattern in patterns {
        match counts.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, count)) => *count += 1,
            None => counts.push((pattern, 1)),
        }
    }
    counts.sort_by(|(left, left_count), (right, right_count)| {
        right_count.cmp(left_count).then_with(|| left.cmp(right))
    });
    let rows = counts
        .into_iter()
        .map(|(pattern, count)| pattern_row(&pattern, count, own.len()))
        .collect();
    Frame::aggregated(&COLUMNS.map(str::to_owned), rows)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
fn pattern_row(pattern: &str, count: usize, total: usize) -> Row {
    let mut row = Row::default();
    row.set("@pattern", Value::text(pattern.to_owned()));
    row.set("@ratio", Value::float(count as f64 / total as f64));
    row.set("@sampleCount", Value::count(count));
    row.set("@severityLabel", Value::text(severity(pattern)));
    row
}

fn severity(pattern: &str) -> &'static str {
    let lower = pattern.to_lowercase();
    if lower.contains("error") {
        "ERROR"
    } else if lower.contains("warn") {
        "WARN"
    } else {
        "INFO"
    }
}
