//! `unnest` and `expand`: a row for each element of a list.

use corelog_insights::{Expr, Field, Text};

use crate::eval::{Scope, eval};
use crate::row::Frame;
use crate::value::Value;
use corelog_values::list;

/// A map, a text or a number is a list of one. A missing or empty list makes no row.
pub(crate) fn unnest(scope: &Scope<'_>, mut frame: Frame, path: &Expr, into: &Text) -> Frame {
    let mut rows = Vec::new();
    for row in frame.rows {
        let elements = match eval(scope, &row, path) {
            Value::Null => Vec::new(),
            Value::List(elements) => elements.to_vec(),
            other => vec![other],
        };
        for element in elements {
            let mut row = row.clone();
            row.set(&into.value, element);
            rows.push(row);
        }
    }
    frame.rows = rows;
    frame.columns.show_made(&into.value);
    frame
}

/// The list may be one of the event's message, one from `jsonParse`, or the text of one. What is no list stays as it
/// is, and so does a list from `split`. Decision: an empty list makes no row.
pub(crate) fn expand(mut frame: Frame, field: &Field) -> Frame {
    let name = field.name();
    if frame.split.contains(&name) {
        return frame;
    }
    let mut rows = Vec::new();
    for row in frame.rows {
        let value = match row.field(field) {
            Value::Null => row.container(field),
            value => value,
        };
        let Some(elements) = list(&value) else {
            rows.push(row);
            continue;
        };
        for element in elements {
            let mut row = row.clone();
            row.set(&name, element.into_owned());
            rows.push(row);
        }
    }
    frame.rows = rows;
    frame.columns.show_made(&name);
    frame
}
