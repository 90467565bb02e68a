//! Words, phrases and regular expressions: found anywhere in the message, as characters, not as words.
//!
//! Source: "The filter pattern `ERROR` matches [...] `Exiting with ERRORCODE: -1`", an earlier edition of
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use std::fmt;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use crate::literal::Escaped;
use crate::regexp::Regexp;

/// Either some that all have to be there and some that none may, or a choice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    pub(crate) all: Vec<Needle>,
    pub(crate) none: Vec<Needle>,
    /// Empty if there is any other.
    pub(crate) any: Vec<Needle>,
    /// All phrases of `any` in one pass.
    choice: Option<AhoCorasick>,
}

impl Terms {
    /// Prepares the search for a choice of phrases.
    pub(crate) fn ready(mut self) -> Self {
        let phrases: Vec<_> = self.any.iter().filter_map(Needle::text).collect();
        if phrases.len() > 1 {
            self.choice = AhoCorasick::new(phrases).ok();
        }
        self
    }

    pub(crate) fn is_match(&self, message: &str) -> bool {
        self.all.iter().all(|needle| needle.is_in(message))
            && !self.none.iter().any(|needle| needle.is_in(message))
            && self.is_chosen(message)
    }

    fn is_chosen(&self, message: &str) -> bool {
        let Some(choice) = &self.choice else {
            return self.any.is_empty() || self.any.iter().any(|needle| needle.is_in(message));
        };
        let mut regexps = self.any.iter().filter(|needle| needle.text().is_none());
        choice.is_match(message) || regexps.any(|needle| needle.is_in(message))
    }

    /// Phrases that every matching message has: of each list at least one.
    pub(crate) fn phrases(&self) -> Vec<Vec<&str>> {
        let all = self.all.iter().filter_map(Needle::text);
        let mut lists: Vec<Vec<&str>> = all.map(|text| vec![text]).collect();
        // What is there of a choice may be a regular expression.
        let any: Option<Vec<&str>> = self.any.iter().map(Needle::text).collect();
        lists.extend(any.filter(|any| !any.is_empty()));
        lists
    }

    /// Where terms that had to be there, or could, are; in order, without overlaps, at most `limit` of each term.
    pub(crate) fn spans(&self, message: &str, limit: usize) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for needle in self.all.iter().chain(&self.any) {
            needle.spans(message, limit, &mut spans);
        }
        merged(spans)
    }
}

impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        (&self.all, &self.none, &self.any) == (&other.all, &other.none, &other.any)
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (prefix, needles) in [("", &self.all), ("-", &self.none), ("?", &self.any)] {
            for needle in needles {
                let blank = if first { "" } else { " " };
                write!(f, "{blank}{prefix}{needle}")?;
                first = false;
            }
        }
        Ok(())
    }
}

/// One thing to look for.
#[derive(Debug, Clone)]
pub(crate) enum Needle {
    Phrase(Box<Finder<'static>>, String),
    Regexp(Regexp),
}

impl Needle {
    /// A phrase of blanks is in every message.
    ///
    /// Source: "You can match everything in your log events with double quotation marks", `" "`.
    pub(crate) fn phrase(text: &str) -> Self {
        let text = if text.trim().is_empty() { "" } else { text };
        Self::Phrase(Box::new(Finder::new(text).into_owned()), text.to_owned())
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Phrase(_, text) => Some(text),
            Self::Regexp(_) => None,
        }
    }

    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Phrase(finder, _) => finder.find(message.as_bytes()).is_some(),
            Self::Regexp(regexp) => regexp.is_match(message),
        }
    }

    fn spans(&self, message: &str, limit: usize, spans: &mut Vec<Range<usize>>) {
        match self {
            Self::Phrase(_, text) if text.is_empty() => {}
            Self::Phrase(finder, text) => spans.extend(
                finder
                    .find_iter(message.as_bytes())
                    .take(limit)
                    .map(|start| start..start + text.len()),
            ),
            Self::Regexp(regexp) => spans.extend(
                regexp
                    .spans(message)
                    .filter(|(start, end)| start < end)
                    .take(limit)
                    .map(|(start, end)| start..end),
            ),
        }
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Phrase(_, a), Self::Phrase(_, b)) => a == b,
            (Self::Regexp(a), Self::Regexp(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self {
            Self::Phrase(_, text) if text.is_empty() => f.write_str("\" \""),
            Self::Phrase(_, text) if text.chars().all(is_word) => f.write_str(text),
            Self::Phrase(_, text) => write!(f, "\"{}\"", Escaped(text)),
            Self::Regexp(regexp) => regexp.fmt(f),
        }
    }
}

/// In order, those that touch or overlap as one.
fn merged(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| span.start);
    spans.dedup_by(|next, before| {
        let joined = next.start <= before.end;
        if joined {
            before.end = before.end.max(next.end);
        }
        joined
    });
    spans
}
