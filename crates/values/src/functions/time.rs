//! Functions of time. A number is a time in milliseconds since the epoch; a written date is none.

use corelog_insights::{Function, Period};

use crate::calendar;
use crate::coerce;
use crate::date_pattern::{self, Zone};
use crate::value::Value;

pub(super) fn call(
    function: Function,
    values: &[Value<'_>],
    period: Option<Period>,
) -> Option<Value<'static>> {
    let ms = || coerce::millis(values.first()?);
    match function {
        Function::DateFloor => cut(ms(), period, calendar::floor),
        Function::DateCeil => cut(ms(), period, calendar::ceil),
        Function::FromMillis => ms().map(Value::time),
        Function::ToMillis => ms().map(Value::int),
        Function::ParseDate => parse_date(values),
        Function::FormatDate => format_date(values),
        _ => None,
    }
}

fn cut(
    ms: Option<i64>,
    period: Option<Period>,
    cut: fn(i64, Period) -> Option<i64>,
) -> Option<Value<'static>> {
    cut(ms?, period?).map(Value::time)
}

fn parse_date(values: &[Value<'_>]) -> Option<Value<'static>> {
    let text = coerce::text(values.first()?)?;
    let pattern = coerce::text(values.get(1)?)?;
    date_pattern::parse(&text, &pattern, zone(values.get(2))?).map(Value::int)
}

fn format_date(values: &[Value<'_>]) -> Option<Value<'static>> {
    let ms = coerce::millis(values.first()?)?;
    let format = coerce::text(values.get(1)?)?;
    zone(values.get(2))?.format(ms, &format).map(Value::text)
}

fn zone(value: Option<&Value<'_>>) -> Option<Zone> {
    match value {
        Some(value) => Zone::parse(&coerce::text(value)?),
        None => Some(Zone::UTC),
    }
}
