//! Functions of JSON texts, maps and lists.

use corelog_insights::Function;

use super::flag;
use crate::coerce;
use crate::json;
use crate::value::Value;

pub(super) fn call(function: Function, values: &[Value]) -> Option<Value> {
    let first = values.first()?;
    match function {
        Function::JsonParse => {
            let text = coerce::text(first);
            text.and_then(|text| json::read(&text))
                .filter(Value::is_container)
        }
        // Decision: only maps and lists have a JSON text.
        Function::JsonStringify => first
            .is_container()
            .then(|| Value::Text(json::write(first))),
        Function::JsonArraySize => list(first).map(|elements| Value::count(elements.len())),
        Function::JsonArrayContains => list(first).and_then(|elements| {
            let wanted = values.get(1)?;
            Some(flag(
                elements
                    .iter()
                    .any(|one| coerce::equal(one, wanted) == Some(true)),
            ))
        }),
        _ => None,
    }
}

/// A list, or the JSON text of one.
pub(crate) fn list(value: &Value) -> Option<Vec<Value>> {
    let value = match value {
        Value::Text(text) => json::read(text)?,
        other => other.clone(),
    };
    match value {
        Value::List(elements) => Some(elements),
        _ => None,
    }
}
