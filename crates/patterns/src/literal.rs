//! What a condition compares with, and how a value of an event stands to it.

use std::fmt;

use crate::json::{Node, Number};
use crate::regexp::Regexp;

/// `=`, `!=`, `<`, `<=`, `>`, `>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// Longest first, so that `<=` is not read as `<`.
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    pub(crate) fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    fn holds(self, value: Number, literal: Number) -> bool {
        match self {
            Self::Equal => value == literal,
            Self::NotEqual => value != literal,
            Self::Less => value < literal,
            Self::LessOrEqual => value <= literal,
            Self::Greater => value > literal,
            Self::GreaterOrEqual => value >= literal,
        }
    }
}

/// An operator and its right side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) operator: Operator,
    pub(crate) literal: Literal,
}

impl Comparison {
    /// For a JSON value. Null and what has members compare with nothing, not even as different; a string has no
    /// order; a boolean is only there (`= *`).
    ///
    /// Source: "If a property selector points to an array or object, the filter pattern won't match the log
    /// format", and recorded answers of `TestMetricFilter`.
    pub(crate) fn holds_for_json(&self, value: &Node<'_>) -> bool {
        match value {
            Node::String(text) if self.operator.is_order() => {
                debug_assert!(matches!(self.literal, Literal::Number { .. }), "{text}");
                false
            }
            Node::String(text) => self.equality(self.literal.is_text(text)),
            Node::Number(number) => match &self.literal {
                Literal::Number { value, .. } => self.operator.holds(*number, *value),
                literal => self.equality(literal.is_text(&number.to_string())),
            },
            Node::Bool(_) => {
                self.operator == Operator::Equal
                    && matches!(&self.literal, Literal::Glob(glob) if glob.is_any())
            }
            Node::Null | Node::Array(_) | Node::Object(_) => false,
        }
    }

    /// For a field of a space-delimited event, which is a number if it reads as one.
    pub(crate) fn holds_for_text(&self, text: &str) -> bool {
        if let Literal::Number { value, .. } = &self.literal {
            if let Some(number) = Number::parse(text) {
                return self.operator.holds(number, *value);
            }
            if self.operator.is_order() {
                return false;
            }
        }
        self.equality(self.literal.is_text(text))
    }

    fn equality(&self, equal: bool) -> bool {
        match self.operator {
            Operator::Equal => equal,
            Operator::NotEqual => !equal,
            _ => false,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Operator::ALL.iter().find(|(_, it)| *it == self.operator);
        let symbol = named.map_or("=", |(symbol, _)| symbol);
        write!(f, "{symbol} {}", self.literal)
    }
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// Written without quotes, and reads as a number. Compares with numbers by value, with strings as written.
    Number { text: String, value: Number },
    /// Everything else, in quotes or not.
    Glob(Glob),
    /// Found anywhere in the value.
    Regexp(Regexp),
}

impl Literal {
    fn is_text(&self, text: &str) -> bool {
        match self {
            Self::Number { text: literal, .. } => literal == text,
            Self::Glob(glob) => glob.is_match(text),
            Self::Regexp(regexp) => regexp.is_match(text),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { text, .. } => f.write_str(text),
            Self::Glob(glob) => glob.fmt(f),
            Self::Regexp(regexp) => regexp.fmt(f),
        }
    }
}

/// A text with an asterisk for "anything" at its start, its end, or both. One inside is a character.
///
/// Source: "`Ev*ent` will only match the actual string `Ev*ent`", an earlier edition of the documentation, and
/// recorded answers that agree: <https://github.com/awsdocs/amazon-cloudwatch-logs-user-guide>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    open_start: bool,
    text: String,
    open_end: bool,
}

impl Glob {
    pub(crate) fn new(written: &str) -> Self {
        let (open_start, rest) = match written.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let (open_end, text) = match rest.strip_suffix('*') {
            Some(text) => (true, text),
            None => (rest.is_empty() && open_start, rest),
        };
        Self {
            open_start,
            text: text.to_owned(),
            open_end,
        }
    }

    /// Whether this is a lone asterisk.
    pub(crate) fn is_any(&self) -> bool {
        self.open_start && self.text.is_empty()
    }

    /// Whether an asterisk inside is taken as a character.
    pub(crate) fn has_inner_asterisk(&self) -> bool {
        self.text.contains('*')
    }

    fn is_match(&self, value: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => value == self.text,
            (false, true) => value.starts_with(&self.text),
            (true, false) => value.ends_with(&self.text),
            (true, true) => value.contains(&self.text),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("*");
        }
        let star = |open: bool| if open { "*" } else { "" };
        let (start, end) = (star(self.open_start), star(self.open_end));
        write!(f, "\"{start}{}{end}\"", Escaped(&self.text))
    }
}

/// A text as it stands between quotes, without them.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['"', '\\']) {
            match part.strip_suffix(['"', '\\']) {
                Some(before) => write!(f, "{before}\\{}", &part[before.len()..])?,
                None => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_open_at_their_ends() {
        for (glob, matching, not) in [
            ("*Event", "PutEvent", "EventId"),
            ("Event*", "EventId", "PutEvent"),
            ("Ev*ent", "Ev*ent", "Event"),
            ("*.html*", "GET /a.html HTTP/1.0", "GET /a.png"),
            ("*111.111.111", "111.111.111.111", "111.111.112"),
            ("*-*", "9-8", "98"),
            ("", "", "x"),
        ] {
            assert!(Glob::new(glob).is_match(matching), "{glob} {matching}");
            assert!(!Glob::new(glob).is_match(not), "{glob} {not}");
        }
        for any in ["*", "**"] {
            assert!(Glob::new(any).is_any());
            assert!(Glob::new(any).is_match(""));
        }
        assert!(!Glob::new("").is_any());
    }

    #[test]
    fn quoting_escapes_quotes_and_backslashes() {
        assert_eq!(Escaped(r#"a"b\c"#).to_string(), r#"a\"b\\c"#);
        assert_eq!(Glob::new("").to_string(), "\"\"");
        assert_eq!(Glob::new(r#""*"#).to_string(), r#""\"*""#);
        assert_eq!(Glob::new("***").to_string(), "\"***\"");
        assert_eq!(Glob::new("**").to_string(), "*");
    }
}
