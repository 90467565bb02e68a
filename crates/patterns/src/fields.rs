//! `[ip, user, ..., status = 4*, bytes]`: an event cut at its blanks, and conditions on the pieces.
//!
//! How many pieces there may be:
//! - without `...`, as many as the pattern has fields; and if the last field has no condition, more: it takes the
//!   rest of the line as it stands, which is how `[w1=ERROR, w2]` finds lines that begin with ERROR and
//!   `[timestamp=*Z, request_id="*-*", event]` reads a function's log;
//! - with `...`, at least as many. What stands before the first `...` is at the start of the event, what stands
//!   behind the last at its end, and what is between two at the first place where it holds.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>, and the
//! examples of <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html>

use std::fmt;
use std::ops::Range;

use crate::expression::Expression;
use crate::literal::Comparison;

/// The pattern's fields, in runs with a `...` between each two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fields {
    /// One run or more.
    runs: Vec<Vec<Field>>,
}

/// One place in the pattern.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Field {
    pub(crate) name: Option<String>,
    pub(crate) conditions: Option<Expression<Condition>>,
}

/// A condition repeats its field's name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) name: String,
    pub(crate) comparison: Comparison,
}

/// Where an event's pieces went.
#[derive(Debug)]
pub(crate) struct Alignment<'p> {
    /// (index of the piece, the field that it is), in order; those under a `...` are left out.
    pub(crate) placed: Vec<(usize, &'p Field)>,
    /// Whether the last field took the rest of the line.
    pub(crate) takes_rest: bool,
}

impl Fields {
    pub(crate) fn new(runs: Vec<Vec<Field>>) -> Self {
        debug_assert!(!runs.is_empty(), "a pattern has at least an empty run");
        Self { runs }
    }

    /// `[]` means `[...]`.
    pub(crate) fn everything() -> Self {
        Self::new(vec![Vec::new(), Vec::new()])
    }

    /// The names of the fields that have one.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.runs.iter().flatten();
        fields.filter_map(|field| field.name.as_deref())
    }

    /// Lays the pattern over an event; `None` if they do not match.
    pub(crate) fn align(&self, event: &Pieces<'_>) -> Option<Alignment<'_>> {
        match self.runs.as_slice() {
            [only] => align_whole(only, event),
            [first, between @ .., last] => align_open(first, between, last, event),
            [] => None,
        }
    }
}

fn align_whole<'p>(run: &'p [Field], event: &Pieces<'_>) -> Option<Alignment<'p>> {
    let takes_rest = event.len() > run.len() && run.last()?.conditions.is_none();
    if event.len() != run.len() && !takes_rest {
        return None;
    }
    let mut placed = Vec::with_capacity(run.len());
    place(run, 0, event, &mut placed).then_some(Alignment { placed, takes_rest })
}

fn align_open<'p>(
    first: &'p [Field],
    between: &'p [Vec<Field>],
    last: &'p [Field],
    event: &Pieces<'_>,
) -> Option<Alignment<'p>> {
    let end = event.len().checked_sub(last.len())?;
    let mut placed = Vec::new();
    let mut from = first.len();
    if from > end || !place(first, 0, event, &mut placed) {
        return None;
    }
    for run in between {
        let latest = end.checked_sub(run.len())?;
        let at = (from..=latest).find(|at| place(run, *at, event, &mut placed))?;
        from = at + run.len();
    }
    place(last, end, event, &mut placed).then_some(Alignment {
        placed,
        takes_rest: false,
    })
}

/// Puts a run of fields on the pieces from `at` on, if their conditions hold there.
fn place<'p>(
    run: &'p [Field],
    at: usize,
    event: &Pieces<'_>,
    placed: &mut Vec<(usize, &'p Field)>,
) -> bool {
    let holds = |(offset, field): (usize, &Field)| field.holds(event.value(at + offset));
    if !run.iter().enumerate().all(holds) {
        return false;
    }
    placed.extend(
        run.iter()
            .enumerate()
            .map(|(offset, field)| (at + offset, field)),
    );
    true
}

impl Field {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            conditions: None,
        }
    }

    fn holds(&self, value: &str) -> bool {
        self.conditions.as_ref().is_none_or(|conditions| {
            conditions.holds(&mut |condition| condition.comparison.holds_for_text(value))
        })
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (index, run) in self.runs.iter().enumerate() {
            if index > 0 {
                parts.push("...".to_owned());
            }
            parts.extend(run.iter().map(Field::to_string));
        }
        write!(f, "[{}]", parts.join(", "))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.conditions, &self.name) {
            (Some(conditions), _) => conditions.fmt(f),
            (None, name) => f.write_str(name.as_deref().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.comparison)
    }
}

