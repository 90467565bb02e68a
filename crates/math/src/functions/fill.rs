//! `FILL`: points where a series has none.
//!
//! With a number, every period of the range gets a point, those of a series without any points too. With a series, each
//! gets the value that this has then, if it has one. `REPEAT` takes the last value before, `LINEAR` what lies on the line
//! from the last before to the first behind; where there is none on that side, the period stays empty.
//!
//! Source: the user guide's table of functions.

use std::sync::Arc;

use corelog_types::Timestamp;

use super::Call;
use crate::calendar::seconds;
use crate::error::ExpressionError;
use crate::evaluate::Value;
use crate::series::{Point, Series, joined};
use crate::syntax::Word;

enum Filler {
    Number(f64),
    Series(Arc<Series>),
    Repeat,
    Linear,
}

pub(super) fn filled(call: &Call<'_>) -> Result<Value, ExpressionError> {
    let value = call.argument(0)?;
    let filler = match call.word(1) {
        Some(Word::Repeat) => Filler::Repeat,
        Some(_) => Filler::Linear,
        None => match call.argument(1)? {
            Value::Series(series) => Filler::Series(series),
            other => Filler::Number(other.scalar()),
        },
    };
    for series in value.series() {
        call.spend_slots(call.evaluation.range.slots_of(series).total())?;
    }
    let fill = |series: &Series| {
        let slots: Vec<Point> = call
            .evaluation
            .range
            .slots_of(series)
            .map(|at| Point { at, value: 0.0 })
            .collect();
        series.with(points(&series.points, &slots, &filler))
    };
    call.evaluation.each(&value, call.at, |number| number, fill)
}

/// The points there are and those of empty periods.
fn points(there: &[Point], slots: &[Point], filler: &Filler) -> Vec<Point> {
    let mut found: Vec<Point> = Vec::with_capacity(slots.len());
    let mut last: Option<Point> = None;
    let mut ahead = there.iter().peekable();
    for (at, value, _) in joined(there, slots) {
        let value = value.or_else(|| match filler {
            Filler::Number(number) => Some(*number),
            Filler::Series(series) => series.at(at),
            Filler::Repeat => last.map(|point| point.value),
            Filler::Linear => between(last, ahead.peek().copied().copied(), at),
        });
        let Some(value) = value.filter(|value| value.is_finite()) else {
            continue;
        };
        if let Some(point) = ahead.next_if(|point| point.at == at) {
            last = Some(*point);
        }
        found.push(Point { at, value });
    }
    found
}

fn between(before: Option<Point>, behind: Option<Point>, at: Timestamp) -> Option<f64> {
    let (before, behind) = (before?, behind?);
    let from = seconds(before.at);
    let share = (seconds(at) - from) / (seconds(behind.at) - from);
    Some(before.value + (behind.value - before.value) * share)
}
