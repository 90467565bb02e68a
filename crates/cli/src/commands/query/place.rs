//! Where in a query something is wrong, shown under its text.

use serde_json::Value;

use crate::printer::cell::safe;

/// Characters of a line that are shown at the most.
const WIDTH: usize = 100;

/// The line of the place with carets under it, if the server said where.
pub(super) fn shown(place: &Value) -> Option<String> {
    let text = place.get("text")?.as_str()?;
    let number = |name: &str| place.get(name)?.as_u64()?.try_into().ok();
    Some(under(text, number("start")?, number("end")?))
}

/// The line of `text` at character `start`, and carets up to `end` or the end of the line.
pub(super) fn under(text: &str, start: usize, end: usize) -> String {
    let before: String = text.chars().take(start).collect();
    let first = before.rfind('\n').map_or(0, |newline| newline + 1);
    let from = before[first..].chars().count();
    let line = text.get(first..).unwrap_or_default();
    let line = line.split('\n').next().unwrap_or_default();
    let line: Vec<char> = safe(&line.replace('\t', " ")).chars().collect();
    let from = from.min(line.len());
    let length = end
        .saturating_sub(start)
        .clamp(1, (line.len() - from).max(1));
    // Of a long line, what is around the place.
    let cut = from
        .saturating_sub(WIDTH / 2)
        .min(line.len().saturating_sub(WIDTH));
    let part: String = line.iter().skip(cut).take(WIDTH).collect();
    let (head, tail) = (
        if cut > 0 { "…" } else { "" },
        if cut + WIDTH < line.len() { "…" } else { "" },
    );
    let indent = " ".repeat(head.chars().count() + from - cut);
    let carets = "^".repeat(length.min(WIDTH - (from - cut).min(WIDTH - 1)));
    format!("  {head}{part}{tail}\n  {indent}{carets}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, start: usize, end: usize, expected: &str) {
        assert_eq!(under(text, start, end), expected, "{text} {start} {end}");
    }

    #[test]
    fn carets_stand_under_the_place() {
        check(
            "filter a = | limit 5",
            11,
            12,
            "  filter a = | limit 5\n             ^",
        );
        check(
            "# é\nfields a | frob\n| limit 1",
            15,
            19,
            "  fields a | frob\n             ^^^^",
        );
        check("fields\ta", 7, 8, "  fields a\n         ^");
        check("limit", 5, 5, "  limit\n       ^");
        check("", 0, 0, "  \n  ^");
        check("ab\ncd", 1, 4, "  ab\n   ^");
        check("ab", 90, 99, "  ab\n    ^");
        check("a\u{1b}[2Jb", 5, 6, "  a\u{fffd}[2Jb\n       ^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let text = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let shown = under(&text, 300, 301);
        let (line, carets) = shown.split_once('\n').unwrap();
        assert_eq!(line, format!("  …{}X{}…", "a".repeat(50), "b".repeat(49)));
        assert_eq!(line.chars().position(|c| c == 'X'), Some(carets.len() - 1));
    }
}