/// An event cut at its blanks. What is in `[brackets]` or `"quotes"` is one piece, without them.
#[derive(Debug)]
pub(crate) struct Pieces<'m> {
    message: &'m str,
    cuts: Vec<Cut>,
}

/// A piece's start with its bracket or quote, and its value.
#[derive(Debug)]
struct Cut {
    start: usize,
    value: Range<usize>,
}

impl<'m> Pieces<'m> {
    pub(crate) fn of(message: &'m str) -> Self {
        let mut cuts = Vec::new();
        let mut brackets = Brackets::of(message);
        let mut at = 0;
        let bytes = message.as_bytes();
        while let Some(skipped) = bytes[at..]
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
        {
            let cut = cut(message, at + skipped, &mut brackets);
            at = blank_at_or_behind(bytes, cut.value.end);
            cuts.push(cut);
        }
        Self { message, cuts }
    }

    pub(crate) fn len(&self) -> usize {
        self.cuts.len()
    }

    pub(crate) fn value(&self, index: usize) -> &'m str {
        self.span(index).map_or("", |span| &self.message[span])
    }

    pub(crate) fn span(&self, index: usize) -> Option<Range<usize>> {
        Some(self.cuts.get(index)?.value.clone())
    }

    /// From the piece to the end of the event, as it stands.
    pub(crate) fn rest_span(&self, index: usize) -> Range<usize> {
        let end = self.message.trim_ascii_end().len();
        self.cuts.get(index).map_or(end..end, |cut| cut.start..end)
    }

    /// The text of [`Self::rest_span`].
    pub(crate) fn rest(&self, index: usize) -> &'m str {
        &self.message[self.rest_span(index)]
    }
}

/// Closing brackets, each looked for once: an event of nothing but opening ones stays linear.
struct Brackets<'m> {
    message: &'m str,
    /// The first at or behind the last place asked about.
    next: Option<usize>,
}

impl<'m> Brackets<'m> {
    fn of(message: &'m str) -> Self {
        let next = message.find(']');
        Self { message, next }
    }

    /// Places have to be asked about in order.
    fn at_or_behind(&mut self, place: usize) -> Option<usize> {
        if self.next? < place {
            self.next = self.message[place..]
                .find(']')
                .map(|skipped| place + skipped);
        }
        self.next
    }
}

/// The piece that begins at `start`, which is no blank.
fn cut(message: &str, start: usize, brackets: &mut Brackets<'_>) -> Cut {
    let rest = &message[start..];
    let inner = match rest.as_bytes()[0] {
        b'[' => brackets.at_or_behind(start).map(|end| 1..end - start),
        b'"' => closing_quote(rest).map(|end| 1..end),
        _ => None,
    };
    let ends = |end: usize| {
        rest[end + 1..]
            .chars()
            .next()
            .is_none_or(|c| c.is_ascii_whitespace())
    };
    let value = match inner {
        Some(inner) if ends(inner.end) => start + inner.start..start + inner.end,
        // Something stands directly behind, as in `[error]:`; then it is a piece like any other.
        _ => start..blank_at_or_behind(message.as_bytes(), start),
    };
    Cut { start, value }
}

/// The end of the message, if there is no other.
fn blank_at_or_behind(message: &[u8], place: usize) -> usize {
    let rest = &message[place..];
    let length = rest.iter().position(u8::is_ascii_whitespace);
    place + length.unwrap_or(rest.len())
}

/// Where the quotes close that open `rest`; a backslash keeps the next one from closing.
fn closing_quote(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &[&str]) {
        let pieces = Pieces::of(message);
        let values: Vec<_> = (0..pieces.len()).map(|index| pieces.value(index)).collect();
        assert_eq!(values, expected, "{message}");
    }

    #[test]
    fn brackets_and_quotes_hold_one_piece() {
        check(
            r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET / HTTP/1.0" 200 1534"#,
            &[
                "127.0.0.1",
                "-",
                "frank",
                "10/Oct/2000:13:25:15 -0700",
                "GET / HTTP/1.0",
                "200",
                "1534",
            ],
        );
        check("", &[]);
        check(" \t a\tb \n", &["a", "b"]);
        check(r#""" [] "a"#, &["", "", "\"a"]);
        check(r#""say \"hi\" x" y"#, &[r#"say \"hi\" x"#, "y"]);
        check(
            "[error]: no [brackets here",
            &["[error]:", "no", "[brackets", "here"],
        );
        check(
            "\u{e9}\u{a0}\u{e9} [\u{e9} \u{e9}]",
            &["\u{e9}\u{a0}\u{e9}", "\u{e9} \u{e9}"],
        );
    }

    #[test]
    fn the_rest_keeps_its_brackets() {
        let pieces = Pieces::of("a [b c] d\n");
        assert_eq!(pieces.rest(1), "[b c] d");
    }
}
