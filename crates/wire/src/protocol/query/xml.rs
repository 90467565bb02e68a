//! XML, by the shape of an answer.

use corelog_types::Timestamp;

use crate::model::{Kind, Shape, Value};

/// Appends elements to a text.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    pub(super) fn open(&mut self, name: &str) {
        self.open_in(name, None);
    }

    /// Opens an element that is in a namespace, as everything in it is.
    pub(super) fn open_in(&mut self, name: &str, namespace: Option<&str>) {
        self.text.push('<');
        self.text.push_str(name);
        if let Some(namespace) = namespace {
            self.text.push_str(" xmlns=\"");
            self.escaped(namespace);
            self.text.push('"');
        }
        self.text.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element that holds text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        self.escaped(text);
        self.close(name);
    }

    /// An element that holds a value. Members that are null are left out; lists without items are empty elements.
    pub(super) fn value(&mut self, name: &str, shape: &Shape, value: &Value) {
        self.open(name);
        match (shape.kind, value) {
            (Kind::Structure(members), Value::Object(object)) => {
                for member in members {
                    match object.get(member.name) {
                        None | Some(Value::Null) => {}
                        Some(value) => self.value(member.name, member.shape, value),
                    }
                }
            }
            (Kind::List(of), Value::Array(items)) => {
                for item in items {
                    self.value("member", of, item);
                }
            }
            (Kind::Map(keys, values), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.open("entry");
                    self.value("key", keys, &Value::String(key.clone()));
                    self.value("value", values, value);
                    self.close("entry");
                }
            }
            (Kind::Timestamp, Value::Number(seconds)) => {
                let seconds = seconds.as_f64().unwrap_or_default();
                self.text.push_str(&time(seconds));
            }
            (_, Value::String(text)) => self.escaped(text),
            (_, Value::Null | Value::Array(_) | Value::Object(_)) => {}
            (_, scalar) => self.text.push_str(&scalar.to_string()),
        }
        self.close(name);
    }

    /// Text in which nothing is markup. A carriage return is spelled out, since readers take a bare one for the end of a
    /// line; what XML cannot hold at all is replaced.
    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#xD;"),
                '\t' | '\n' => self.text.push(c),
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
                other => self.text.push(other),
            }
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// `2026-11-20T09:15:42Z`, with milliseconds where there are any. Times before 1970 are none that is answered.
fn time(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and no answer has such times"
    )]
    let ms = (seconds * 1_000.0).round() as u64;
    let time = Timestamp::from_unix_ms(ms);
    if ms.is_multiple_of(1_000) {
        time.rfc3339_seconds()
    } else {
        time.rfc3339_ms()
    }
}
