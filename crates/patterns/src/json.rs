//! A log event's JSON as a tree that borrows its strings from the message.
//!
//! `serde_json::Value` copies every key and string; a metric filter looks at a few of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'m> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'m, str>),
    Array(Vec<Node<'m>>),
    /// In the order of the document; a repeated key's last value counts.
    Object(Vec<(Cow<'m, str>, Node<'m>)>),
}

impl<'m> Node<'m> {
    /// The message as JSON, if it is an object or an array, nested no deeper than 127.
    pub(crate) fn parse(message: &'m str) -> Option<Self> {
        let start = message.trim_start().as_bytes().first()?;
        if !matches!(start, b'{' | b'[') {
            return None;
        }
        serde_json::from_str(message).ok()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let found = members.iter().rev().find(|(name, _)| name == key)?;
        Some(&found.1)
    }

    /// A scalar as text; `None` for null and for what has members.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Null | Self::Array(_) | Self::Object(_) => None,
        }
    }
}

/// A number, exact while it is an integer: account ids and nanoseconds pass 2^53.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// `[+-] digits [. digits] [e [+-] digits]`, finite; nothing else that Rust would read, such as `inf`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let starts = |c: char| c.is_ascii_digit() || c == '.';
        let allowed = |c: char| starts(c) || matches!(c, 'e' | 'E' | '+' | '-');
        if !unsigned.starts_with(starts) || !unsigned.chars().all(allowed) {
            return None;
        }
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        let float: f64 = text.parse().ok()?;
        float.is_finite().then_some(Self::Float(float))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "an integer meets a fraction: doubles are what JSON readers compare"
    )]
    pub(crate) fn to_float(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (a, b) => a.to_float().partial_cmp(&b.to_float()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => match serde_json::Number::from_f64(*float) {
                Some(number) => number.fmt(f),
                None => float.fmt(f),
            },
        }
    }
}

impl<'de: 'm, 'm> Deserialize<'de> for Node<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(Number::Integer(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(Number::Integer(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Node::Number(Number::Float(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Node::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::String(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element()? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Key(key), value)) = access.next_entry()? {
            members.push((key, value));
        }
        Ok(Node::Object(members))
    }
}

/// A member's name, borrowed unless it holds escapes.
struct Key<'m>(Cow<'m, str>);

impl<'de: 'm, 'm> Deserialize<'de> for Key<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(value.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_borrowed_unless_escaped() {
        let node = Node::parse(r#"{"a":"plain","b":"esc\"aped"}"#).unwrap();
        assert!(matches!(
            node.get("a"),
            Some(Node::String(Cow::Borrowed("plain")))
        ));
        assert!(
            matches!(node.get("b"), Some(Node::String(Cow::Owned(text))) if text == "esc\"aped")
        );
    }

    #[test]
    fn a_repeated_key_counts_last() {
        let node = Node::parse(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(node.get("a"), Some(&Node::Number(Number::Integer(2))));
    }

    #[test]
    fn only_objects_and_arrays_are_json_events() {
        for not in ["", "1", "\"a\"", "null", "{", "{} x", "hello {}"] {
            assert_eq!(Node::parse(not), None, "{not}");
        }
        assert!(Node::parse(" {} \n").is_some());
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(Node::parse(&deep), None);
    }

    #[test]
    fn numbers_are_read_strictly() {
        for (text, shown) in [
            ("1", "1"),
            ("+5", "5"),
            ("-0.5", "-0.5"),
            ("10e3", "10000.0"),
        ] {
            assert_eq!(Number::parse(text).unwrap().to_string(), shown);
        }
        for not in [
            "", "inf", "nan", "+", "e5", "1e999", "1e", "1.2.3", "0x1", "1_0",
        ] {
            assert!(Number::parse(not).is_none(), "{not}");
        }
        let account = Number::parse("9007199254740993").unwrap();
        assert_ne!(account, Number::parse("9007199254740992").unwrap());
    }
}
