//! Functions of one row, by family.
//!
//! A missing argument makes a missing result, except for the functions that look at what is missing. Maps and lists
//! count as missing for functions of numbers, texts and times. Source for the second: the user guide's page of
//! structure types; the first is a decision.

use corelog_insights::{Expr, ExprKind, Function, Period};

use crate::aggregates::bucket;
use crate::eval::{Scope, bin, eval};
use crate::row::Row;
use crate::value::Value;

mod encoding;
mod general;
pub(crate) mod ip;
pub(crate) mod json;
mod numeric;
mod text;
mod time;

/// The value of a call.
pub(crate) fn call(scope: &Scope<'_>, row: &Row, function: Function, args: &[Expr]) -> Value {
    if let Some(value) = general::call(scope, row, function, args) {
        return value;
    }
    if function == Function::Bin {
        return period_of(args).map_or(Value::Null, |period| bin(scope, row, period));
    }
    let values: Vec<Value> = args.iter().map(|arg| eval(scope, row, arg)).collect();
    let missing = |(arg, value): (&Expr, &Value)| value.is_null() && !is_syntax(arg);
    if args.iter().zip(&values).any(missing) {
        return Value::Null;
    }
    if let Some(value) = json::call(function, &values) {
        return value.unwrap_or(Value::Null);
    }
    if values.iter().any(Value::is_container) {
        return Value::Null;
    }
    if function == Function::Histogram {
        return bucket(&values[0], &values[1]);
    }
    let value = numeric::call(function, &values)
        .or_else(|| time::call(function, &values, period_of(args)))
        .or_else(|| ip::call(function, &values))
        .or_else(|| encoding::call(function, &values))
        .or_else(|| text::call(function, &values, args));
    value.flatten().unwrap_or(Value::Null)
}

/// Periods and regular expressions are no values.
fn is_syntax(arg: &Expr) -> bool {
    matches!(arg.kind, ExprKind::Period(_) | ExprKind::Regex(_))
}

/// The period among the arguments.
pub(crate) fn period_of(args: &[Expr]) -> Option<Period> {
    args.iter().find_map(|arg| match arg.kind {
        ExprKind::Period(period) => Some(period),
        _ => None,
    })
}

/// `1` or `0`, as functions that ask something give it.
fn flag(truth: bool) -> Option<Value> {
    Some(Value::int(i64::from(truth)))
}
