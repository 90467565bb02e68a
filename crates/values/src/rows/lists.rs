//! `unnest` and `expand`: a row for each element of a list.

use std::sync::Arc;

use corelog_insights::Segment;

use super::{Each, RowValues, Step, put};
use crate::context::Context;
use crate::discover;
use crate::expression::Expression;
use crate::functions::json::list;
use crate::value::Value;

/// A map, a text or a number is a list of one. A missing or empty list makes no row.
pub(super) fn unnest(cx: Arc<Context>, of: Expression, into: usize) -> impl Step {
    Each(move |row: RowValues, out: &mut Vec<RowValues>| {
        let elements = match of.eval(&cx, &row).into_owned() {
            Value::Null => return,
            Value::List(elements) => elements,
            other => {
                let mut row = row;
                put(&mut row, into, other);
                out.push(row);
                return;
            }
        };
        spread(row, into, elements.iter().cloned(), out);
    })
}

/// What is no list stays as it is. Decision: an empty list makes no row. `message` is the slot of the event's message
/// and the way to the list in it, which is no field.
pub(super) fn expand(
    of: Expression,
    into: usize,
    message: Option<(usize, Vec<Segment>)>,
) -> impl Step {
    let cx = Context::default();
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let value = match of.eval(&cx, &row) {
            Value::Null => within(&row, message.as_ref()),
            value => value.into_owned(),
        };
        if let Some(elements) = list(&value) {
            let elements = elements.into_iter().map(Value::into_owned);
            spread(row, into, elements, out);
        } else {
            let value = of.eval(&cx, &row).into_owned();
            put(&mut row, into, value);
            out.push(row);
        }
    })
}

fn within(row: &RowValues, message: Option<&(usize, Vec<Segment>)>) -> Value<'static> {
    let found = message.and_then(|(slot, path)| {
        let Value::Text(text) = row.get(*slot)? else {
            return None;
        };
        let object = discover::object(text)?;
        Some(object.member(path)?.clone().into_owned())
    });
    found.unwrap_or_default()
}

/// The row for each element; the last takes the row itself.
fn spread(
    row: RowValues,
    into: usize,
    elements: impl Iterator<Item = Value<'static>>,
    out: &mut Vec<RowValues>,
) {
    let mut elements = elements.peekable();
    let mut row = Some(row);
    while let Some(element) = elements.next() {
        let next = if elements.peek().is_some() {
            row.clone()
        } else {
            row.take()
        };
        let Some(mut next) = next else { return };
        put(&mut next, into, element);
        out.push(next);
    }
}
