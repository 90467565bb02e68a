//! `diff`: the patterns of now beside those of an earlier time of the same length.
//!
//! Columns are added to those of `pattern`: `@baselineSampleCount`, `@differenceCount` and `@differenceDescription`.
//! Decisions: their names, and the words `New`, `Gone`, `Increased`, `Decreased`, `Unchanged`; the largest difference
//! comes first, then the patterns by text; the month before is the same days of that month.

use corelog_insights::{Baseline, Command, CommandKind, Period};

use crate::aggregates::time_of;
use crate::commands::{anomaly, pattern};
use crate::output::Failure;
use crate::row::{Frame, Row};
use crate::source::Window;
use crate::value::{Value, text as text_of};
use corelog_values::calendar;
use corelog_values::coerce;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The earlier time that a `diff` behind the first of these commands compares with, which is its `pattern`.
pub(crate) fn time(from_pattern: &[Command], window: Window) -> Result<Option<Window>, Failure> {
    for command in &from_pattern[1..] {
        match &command.kind {
            CommandKind::Pattern(_) => break,
            CommandKind::Diff(baseline) => return before(*baseline, window).map(Some),
            _ => {}
        }
    }
    Ok(None)
}

/// A time of the same length, so long before.
pub(crate) fn shifted(window: Window, period: Period) -> Result<Window, Failure> {
    let back = |ms: i64| ms.checked_sub(calendar::length_ms(period)?);
    let (Some(start_ms), Some(end_ms)) = (back(window.start_ms), back(window.end_ms)) else {
        let what = "a `timeshift` of months or years, or without a time range";
        return Err(Failure::unsupported(what));
    };
    Ok(Window { start_ms, end_ms })
}

/// A time of the same length before.
fn before(baseline: Option<Baseline>, window: Window) -> Result<Window, Failure> {
    let (start, end) = (window.start_ms, window.end_ms);
    let back = |ms: i64| start.checked_sub(ms).zip(end.checked_sub(ms));
    let shifted = match baseline {
        Some(Baseline::PreviousDay) => back(DAY_MS),
        Some(Baseline::PreviousWeek) => back(7 * DAY_MS),
        Some(Baseline::PreviousMonth) => {
            calendar::months_before(start, 1).zip(calendar::months_before(end, 1))
        }
        None => end
            .checked_sub(start)
            .and_then(|length| length.checked_add(1))
            .and_then(back),
    };
    let (start_ms, end_ms) =
        shifted.ok_or_else(|| Failure::unsupported("`diff` without a time range"))?;
    Ok(Window { start_ms, end_ms })
}

fn apply(now: &Frame, before: &Frame) -> Frame {
    let mut rows: Vec<(i64, String, Row)> = Vec::new();
    let named = |frame: &Frame, pattern: &str| {
        let mut rows = frame.rows.iter();
        rows.find(|row| pattern_of(row) == pattern).cloned()
    };
    for row in &now.rows {
        let pattern = pattern_of(row);
        let count_before = named(before, &pattern).map_or(0, |row| count_of(&row));
        rows.push(compared(row.clone(), count_of(row), count_before));
    }
    for row in &before.rows {
        if named(now, &pattern_of(row)).is_none() {
            let mut gone = row.clone();
            let count_before = count_of(row);
            gone.set("@sampleCount", Value::int(0));
            gone.set("@ratio", Value::int(0));
            anomaly::forget(&mut gone);
            pattern::forget(&mut gone);
            rows.push(compared(gone, 0, count_before));
        }
    }
    rows.sort_by(|(left, left_text, _), (right, right_text, _)| {
        right
            .abs()
            .cmp(&left.abs())
            .then_with(|| left_text.cmp(right_text))
    });
    let mut frame = now.clone();
    frame.rows = rows.into_iter().map(|(_, _, row)| row).collect();
    for name in [
        "@baselineSampleCount",
        "@differenceCount",
        "@differenceDescription",
    ] {
        frame.columns.show_made(name);
    }
    frame
}

/// `logcompare`: the patterns of whole messages, compared. Decision: that is `pattern @message | diff` with a time of
/// one's own choice.
pub(crate) fn messages(now: &Frame, before: &Frame, window: Window, other: Window) -> Frame {
    let of = |frame: &Frame| -> Vec<Text> {
        let text = |row: &Row| Some((text_of(&row.get("@message"))?, time_of(row)));
        frame.rows.iter().filter_map(text).collect()
    };
    texts(&of(now), &of(before), window, other)
}

/// A text, and when it came.
type Text = (String, Option<i64>);

/// The patterns of the texts of two times, compared.
pub(crate) fn texts(now: &[Text], before: &[Text], window: Window, other: Window) -> Frame {
    apply(
        &pattern::apply(now, before, window),
        &pattern::apply(before, now, other),
    )
}

fn pattern_of(row: &Row) -> String {
    text_of(&row.get("@pattern")).unwrap_or_default()
}

fn count_of(row: &Row) -> i64 {
    coerce::millis(&row.get("@sampleCount")).unwrap_or(0)
}

fn compared(mut row: Row, now: i64, before: i64) -> (i64, String, Row) {
    let difference = now.saturating_sub(before);
    let description = match (now, before) {
        (_, 0) => "New",
        (0, _) => "Gone",
        _ if difference > 0 => "Increased",
        _ if difference < 0 => "Decreased",
        _ => "Unchanged",
    };
    row.set("@baselineSampleCount", Value::int(before));
    row.set("@differenceCount", Value::int(difference));
    row.set("@differenceDescription", Value::text(description));
    (difference, pattern_of(&row), row)
}
