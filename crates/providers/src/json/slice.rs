//! Walking one level of a JSON text that is known to be valid: members of an object, elements of an array.
//!
//! On a text that is not valid the walk ends early or yields odd slices; it never panics.

use std::borrow::Cow;

use super::scan::find_string_stop;
use super::text::unescape;

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Null,
    /// A number, `true` or `false`.
    Literal,
}

/// What `value` is.
pub(crate) fn kind(value: &[u8]) -> Kind {
    match value.first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Literal,
    }
}

/// The members of an object as (raw key, value); nothing for any other value.
pub(crate) fn members(text: &[u8]) -> Members<'_> {
    let text = trim(text);
    Members {
        rest: match text.split_first() {
            Some((b'{', rest)) => rest,
            _ => &[],
        },
    }
}

/// The elements of an array; nothing for any other value.
pub(crate) fn elements(text: &[u8]) -> Elements<'_> {
    let text = trim(text);
    Elements {
        rest: match text.split_first() {
            Some((b'[', rest)) => rest,
            _ => &[],
        },
    }
}

/// The text of a string value; `None` for any other value.
pub(crate) fn string_of(value: &[u8]) -> Option<Cow<'_, str>> {
    Some(unescape(inner(value)?))
}

/// What is between the quotes of a string value.
pub(crate) fn inner(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// See [`members`].
#[derive(Debug, Clone)]
pub(crate) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let text = skip_separators(self.rest);
        let (key, after) = take_value(text)?;
        let after = trim_start(after).strip_prefix(b":")?;
        let (value, rest) = take_value(trim_start(after))?;
        self.rest = rest;
        Some((inner(key)?, value))
    }
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = take_value(skip_separators(self.rest))?;
        self.rest = rest;
        Some(value)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| is_space(**byte)).count();
    &text[spaces..]
}

fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let spaces = text.iter().rev().take_while(|byte| is_space(**byte));
    &text[..text.len() - spaces.count()]
}

fn skip_separators(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    trim_start(text.strip_prefix(b",").unwrap_or(text))
}

/// Splits one value off the front; `None` where there is none.
fn take_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match text.first()? {
        b'"' => string_length(text)?,
        b'{' | b'[' => container_length(text)?,
        b'}' | b']' | b',' | b':' => return None,
        _ => text
            .iter()
            .take_while(|byte| !is_space(**byte) && !matches!(byte, b',' | b'}' | b']'))
            .count(),
    };
    Some(text.split_at(length))
}

fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += find_string_stop(text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn container_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => {
                at += string_length(&text[at..])?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_is_walked() {
        let text = br#" { "a" : [1, {"b":"]"}], "c\"" : "x\\" , "d":null } "#;
        let found: Vec<_> = members(text).collect();
        assert_eq!(
            found,
            [
                (&b"a"[..], &br#"[1, {"b":"]"}]"#[..]),
                (br#"c\""#, br#""x\\""#),
                (b"d", b"null"),
            ]
        );
        let inside: Vec<_> = elements(found[0].1).collect();
        assert_eq!(inside, [&b"1"[..], br#"{"b":"]"}"#]);
        assert_eq!(string_of(found[1].1).as_deref(), Some("x\\"));
        assert_eq!(elements(b"{}").count(), 0);
        assert_eq!(members(b"[]").count(), 0);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64), text in "[\\[\\]{}:,\"\\\\a1 ]{0,24}") {
            for input in [&bytes[..], text.as_bytes()] {
                for (key, value) in members(input).take(100) {
                    let _ = (unescape(key), kind(value), string_of(value));
                }
                let _ = elements(input).take(100).count();
            }
        }
    }
}
