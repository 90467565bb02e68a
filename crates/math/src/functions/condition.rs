//! `IF`: one of two values, as a condition says.
//!
//! With a series as condition, each of its points decides about one point: where it is true, the second argument's, and 0
//! where that has none; where it is false, the third's, and none where that has none. Where the condition has no point,
//! there is none. With a number, it decides about the whole.
//!
//! Source: the user guide, "Using IF expressions".

use std::sync::Arc;

use super::Call;
use crate::error::ExpressionError;
use crate::evaluate::{Value, is_true};
use crate::series::{Point, Series};

pub(super) fn chosen(call: &Call<'_>) -> Result<Value, ExpressionError> {
    let condition = call.argument(0)?;
    let then = call.argument(1)?;
    let otherwise = match call.arguments.len() {
        3 => Some(call.argument(2)?),
        _ => None,
    };
    let Value::Series(condition) = condition else {
        return of_number(call, condition.scalar(), then, otherwise);
    };
    call.evaluation.spend(condition.points.len(), call.at)?;
    let points = condition.points.iter().filter_map(|point| {
        let value = if is_true(point.value) {
            value_at(&then, point).unwrap_or(0.0)
        } else {
            value_at(otherwise.as_ref()?, point)?
        };
        value.is_finite().then_some(Point { value, ..*point })
    });
    Ok(Value::Series(Arc::new(Series {
        points: points.collect(),
        ..Series::empty(condition.period_seconds)
    })))
}

/// Of a number, whatever the point.
fn value_at(value: &Value, point: &Point) -> Option<f64> {
    match value {
        Value::Series(series) => series.at(point.at),
        other => Some(other.scalar()),
    }
}

/// A number that is to be a series is one at every period.
fn of_number(
    call: &Call<'_>,
    condition: f64,
    then: Value,
    otherwise: Option<Value>,
) -> Result<Value, ExpressionError> {
    let is_series =
        matches!(then, Value::Series(_)) || !matches!(otherwise, Some(Value::Scalar(_)));
    let chosen = if condition.is_nan() {
        None
    } else if is_true(condition) {
        Some(then)
    } else {
        otherwise
    };
    match chosen {
        Some(Value::Scalar(number)) if is_series => call.constant(number),
        Some(value) => Ok(value),
        None if is_series => Ok(call.picked(None)),
        None => Ok(Value::Scalar(f64::NAN)),
    }
}
