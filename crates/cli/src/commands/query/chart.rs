//! A chart of `stats … by bin(…)`: what is drawn is found here, from the query's text and its rows.

mod draw;

use std::collections::BTreeMap;

use corelog_insights::{CommandKind, Expr, ExprKind, Function, Period, Stats, Unit};
use corelog_types::Timestamp;
use serde_json::Value;

use super::rows::Row;
use crate::printer::Printer;
use crate::printer::cell::{ABSENT, safe};

/// The lines of a chart, if these rows make one.
pub(super) fn of(
    text: &str,
    columns: &[String],
    rows: &[Row],
    printer: &Printer,
) -> Option<Vec<String>> {
    draw::lines(&chart(text, columns, rows)?, printer)
}

/// Values over time.
#[derive(Debug, PartialEq)]
struct Chart {
    /// The first and the last time, as the rows have them.
    from: String,
    to: String,
    /// How many bins there are from the first to the last, with and without values.
    bins: u64,
    /// At least one.
    series: Vec<Series>,
}

/// The values of one column, for one combination of the other keys.
#[derive(Debug, PartialEq)]
struct Series {
    name: String,
    /// Which of the value columns: those of one have one scale.
    column: usize,
    /// By the number of the bin; a bin without a value is a gap.
    values: BTreeMap<u64, f64>,
}

/// How times are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Millis(u64),
    Months(u64),
}

impl Step {
    fn of(period: Period) -> Option<Self> {
        let most = period.unit.bin_max().unwrap_or(u64::MAX);
        let count = period.count.min(most);
        let (one, is_calendar) = match period.unit {
            Unit::Millisecond => (1, false),
            Unit::Second => (1_000, false),
            Unit::Minute => (60_000, false),
            Unit::Hour => (3_600_000, false),
            Unit::Day => (86_400_000, false),
            Unit::Week => (604_800_000, false),
            Unit::Month => (1, true),
            Unit::Quarter => (3, true),
            Unit::Year => (12, true),
        };
        let step = count.checked_mul(one).filter(|step| *step > 0)?;
        Some(if is_calendar {
            Self::Months(step)
        } else {
            Self::Millis(step)
        })
    }

    /// The number of the bin that begins at a time, as rows have it: `2026-11-20 09:15:00.000`.
    fn number(self, time: &str) -> Option<u64> {
        match self {
            Self::Millis(step) => {
                let time = Timestamp::parse_rfc3339_ms(&format!("{}Z", time.replacen(' ', "T", 1)));
                Some(time?.unix_ms() / step)
            }
            Self::Months(step) => {
                let year: u64 = time.get(..4)?.parse().ok()?;
                let month: u64 = time.get(5..7)?.parse().ok()?;
                Some((year * 12 + month.checked_sub(1)?) / step)
            }
        }
    }
}

fn chart(text: &str, columns: &[String], rows: &[Row]) -> Option<Chart> {
    let query = corelog_insights::parse(text).ok()?;
    let last = |kind: &CommandKind| matches!(kind, CommandKind::Stats(_));
    let stats = query.commands.iter().rfind(|command| last(&command.kind));
    let CommandKind::Stats(stats) = &stats?.kind else {
        return None;
    };
    let (time, step) = time_of(stats)?;
    let is_key = |name: &str| stats.by.iter().any(|key| key.name == name);
    let values: Vec<&String> = columns
        .iter()
        .filter(|name| !is_key(name) && is_numeric(name, rows))
        .collect();
    let keys: Vec<&String> = columns
        .iter()
        .filter(|name| is_key(name) && **name != time)
        .collect();
    let mut series: BTreeMap<(usize, String), BTreeMap<u64, f64>> = BTreeMap::new();
    let mut times = BTreeMap::new();
    for row in rows {
        let at = text_of(row, &time)?;
        let bin = step.number(at)?;
        times.insert(bin, at.to_owned());
        for (column, name) in values.iter().enumerate() {
            if let Some(value) = number_of(row, name) {
                let line = (column, title(row, &keys, &values, name));
                series.entry(line).or_default().insert(bin, value);
            }
        }
    }
    let ((first, from), (last, to)) = (times.first_key_value()?, times.last_key_value()?);
    let series: Vec<Series> = series
        .into_iter()
        .map(|((column, name), values)| Series {
            name,
            column,
            values: values
                .into_iter()
                .map(|(bin, value)| (bin - first, value))
                .collect(),
        })
        .collect();
    // One point in time is no chart.
    (times.len() > 1 && !series.is_empty()).then(|| Chart {
        from: from.clone(),
        to: to.clone(),
        bins: last - first + 1,
        series,
    })
}

/// The column of the bins, and how far they are apart.
fn time_of(stats: &Stats) -> Option<(String, Step)> {
    stats.by.iter().find_map(|key| {
        let period = period_of(&key.expr)?;
        Some((key.name.clone(), Step::of(period)?))
    })
}

fn period_of(expr: &Expr) -> Option<Period> {
    let ExprKind::Call { function, args } = &expr.kind else {
        return None;
    };
    let cuts = [Function::Bin, Function::DateFloor, Function::DateCeil];
    match args.last().map(|last| &last.kind) {
        Some(ExprKind::Period(period)) if cuts.contains(function) => Some(*period),
        _ => None,
    }
}

/// What tells a line from the others: the column where there are several, which a narrow terminal shall not cut, and
/// the other keys.
fn title(row: &Row, keys: &[&String], values: &[&String], name: &str) -> String {
    let named = values.len() > 1 || keys.is_empty();
    let column = named.then(|| safe(name));
    let keys = keys.iter();
    let keys = keys.map(|key| safe(text_of(row, key).unwrap_or(ABSENT)));
    column.into_iter().chain(keys).collect::<Vec<_>>().join(" ")
}

fn text_of<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    row.get(name).and_then(Value::as_str)
}

fn number_of(row: &Row, name: &str) -> Option<f64> {
    let number: f64 = text_of(row, name)?.parse().ok()?;
    number.is_finite().then_some(number)
}

fn is_numeric(name: &str, rows: &[Row]) -> bool {
    let mut some = false;
    rows.iter().all(|row| {
        let has_none = text_of(row, name).is_none();
        some |= !has_none;
        has_none || number_of(row, name).is_some()
    }) && some
}

#[cfg(test)]
mod tests;
