//! Functions of JSON texts, maps and lists.

use std::borrow::Cow;

use corelog_insights::Function;

use super::flag;
use crate::coerce;
use crate::json;
use crate::value::Value;

pub(super) fn call<'a>(function: Function, values: &[Value<'a>]) -> Option<Value<'a>> {
    let first = values.first()?;
    match function {
        Function::JsonParse => parse(first).filter(Value::is_container),
        // Decision: only maps and lists have a JSON text.
        Function::JsonStringify => first
            .is_container()
            .then(|| Value::text(json::write(first))),
        Function::JsonArraySize => size(first).map(Value::count),
        Function::JsonArrayContains => {
            let wanted = values.get(1)?;
            let found = list(first)?
                .iter()
                .any(|one| coerce::equal(one, wanted) == Some(true));
            Some(flag(found))
        }
        _ => None,
    }
}

/// The tree of a text, borrowed from it where that can be.
fn parse<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Text(Cow::Borrowed(text)) => json::read(text),
        other => json::read(&coerce::text(other)?).map(Value::into_owned),
    }
}

fn size(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::List(elements) => Some(elements.len()),
        other => list(other).map(|elements| elements.len()),
    }
}

/// The elements of a list, or of the JSON text of one.
pub fn list<'v>(value: &'v Value<'_>) -> Option<Vec<Value<'v>>> {
    match value {
        Value::List(elements) => Some(elements.iter().map(Value::borrowed).collect()),
        Value::Text(text) => match json::read(text)? {
            Value::List(elements) => Some(std::sync::Arc::unwrap_or_clone(elements)),
            _ => None,
        },
        _ => None,
    }
}
