//! A form to a document, by the shape of the request: `Dimensions.member.1.Name=a`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use corelog_types::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Number;

use super::super::Unreadable;
use crate::model::{Kind, Map, Shape, Value};

/// Parts of a name, more than any shape of a service has.
const PARTS_MAX: usize = 64;
/// Pairs in a form; a request with a thousand metrics, each with what it may have, comes to some hundred thousand.
const PAIRS_MAX: usize = 1_000_000;

/// What the form asks for, and in which version of the service. What cannot be read is left to [`document`] to refuse.
pub(super) fn action_and_version(content: &[u8]) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
    let (mut action, mut version) = (None, None);
    let Ok(text) = std::str::from_utf8(content) else {
        return (None, None);
    };
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "Action" => action = decoded(value).ok(),
            "Version" => version = decoded(value).ok(),
            _ => {}
        }
    }
    (action, version)
}

/// Reads a form as a value of that shape. What the shape does not have is passed over.
pub(super) fn document(shape: Option<&Shape>, content: &[u8]) -> Result<Value, Unreadable> {
    let mut root = Node::default();
    let text = std::str::from_utf8(content).map_err(|_| garbled("is not text"))?;
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    for (index, pair) in pairs.enumerate() {
        if index == PAIRS_MAX {
            return Err(garbled("has too many parameters"));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        root.insert(&decoded(name)?, decoded(value)?.into_owned())?;
    }
    Ok(match shape {
        Some(shape) => root.value(shape),
        None => Value::Object(Map::new()),
    })
}

fn decoded(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    let spaced = if text.contains('+') {
        Cow::Owned(text.replace('+', " "))
    } else {
        Cow::Borrowed(text)
    };
    let not_text = |_| garbled("is not text");
    Ok(match spaced {
        Cow::Borrowed(text) => percent_decode_str(text).decode_utf8().map_err(not_text)?,
        Cow::Owned(text) => {
            let text = percent_decode_str(&text).decode_utf8().map_err(not_text)?;
            Cow::Owned(text.into_owned())
        }
    })
}

fn garbled(what: &str) -> Unreadable {
    Unreadable(format!("The query string {what}"))
}

/// The parameters whose names begin alike.
#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn insert(&mut self, name: &str, value: String) -> Result<(), Unreadable> {
        let mut node = self;
        for (index, part) in name.split('.').enumerate() {
            if index == PARTS_MAX {
                return Err(garbled("has a parameter with too many parts"));
            }
            node = node.below.entry(part.to_owned()).or_default();
        }
        node.value = Some(value);
        Ok(())
    }

    /// Values of another kind than their shape's stay text, which the table then refuses.
    fn value(mut self, shape: &Shape) -> Value {
        match shape.kind {
            Kind::Structure(members) => {
                let mut object = Map::new();
                for member in members {
                    if let Some(node) = self.below.remove(member.name) {
                        object.insert(member.name.to_owned(), node.value(member.shape));
                    }
                }
                Value::Object(object)
            }
            Kind::List(of) => {
                let items = self.below.remove("member").unwrap_or_default();
                let items = items.numbered().into_iter();
                Value::Array(items.map(|item| item.value(of)).collect())
            }
            Kind::Map(_, values) => {
                let entries = self.below.remove("entry").unwrap_or_default();
                let entries = entries.numbered().into_iter();
                Value::Object(entries.filter_map(|entry| entry.entry(values)).collect())
            }
            kind => self.value.map_or(Value::Null, |text| scalar(kind, text)),
        }
    }

    /// Key and value of an entry of a map.
    fn entry(mut self, values: &Shape) -> Option<(String, Value)> {
        let key = self.below.remove("key")?.value?;
        let value = self.below.remove("value").unwrap_or_default();
        Some((key, value.value(values)))
    }

    /// What is below, in the order of its numbers.
    fn numbered(self) -> Vec<Self> {
        let numbered = self.below.into_iter();
        let numbered = numbered.filter_map(|(name, node)| Some((name.parse::<u32>().ok()?, node)));
        let mut numbered: Vec<_> = numbered.collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, node)| node).collect()
    }
}

fn scalar(kind: Kind, text: String) -> Value {
    let read = match kind {
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        Kind::Integer | Kind::Long => text.trim().parse::<i64>().ok().map(Value::from),
        // Rust reads more spellings of what is no number than are let in.
        Kind::Double => {
            let number = text.trim().parse::<f64>().ok().and_then(Number::from_f64);
            number.map(Value::Number)
        }
        Kind::Timestamp => seconds(text.trim()),
        _ => None,
    };
    read.unwrap_or(Value::String(text))
}

/// A time as clients write it, or a number of seconds.
fn seconds(text: &str) -> Option<Value> {
    let number = match Timestamp::parse_rfc3339(text) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of any year to come fit"
        )]
        Some(time) => time.unix_ms() as f64 / 1_000.0,
        None => text.parse().ok()?,
    };
    Number::from_f64(number).map(Value::Number)
}
