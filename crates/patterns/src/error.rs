//! Why a pattern is refused, in the service's words where they are known, and what is odd about an accepted one.

use std::fmt;
use std::ops::Range;

/// A pattern that is refused. Displays as the message of the service's `InvalidParameterException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    pub(crate) kind: ErrorKind,
    pub(crate) at: Range<usize>,
    pub(crate) hint: Option<&'static str>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, at: Range<usize>, hint: &'static str) -> Self {
        let hint = Some(hint);
        Self { kind, at, hint }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where, in bytes of the pattern as it was given; always on character boundaries, empty at its end.
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }

    /// What to write instead: Corelog's own sentence, for a person.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }

    /// The message as the metric filter operations word it: they say "Invalid metric filter pattern" where the
    /// others say "Invalid filter pattern".
    ///
    /// Source: recorded answers of `TestMetricFilter` and `FilterLogEvents`.
    pub fn metric_filter_message(&self) -> String {
        self.to_string()
            .replacen("Invalid filter pattern", "Invalid metric filter pattern", 1)
    }
}

/// What is wrong with a pattern. All of them are the service's `InvalidParameterException`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// More than 1,024 characters. Holds the pattern, which the service repeats.
    TooLong(String),
    /// Starts with `{`, does not end with `}`.
    UnclosedBrace,
    /// Starts with `[`, does not end with `]`.
    UnclosedBracket,
    /// Characters that need quotes, or a value that its operator does not take.
    InvalidTerm(String),
    /// Anything else that the grammar does not have.
    Invalid,
    /// More than two regular expressions.
    TooManyRegexes,
    /// A second wildcard in one selector, or a fourth in one pattern.
    TooManyWildcards,
    /// Parentheses nested deeper than 64; a limit of Corelog's.
    TooDeep,
    /// A regular expression that would compile to more than 256 KiB; a limit of Corelog's.
    RegexTooLarge,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(value) => write!(
                f,
                "1 validation error detected: Value '{value}' at 'filterPattern' failed to satisfy constraint: \
                 Member must have length less than or equal to 1024"
            ),
            Self::UnclosedBrace => {
                f.write_str("If a filter pattern starts with '{' it must end with '}'")
            }
            Self::UnclosedBracket => {
                f.write_str("If a filter pattern starts with '[' it must end with ']'")
            }
            Self::InvalidTerm(term) => write!(f, "Invalid character(s) in term '{term}'"),
            Self::Invalid => f.write_str("Invalid filter pattern"),
            Self::TooManyRegexes => {
                f.write_str("Invalid filter pattern: more than 2 regular expressions")
            }
            Self::TooManyWildcards => f.write_str(
                "Invalid filter pattern: more than 1 wildcard in a selector or 3 in a pattern",
            ),
            Self::TooDeep => {
                f.write_str("Invalid filter pattern: parentheses nested deeper than 64")
            }
            Self::RegexTooLarge => {
                f.write_str("Invalid filter pattern: a regular expression is too large")
            }
        }
    }
}

/// Something in an accepted pattern that does not mean what it seems to mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) at: Range<usize>,
}

impl Warning {
    /// What is odd.
    pub fn kind(&self) -> WarningKind {
        self.kind
    }

    /// Where, in bytes of the pattern as it was given.
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            WarningKind::OptionalIgnored => {
                "`?` terms beside other terms are ignored, as the service does"
            }
            WarningKind::InnerAsterisk => {
                "an asterisk is a wildcard at the start and the end of a value only; this one is a character"
            }
            WarningKind::KeywordAsText => {
                "this compares with a text; for the JSON value write `IS TRUE`, `IS FALSE` or `IS NULL`"
            }
        })
    }
}

/// The kinds of [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// `?term` beside a plain or excluded term has no effect.
    OptionalIgnored,
    /// `a*b` compares with a real asterisk.
    InnerAsterisk,
    /// `= true`, `= false` or `= null`, without quotes, in a JSON pattern.
    KeywordAsText,
}
