//! When values of different kinds meet: what counts as a number, a text, true, equal, smaller.
//!
//! Source: the user guide's pages of operators, `filter` and structure types, as far as they say; what they leave
//! open is decided here.

use std::borrow::Cow;
use std::cmp::Ordering;

use corelog_insights::BinaryOp;

use crate::number::{Large, Number};
use crate::value::Value;

pub(crate) const TRUE: &str = "true";
pub(crate) const FALSE: &str = "false";

/// The number a value counts as. Texts that are wholly numbers do; times are milliseconds; maps and lists are none.
pub fn number(value: &Value<'_>) -> Option<Number> {
    match value {
        Value::Bool(truth) => Some(Number::Int(i64::from(*truth))),
        Value::Number(number) => Some(*number),
        Value::Written(text) => Number::from_json(text),
        Value::Text(text) => Number::from_text(text),
        Value::Time(ms) => Some(Number::Int(*ms)),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// The text a value counts as: what a result would show. Maps and lists are none.
pub fn text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    if value.is_container() {
        None
    } else {
        value.shown()
    }
}

/// Milliseconds since the epoch, of a time or of a number.
pub fn millis(value: &Value<'_>) -> Option<i64> {
    number(value)?.truncate()
}

/// Whether a condition holds; `None` if that is unknown.
///
/// Numbers hold unless zero. Decision: texts hold if they are numbers other than zero, or `true`.
pub fn truth(value: &Value<'_>) -> Option<bool> {
    if value.is_null() {
        return None;
    }
    if let Some(number) = number(value) {
        return Some(number.as_f64() != 0.0);
    }
    Some(matches!(value, Value::Text(text) if text == TRUE))
}

/// A comparison. Unknown if a side is missing, whatever the operator, so that no row passes.
///
/// Two numbers compare as numbers, all else as texts. A map or a list compares false with everything. A time compares
/// with numbers only: the user guide says that written dates cannot be compared with `@timestamp`.
pub fn compare(op: BinaryOp, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    if left.is_container() || right.is_container() {
        return Some(false);
    }
    let order = order(left, right)?;
    Some(match op {
        BinaryOp::Eq => order == Ordering::Equal,
        BinaryOp::Ne => order != Ordering::Equal,
        BinaryOp::Lt => order == Ordering::Less,
        BinaryOp::Le => order != Ordering::Greater,
        BinaryOp::Gt => order == Ordering::Greater,
        BinaryOp::Ge => order != Ordering::Less,
        _ => return None,
    })
}

/// Whether values are equal as `=` sees it.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    compare(BinaryOp::Eq, left, right)
}

fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    if left.is_null() || right.is_null() {
        return None;
    }
    if let (Value::Text(left), Value::Text(right)) = (left, right)
        && left == right
    {
        return Some(Ordering::Equal);
    }
    let (left_number, right_number) = (number_beside(left, right), number_beside(right, left));
    if let (Some(left_number), Some(right_number)) = (left_number, right_number) {
        let written = match (left_number, right_number) {
            (Number::Float(_), Number::Float(_)) => large(left).zip(large(right)),
            _ => None,
        };
        return Some(match written {
            Some((left, right)) => left.cmp(&right),
            None => left_number.compare(right_number),
        });
    }
    if matches!(left, Value::Time(_)) || matches!(right, Value::Time(_)) {
        return None;
    }
    Some(text(left)?.cmp(&text(right)?))
}

/// The number that a value was written as, if it is whole and its nearest floating-point number is not enough.
pub(crate) fn large<'v>(value: &'v Value<'_>) -> Option<Large<'v>> {
    match value {
        Value::Written(text) | Value::Text(text) => Large::of(text),
        _ => None,
    }
}

/// Decision: beside a truth value, the texts `true` and `false` are truth values too.
fn number_beside(value: &Value<'_>, beside: &Value<'_>) -> Option<Number> {
    match (value, beside) {
        (Value::Text(text), Value::Bool(_)) if text == TRUE => Some(Number::Int(1)),
        (Value::Text(text), Value::Bool(_)) if text == FALSE => Some(Number::Int(0)),
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use corelog_insights::BinaryOp;

    use super::{compare, truth};
    use crate::value::Value;

    #[test]
    fn what_looks_like_numbers_compares_as_numbers() {
        let check = |left: Value, op, right: Value, expected| {
            assert_eq!(compare(op, &left, &right), expected, "{left:?} {right:?}");
        };
        let text = |text: &'static str| Value::text(text);
        check(text("200"), BinaryOp::Eq, Value::int(200), Some(true));
        check(text("10"), BinaryOp::Gt, text("9"), Some(true));
        check(text("10"), BinaryOp::Gt, text("9a"), Some(false));
        check(
            text("9007199254740993"),
            BinaryOp::Eq,
            text("9007199254740992"),
            Some(false),
        );
        let written = |text: &'static str| Value::Written(text.into());
        let (id, next) = ("18446744073709551614", "18446744073709551615");
        check(text(id), BinaryOp::Lt, written(next), Some(true));
        check(written(id), BinaryOp::Eq, text(id), Some(true));
        check(text(id), BinaryOp::Gt, Value::int(i64::MAX), Some(true));
        check(
            text(id),
            BinaryOp::Eq,
            Value::float(18_446_744_073_709_551_616.0),
            Some(true),
        );
        check(Value::Null, BinaryOp::Ne, Value::int(1), None);
        check(Value::Bool(true), BinaryOp::Eq, text("true"), Some(true));
        check(Value::Bool(true), BinaryOp::Eq, Value::int(1), Some(true));
        check(Value::Time(5), BinaryOp::Gt, text("2026-01-01"), None);
        check(Value::Time(5), BinaryOp::Gt, Value::int(4), Some(true));
        check(
            Value::list(Vec::new()),
            BinaryOp::Ne,
            Value::int(4),
            Some(false),
        );
    }

    #[test]
    fn numbers_other_than_zero_are_true() {
        let check = |value: Value, expected| assert_eq!(truth(&value), expected, "{value:?}");
        check(Value::int(2), Some(true));
        check(Value::int(0), Some(false));
        check(Value::text("0"), Some(false));
        check(Value::text("yes"), Some(false));
        check(Value::text("true"), Some(true));
        check(Value::Null, None);
    }
}
