//! What a model is told: how long a period is, what to leave out, how fast to learn.

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use corelog_types::Timestamp;

pub(crate) const MINUTE_MS: u64 = 60_000;
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
pub(crate) const WEEK_MS: u64 = 7 * DAY_MS;
/// 1 January 1970 was a Thursday.
const MONDAY_MS: u64 = 3 * DAY_MS;

/// So many ranges may be excluded.
///
/// Source: `PutAnomalyDetector`, `Configuration.ExcludedTimeRanges`.
pub const EXCLUDED_RANGES_MAX: usize = 10;

/// How a model learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The time between two points. A model's bins are as long, but five minutes at the least and a day at the most.
    pub period_ms: u64,
    /// Times of which nothing is learnt: `start` inclusive, `end` exclusive. The first [`EXCLUDED_RANGES_MAX`] count.
    pub excluded: Vec<(Timestamp, Timestamp)>,
    /// Whose days and weeks the series follows.
    pub zone: Tz,
    /// How soon what is new becomes what is usual.
    pub adaptation: Adaptation,
    /// How far away a point must be, that nothing is learnt of it.
    pub filtering: Filtering,
}

impl Config {
    /// The defaults, for points of this period.
    pub const fn new(period_ms: u64) -> Self {
        Self {
            period_ms,
            excluded: Vec::new(),
            zone: Tz::UTC,
            adaptation: Adaptation::Normal,
            filtering: Filtering::Moderate,
        }
    }

    /// The time zone of this name, `Europe/Berlin`.
    pub fn zone(name: &str) -> Option<Tz> {
        name.parse().ok()
    }

    pub(crate) fn excludes(&self, at_ms: u64) -> bool {
        self.excluded
            .iter()
            .take(EXCLUDED_RANGES_MAX)
            .any(|(start, end)| (start.unix_ms()..end.unix_ms()).contains(&at_ms))
    }

    /// The time on the clock on the wall, as if it were UTC.
    fn local_ms(&self, at_ms: u64) -> u64 {
        if self.zone == Tz::UTC {
            return at_ms;
        }
        let utc = i64::try_from(at_ms)
            .ok()
            .and_then(DateTime::from_timestamp_millis);
        let offset_s = utc.map_or(0, |utc| {
            let offset = self.zone.offset_from_utc_datetime(&utc.naive_utc());
            offset.fix().local_minus_utc()
        });
        at_ms.saturating_add_signed(i64::from(offset_s) * 1_000)
    }

    /// How long ago the local day began, and how long ago the local week (on Monday).
    pub(crate) fn place(&self, at_ms: u64) -> Place {
        let local_ms = self.local_ms(at_ms);
        Place {
            day_ms: local_ms % DAY_MS,
            week_ms: local_ms.saturating_add(MONDAY_MS) % WEEK_MS,
        }
    }
}

/// A place in the seasons.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) day_ms: u64,
    pub(crate) week_ms: u64,
}

/// How soon what is new becomes what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Adaptation {
    /// The level follows within hours, a new level is taken after six of them.
    Fast,
    /// The level follows within a day, a new level is taken after one.
    #[default]
    Normal,
    /// The level follows within days, a new level is taken after three.
    Slow,
}

impl Adaptation {
    /// In this time the level makes 63 % of its way.
    pub(crate) const fn follows_within_ms(self) -> u64 {
        match self {
            Self::Fast => 3 * HOUR_MS,
            Self::Normal => 12 * HOUR_MS,
            Self::Slow => 48 * HOUR_MS,
        }
    }

    /// What stays outside for so long is the new level.
    pub(crate) const fn patience_ms(self) -> u64 {
        match self {
            Self::Fast => 6 * HOUR_MS,
            Self::Normal => DAY_MS,
            Self::Slow => 3 * DAY_MS,
        }
    }
}

/// How far away a point must be, that nothing is learnt of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filtering {
    /// Five standard deviations.
    Minimal,
    /// Three and a half.
    #[default]
    Moderate,
    /// Two and a half.
    Strict,
}

impl Filtering {
    pub(crate) const fn sigmas(self) -> f64 {
        match self {
            Self::Minimal => 5.0,
            Self::Moderate => 3.5,
            Self::Strict => 2.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weeks_are_those_of_the_zone() {
        let mut config = Config::new(MINUTE_MS);
        // Monday, 6 July 2026, 22:30 UTC, is Tuesday, 00:30 in Berlin, which is two hours ahead in summer.
        let at = Timestamp::parse_rfc3339("2026-07-06T22:30:00Z").unwrap();
        let utc = config.place(at.unix_ms());
        assert_eq!(utc.day_ms, 22 * HOUR_MS + 30 * MINUTE_MS);
        assert_eq!(utc.week_ms, utc.day_ms);
        config.zone = Config::zone("Europe/Berlin").unwrap();
        let berlin = config.place(at.unix_ms());
        assert_eq!(berlin.day_ms, 30 * MINUTE_MS);
        assert_eq!(berlin.week_ms, DAY_MS + 30 * MINUTE_MS);
        // In winter it is one hour.
        let at = Timestamp::parse_rfc3339("2026-12-07T22:30:00Z").unwrap();
        assert_eq!(
            config.place(at.unix_ms()).day_ms,
            23 * HOUR_MS + 30 * MINUTE_MS
        );
    }
}
