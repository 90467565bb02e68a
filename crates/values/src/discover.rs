//! The fields that are discovered in a message: in a JSON object, and in lines of Lambda functions (`lambda.rs`).
//!
//! Objects are flattened with dots, arrays by their index. Only scalars are fields; `null`, empty objects and empty
//! arrays make none. A key that begins with `@` gets one more. Source: the user guide's page of discovered fields.
//!
//! Of more than [`FIELDS_MAX`] fields the first are discovered. Decision: the scalars at the top of the object first,
//! then the rest in the order of the text, so that a long list of messages does not hide a record's own facts. Of
//! several with one name the first in this order counts.

use crate::FIELDS_MAX;
use crate::json;
use crate::lambda;
use crate::value::Value;

/// Shows the fields of a message, in order.
pub fn each(message: &str, mut see: impl FnMut(&str, &Value<'_>)) {
    if let Some(object) = object(message) {
        for (name, value) in fields(&object) {
            see(&name, &value);
        }
    } else {
        for (name, value) in lambda::fields(message) {
            see(name, &value);
        }
    }
}

/// The object that a message is, if it is one.
pub fn object(message: &str) -> Option<Value<'_>> {
    json::read(message).filter(|body| matches!(body, Value::Map(_)))
}

/// The fields of an object, in order.
pub fn fields<'v>(object: &'v Value<'_>) -> Vec<(String, Value<'v>)> {
    let Value::Map(members) = object else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let scalars = members.iter().filter(|(_, value)| !value.is_container());
    let containers = members.iter().filter(|(_, value)| value.is_container());
    for (key, value) in scalars.chain(containers) {
        flatten(&mut key.to_string(), value, &mut all);
    }
    for (path, _) in &mut all {
        if path.starts_with('@') {
            path.insert(0, '@');
        }
    }
    all
}

/// The path of a field by its name; `None` if no key makes this name.
pub(crate) fn path_of(name: &str) -> Option<&str> {
    match name.strip_prefix('@') {
        Some(path) if path.starts_with('@') => Some(path),
        Some(_) => None,
        None => Some(name),
    }
}

fn flatten<'v>(path: &mut String, value: &'v Value<'_>, out: &mut Vec<(String, Value<'v>)>) {
    let length = path.len();
    match value {
        Value::Map(members) => {
            for (key, member) in members.iter() {
                if out.len() == FIELDS_MAX {
                    return;
                }
                step(path, key);
                flatten(path, member, out);
                path.truncate(length);
            }
        }
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                if out.len() == FIELDS_MAX {
                    return;
                }
                step(path, &index.to_string());
                flatten(path, element, out);
                path.truncate(length);
            }
        }
        Value::Null => {}
        scalar if out.len() < FIELDS_MAX => out.push((path.clone(), scalar.borrowed())),
        _ => {}
    }
}

fn step(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// The list or map at a path, which is no field.
pub fn container<'a>(object: &Value<'a>, path: &str) -> Value<'a> {
    let found = object.member(&json::steps(path));
    found
        .filter(|found| found.is_container())
        .cloned()
        .unwrap_or_default()
}
