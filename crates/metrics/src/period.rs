//! Periods of questions, and the granularities in which points are kept.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>

use corelog_types::Timestamp;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// How long a point's time is, where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Granularity {
    /// A second, for values of high resolution.
    Second,
    /// A minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
}

impl Granularity {
    /// All of them, the finest first.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::FiveMinutes, Self::Hour];

    /// Its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::Hour => HOUR_S,
        }
    }

    /// For how many seconds points are kept.
    pub fn kept_seconds(self) -> i64 {
        match self {
            Self::Second => 3 * HOUR_S,
            Self::Minute => 15 * DAY_S,
            Self::FiveMinutes => 63 * DAY_S,
            Self::Hour => 455 * DAY_S,
        }
    }
}

/// The length of the stretches of time that a question is about: 1, 5, 10, 20 or 30 seconds, or whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(i64);

/// There is no such period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds")]
pub struct InvalidPeriod;

impl Period {
    /// A period of so many seconds.
    ///
    /// # Errors
    /// [`InvalidPeriod`].
    pub fn from_seconds(seconds: u32) -> Result<Self, InvalidPeriod> {
        match seconds {
            1 | 5 | 10 | 20 | 30 => Ok(Self(i64::from(seconds))),
            0 => Err(InvalidPeriod),
            minutes if minutes % 60 == 0 => Ok(Self(i64::from(minutes))),
            _ => Err(InvalidPeriod),
        }
    }

    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

/// What to read for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The coarsest granularity that fits.
    pub(crate) granularity: Granularity,
    /// Where the first period begins.
    pub(crate) start: i64,
    /// The first second that may still be kept.
    pub(crate) kept_from: i64,
    /// The first second that is not asked for.
    pub(crate) end: i64,
}

/// To how many seconds the start of a question is rounded down, if its period is a minute or longer.
pub fn rounding_seconds(from: Timestamp, now: Timestamp) -> u32 {
    let second = |time: Timestamp| i64::try_from(time.unix_ms() / 1_000).unwrap_or(i64::MAX);
    u32::try_from(rounding(second(from), second(now))).unwrap_or(60)
}

fn rounding(start: i64, now: i64) -> i64 {
    let age = now.saturating_sub(start);
    if age <= Granularity::Minute.kept_seconds() {
        60
    } else if age <= Granularity::FiveMinutes.kept_seconds() {
        300
    } else {
        HOUR_S
    }
}

/// The start is rounded down by its age, and periods are counted from there.
///
/// A period that is too fine for an age finds nothing of that age, and this is no error: points so fine are kept no
/// longer.
pub(crate) fn plan(start: i64, end: i64, period: Period, now: i64) -> Plan {
    let unit = match period.0 {
        short if short < 60 => short,
        _ => rounding(start, now),
    };
    let start = start.div_euclid(unit) * unit;
    let fits = |granularity: &Granularity| {
        let length = granularity.seconds();
        start % length == 0 && period.0 % length == 0
    };
    let coarsest = Granularity::ALL.into_iter().rev().find(fits);
    let granularity = coarsest.unwrap_or(Granularity::Second);
    Plan {
        granularity,
        start,
        kept_from: now - granularity.kept_seconds(),
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-18T12:00:00Z.
    const NOON: i64 = 1_795_003_200;

    fn period(seconds: u32) -> Period {
        Period::from_seconds(seconds).unwrap()
    }

    #[test]
    fn periods_are_those_of_the_service() {
        for seconds in [1, 5, 10, 20, 30, 60, 120, 3_600, 86_400] {
            assert_eq!(period(seconds).seconds(), i64::from(seconds));
        }
        for seconds in [0, 2, 15, 45, 61, 90] {
            assert_eq!(Period::from_seconds(seconds), Err(InvalidPeriod));
        }
    }

    #[test]
    fn starts_are_rounded_by_their_age() {
        let check = |days: i64, seconds: u32, expected: i64| {
            // 12:32:34, so many days ago.
            let start = NOON - days * DAY_S + 1_954;
            let plan = plan(start, NOON, period(seconds), NOON + 1_954);
            let of_day = plan.start - (NOON - days * DAY_S);
            assert_eq!(of_day, expected, "{days} days, {seconds} s");
        };
        // 12:32:00, 12:30:00, 12:00:00.
        check(15, 60, 32 * 60);
        check(16, 60, 30 * 60);
        check(63, 300, 30 * 60);
        check(64, 3_600, 0);
        check(0, 1, 1_954);
        check(0, 5, 1_950);
        check(0, 10, 1_950);
        check(0, 20, 1_940);
        check(0, 30, 1_950);
        check(0, 3_600, 32 * 60);
    }

    #[test]
    fn the_coarsest_granularity_that_fits_is_read() {
        let check = |start: i64, seconds: u32, expected: Granularity| {
            let plan = plan(start, NOON + 600, period(seconds), NOON + 600);
            assert_eq!(plan.granularity, expected);
        };
        check(NOON, 3_600, Granularity::Hour);
        check(NOON, 86_400, Granularity::Hour);
        check(NOON + 300, 3_600, Granularity::FiveMinutes);
        check(NOON + 60, 3_600, Granularity::Minute);
        check(NOON, 900, Granularity::FiveMinutes);
        check(NOON, 60, Granularity::Minute);
        check(NOON, 30, Granularity::Second);
        check(NOON - 20 * DAY_S, 60, Granularity::Minute);
        check(NOON - 20 * DAY_S, 300, Granularity::FiveMinutes);
    }
}
