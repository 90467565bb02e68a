//! What a clock and a calendar say of a time, in UTC.

use chrono::{DateTime, Datelike as _, Timelike as _};
use corelog_types::Timestamp;

use crate::syntax::Function;

/// What a function of the calendar says of a time: `MINUTE` 0 to 59, `HOUR` 0 to 23, `DAY` 1 for Monday to 7 for Sunday,
/// `DATE` 1 to 31, `MONTH` 1 to 12, `YEAR`, `EPOCH` the seconds since 1970. No number for other functions.
pub(crate) fn value(function: Function, at: Timestamp) -> f64 {
    let ms = i64::try_from(at.unix_ms()).ok();
    let Some(civil) = ms.and_then(DateTime::from_timestamp_millis) else {
        return f64::NAN;
    };
    match function {
        Function::Minute => f64::from(civil.minute()),
        Function::Hour => f64::from(civil.hour()),
        Function::Day => f64::from(civil.weekday().number_from_monday()),
        Function::Date => f64::from(civil.day()),
        Function::Month => f64::from(civil.month()),
        Function::Year => f64::from(civil.year()),
        Function::Epoch => seconds(at),
        _ => f64::NAN,
    }
}

/// Seconds since 1970. Milliseconds of any calendar's time are far below what a number holds exactly.
pub(crate) fn seconds(at: Timestamp) -> f64 {
    let (seconds, ms) = (at.unix_ms() / 1_000, at.unix_ms() % 1_000);
    let high = u32::try_from(seconds >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(seconds & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    let ms = u32::try_from(ms).unwrap_or_default();
    f64::from(high) * 4_294_967_296.0 + f64::from(low) + f64::from(ms) / 1_000.0
}
