//! JSON text to values and back. Numbers stay as they were written.

use std::fmt::Write as _;

use crate::number::Number;
use crate::value::Value;

/// How deep a text may nest; deeper ones are no JSON.
const DEPTH_MAX: usize = 128;

/// The value of a JSON text, if it is one. A key that comes twice has its last value, at its first place.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let value = reader.value()?;
    reader.skip_space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.rest.chars().next()? {
            '{' => self.deeper(Self::map),
            '[' => self.deeper(Self::list),
            '"' => Some(Value::Text(self.string()?)),
            't' => self.eat("true").then_some(Value::Bool(true)),
            'f' => self.eat("false").then_some(Value::Bool(false)),
            'n' => self.eat("null").then_some(Value::Null),
            _ => self.number(),
        }
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Option<Value>) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let value = inner(self);
        self.depth -= 1;
        value
    }

    fn map(&mut self) -> Option<Value> {
        let mut members: Vec<(String, Value)> = Vec::new();
        self.eat("{");
        if self.eat("}") {
            return Some(Value::Map(members));
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            if !self.eat(":") {
                return None;
            }
            let value = self.value()?;
            match members.iter_mut().find(|(known, _)| *known == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
            if self.eat("}") {
                return Some(Value::Map(members));
            }
            if !self.eat(",") {
                return None;
            }
        }
    }

    fn list(&mut self) -> Option<Value> {
        let mut elements = Vec::new();
        self.eat("[");
        if self.eat("]") {
            return Some(Value::List(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.eat("]") {
                return Some(Value::List(elements));
            }
            if !self.eat(",") {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest.strip_prefix('"')?.chars();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => out.push(escape(&mut chars)?),
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(out)
    }

    fn number(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        is_number(text).then(|| Value::Written(text.to_owned()))
    }
}

fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        c @ ('"' | '\\' | '/') => c,
        'u' => return unicode(chars),
        _ => return None,
    })
}

/// Four hexadecimal digits; two such make one character beyond the first plane.
fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = hex4(chars)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first);
    }
    if chars.next()? != '\\' || chars.next()? != 'u' {
        return None;
    }
    let second = hex4(chars)?;
    if !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
}

fn hex4(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    let mut value = 0;
    for _ in 0..4 {
        value = value * 16 + chars.next()?.to_digit(16)?;
    }
    Some(value)
}

/// Whether it is a number by JSON's grammar, and one that can be computed with.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole)
        && !leading_zero
        && digits(fraction)
        && digits(exponent)
        && Number::from_json(text).is_some()
}

/// The shortest JSON text of a value; times are texts.
pub(crate) fn write(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.print(),
        Value::Written(text) => text.clone(),
        Value::Text(text) => write_string(text),
        Value::Time(_) => write_string(&value.shown().unwrap_or_default()),
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(write).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Map(members) => {
            let member = |(key, value): &(String, Value)| {
                let key = write_string(key);
                format!("{key}:{}", write(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn write_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let code = u32::from(c);
                let _ = write!(out, "\\u{code:04x}");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn texts_come_back_as_they_were() {
        for text in [
            r#"{"a":[1.50,-2e5,true,null,"x\n\"y"],"b":{}}"#,
            "[]",
            "\"é\"",
            "0",
        ] {
            assert_eq!(read(text).map(|value| write(&value)).as_deref(), Some(text));
        }
        let spaced = read(" { \"a\" : [ 1 , \"\\u00e9\\ud83d\\ude00\" ] } ").unwrap();
        assert_eq!(write(&spaced), "{\"a\":[1,\"é😀\"]}");
        let twice = read(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(write(&twice), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "{a:1}",
            "[1,]",
            "01",
            "1.",
            "+1",
            "tru",
            "\"\u{1}\"",
            "{} x",
            r#""\ud800""#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_none());
    }
}
