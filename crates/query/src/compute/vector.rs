//! Expressions that are computed column by column: bins of times, and whole numbers added and subtracted.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, TimestampMicrosecondArray};
use arrow::compute::kernels::numeric;
use corelog_insights::BinaryOp;
use corelog_values::{Context, Simple, calendar};

use super::{Form, Output, SlotReader};
use crate::kind::{Kind, Reader};

/// The column that an output is, if it is one of these and no value of it needs more than that.
pub(super) fn column(
    output: &Output,
    cx: &Context,
    readers: &[SlotReader<'_>],
) -> Option<ArrayRef> {
    let reader = |slot: usize| {
        let slot = readers.get(slot).filter(|it| it.path.is_empty());
        slot.map(|it| &it.reader)
    };
    match output.expression.as_simple()? {
        Simple::Bin { slot, period } => {
            let Reader::Time(times) = reader(slot)? else {
                return None;
            };
            if output.form != Form::Value(Kind::Time) {
                return None;
            }
            let (origin_ms, length_ms) = calendar::grid(period, cx.offset)?;
            bins(times, origin_ms, length_ms)
        }
        Simple::Binary { op, left, right } => {
            let (Reader::Int(left), Reader::Int(right)) = (reader(left)?, reader(right)?) else {
                return None;
            };
            let result = match op {
                BinaryOp::Add => numeric::add(left, right),
                BinaryOp::Sub => numeric::sub(left, right),
                _ => return None,
            };
            // It is none where one of the results does not fit.
            let whole = result.ok()?;
            Some(match output.form {
                Form::Whole => whole,
                // There is none where all are whole.
                Form::Fraction => Arc::new(Float64Array::new_null(whole.len())),
                _ => return None,
            })
        }
    }
}

fn bins(times: &TimestampMicrosecondArray, origin_ms: i64, length_ms: i64) -> Option<ArrayRef> {
    let origin = origin_ms.checked_mul(1_000)?;
    let length = length_ms.checked_mul(1_000).filter(|length| *length > 0)?;
    let start = |micros: i64| {
        let behind = micros.checked_sub(origin).ok_or(())?.rem_euclid(length);
        micros.checked_sub(behind).ok_or(())
    };
    let bins: TimestampMicrosecondArray = times.try_unary(start).ok()?;
    Some(Arc::new(bins.with_timezone("UTC")))
}
