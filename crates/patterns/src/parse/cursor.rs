//! A place in the pattern, and what has been counted on the way there.

use std::ops::Range;

use crate::error::{Error, ErrorKind, Warning, WarningKind};
use crate::regexp::Regexp;

/// Source: "There is a limit of 2 regex for each filter pattern".
const REGEXES_MAX: usize = 2;
/// Source: "up to three wildcard selectors in a filter pattern with compound expressions".
const WILDCARDS_MAX: usize = 3;

pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    pub(super) warnings: Vec<Warning>,
    pub(super) regexes: usize,
    wildcards: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            warnings: Vec::new(),
            regexes: 0,
            wildcards: 0,
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Back to an earlier place, before anything was counted since.
    pub(super) fn rewind(&mut self, at: usize) {
        debug_assert!(at <= self.at, "the way back is not forward");
        self.at = at;
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The text from an earlier place to here.
    pub(super) fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Steps over `token` if it is next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Where the next character is.
    pub(super) fn here(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    /// The next character is not what the grammar has here.
    pub(super) fn unexpected(&self, hint: &'static str) -> Error {
        Error::new(ErrorKind::Invalid, self.here(), hint)
    }

    /// Refuses the run of characters from here that `is_wrong`, at least one, as the service names it.
    pub(super) fn wrong_term(
        &mut self,
        is_wrong: impl Fn(char) -> bool,
        hint: &'static str,
    ) -> Error {
        let start = self.at;
        self.bump();
        self.take_while(is_wrong);
        let kind = ErrorKind::InvalidTerm(self.since(start).to_owned());
        Error::new(kind, start..self.at, hint)
    }

    pub(super) fn warn(&mut self, kind: WarningKind, at: Range<usize>) {
        self.warnings.push(Warning { kind, at });
    }

    /// What stands in quotes, which are `quote`, unescaped. The opening one is next.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, Error> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.bump() {
            if c == quote {
                return Ok(text);
            }
            let escapes = c == '\\' && self.peek().is_some_and(|it| it == quote || it == '\\');
            text.extend(if escapes { self.bump() } else { Some(c) });
        }
        let kind = ErrorKind::InvalidTerm(self.since(start).to_owned());
        Err(Error::new(
            kind,
            start..self.at,
            "the quotes are not closed",
        ))
    }

    /// What stands between `%`. The first one is next.
    pub(super) fn regexp(&mut self) -> Result<Regexp, Error> {
        let start = self.at;
        self.bump();
        let source = self.take_while(|c| c != '%');
        if !self.eat("%") {
            let kind = ErrorKind::InvalidTerm(self.since(start).to_owned());
            let hint = "a regular expression ends with `%`; in quotes, `%` is a character";
            return Err(Error::new(kind, start..self.at, hint));
        }
        self.regexes += 1;
        if self.regexes > REGEXES_MAX {
            let hint = "join expressions with `|`, or use wildcards";
            return Err(Error::new(ErrorKind::TooManyRegexes, start..self.at, hint));
        }
        Regexp::parse(source).map_err(|fault| {
            let from = start + 1 + fault.offset;
            let length = self.text[from..].chars().next().map_or(0, char::len_utf8);
            Error::new(fault.kind, from..from + length, fault.hint)
        })
    }

    /// Counts one selector with a wildcard, which began at `start`.
    pub(super) fn count_wildcard(&mut self, start: usize) -> Result<(), Error> {
        self.wildcards += 1;
        if self.wildcards <= WILDCARDS_MAX {
            return Ok(());
        }
        let hint = "a pattern has at most three selectors with a wildcard";
        Err(Error::new(
            ErrorKind::TooManyWildcards,
            start..self.at,
            hint,
        ))
    }
}
