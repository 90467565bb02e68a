//! Conditions joined by `&&` and `||`, whatever the conditions are about.

use std::fmt;

/// A tree that the parser keeps shallow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression<C> {
    Is(C),
    All(Vec<Expression<C>>),
    Any(Vec<Expression<C>>),
}

impl<C> Expression<C> {
    pub(crate) fn holds(&self, condition: &mut dyn FnMut(&C) -> bool) -> bool {
        match self {
            Self::Is(it) => condition(it),
            Self::All(parts) => parts.iter().all(|part| part.holds(condition)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(condition)),
        }
    }

    /// Calls `see` with each condition, in the order they are written.
    pub(crate) fn visit<'s>(&'s self, see: &mut dyn FnMut(&'s C)) {
        match self {
            Self::Is(it) => see(it),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.visit(see);
                }
            }
        }
    }
}

impl<C: fmt::Display> fmt::Display for Expression<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::Is(it) => return it.fmt(f),
            Self::All(parts) => (parts, " && "),
            Self::Any(parts) => (parts, " || "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            match part {
                Self::Is(it) => it.fmt(f)?,
                group => write!(f, "({group})")?,
            }
        }
        Ok(())
    }
}
