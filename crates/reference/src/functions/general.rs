//! Functions that look at what is missing, and those about the event and the query.

use corelog_insights::{Expr, Function};

use super::flag;
use crate::coerce;
use crate::eval::{Scope, eval, truth};
use crate::row::Row;
use crate::value::Value;

pub(super) fn call(scope: &Scope<'_>, row: &Row, function: Function, args: &[Expr]) -> Value {
    let value = |at: usize| {
        args.get(at)
            .map_or(Value::Null, |arg| eval(scope, row, arg))
    };
    match function {
        Function::IsPresent => flag(!value(0).is_null()),
        Function::Coalesce => {
            let mut all = args.iter().map(|arg| eval(scope, row, arg));
            all.find(|value| !value.is_null()).unwrap_or(Value::Null)
        }
        Function::If => {
            let holds = |condition| truth(scope, row, condition) == Some(true);
            value(if args.first().is_some_and(holds) {
                1
            } else {
                2
            })
        }
        Function::Case => case(scope, row, args),
        Function::IsEmpty => flag(value(0).shown().is_none_or(|text| text.is_empty())),
        Function::IsBlank => flag(value(0).shown().is_none_or(|text| text.trim().is_empty())),
        Function::IsNumeric if value(0).is_null() => Value::Null,
        Function::IsNumeric => flag(coerce::number(&value(0)).is_some()),
        Function::MessageSize => {
            let text = coerce::text(&row.get("@message"));
            text.map_or(Value::Null, |text| Value::count(text.len()))
        }
        Function::Now => Value::int(scope.now_ms.div_euclid(1000)),
        Function::QueryStartTime => Value::int(scope.start_ms),
        Function::QueryEndTime => Value::int(scope.end_ms),
        Function::QueryTimeRange => {
            let range = scope.end_ms.checked_sub(scope.start_ms);
            range.map_or(Value::Null, Value::int)
        }
        _ => Value::Null,
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
