//! Constraints that do not hold, in the words of the services.
//!
//! Source: recorded answers, such as `1 validation error detected: Value '10001' at 'limit' failed to satisfy
//! constraint: Member must have value less than or equal to 10000`.

use std::fmt;

use serde_json::Value;

use super::Pattern;

/// Longer values are cut in a message.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// A value, or a member that is missing, against one of its constraints.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// `logEvents.1.member.message`
    pub at: String,
    /// What stands there, as messages show it; nothing where nothing does.
    pub value: Option<String>,
    /// What is asked.
    pub constraint: Constraint,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Constraint {
    /// It is there.
    NotNull,
    /// Characters or items, at the most.
    LengthMax(i64),
    /// Characters or items, at the least.
    LengthMin(i64),
    /// A number's greatest value.
    ValueMax(i64),
    /// A number's least value.
    ValueMin(i64),
    /// What it matches.
    Pattern(&'static str),
    /// What it is one of.
    OneOf(&'static [&'static str]),
    /// It is a number, not `NaN` or infinite.
    Finite,
    /// What every item satisfies.
    Items(Vec<Constraint>),
    /// What every key of a map satisfies.
    Keys(Vec<Constraint>),
    /// What every value of a map satisfies.
    Values(Vec<Constraint>),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "Value '{value}'")?,
            None => f.write_str("Value null")?,
        }
        let (at, constraint) = (&self.at, &self.constraint);
        write!(f, " at '{at}' failed to satisfy constraint: {constraint}")
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |f: &mut fmt::Formatter<'_>, of: &[Self]| {
            let of: Vec<String> = of.iter().map(ToString::to_string).collect();
            write!(f, " must satisfy constraint: [{}]", of.join(", "))
        };
        match self {
            Self::Items(of) => {
                f.write_str("Member")?;
                return all(f, of);
            }
            Self::Keys(of) => {
                f.write_str("Map keys")?;
                return all(f, of);
            }
            Self::Values(of) => {
                f.write_str("Map value")?;
                return all(f, of);
            }
            _ => f.write_str("Member must ")?,
        }
        match self {
            Self::NotNull => f.write_str("not be null"),
            Self::LengthMax(most) => write!(f, "have length less than or equal to {most}"),
            Self::LengthMin(least) => write!(f, "have length greater than or equal to {least}"),
            Self::ValueMax(most) => write!(f, "have value less than or equal to {most}"),
            Self::ValueMin(least) => write!(f, "have value greater than or equal to {least}"),
            Self::Pattern(text) => write!(f, "satisfy regular expression pattern: {text}"),
            Self::OneOf(values) => write!(f, "satisfy enum value set: [{}]", values.join(", ")),
            Self::Finite => f.write_str("be a finite number"),
            Self::Items(_) | Self::Keys(_) | Self::Values(_) => Ok(()),
        }
    }
}

impl Constraint {
    pub(super) fn like(pattern: &Pattern) -> Self {
        Self::Pattern(pattern.as_str())
    }
}

/// The message for all of them.
pub fn sentence(violations: &[Violation]) -> String {
    let count = violations.len();
    let noun = if count == 1 { "error" } else { "errors" };
    let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
    format!("{count} validation {noun} detected: {}", all.join("; "))
}

/// A value as messages show it: text as it is, lists in brackets, maps in braces.
pub(super) fn shown(value: &Value) -> String {
    let mut text = String::new();
    show(value, &mut text);
    if text.len() > SHOWN_BYTES_MAX {
        let end = (0..=SHOWN_BYTES_MAX)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

fn show(value: &Value, text: &mut String) {
    match value {
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if text.len() > SHOWN_BYTES_MAX {
                    return;
                }
                text.push_str(if index == 0 { "" } else { ", " });
                show(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if text.len() > SHOWN_BYTES_MAX {
                    return;
                }
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(name);
                text.push('=');
                show(member, text);
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
