//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.

use corelog_insights::Expr;

use crate::aggregates::time_of;
use crate::commands::anomaly;
use crate::eval::{Scope, eval};
use crate::mining;
use crate::row::{Frame, Row};
use crate::source::Window;
use crate::value::{Value, text as text_of};

const COLUMNS: [&str; 4] = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];

/// The texts to group, and their times; rows without a text take no part.
pub(crate) fn texts(scope: &Scope<'_>, frame: &Frame, of: &Expr) -> Vec<(String, Option<i64>)> {
    let text = |row: &Row| Some((text_of(&eval(scope, row, of))?, time_of(row)));
    frame.rows.iter().filter_map(text).collect()
}

/// The patterns of texts, formed together with those of another time.
pub(crate) fn apply(
    own: &[(String, Option<i64>)],
    others: &[(String, Option<i64>)],
    window: Window,
) -> Frame {
    let all: Vec<&str> = own
        .iter()
        .chain(others)
        .map(|(text, _)| text.as_str())
        .collect();
    let mut patterns = mining::mine(&all);
    patterns.truncate(own.len());
    // For each pattern, the parts of the time that its texts are in.
    let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
    for (pattern, (_, time)) in patterns.into_iter().zip(own) {
        let part = anomaly::part_of(*time, window);
        match parts.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, parts)) => parts.push(part),
            None => parts.push((pattern, vec![part])),
        }
    }
    parts.sort_by(|(left, left_parts), (right, right_parts)| {
        let by_count = right_parts.len().cmp(&left_parts.len());
        by_count.then_with(|| left.cmp(right))
    });
    let rows = parts
        .into_iter()
        .map(|(pattern, parts)| {
            let mut row = pattern_row(&pattern, parts.len(), own.len());
            anomaly::note(&mut row, &parts);
            row
        })
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
