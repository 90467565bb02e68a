//! Where in the query text something stands.

/// A half-open range of bytes of the query text.
///
/// Spans take no part in comparing trees: two trees are equal when they say the same, wherever it was written.
/// Compare `start` and `end` to compare places.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The text in this span; empty where it does not fit `text`.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The same place counted in characters and lines of `text`.
    pub fn location(self, text: &str) -> Location {
        let before = text.get(..self.start).unwrap_or(text);
        let start_char_offset = before.chars().count();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Location {
            start_char_offset,
            end_char_offset: start_char_offset + self.of(text).chars().count(),
            line: before.matches('\n').count() + 1,
            position: before[line_start..].chars().count(),
        }
    }
}

/// A place in characters, as `queryCompileError.location` and the service's messages state it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Location {
    /// Characters before the first one meant; counted from 0.
    pub start_char_offset: usize,
    /// Characters before the first one no longer meant.
    pub end_char_offset: usize,
    /// Counted from 1.
    pub line: usize,
    /// Characters before the place in its line, counted from 0.
    ///
    /// Source: messages of the service as people report them, `unexpected symbol found <EOF> at line 1 and position 0`.
    pub position: usize,
}

#[cfg(test)]
mod tests {
    use super::{Location, Span};

    #[test]
    fn places_count_characters_not_bytes() {
        let text = "# é\nfilter ü | x";
        let at = text.find('|').unwrap();
        let expected = Location {
            start_char_offset: 13,
            end_char_offset: 14,
            line: 2,
            position: 9,
        };
        assert_eq!(Span::new(at, at + 1).location(text), expected);
    }

    #[test]
    fn a_span_outside_the_text_is_its_end() {
        assert_eq!(Span::new(90, 99).location("ab").start_char_offset, 2);
        assert_eq!(Span::new(90, 99).of("ab"), "");
    }
}
