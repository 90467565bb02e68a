//! `unnest` and `expand`: a row for each element of a list.

use std::sync::Arc;

use corelog_insights::Segment;

use super::{Copies, Each, RowValues, Step, put};
use crate::context::Context;
use crate::discover;
use crate::expression::Expression;
use crate::functions::json::list;
use crate::value::Value;

/// A map, a text or a number is a list of one. A missing or empty list makes no row.
pub(super) fn unnest(cx: Arc<Context>, of: Expression, into: usize, copies: Copies) -> impl Step {
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        match of.eval(&cx, &row).into_owned() {
            Value::Null => {}
            Value::List(elements) => spread(row, into, elements.iter().cloned(), copies, out),
            other => {
                put(&mut row, into, other);
                out.push(row);
            }
        }
    })
}

/// What is no list stays as it is. Decision: an empty list makes no row. `message` is the slot of the event's message
/// and the way to the list in it, which is no field.
pub(super) fn expand(
    of: Expression,
    into: usize,
    message: Option<(usize, Vec<Segment>)>,
    copies: Copies,
) -> impl Step {
    let cx = Context::default();
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let own = of.eval(&cx, &row).into_owned();
        let within = match &own {
            Value::Null => within(&row, message.as_ref()),
            _ => Value::Null,
        };
        let value = if own.is_null() { &within } else { &own };
        if let Some(elements) = list(value) {
            let elements = elements.into_iter().map(Value::into_owned);
            spread(row, into, elements, copies, out);
        } else {
            put(&mut row, into, own);
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
    copies: Copies,
    out: &mut Vec<RowValues>,
) {
    let mut elements = elements.peekable();
    let mut row = Some(row);
    while let Some(element) = elements.next() {
        let next = if elements.peek().is_some() {
            row.as_ref().map(|row| copies.of(row))
        } else {
            row.take()
        };
        let Some(mut next) = next else { return };
        put(&mut next, into, element);
        out.push(next);
    }
}
