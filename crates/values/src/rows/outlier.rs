//! `outlier`: values far from the middle. All rows are kept until the quartiles are known.
//!
//! A value is far if it is more than `param` interquartile ranges above the third quartile, and with `uselower` also
//! if it is so far below the first. Quartiles are those of `pct`. Decision: `mark` writes `000` before a value that
//! was clamped, as the command of the same name in Splunk does.

use super::{Failure, Kept, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::number::Number;
use crate::value::Value;

pub(super) struct Outlier {
    /// What is looked at, and the slot of what takes its place.
    pub(super) fields: Vec<(Expression, usize)>,
    pub(super) removes: bool,
    pub(super) marks: bool,
    pub(super) param: f64,
    pub(super) use_lower: bool,
    pub(super) kept: Kept,
}

impl Step for Outlier {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        self.kept.add(rows);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let cx = Context::default();
        let rows = self.kept.take();
        let all = self.fields.iter();
        let bounds: Vec<_> = all.map(|(of, _)| self.bounds(&cx, of, &rows)).collect();
        for mut row in rows {
            let mut is_far = false;
            for ((of, into), bounds) in self.fields.iter().zip(&bounds) {
                let value = of.eval(&cx, &row);
                let far = bounds.and_then(|bounds| beyond(&value, bounds));
                is_far |= far.is_some();
                if !self.removes {
                    let value = match far {
                        Some(bound) => self.clamped(bound),
                        None => value.into_owned(),
                    };
                    put(&mut row, *into, value);
                }
            }
            if !(self.removes && is_far) {
                out.push(row);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.kept.bytes
    }
}

impl Outlier {
    fn bounds(&self, cx: &Context, of: &Expression, rows: &[RowValues]) -> Option<(f64, f64)> {
        let numbers = rows
            .iter()
            .filter_map(|row| coerce::number(&of.eval(cx, row)));
        let mut values: Vec<f64> = numbers.map(Number::as_f64).collect();
        values.sort_by(f64::total_cmp);
        let (first, third) = (percentile(&values, 25.0)?, percentile(&values, 75.0)?);
        let reach = (third - first) * self.param;
        let low = if self.use_lower {
            first - reach
        } else {
            f64::NEG_INFINITY
        };
        Some((low, third + reach))
    }

    fn clamped(&self, bound: f64) -> Value<'static> {
        if self.marks {
            Value::text(format!("000{}", Number::Float(bound).print()))
        } else {
            Value::float(bound)
        }
    }
}

/// The bound that a value is beyond.
fn beyond(value: &Value<'_>, (low, high): (f64, f64)) -> Option<f64> {
    let value = coerce::number(value)?.as_f64();
    if value > high {
        Some(high)
    } else if value < low {
        Some(low)
    } else {
        None
    }
}

/// Of sorted values; between two neighbours the value is interpolated.
fn percentile(values: &[f64], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
    let rank = last as f64 * percent / 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of rows"
    )]
    let below = rank.floor() as usize;
    let (low, high) = (values[below.min(last)], values[(below + 1).min(last)]);
    Some(low + (high - low) * rank.fract())
}
