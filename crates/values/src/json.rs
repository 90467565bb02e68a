//! JSON text to values and back. Numbers stay as they were written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use corelog_insights::Segment;

use crate::scan::Scan;
use crate::value::{Member, Value};

/// How deep a text may nest; deeper ones are no JSON.
pub(crate) const DEPTH_MAX: usize = 128;

/// The steps of a dotted path.
pub fn steps(path: &str) -> Vec<Segment> {
    let keys = path.split('.');
    keys.map(|key| Segment::Key(key.to_owned())).collect()
}

/// Steps as a dotted path.
pub fn join(steps: &[Segment]) -> String {
    let mut out = String::new();
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        match step {
            Segment::Key(key) => out.push_str(key),
            Segment::Index(index) => {
                let _ = write!(out, "{index}");
            }
        }
    }
    out
}

/// The value of a JSON text, if it is one. A key that comes twice has its last value, at its first place.
pub fn read(text: &str) -> Option<Value<'_>> {
    let mut scan = Scan::new(text);
    let value = value(&mut scan, 0)?;
    scan.next().is_none().then_some(value)
}

fn value<'t>(scan: &mut Scan<'t>, depth: usize) -> Option<Value<'t>> {
    match scan.next()? {
        b'{' | b'[' if depth == DEPTH_MAX => None,
        b'{' => map(scan, depth + 1),
        b'[' => list(scan, depth + 1),
        b'"' => Some(Value::Text(scan.string()?.text())),
        b't' => scan.word("true").map(|()| Value::Bool(true)),
        b'f' => scan.word("false").map(|()| Value::Bool(false)),
        b'n' => scan.word("null").map(|()| Value::Null),
        _ => Some(Value::Written(Cow::Borrowed(scan.number()?))),
    }
}

fn map<'t>(scan: &mut Scan<'t>, depth: usize) -> Option<Value<'t>> {
    let mut members = Members::default();
    scan.eat(b'{');
    if scan.eat(b'}') {
        return Some(Value::map(members.all));
    }
    loop {
        scan.next();
        let key = scan.string()?.text();
        if !scan.eat(b':') {
            return None;
        }
        let value = value(scan, depth)?;
        members.put(key, value);
        if scan.eat(b'}') {
            return Some(Value::map(members.all));
        }
        if !scan.eat(b',') {
            return None;
        }
    }
}

fn list<'t>(scan: &mut Scan<'t>, depth: usize) -> Option<Value<'t>> {
    let mut elements = Vec::new();
    scan.eat(b'[');
    if scan.eat(b']') {
        return Some(Value::list(elements));
    }
    loop {
        elements.push(value(scan, depth)?);
        if scan.eat(b']') {
            return Some(Value::list(elements));
        }
        if !scan.eat(b',') {
            return None;
        }
    }
}

/// A map in the making: small ones are searched, large ones have an index, so that no text takes quadratic time.
#[derive(Default)]
struct Members<'t> {
    all: Vec<Member<'t>>,
    index: HashMap<Cow<'t, str>, usize>,
}

impl<'t> Members<'t> {
    const SMALL: usize = 16;

    fn put(&mut self, key: Cow<'t, str>, value: Value<'t>) {
        if let Some(at) = self.place(&key) {
            self.all[at].1 = value;
            return;
        }
        if !self.index.is_empty() {
            self.index.insert(key.clone(), self.all.len());
        }
        self.all.push((key, value));
    }

    fn place(&mut self, key: &str) -> Option<usize> {
        if self.all.len() <= Self::SMALL {
            return self.all.iter().position(|(known, _)| known == key);
        }
        if self.index.is_empty() {
            let keys = self.all.iter().enumerate();
            self.index = keys.map(|(at, (key, _))| (key.clone(), at)).collect();
        }
        self.index.get(key).copied()
    }
}

/// The shortest JSON text of a value; times are texts.
pub fn write(value: &Value<'_>) -> String {
    let mut out = String::new();
    write_to(&mut out, value);
    out
}

fn write_to(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.print()),
        Value::Written(text) => out.push_str(text),
        Value::Text(text) => write_string(out, text),
        Value::Time(_) => write_string(out, &value.shown().unwrap_or_default()),
        Value::List(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_to(out, element);
            }
            out.push(']');
        }
        Value::Map(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write_to(out, member);
            }
            out.push('}');
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
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
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::value::Value;

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
        let many: Vec<String> = (0..100)
            .map(|at| format!("\"k{}\":{at}", at % 40))
            .collect();
        let many = format!("{{{}}}", many.join(","));
        let Some(Value::Map(members)) = read(&many) else {
            panic!("{many}");
        };
        assert_eq!(members.len(), 40);
        assert_eq!(members[0], ("k0".into(), Value::Written("80".into())));
        assert_eq!(members[39], ("k39".into(), Value::Written("79".into())));
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
            r#""\udc00""#,
            r#""\u12g4""#,
            r#""\x""#,
            "1e999",
            "\"open",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_none());
    }
}
