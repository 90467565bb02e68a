//! Which values of a JSON event a condition is about: `$.users[0].name`, `$.['a.b']`, `$.list[*]`, `$.*`.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::json::Node;
use crate::literal::Comparison;
use crate::parse;

/// A path into a JSON event, with at most one wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    pub(crate) steps: Vec<Step>,
}

/// One step from a value to what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Element(usize),
    AnyMember,
    AnyElement,
}

impl Step {
    pub(crate) fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyMember | Self::AnyElement)
    }
}

impl Selector {
    /// Reads a selector that stands alone, such as a metric filter's value or dimension.
    ///
    /// # Errors
    /// With the position when the text is no selector, or is one with something behind it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::selector(text)
    }

    /// Whether one of the selected values satisfies `condition`. False where there is none.
    pub(crate) fn any(
        &self,
        root: &Node<'_>,
        condition: &mut dyn FnMut(&Node<'_>) -> bool,
    ) -> bool {
        any(&self.steps, root, condition)
    }

    /// The first selected scalar, as text.
    pub(crate) fn text(&self, root: &Node<'_>) -> Option<String> {
        let mut found = None;
        self.any(root, &mut |node| {
            found = node.text().map(std::borrow::Cow::into_owned);
            found.is_some()
        });
        found
    }
}

/// Recurses at a wildcard only.
fn any(steps: &[Step], root: &Node<'_>, condition: &mut dyn FnMut(&Node<'_>) -> bool) -> bool {
    let mut node = root;
    for (index, step) in steps.iter().enumerate() {
        let rest = &steps[index + 1..];
        let next = match (step, node) {
            (Step::Member(name), _) => node.get(name),
            (Step::Element(position), Node::Array(elements)) => elements.get(*position),
            (Step::AnyElement, Node::Array(elements)) => {
                return elements.iter().any(|element| any(rest, element, condition));
            }
            (Step::AnyMember, Node::Object(members)) => {
                return members
                    .iter()
                    .any(|(_, member)| any(rest, member, condition));
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return false,
        }
    }
    condition(node)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Member(name) if !name.is_empty() && name.chars().all(is_name) => {
                    write!(f, ".{name}")?;
                }
                Step::Member(name) => {
                    let name = name.replace('\\', "\\\\").replace('\'', "\\'");
                    write!(f, ".['{name}']")?;
                }
                Step::Element(position) => write!(f, "[{position}]")?,
                Step::AnyMember => f.write_str(".*")?,
                Step::AnyElement => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// What a member's name, or a field's, is written with when it has no quotes.
///
/// Source: "Property selectors are alphanumeric strings that support hyphen and underscore characters".
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A condition of a JSON pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) selector: Selector,
    pub(crate) test: Test,
}

/// What a condition asks of the selected value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    Compares(Comparison),
    IsNull,
    IsTrue,
    IsFalse,
    NotExists,
}

impl Condition {
    /// A wildcard asks for one value that satisfies the test, for `!=` as well; `NOT EXISTS` asks for none.
    pub(crate) fn holds(&self, root: &Node<'_>) -> bool {
        match &self.test {
            Test::Compares(comparison) => self
                .selector
                .any(root, &mut |node| comparison.holds_for_json(node)),
            Test::IsNull => self.selector.any(root, &mut |node| *node == Node::Null),
            Test::IsTrue => self
                .selector
                .any(root, &mut |node| *node == Node::Bool(true)),
            Test::IsFalse => self
                .selector
                .any(root, &mut |node| *node == Node::Bool(false)),
            Test::NotExists => !self.selector.any(root, &mut |_| true),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.selector)?;
        match &self.test {
            Test::Compares(comparison) => comparison.fmt(f),
            Test::IsNull => f.write_str("IS NULL"),
            Test::IsTrue => f.write_str("IS TRUE"),
            Test::IsFalse => f.write_str("IS FALSE"),
            Test::NotExists => f.write_str("NOT EXISTS"),
        }
    }
}

/// What is said of a selector that does not read.
pub(crate) fn unreadable(term: &str, at: std::ops::Range<usize>) -> Error {
    let hint =
        "write `$.name`; names other than letters, digits, `-` and `_` go in brackets: `$.['a.b']`";
    Error::new(ErrorKind::InvalidTerm(term.to_owned()), at, hint)
}
