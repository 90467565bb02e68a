//! Functions of numbers. What is no number gives nothing.

use std::cmp::Ordering;

use corelog_insights::Function;

use crate::coerce;
use crate::number::Number;
use crate::value::Value;

/// Decision: the mean radius of the Earth.
const EARTH_RADIUS_KM: f64 = 6371.0;

/// Beyond so many decimals a number is round.
const DIGITS_MAX: i64 = 15;

pub(super) fn call(function: Function, values: &[Value<'_>]) -> Option<Value<'static>> {
    let compute: fn(&[Number]) -> Option<Value<'static>> = match function {
        Function::Abs => |n| match *n.first()? {
            Number::Int(value) => value.checked_abs().map(Value::int),
            Number::Float(value) => Some(Value::float(value.abs())),
        },
        Function::Ceil => |n| Some(whole(*n.first()?, f64::ceil)),
        Function::Floor => |n| Some(whole(*n.first()?, f64::floor)),
        Function::Greatest => |n| extreme(n, Ordering::Greater),
        Function::Least => |n| extreme(n, Ordering::Less),
        Function::Log => |n| Some(Value::float(n.first()?.as_f64().ln())),
        Function::Sqrt => |n| Some(Value::float(n.first()?.as_f64().sqrt())),
        Function::Round => round,
        Function::Haversine => haversine,
        Function::ToNumber | Function::ToDouble => |n| Some(Value::Number(*n.first()?)),
        Function::ToLong => |n| n.first()?.truncate().map(Value::int),
        Function::ToInt => |n| {
            let value = n.first()?.truncate()?;
            i32::try_from(value).ok().map(|_| Value::int(value))
        },
        _ => return None,
    };
    match values {
        [one] => compute(&[coerce::number(one)?]),
        all => {
            let numbers: Option<Vec<Number>> = all.iter().map(coerce::number).collect();
            compute(&numbers?)
        }
    }
}

fn whole(number: Number, cut: fn(f64) -> f64) -> Value<'static> {
    match number {
        Number::Int(value) => Value::int(value),
        Number::Float(value) => Value::float(cut(value)),
    }
}

fn extreme(numbers: &[Number], wanted: Ordering) -> Option<Value<'static>> {
    let mut best = *numbers.first()?;
    for number in numbers {
        if number.compare(best) == wanted {
            best = *number;
        }
    }
    Some(Value::Number(best))
}

/// Halves away from zero; a negative number of digits rounds to tens and hundreds.
fn round(numbers: &[Number]) -> Option<Value<'static>> {
    let value = *numbers.first()?;
    let digits = match numbers.get(1) {
        Some(digits) => digits.truncate()?,
        None => 0,
    };
    if digits > DIGITS_MAX || (digits >= 0 && matches!(value, Number::Int(_))) {
        return Some(Value::Number(value));
    }
    let exponent = i32::try_from(digits.max(-400)).ok()?;
    let factor = 10_f64.powi(exponent.abs());
    let value = value.as_f64();
    let rounded = if exponent < 0 {
        (value / factor).round() * factor
    } else {
        (value * factor).round() / factor
    };
    Some(Value::float(rounded))
}

fn haversine(numbers: &[Number]) -> Option<Value<'static>> {
    let [lat1, lon1, lat2, lon2] = numbers else {
        return None;
    };
    let radians = |number: &Number| number.as_f64().to_radians();
    let (lat1, lat2) = (radians(lat1), radians(lat2));
    let half = |delta: f64| (delta / 2.0).sin().powi(2);
    let a = half(lat2 - lat1) + lat1.cos() * lat2.cos() * half(radians(lon2) - radians(lon1));
    Some(Value::float(2.0 * EARTH_RADIUS_KM * a.sqrt().asin()))
}

/// The start of the range that a number falls in, for a width.
pub fn bucket(value: &Value<'_>, width: &Value<'_>) -> Value<'static> {
    let (Some(value), Some(width)) = (coerce::number(value), coerce::number(width)) else {
        return Value::Null;
    };
    let (value, width) = (value.as_f64(), width.as_f64());
    if width > 0.0 {
        Value::float((value / width).floor() * width)
    } else {
        Value::Null
    }
}
