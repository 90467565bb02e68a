//! `outlier`: values far from the middle.
//!
//! A value is far if it is more than `param` interquartile ranges above the third quartile, and with `uselower` also
//! if it is so far below the first. Quartiles are those of `pct`. Decision: `mark` writes `000` before a value that
//! was clamped, as the command of the same name in Splunk does.

use corelog_insights::{Field, Outlier, OutlierAction};

use crate::aggregates::percentile;
use crate::row::Frame;
use crate::value::Value;
use corelog_values::Number;
use corelog_values::coerce;

pub(crate) fn apply(mut frame: Frame, outlier: &Outlier) -> Frame {
    let bounds: Vec<Option<(f64, f64)>> = outlier
        .fields
        .iter()
        .map(|field| bounds(&frame, field, outlier))
        .collect();
    let far = |value: &Value, bounds: &Option<(f64, f64)>| {
        let (low, high) = (*bounds)?;
        let value = coerce::number(value)?.as_f64();
        match () {
            () if value > high => Some(high),
            () if value < low => Some(low),
            () => None,
        }
    };
    match outlier.action {
        OutlierAction::Remove => frame.rows.retain(|row| {
            let mut fields = outlier.fields.iter().zip(&bounds);
            !fields.any(|(field, bounds)| far(&row.field(field), bounds).is_some())
        }),
        OutlierAction::Transform => {
            for row in &mut frame.rows {
                for (field, bounds) in outlier.fields.iter().zip(&bounds) {
                    if let Some(bound) = far(&row.field(field), bounds) {
                        row.set(&field.name(), clamped(bound, outlier.mark));
                    }
                }
            }
        }
    }
    frame
}

fn clamped(bound: f64, mark: bool) -> Value {
    if mark {
        Value::text(format!("000{}", Number::Float(bound).print()))
    } else {
        Value::float(bound)
    }
}

fn bounds(frame: &Frame, field: &Field, outlier: &Outlier) -> Option<(f64, f64)> {
    let numbers = frame
        .rows
        .iter()
        .filter_map(|row| coerce::number(&row.field(field)));
    let values: Vec<f64> = numbers.map(Number::as_f64).collect();
    let first = percentile(values.clone(), 25.0)?;
    let third = percentile(values, 75.0)?;
    let reach = (third - first) * outlier.param.value();
    let low = if outlier.use_lower {
        first - reach
    } else {
        f64::NEG_INFINITY
    };
    Some((low, third + reach))
}
