//! A pattern as its callers hold it, and what a match tells them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::error::{Error, Warning};
use crate::event::Event;
use crate::expression::Expression;
use crate::fields::{Alignment, Fields};
use crate::json::Number;
use crate::parse;
use crate::selector::{Condition, Selector, Test};
use crate::terms::Terms;

/// How many places of one term [`Match::spans`] names: a screen shows fewer, and an event can be all matches.
const SPANS_MAX: usize = 1_000;

/// A filter pattern, ready to match. Cheap to share, not to make.
///
/// Displays as its canonical text, which reads back as the same pattern; keep the original beside it where it is
/// shown to whoever wrote it.
#[derive(Debug, Clone)]
pub struct Pattern {
    body: Body,
    warnings: Vec<Warning>,
    regexes: usize,
}

/// The three languages, and the pattern that says nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Everything,
    Terms(Terms),
    Json(Expression<Condition>),
    Fields(Fields),
}

/// Which language a pattern is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing, or blanks: matches every event.
    Everything,
    /// Words, phrases and regular expressions.
    Terms,
    /// `{ … }`.
    Json,
    /// `[ … ]`.
    Fields,
}

impl Kind {
    /// Whether a match has values: what a metric filter with a dimension, or with a value from the event, needs.
    ///
    /// Source: "The specified filter pattern does not support dimensions", as the service refuses the others.
    pub fn has_values(self) -> bool {
        matches!(self, Self::Json | Self::Fields)
    }
}

impl Pattern {
    /// Reads a pattern of at most 1,024 characters.
    ///
    /// # Errors
    /// With the service's message, the position, and a hint; see [`crate::ErrorKind`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let parse::Parsed {
            body,
            warnings,
            regexes,
        } = parse::pattern(text)?;
        Ok(Self {
            body,
            warnings,
            regexes,
        })
    }

    /// Which language it is written in.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::Everything => Kind::Everything,
            Body::Terms(_) => Kind::Terms,
            Body::Json(_) => Kind::Json,
            Body::Fields(_) => Kind::Fields,
        }
    }

    /// Whether a match can have a value of that reference: a selector of JSON patterns, a field that is named in the
    /// pattern, or the number of one.
    pub fn has(&self, reference: &Reference) -> bool {
        match (&self.body, reference) {
            (Body::Json(_), Reference::Selector(_)) => true,
            (Body::Fields(fields), Reference::Field(name)) => {
                fields.names().any(|own| own == name)
                    || name.parse::<usize>().is_ok_and(|number| number > 0)
            }
            _ => false,
        }
    }

    /// What in it does not mean what it seems to mean.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether it has a regular expression: a log group may have five filters with one.
    pub fn has_regex(&self) -> bool {
        self.regexes > 0
    }

    /// Whether the event matches. Where only this is asked, it is the cheapest question.
    pub fn matches(&self, event: &Event<'_>) -> bool {
        match &self.body {
            Body::Everything => true,
            Body::Terms(terms) => terms.is_match(event.message()),
            Body::Json(expression) => event
                .json()
                .is_some_and(|root| expression.holds(&mut |condition| condition.holds(root))),
            Body::Fields(fields) => fields.align(event.pieces()).is_some(),
        }
    }

    /// Phrases that the message of every matching event has, of each list at least one: for whoever can find messages by
    /// their text. That is told of terms; of other patterns nothing is.
    pub fn phrases(&self) -> Vec<Vec<&str>> {
        match &self.body {
            Body::Terms(terms) => terms.phrases(),
            Body::Everything | Body::Json(_) | Body::Fields(_) => Vec::new(),
        }
    }

    /// The match, if the event matches, with its values and places.
    pub fn find<'a, 'm>(&'a self, event: &'a Event<'m>) -> Option<Match<'a, 'm>> {
        let alignment = match &self.body {
            Body::Fields(fields) => Some(fields.align(event.pieces())?),
            _ if self.matches(event) => None,
            _ => return None,
        };
        Some(Match {
            pattern: self,
            event,
            alignment,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Body::Everything => Ok(()),
            Body::Terms(terms) => terms.fmt(f),
            Body::Json(expression) => write!(f, "{{ {expression} }}"),
            Body::Fields(fields) => fields.fmt(f),
        }
    }
}

/// Patterns are equal when they ask the same, whatever the blanks and warnings.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl std::str::FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// An event that matched a pattern.
#[derive(Debug)]
pub struct Match<'a, 'm> {
    pattern: &'a Pattern,
    event: &'a Event<'m>,
    /// For fields only.
    alignment: Option<Alignment<'a>>,
}

