//! Periods on the calendar, in UTC.
//!
//! Milliseconds, seconds, minutes and hours are capped as the user guide says: a larger number counts as the largest
//! allowed. Several of a unit are counted from 1970, weeks from Monday, 1970-01-05. Decisions: weeks begin on Monday;
//! months, quarters and years are those of the calendar; no units at all is no period.

use chrono::{DateTime, Datelike, Months, NaiveDate};
use corelog_insights::{Period, Unit};

use crate::value::Value;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
const FIRST_MONDAY_MS: i64 = 4 * DAY_MS;

/// The start of the period that a time is in.
pub fn floor(ms: i64, period: Period) -> Option<i64> {
    let count = capped(period)?;
    if let Some(months) = unit_months(period.unit) {
        floor_months(ms, count.checked_mul(months)?)
    } else {
        let length = count.checked_mul(unit_ms(period.unit)?)?;
        let origin = if period.unit == Unit::Week {
            FIRST_MONDAY_MS
        } else {
            0
        };
        let behind = ms.checked_sub(origin)?.rem_euclid(length);
        ms.checked_sub(behind)
    }
}

/// Where periods begin, and how long each is, in milliseconds; those of months are of many lengths.
pub fn grid(period: Period, offset: Option<Period>) -> Option<(i64, i64)> {
    let length = capped(period)?.checked_mul(unit_ms(period.unit)?)?;
    let origin = if period.unit == Unit::Week {
        FIRST_MONDAY_MS
    } else {
        0
    };
    let shift = offset.map_or(Some(0), length_ms)?;
    Some((origin.checked_add(shift)?, length))
}

/// The start of the next period, or the time itself if it is a start.
pub fn ceil(ms: i64, period: Period) -> Option<i64> {
    let start = floor(ms, period)?;
    if start == ms {
        Some(ms)
    } else {
        next(start, period)
    }
}

/// The start of the period behind the one that starts here.
pub fn next(start: i64, period: Period) -> Option<i64> {
    let count = capped(period)?;
    match unit_months(period.unit) {
        Some(months) => {
            let date = DateTime::from_timestamp_millis(start)?;
            let months = u32::try_from(count.checked_mul(months)?).ok()?;
            let next = date.checked_add_months(Months::new(months))?;
            Some(next.timestamp_millis())
        }
        None => start.checked_add(count.checked_mul(unit_ms(period.unit)?)?),
    }
}

/// [`floor`] with bounds shifted by a length of time.
pub fn floor_shifted(ms: i64, period: Period, offset: Option<Period>) -> Value<'static> {
    let shift = offset.map_or(Some(0), length_ms);
    let start = shift.and_then(|shift| floor(ms.checked_sub(shift)?, period)?.checked_add(shift));
    start.map_or(Value::Null, Value::time)
}

/// The length of a period in milliseconds; months and longer have none.
pub fn length_ms(period: Period) -> Option<i64> {
    i64::try_from(period.count)
        .ok()?
        .checked_mul(unit_ms(period.unit)?)
}

/// The same time so many months before.
pub fn months_before(ms: i64, months: u32) -> Option<i64> {
    let date = DateTime::from_timestamp_millis(ms)?;
    let before = date.checked_sub_months(Months::new(months))?;
    Some(before.timestamp_millis())
}

fn capped(period: Period) -> Option<i64> {
    let count = period
        .unit
        .bin_max()
        .map_or(period.count, |max| period.count.min(max));
    i64::try_from(count).ok().filter(|count| *count > 0)
}

fn unit_ms(unit: Unit) -> Option<i64> {
    Some(match unit {
        Unit::Millisecond => 1,
        Unit::Second => SECOND_MS,
        Unit::Minute => MINUTE_MS,
        Unit::Hour => HOUR_MS,
        Unit::Day => DAY_MS,
        Unit::Week => WEEK_MS,
        Unit::Month | Unit::Quarter | Unit::Year => return None,
    })
}

fn unit_months(unit: Unit) -> Option<i64> {
    match unit {
        Unit::Month => Some(1),
        Unit::Quarter => Some(3),
        Unit::Year => Some(12),
        _ => None,
    }
}

fn floor_months(ms: i64, length: i64) -> Option<i64> {
    let date = DateTime::from_timestamp_millis(ms)?;
    let month = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month0());
    let start = month - month.rem_euclid(length);
    let year = i32::try_from(1970 + start.div_euclid(12)).ok()?;
    let month = u32::try_from(start.rem_euclid(12) + 1).ok()?;
    let midnight = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
    Some(midnight.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use corelog_insights::{Period, Unit};

    use super::{ceil, floor};
    use crate::value::print_time;

    /// Sunday, 2026-11-22 09:15:42.123.
    const NOW_MS: i64 = 1_795_338_942_123;

    #[test]
    fn times_are_cut_down() {
        let check = |count, unit, text: &str| {
            let start = floor(NOW_MS, Period { count, unit }).map(print_time);
            assert_eq!(start.as_deref(), Some(text), "{count} {unit:?}");
        };
        check(100, Unit::Millisecond, "2026-11-22 09:15:42.100");
        check(300, Unit::Second, "2026-11-22 09:15:00.000");
        check(5, Unit::Minute, "2026-11-22 09:15:00.000");
        check(90, Unit::Minute, "2026-11-22 09:00:00.000");
        check(6, Unit::Hour, "2026-11-22 06:00:00.000");
        check(1, Unit::Day, "2026-11-22 00:00:00.000");
        check(1, Unit::Week, "2026-11-16 00:00:00.000");
        check(1, Unit::Month, "2026-11-01 00:00:00.000");
        check(1, Unit::Quarter, "2026-10-01 00:00:00.000");
        check(1, Unit::Year, "2026-01-01 00:00:00.000");
        check(10, Unit::Year, "2020-01-01 00:00:00.000");
    }

    #[test]
    fn times_are_rounded_up() {
        let check = |ms, count, unit, text: &str| {
            let start = ceil(ms, Period { count, unit }).map(print_time);
            assert_eq!(start.as_deref(), Some(text), "{count} {unit:?}");
        };
        check(NOW_MS, 1, Unit::Hour, "2026-11-22 10:00:00.000");
        check(NOW_MS, 1, Unit::Month, "2026-12-01 00:00:00.000");
        check(0, 1, Unit::Hour, "1970-01-01 00:00:00.000");
        check(-1, 1, Unit::Hour, "1970-01-01 00:00:00.000");
    }

    #[test]
    fn what_is_no_period_gives_nothing() {
        assert_eq!(
            floor(
                NOW_MS,
                Period {
                    count: 0,
                    unit: Unit::Hour
                }
            ),
            None
        );
        let huge = Period {
            count: u64::MAX,
            unit: Unit::Year,
        };
        assert_eq!(floor(NOW_MS, huge), None);
    }
}
