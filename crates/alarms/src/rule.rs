//! Rules of composite alarms: what they say of the states of other alarms.

use std::fmt;

use crate::definition::name_in;
use crate::state::StateValue;

mod parse;

pub use parse::{RULE_ALARMS_MAX, RULE_CHARS_MAX, RULE_ELEMENTS_MAX, RuleError, parse};

/// A rule. Prints itself in one spelling that means the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`.
    Is {
        /// The state that it asks for.
        state: StateValue,
        /// The alarm, by name or ARN.
        alarm: String,
    },
    /// `NOT rule`.
    Not(Box<Rule>),
    /// `rule AND rule`; two or more.
    And(Vec<Rule>),
    /// `rule OR rule`; two or more.
    Or(Vec<Rule>),
    /// `AT_LEAST(2, ALARM, (a, b, c))`.
    AtLeast {
        /// How many have to be.
        threshold: Share,
        /// Whether these must not be in the state.
        negated: bool,
        /// The state that it asks for.
        state: StateValue,
        /// The alarms, by name or ARN; one named twice counts twice.
        alarms: Vec<String>,
    },
}

/// How many of some alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A number.
    Count(u32),
    /// A share, 1 to 100.
    Percent(u32),
}

impl Rule {
    /// Whether the rule holds, given the states of alarms by name. An alarm that does not exist is in no state.
    pub fn holds(&self, state_of: &dyn Fn(&str) -> Option<StateValue>) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Is { state, alarm } => state_of(name_in(alarm)) == Some(*state),
            Self::Not(rule) => !rule.holds(state_of),
            Self::And(rules) => rules.iter().all(|rule| rule.holds(state_of)),
            Self::Or(rules) => rules.iter().any(|rule| rule.holds(state_of)),
            Self::AtLeast {
                threshold,
                negated,
                state,
                alarms,
            } => {
                let is_counted = |alarm: &&String| {
                    state_of(name_in(alarm)).is_some_and(|found| (found == *state) != *negated)
                };
                let found = alarms.iter().filter(is_counted).count();
                match threshold {
                    Share::Count(count) => found >= usize::try_from(*count).unwrap_or(usize::MAX),
                    Share::Percent(percent) => {
                        let percent = usize::try_from(*percent).unwrap_or(usize::MAX);
                        found.saturating_mul(100) >= percent.saturating_mul(alarms.len())
                    }
                }
            }
        }
    }

    /// The names of the alarms in it, each once, in the order in which they come.
    pub fn alarms(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut Vec<&'a str>) {
        let mut add = |reference: &'a str| {
            let name = name_in(reference);
            if !names.contains(&name) {
                names.push(name);
            }
        };
        match self {
            Self::Constant(_) => {}
            Self::Is { alarm, .. } => add(alarm),
            Self::AtLeast { alarms, .. } => alarms.iter().for_each(|alarm| add(alarm)),
            Self::Not(rule) => rule.collect(names),
            Self::And(rules) | Self::Or(rules) => {
                for rule in rules {
                    rule.collect(names);
                }
            }
        }
    }

    /// How strongly it binds: a rule of a weaker kind needs parentheses inside of it.
    fn strength(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Not(_) => 2,
            Self::Constant(_) | Self::Is { .. } | Self::AtLeast { .. } => 3,
        }
    }

    fn write_inside(&self, f: &mut fmt::Formatter<'_>, of: u8) -> fmt::Result {
        if self.strength() < of {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Self::Is { state, alarm } => write!(f, "{state}({})", Quoted(alarm)),
            Self::Not(rule) => {
                f.write_str("NOT ")?;
                rule.write_inside(f, 2)
            }
            Self::And(rules) | Self::Or(rules) => {
                let is_and = matches!(self, Self::And(_));
                let (between, inside) = if is_and { (" AND ", 2) } else { (" OR ", 1) };
                for (index, rule) in rules.iter().enumerate() {
                    if index > 0 {
                        f.write_str(between)?;
                    }
                    rule.write_inside(f, inside)?;
                }
                Ok(())
            }
            Self::AtLeast {
                threshold,
                negated,
                state,
                alarms,
            } => {
                match threshold {
                    Share::Count(count) => write!(f, "AT_LEAST({count}, ")?,
                    Share::Percent(percent) => write!(f, "AT_LEAST({percent}%, ")?,
                }
                let not = if *negated { "NOT " } else { "" };
                write!(f, "{not}{state}, (")?;
                for (index, alarm) in alarms.iter().enumerate() {
                    let between = if index > 0 { ", " } else { "" };
                    write!(f, "{between}{}", Quoted(alarm))?;
                }
                f.write_str("))")
            }
        }
    }
}

/// A name in quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{escaped}\"")
    }
}
