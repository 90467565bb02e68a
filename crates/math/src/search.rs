//! `SEARCH`: which metrics it means.
//!
//! A search has a schema (a namespace, and exactly the names of a metric's dimensions), a clause about what the metric is
//! called, or both. A term of the clause is exact, in quotes, and equal to a whole name or value, or it is partial: then
//! both sides are cut into tokens, see [`tokens`].
//!
//! Source: the user guide, "`CloudWatch` search expression syntax".

mod parse;
mod tokens;

use tokens::Partial;

pub use parse::SEARCH_CHARS_MAX;

/// A search, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    text: String,
    statistic: String,
    period_seconds: u32,
    schema: Option<Schema>,
    clause: Option<Clause>,
}

#[derive(Debug, Clone, PartialEq)]
struct Schema {
    namespace: String,
    /// In their order, each once.
    dimensions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Clause {
    Term {
        property: Option<Property>,
        wanted: Wanted,
    },
    Not(Box<Clause>),
    And(Vec<Clause>),
    Or(Vec<Clause>),
}

/// Of what a term speaks.
#[derive(Debug, Clone, PartialEq)]
enum Property {
    Namespace,
    MetricName,
    Account,
    Dimension(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Exact(String),
    Partial(Partial),
}

/// A metric that may be meant.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub metric_name: &'a str,
    /// Its dimensions: names and values, names only once.
    pub dimensions: &'a [(&'a str, &'a str)],
    /// Whose it is.
    pub account: &'a str,
}

impl Search {
    /// What is asked of each metric.
    pub fn statistic(&self) -> &str {
        &self.statistic
    }

    /// The period of each series.
    pub fn period_seconds(&self) -> u32 {
        self.period_seconds
    }

    /// What was put in quotes.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The only namespace that it can find metrics of, if it says so.
    pub fn namespace(&self) -> Option<&str> {
        let schema = self.schema.as_ref();
        schema
            .map(|schema| schema.namespace.as_str())
            .or_else(|| self.clause.as_ref()?.only(&Property::Namespace))
    }

    /// The only metric name that it can find, if it says so.
    pub fn metric_name(&self) -> Option<&str> {
        self.clause.as_ref()?.only(&Property::MetricName)
    }

    /// How many terms it has: a metric is compared with each of them.
    pub fn terms(&self) -> usize {
        self.clause.as_ref().map_or(0, Clause::terms)
    }

    /// Whether it means a metric.
    pub fn matches(&self, candidate: &Candidate<'_>) -> bool {
        let in_schema = self
            .schema
            .as_ref()
            .is_none_or(|schema| schema.matches(candidate));
        in_schema
            && self
                .clause
                .as_ref()
                .is_none_or(|clause| clause.matches(candidate))
    }
}

impl Schema {
    fn matches(&self, candidate: &Candidate<'_>) -> bool {
        self.namespace == candidate.namespace
            && self.dimensions.len() == candidate.dimensions.len()
            && candidate
                .dimensions
                .iter()
                .all(|(name, _)| self.dimensions.iter().any(|wanted| wanted == name))
    }
}

impl Clause {
    fn matches(&self, candidate: &Candidate<'_>) -> bool {
        match self {
            Self::Not(clause) => !clause.matches(candidate),
            Self::And(clauses) => clauses.iter().all(|clause| clause.matches(candidate)),
            Self::Or(clauses) => clauses.iter().any(|clause| clause.matches(candidate)),
            Self::Term { property, wanted } => match property {
                None => {
                    let names = [candidate.namespace, candidate.metric_name];
                    let dimensions = candidate.dimensions.iter();
                    names.into_iter().any(|name| wanted.is(name))
                        || dimensions
                            .flat_map(|(name, value)| [*name, *value])
                            .any(|text| wanted.is(text))
                }
                Some(Property::Namespace) => wanted.is(candidate.namespace),
                Some(Property::MetricName) => wanted.is(candidate.metric_name),
                Some(Property::Account) => wanted.is("LOCAL") || wanted.is(candidate.account),
                Some(Property::Dimension(wanted_name)) => candidate
                    .dimensions
                    .iter()
                    .any(|(name, value)| name == wanted_name && wanted.is(value)),
            },
        }
    }

    fn terms(&self) -> usize {
        match self {
            Self::Term { .. } => 1,
            Self::Not(clause) => clause.terms(),
            Self::And(clauses) | Self::Or(clauses) => clauses.iter().map(Self::terms).sum(),
        }
    }

    /// What a property has to be, if this holds for one text only.
    fn only(&self, wanted_property: &Property) -> Option<&str> {
        match self {
            Self::Term {
                property: Some(property),
                wanted: Wanted::Exact(text),
            } if property == wanted_property => Some(text),
            Self::And(clauses) => clauses
                .iter()
                .find_map(|clause| clause.only(wanted_property)),
            _ => None,
        }
    }
}

impl Wanted {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => wanted == text,
            Self::Partial(wanted) => wanted.is_in(text),
        }
    }
}
