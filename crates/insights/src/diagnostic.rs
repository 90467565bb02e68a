//! What is wrong with a query, where, and what may have been meant.

use crate::span::{Location, Span};

/// One thing wrong with a query (or, as a warning, suspicious about it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes meant.
    pub span: Span,
    /// The same place in characters.
    pub location: Location,
    /// What the author may have meant. The service knows no such thing; show it beside the message.
    pub hint: Option<String>,
}

impl std::fmt::Display for Diagnostic {
    /// The message, in the service's words where these are known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Location { line, position, .. } = self.location;
        match &self.problem {
            problem @ (Problem::Unexpected { .. } | Problem::Unterminated { .. }) => {
                write!(f, "{problem} at line {line} and position {position}")
            }
            problem => write!(f, "{problem}"),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// What can be wrong.
///
/// Sentences that begin with a capital are the service's own, as people report them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A symbol stands where the grammar has no place for it.
    #[error("unexpected symbol found {symbol}")]
    Unexpected {
        /// As typed, `<EOF>` for the end of the text.
        symbol: String,
    },
    /// A string, a name in backticks or a regular expression does not end.
    #[error("{what} without an end")]
    Unterminated {
        /// Which of them.
        what: &'static str,
    },
    /// The text is longer than the service takes.
    #[error("a query has at most {max} characters, this one has {chars}")]
    TooLong {
        /// Characters found.
        chars: usize,
        /// Characters allowed.
        max: usize,
    },
    /// An expression holds others too deeply.
    #[error("expressions are nested too deeply")]
    TooDeep,
    /// A subquery within a subquery.
    #[error("a subquery cannot hold another")]
    NestedSubquery,
    /// More of something than one query may have.
    #[error("a query has at most {max} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many are allowed.
        max: usize,
    },
    /// A number is outside its range.
    #[error("{what} must be from {min} to {max}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// The smallest allowed.
        min: u64,
        /// The largest allowed.
        max: u64,
    },
    /// Letters behind a number that name no unit of time.
    #[error("unknown unit of time `{unit}`")]
    UnknownUnit {
        /// As typed.
        unit: String,
    },
    /// A regular expression that cannot be used.
    #[error("invalid regular expression: {reason}")]
    Regex {
        /// What is wrong with it.
        reason: String,
    },
    /// No function has this name.
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// As typed.
        name: String,
    },
    /// A function with too few or too many arguments.
    #[error("`{function}` takes {expected}, not {found}")]
    Arity {
        /// Its canonical name.
        function: &'static str,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        found: usize,
    },
    /// An argument of the wrong kind.
    #[error("`{function}` takes {expected}")]
    Argument {
        /// Its canonical name.
        function: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A function where it cannot be used, such as an aggregation outside `stats`.
    #[error("`{function}` cannot be used in {place}")]
    Misplaced {
        /// Its canonical name.
        function: &'static str,
        /// Where it stands.
        place: &'static str,
    },
    /// A command where it cannot stand.
    #[error("`{command}` {rule}")]
    Order {
        /// The command's word.
        command: &'static str,
        /// What holds for it.
        rule: &'static str,
    },
    /// `filterIndex` with anything but `=` and `in`.
    #[error("`filterIndex` takes comparisons with `=` and `in` only")]
    NoIndexFilter,
    /// `unnest` of what `split` gave.
    #[error("`unnest` takes a list from `jsonParse`, and `{name}` is from `split`")]
    UnnestOfSplit {
        /// The list's name.
        name: String,
    },
    /// `diff` without a `pattern` before it.
    #[error("Diff compilation Failed : Diff operation has to be used after Pattern")]
    DiffWithoutPattern,
    /// A name that `stats` did not produce.
    #[error("Unknown symbols found in or after stats: {name}")]
    UnknownAfterStats {
        /// The name.
        name: String,
    },
    /// A name given to a second column.
    #[error("`{name}` is defined already")]
    Redefined {
        /// The name.
        name: String,
    },
    /// Glob wildcards or groups that do not match the names after `as`.
    #[error("{what}: {places}, names: {names}")]
    Names {
        /// What there is one of per name, in the plural.
        what: &'static str,
        /// How many of these.
        places: usize,
        /// How many names.
        names: usize,
    },
    /// `{{name}}` outside a saved query.
    #[error("the placeholder `{{{{{name}}}}}` belongs in a saved query")]
    Placeholder {
        /// Its name.
        name: String,
    },
    /// No saved query has this name.
    #[error("unknown saved query `{name}`")]
    UnknownSaved {
        /// The name.
        name: String,
    },
    /// A saved query that calls one.
    #[error("a saved query cannot call another")]
    NestedSaved,
    /// A parameter that the saved query does not have.
    #[error("unknown parameter `{name}`")]
    UnknownParameter {
        /// Its name.
        name: String,
    },
    /// A parameter without value and default.
    #[error("the parameter `{name}` has no value")]
    MissingParameter {
        /// Its name.
        name: String,
    },
    /// `sort` by something that the last `stats` did not produce: a warning, as it orders nothing.
    #[error("`{name}` is no column after stats, and sorts nothing")]
    SortsNothing {
        /// The name.
        name: String,
    },
    /// `like "%text%"`: a warning, as `%` stands for itself.
    #[error("`like` has no wildcards: % stands for itself")]
    LikeWithoutWildcards,
    /// A time compared with a text that is no number: a warning, as it is never true.
    #[error("a time is never equal to, before or after a text")]
    TimeAsText,
    /// A period that `bin` cuts: a warning.
    #[error("`bin` takes this as {counted}")]
    BinCapped {
        /// The period taken.
        counted: String,
    },
    /// `a-b` without spaces: a warning, as it subtracts.
    #[error("`{text}` subtracts one field from another")]
    Subtracts {
        /// As typed.
        text: String,
    },
    /// `anomaly` without `pattern`: a warning.
    #[error("`anomaly` looks at the rows of `pattern`, and there is none before it")]
    AnomalyWithoutPattern,
}

/// A problem before its place is counted in characters.
#[derive(Debug, Clone)]
pub(crate) struct Fault(Box<(Problem, Span, Option<String>)>);

impl Fault {
    pub(crate) fn new(problem: Problem, span: Span) -> Self {
        Self(Box::new((problem, span, None)))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.2 = Some(hint.into());
        self
    }

    pub(crate) fn hint_maybe(mut self, hint: Option<String>) -> Self {
        self.0.2 = hint.or(self.0.2);
        self
    }

    /// The same place and hint with another problem.
    pub(crate) fn instead(mut self, problem: Problem) -> Self {
        self.0.0 = problem;
        self
    }

    pub(crate) fn located(self, text: &str) -> Diagnostic {
        let (problem, span, hint) = *self.0;
        Diagnostic {
            problem,
            span,
            location: span.location(text),
            hint,
        }
    }
}
