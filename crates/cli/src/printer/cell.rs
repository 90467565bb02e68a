//! Values as people read them. Unknown is `–`, never zero; bytes of strangers cannot steer the terminal.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands for a value that nobody gave.
pub(crate) const ABSENT: &str = "–";

/// Whether a character steers the terminal or the direction of what stands around it.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text without control characters, so that a prompt cannot move the cursor or set the window's title.
pub(crate) fn safe(text: &str) -> String {
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

/// As [`safe`], but lines stay lines.
pub(crate) fn safe_lines(text: &str) -> String {
    let keep = |c: char| !steers(c) || c == '\n' || c == '\t';
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if keep(c) { c } else { '\u{fffd}' })
        .collect()
}

/// The string at a JSON pointer.
pub(crate) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(safe)
}

/// The number at a JSON pointer, with thousands apart.
pub(crate) fn count_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_u64).map(count)
}

/// The milliseconds at a JSON pointer.
pub(crate) fn ms_at(value: &Value, pointer: &str) -> Option<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_f64)
        .map(milliseconds)
}

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration in the unit that suits its size.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms if ms < 600_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms if ms < 7_200_000.0 => format!("{:.0} min", ms / 60_000.0),
        ms => format!("{:.1} h", ms / 3_600_000.0),
    }
}

/// A number of bytes in the unit that suits its size.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
    ];
    for (unit, size) in UNITS {
        if number >= size {
            return format!("{}.{} {unit}", number / size, number % size * 10 / size);
        }
    }
    format!("{number} B")
}

/// Columns of a terminal that text takes: a Chinese character takes two, an accent of its own none.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Text cut to a number of a terminal's columns.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let fits = |letter: &char| {
        let rest = left.checked_sub(letter.width().unwrap_or(0));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_234, "1.2 kB"),
            (100_000_000, "100.0 MB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        for (ms, text) in [
            (0.25, "0.2 ms"),
            (312.4, "312 ms"),
            (61_000.0, "61.0 s"),
            (3_600_000.0, "60 min"),
        ] {
            assert_eq!(milliseconds(ms), text);
        }
    }

    #[test]
    fn text_is_cut_by_what_it_takes_on_the_screen() {
        for (text, most, shown) in [
            ("four", 4, "four"),
            ("fives", 4, "fiv…"),
            ("模型", 4, "模型"),
            ("模型名", 5, "模型…"),
            ("模型名", 4, "模…"),
            ("e\u{301}te\u{301}", 3, "e\u{301}te\u{301}"),
            ("ab", 0, "…"),
        ] {
            assert_eq!(cut(text, most), shown, "{text} in {most}");
        }
    }

    #[test]
    fn strangers_do_not_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(safe_lines("a\r\nb\u{7}"), "a\nb\u{fffd}");
        assert_eq!(safe("a\u{202e}b"), "a\u{fffd}b");
    }

    #[test]
    fn absent_is_not_zero() {
        let value = serde_json::json!({"zero": 0});
        assert_eq!(count_at(&value, "/zero").as_deref(), Some("0"));
        assert_eq!(count_at(&value, "/none"), None);
    }
}
