//! What of a long line is shown, and which of it stands out.

use std::ops::Range;

use corelog_patterns::{Event, Pattern};

use crate::printer::{Printer, Style};

/// What stands out in text.
#[derive(Debug, Default)]
pub(super) struct Highlights {
    /// What its words match; a JSON pattern has none.
    pub(super) pattern: Option<Pattern>,
    /// Words, whatever their case.
    pub(super) words: Vec<String>,
}

impl Highlights {
    /// Where, in bytes of the text: in order, without overlaps.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let event = Event::new(text);
        let found = self.pattern.as_ref().and_then(|it| it.find(&event));
        let mut spans = found.map(|found| found.spans()).unwrap_or_default();
        // The same length, byte by byte.
        let lower = text.to_ascii_lowercase();
        for word in self.words.iter().filter(|word| !word.is_empty()) {
            let word = word.to_ascii_lowercase();
            let places = lower.match_indices(&word);
            spans.extend(places.map(|(at, _)| at..at + word.len()));
        }
        spans.sort_by_key(|span| (span.start, span.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(spans.len());
        for span in spans {
            match apart.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => apart.push(span),
            }
        }
        apart
    }
}

/// At most `width` characters of a text, with what stands out in it: its beginning, unless nothing of the beginning
/// stands out and something behind it does.
pub(super) fn excerpt(
    printer: &Printer,
    text: &str,
    spans: &[Range<usize>],
    width: usize,
) -> String {
    let shown = window(text, spans.first(), width);
    let mut line = String::new();
    if shown.start > 0 {
        line.push('…');
    }
    let mut at = shown.start;
    for span in spans {
        let (start, end) = (span.start.max(at), span.end.min(shown.end));
        if start < end {
            line.push_str(&text[at..start]);
            line.push_str(&printer.styled(Style::Match, &text[start..end]));
            at = end;
        }
    }
    line.push_str(&text[at..shown.end]);
    if shown.end < text.len() {
        line.push('…');
    }
    line
}

/// The bytes that are shown, so that there is room for what says that there is more.
fn window(text: &str, first: Option<&Range<usize>>, width: usize) -> Range<usize> {
    let boundary = |chars: usize, from: usize| {
        let mut rest = text[from..].char_indices().map(|(at, _)| from + at);
        rest.nth(chars).unwrap_or(text.len())
    };
    if boundary(width, 0) == text.len() {
        return 0..text.len();
    }
    let from_start = boundary(width.saturating_sub(1), 0);
    let Some(first) = first.filter(|first| first.end > from_start) else {
        return 0..from_start;
    };
    // A third before it, the rest behind.
    let room = width.saturating_sub(2);
    let before = text[..first.start].char_indices().rev();
    let start = before
        .take(room / 3)
        .last()
        .map_or(first.start, |(at, _)| at);
    if start == 0 {
        return 0..from_start;
    }
    let end = boundary(room, start);
    if end < text.len() {
        return start..end;
    }
    // It is at the end: one more fits where no sign of more is needed.
    let back = text.char_indices().rev().take(width.saturating_sub(1));
    back.last().map_or(start, |(at, _)| at)..text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printer::Format;

    fn check(text: &str, pattern: &str, words: &[&str], width: usize, expected: &str) {
        let mut printer = Printer::of_buffer(Format::Table, Box::new(Vec::new()));
        printer.set_colored();
        let highlights = Highlights {
            pattern: (!pattern.is_empty()).then(|| Pattern::parse(pattern).unwrap()),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        let line = excerpt(&printer, text, &highlights.spans(text), width);
        let line = line.replace("\u{1b}[1;33m", "<").replace("\u{1b}[0m", ">");
        assert_eq!(line, expected, "{text}");
        let chars = line.chars().filter(|c| !"<>".contains(*c)).count();
        assert!(chars <= width, "{chars} of {width}");
    }

    #[test]
    fn what_fits_is_shown_whole() {
        check("", "", &[], 5, "");
        check("abcde", "", &[], 5, "abcde");
        check(
            "an error, an Error",
            "error",
            &[],
            40,
            "an <error>, an Error",
        );
        check(
            "an error, an Error",
            "",
            &["ERROR"],
            40,
            "an <error>, an <Error>",
        );
        check("abcabc", "", &["abca", "cab"], 10, "<abcab>c");
        check(r#"{"a":1}"#, "{ $.a = 1 }", &[], 10, r#"{"a":1}"#);
    }

    #[test]
    fn what_does_not_is_cut_around_what_stands_out() {
        check("abcdef", "", &[], 5, "abcd…");
        check("abcdefghij", "", &["cd"], 8, "ab<cd>efg…");
        check("0123456789abcdefghij", "", &["cd"], 8, "…ab<cd>ef…");
        check("0123456789abcdefghij", "", &["j"], 8, "…defghi<j>");
        check("äöüäöüäöü", "", &[], 4, "äöü…");
        check("äöüäöüäöüx", "", &["X"], 4, "…öü<x>");
        check("abcdef", "", &["abcdef"], 4, "<abc>…");
    }
}