impl Match<'_, '_> {
    /// The values that the pattern names, as `TestMetricFilter` answers them.
    ///
    /// Every field of a space-delimited event, under `$name`, or under `$3` if the pattern has no name for the
    /// third; the scalars that the selectors of a JSON pattern compare, under the selector (`$.latency`), a
    /// wildcard's first; nothing for terms.
    pub fn extracted(&self) -> BTreeMap<String, String> {
        match &self.pattern.body {
            Body::Everything | Body::Terms(_) => BTreeMap::new(),
            Body::Json(expression) => self.json_values(expression),
            Body::Fields(_) => self.field_values(),
        }
    }

    fn json_values(&self, expression: &Expression<Condition>) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let Some(root) = self.event.json() else {
            return values;
        };
        expression.visit(&mut |condition| {
            if condition.test != Test::NotExists
                && let Some(text) = condition.selector.text(root)
            {
                values.insert(condition.selector.to_string(), text);
            }
        });
        values
    }

    fn field_values(&self) -> BTreeMap<String, String> {
        let Some(alignment) = &self.alignment else {
            return BTreeMap::new();
        };
        let pieces = self.event.pieces();
        let count = match alignment.placed.last() {
            Some((last, _)) if alignment.takes_rest => last + 1,
            _ => pieces.len(),
        };
        let mut names = alignment.placed.iter().peekable();
        let mut values = BTreeMap::new();
        for index in 0..count {
            let placed = names.next_if(|(at, _)| *at == index);
            let key = match placed.and_then(|(_, field)| field.name.as_deref()) {
                Some(name) => format!("${name}"),
                None => format!("${}", index + 1),
            };
            values.insert(key, self.piece(index).to_owned());
        }
        values
    }

    /// The value of one piece, or the rest of the line if that is what the field took.
    fn piece(&self, index: usize) -> &str {
        let takes_rest = self.alignment.as_ref().is_some_and(|alignment| {
            alignment.takes_rest
                && alignment
                    .placed
                    .last()
                    .is_some_and(|(last, _)| *last == index)
        });
        if takes_rest {
            self.event.pieces().rest(index)
        } else {
            self.event.pieces().value(index)
        }
    }

    /// The value that a metric filter's `metricValue` or dimension refers to, whether the pattern compares it or
    /// not. `None` where the event has no such scalar, or the pattern is of the other language.
    pub fn value(&self, reference: &Reference) -> Option<String> {
        match (reference, &self.alignment) {
            (Reference::Selector(selector), None) if self.pattern.kind() == Kind::Json => {
                selector.text(self.event.json()?)
            }
            (Reference::Field(name), Some(alignment)) => {
                let is_named = |(_, field): &&(usize, &crate::fields::Field)| {
                    field.name.as_deref() == Some(name.as_str())
                };
                let named = alignment.placed.iter().rev().find(is_named);
                let numbered = || name.parse::<usize>().ok()?.checked_sub(1);
                let index = named.map(|(index, _)| *index).or_else(numbered)?;
                (index < self.event.pieces().len()).then(|| self.piece(index).to_owned())
            }
            _ => None,
        }
    }

    /// [`Self::value`] as a number, if it reads as a finite one: what a metric filter publishes.
    pub fn number(&self, reference: &Reference) -> Option<f64> {
        let value = self.value(reference)?;
        Some(Number::parse(value.trim())?.to_float())
    }

    /// What to highlight, as bytes of the message: places of the terms, or the fields with a condition. In order,
    /// without overlaps, at most a thousand for a term. Empty for JSON.
    pub fn spans(&self) -> Vec<Range<usize>> {
        match (&self.pattern.body, &self.alignment) {
            (Body::Terms(terms), _) => terms.spans(self.event.message(), SPANS_MAX),
            (Body::Fields(_), Some(alignment)) => {
                let conditioned = alignment.placed.iter();
                conditioned
                    .filter(|(_, field)| field.conditions.is_some())
                    .filter_map(|(index, _)| self.event.pieces().span(*index))
                    .filter(|span| !span.is_empty())
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a metric filter's value or dimension refers to: `$.path` of a JSON event, `$name` or `$7` of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A path into a JSON event.
    Selector(Selector),
    /// A field's name, or its number from 1.
    Field(String),
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// When the text does not begin with `$`, or what follows is neither a path nor a name.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.strip_prefix('$') {
            Some(name) if !name.is_empty() && name.chars().all(crate::selector::is_name) => {
                Ok(Self::Field(name.to_owned()))
            }
            _ => Selector::parse(text).map(Self::Selector),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Selector(selector) => selector.fmt(f),
            Self::Field(name) => write!(f, "${name}"),
        }
    }
}
