//! `diff`: the patterns of now beside those of an earlier time of the same length. `pattern` counts the texts of both.
//!
//! Decisions: the columns' names, and the words `New`, `Gone`, `Increased`, `Decreased`, `Unchanged`; the largest
//! difference comes first, then the patterns by text.

use crate::value::Value;

/// The columns it adds.
pub(super) const COLUMNS: [&str; 3] = [
    "@baselineSampleCount",
    "@differenceCount",
    "@differenceDescription",
];

/// The values of [`COLUMNS`].
pub(super) fn compared(now: i64, before: i64) -> [Value<'static>; 3] {
    let difference = now.saturating_sub(before);
    let description = match (now, before) {
        (_, 0) => "New",
        (0, _) => "Gone",
        _ if difference > 0 => "Increased",
        _ if difference < 0 => "Decreased",
        _ => "Unchanged",
    };
    [
        Value::int(before),
        Value::int(difference),
        Value::text(description),
    ]
}
