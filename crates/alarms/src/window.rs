//! Which periods an evaluation looks at.
//!
//! The service fetches more periods than the alarm asks for, the *evaluation range*, so that a few missing data points
//! do not hide older ones. How many more is not documented, only that it is two for three: `N + max(N / 3, 2)` fits.
//!
//! Periods that slide end with the whole minute before the evaluation; those of a wall clock are its last complete ones.
//!
//! Decision: periods shorter than a minute end with the last whole period, so that each is one for which metrics have
//! data points of their own: theirs begin at whole periods.
//!
//! Source: the user guide's pages of missing data and of evaluation windows.

use chrono::{Datelike as _, Days, NaiveDate};
use corelog_types::Timestamp;

use crate::definition::{MetricAlarm, WindowKind};
use crate::zone::Zone;

const MINUTE_MS: u64 = 60_000;
const TEN_SECONDS_MS: u64 = 10_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 86_400_000;

/// The periods of one evaluation, counted from the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window(Edges);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Edges {
    /// All of one length, the newest ending at `end_ms`.
    Even {
        end_ms: u64,
        period_ms: u64,
        periods: usize,
    },
    /// Where each ends, the newest first, and where the oldest begins.
    Civil(Vec<u64>),
}

impl Window {
    /// The periods that the evaluation of `alarm` at `now` looks at.
    pub fn of(alarm: &MetricAlarm, now: Timestamp) -> Self {
        let periods = range_of(alarm.evaluation_periods);
        let period_ms = u64::from(alarm.period_seconds().max(1)) * 1_000;
        match &alarm.window {
            Some(WindowKind::WallClock { zone, .. }) => {
                Self::of_clock(*zone, period_ms, periods, now)
            }
            Some(WindowKind::Sliding) | None => {
                let step_ms = period_ms.min(MINUTE_MS);
                Self(Edges::Even {
                    end_ms: now.unix_ms() / step_ms * step_ms,
                    period_ms,
                    periods,
                })
            }
        }
    }

    fn of_clock(zone: Zone, period_ms: u64, periods: usize, now: Timestamp) -> Self {
        let days = match period_ms {
            DAY_MS => 1,
            WEEK_MS => 7,
            _ => return Self::of_hours(zone, period_ms, periods, now),
        };
        let Some(today) = zone.civil(now).map(|civil| civil.date()) else {
            return Self(Edges::Civil(Vec::new()));
        };
        // Decision: a week begins on Monday.
        let back = if days == 7 {
            u64::from(today.weekday().num_days_from_monday())
        } else {
            0
        };
        let first = today.checked_sub_days(Days::new(back)).unwrap_or(today);
        let edge = |index: usize| -> Option<u64> {
            let days = u64::try_from(index).ok()?.checked_mul(days)?;
            let day: NaiveDate = first.checked_sub_days(Days::new(days))?;
            zone.midnight(day).map(Timestamp::unix_ms)
        };
        Self(Edges::Civil((0..=periods).map_while(edge).collect()))
    }

    /// Periods of an hour or shorter, aligned to the zone's clock as it is set now.
    fn of_hours(zone: Zone, period_ms: u64, periods: usize, now: Timestamp) -> Self {
        let now_ms = now.unix_ms();
        let into_period_ms = zone.civil(now).map_or(now_ms % period_ms, |civil| {
            u64::try_from(civil.and_utc().timestamp_millis()).unwrap_or(now_ms) % period_ms
        });
        Self(Edges::Even {
            end_ms: now_ms.saturating_sub(into_period_ms),
            period_ms,
            periods,
        })
    }

    /// How many periods there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Edges::Even { periods, .. } => *periods,
            Edges::Civil(edges) => edges.len().saturating_sub(1),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the oldest period begins: data points from here on are wanted.
    pub fn start(&self) -> Timestamp {
        self.start_of(self.len().saturating_sub(1))
    }

    /// Where the newest period ends: data points before this are wanted.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_unix_ms(match &self.0 {
            Edges::Even { end_ms, .. } => *end_ms,
            Edges::Civil(edges) => edges.first().copied().unwrap_or(0),
        })
    }

    /// Where a period begins, 0 being the newest. Data points have this time.
    pub fn start_of(&self, index: usize) -> Timestamp {
        Timestamp::from_unix_ms(match &self.0 {
            Edges::Even {
                end_ms, period_ms, ..
            } => {
                let periods = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
                end_ms.saturating_sub(periods.saturating_mul(*period_ms))
            }
            Edges::Civil(edges) => edges.get(index + 1).copied().unwrap_or(0),
        })
    }

    /// The period that a time is in, 0 being the newest.
    pub(crate) fn index_of(&self, at: Timestamp) -> Option<usize> {
        let at_ms = at.unix_ms();
        if at >= self.end() || at < self.start() {
            return None;
        }
        match &self.0 {
            Edges::Even {
                end_ms, period_ms, ..
            } => usize::try_from((end_ms - 1 - at_ms) / period_ms).ok(),
            Edges::Civil(edges) => Some(
                edges
                    .partition_point(|edge| *edge > at_ms)
                    .saturating_sub(1),
            ),
        }
    }
}

const WEEK_MS: u64 = 7 * DAY_MS;

/// How many periods are fetched for an alarm on `periods` of them.
pub(crate) fn range_of(periods: u32) -> usize {
    usize::try_from(periods + (periods / 3).max(2)).unwrap_or(usize::MAX)
}

fn cadence_ms(period_ms: u64) -> u64 {
    if period_ms < MINUTE_MS {
        TEN_SECONDS_MS
    } else {
        MINUTE_MS
    }
}

/// How often an alarm is evaluated: every ten seconds where its period is shorter than a minute, every hour where it
/// looks at more than a day, else every minute.
///
/// Source: the user guide's page of alarm evaluation.
pub(crate) fn interval_ms(alarm: &MetricAlarm) -> u64 {
    let period_ms = u64::from(alarm.period_seconds()) * 1_000;
    if period_ms.saturating_mul(u64::from(alarm.evaluation_periods)) > DAY_MS {
        HOUR_MS
    } else {
        cadence_ms(period_ms)
    }
}
