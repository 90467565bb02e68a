//! Functions that look at what is missing, and those about the event and the query.

use corelog_insights::{Expr, Function};

use super::flag;
use crate::coerce;
use crate::eval::{Scope, eval, truth};
use crate::row::Row;
use crate::value::Value;

/// The value, if the function is of this family.
pub(super) fn call(
    scope: &Scope<'_>,
    row: &Row,
    function: Function,
    args: &[Expr],
) -> Option<Value> {
    let value = |at: usize| {
        args.get(at)
            .map_or(Value::Null, |arg| eval(scope, row, arg))
    };
    match function {
        Function::IsPresent => flag(!value(0).is_null()),
        Function::Coalesce => {
            let mut all = args.iter().map(|arg| eval(scope, row, arg));
            Some(all.find(|value| !value.is_null()).unwrap_or(Value::Null))
        }
        Function::If => {
            let holds = truth(scope, row, args.first()?) == Some(true);
            Some(value(if holds { 1 } else { 2 }))
        }
        Function::Case => Some(case(scope, row, args)),
        Function::IsEmpty => flag(
            coerce::text(&value(0)).is_none_or(|text| text.is_empty()) && !value(0).is_container(),
        ),
        Function::IsBlank => {
            let blank = coerce::text(&value(0)).is_none_or(|text| text.trim().is_empty());
            flag(blank && !value(0).is_container())
        }
        Function::IsNumeric => {
            let value = value(0);
            if value.is_null() {
                return Some(Value::Null);
            }
            flag(coerce::number(&value).is_some())
        }
        Function::MessageSize => {
            let message = row.get("@message");
            let text = coerce::text(&message);
            Some(text.map_or(Value::Null, |text| Value::count(text.len())))
        }
        Function::Now => Some(Value::int(scope.now_ms.div_euclid(1000))),
        Function::QueryStartTime => Some(Value::int(scope.start_ms)),
        Function::QueryEndTime => Some(Value::int(scope.end_ms)),
        Function::QueryTimeRange => {
            let range = scope.end_ms.checked_sub(scope.start_ms);
            Some(range.map_or(Value::Null, Value::int))
        }
        _ => None,
    }
}

/// The value of the first condition that holds; an argument left over is the default.
fn case(scope: &Scope<'_>, row: &Row, args: &[Expr]) -> Value {
    for pair in args.chunks(2) {
        match pair {
            [condition, value] if truth(scope, row, condition) == Some(true) => {
                return eval(scope, row, value);
            }
            [default] => return eval(scope, row, default),
            _ => {}
        }
    }
    Value::Null
}
