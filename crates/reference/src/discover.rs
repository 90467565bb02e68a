//! The fields of an event: the system's, and those discovered in a message that is a JSON object.
//!
//! Objects are flattened with dots, arrays by their index. Only scalars are fields; `null`, empty objects and empty
//! arrays make none. A key that begins with `@` gets one more. Source: the user guide's page of discovered fields.
//!
//! Of more than [`FIELDS_MAX`] fields the first are discovered. Decision: the scalars at the top of the object first,
//! then the rest in the order of the text, so that a long list of messages does not hide a record's own facts.

use crate::FIELDS_MAX;
use crate::input::{Event, Group};
use crate::json;
use crate::value::Value;

/// An event and its fields.
#[derive(Debug, PartialEq)]
pub(crate) struct Fields {
    /// Its place among all events.
    pub(crate) index: usize,
    /// The message's JSON, if it is an object.
    pub(crate) body: Option<Value>,
    pub(crate) pointer: String,
    named: Vec<(String, Value)>,
}

impl Fields {
    pub(crate) fn of(index: usize, event: &Event, group: &Group) -> Self {
        let body = json::read(&event.message).filter(|body| matches!(body, Value::Map(_)));
        let mut named = system(event, group);
        if let Some(body) = &body {
            named.extend(discovered(body));
        }
        Self {
            index,
            body,
            pointer: event.pointer.clone(),
            named,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let found = self.named.iter().find(|(name, _)| name == path);
        found.map_or(Value::Null, |(_, value)| value.clone())
    }
}

fn system(event: &Event, group: &Group) -> Vec<(String, Value)> {
    let log = format!("{}:{}", event.account, event.group);
    let mut named = vec![
        ("@timestamp".to_owned(), Value::time(event.timestamp_ms)),
        ("@ingestionTime".to_owned(), Value::time(event.ingestion_ms)),
        ("@message".to_owned(), Value::text(&event.message)),
        ("@logStream".to_owned(), Value::text(&event.stream)),
        ("@log".to_owned(), Value::text(log)),
        ("@ptr".to_owned(), Value::text(&event.pointer)),
        ("@aws.account".to_owned(), Value::text(&event.account)),
    ];
    if let Some(source) = &group.data_source {
        named.push(("@data_source_name".to_owned(), Value::text(source)));
    }
    for (key, value) in &group.tags {
        named.push((format!("@aws.tag.{key}"), Value::text(value)));
    }
    named
}

fn discovered(body: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    flatten("", body, &mut all);
    let Value::Map(members) = body else {
        return all;
    };
    let is_top = |path: &str| {
        let mut scalars = members.iter().filter(|(_, value)| !value.is_container());
        scalars.any(|(key, _)| key == path)
    };
    let (mut first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(path, _)| is_top(path));
    first.extend(rest);
    first.truncate(FIELDS_MAX);
    for (path, _) in &mut first {
        if path.starts_with('@') {
            path.insert(0, '@');
        }
    }
    first
}

fn flatten(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Map(members) => {
            for (key, member) in members {
                flatten(&below(key), member, out);
            }
        }
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                flatten(&below(&index.to_string()), element, out);
            }
        }
        Value::Null => {}
        scalar => out.push((path.to_owned(), scalar.clone())),
    }
}
