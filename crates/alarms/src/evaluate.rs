//! What data points make of a metric alarm: one evaluation.
//!
//! Of the [`Window`]'s periods, each is within the limit, breaching, or missing. N and M are the alarm's periods and
//! data points to alarm.
//!
//! 1. With N data points or more, the newest N decide: `ALARM` if M of them are breaching, else `OK`.
//! 2. With fewer, `breaching` and `notBreaching` fill them up to N, and the same is asked.
//! 3. Else, `missing` and `ignore`: without any, the state is `INSUFFICIENT_DATA`, or stays. With M breaching ones it is
//!    `ALARM`. If all there are are breaching, and the oldest of them is in the Mth period or before, it is `ALARM` for
//!    `missing` and stays for `ignore`: there is no sign of anything good. Otherwise it is `OK`.
//!
//! Source: the user guide's page of missing data, whose tables are in `documents/missing-data.md`.
//! Decision: where all there are are breaching but too young, `ignore` keeps the state; the user guide says only that
//! the alarm does not go into `ALARM`.
//! Decision: a percentile of too few samples, where these are to be ignored, counts as no data point, and keeps the
//! state where fewer than N others are left.

use corelog_types::Timestamp;

use crate::definition::{Limit, LowSamples, MetricAlarm, MissingData};
use crate::reason::{self, Told};
use crate::state::StateValue;
use crate::window::Window;

/// One data point of the watched series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Any time in its period; the beginning, usually.
    pub at: Timestamp,
    /// What the statistic gives. A value that is no number counts as missing.
    pub value: f64,
    /// How many samples it is made of, where that is known: not for expressions.
    pub samples: Option<f64>,
    /// The band to compare with, for an alarm on one. A data point without one counts as missing there.
    pub band: Option<Band>,
}

/// The edges of a band at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lower edge.
    pub lower: f64,
    /// The upper edge.
    pub upper: f64,
}

/// A state to go into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) value: StateValue,
    pub(crate) reason: String,
    pub(crate) reason_data: Option<String>,
    /// Log events that show why.
    pub(crate) log_lines: Vec<String>,
}

/// How many data points decide: M of N.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quorum {
    /// N
    pub(crate) wanted: usize,
    /// M
    pub(crate) to_alarm: usize,
    /// What a missing one counts as.
    pub(crate) missing: MissingData,
}

/// A data point in its period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) index: usize,
    pub(crate) point: Point,
    pub(crate) is_breaching: bool,
}

/// What a set of data points decides.
pub(crate) enum Outcome {
    Keep,
    Go {
        value: StateValue,
        /// How many of the newest data points were looked at.
        used: usize,
        /// How many missing ones were treated as something.
        filled: usize,
    },
}

/// The state that `points` ask for, unless the alarm is in it or has to stay as it is.
pub(crate) fn evaluate(
    alarm: &MetricAlarm,
    window: &Window,
    points: &[Point],
    current: StateValue,
    now: Timestamp,
) -> Option<Verdict> {
    let (seen, has_thin) = look(alarm, window, points);
    let quorum = Quorum {
        wanted: count(alarm.evaluation_periods),
        to_alarm: count(alarm.datapoints()),
        missing: alarm.missing(),
    };
    let Outcome::Go {
        value,
        used,
        filled,
    } = decide(quorum, &seen, has_thin)
    else {
        return None;
    };
    if value == current {
        return None;
    }
    let told = Told {
        alarm,
        window,
        value,
        seen: seen.get(..used).unwrap_or_default(),
        filled,
        now,
    };
    Some(Verdict {
        value,
        reason: reason::text(&told),
        reason_data: Some(reason::data(&told)),
        log_lines: Vec::new(),
    })
}

/// Whether every period that the alarm asks for has a data point: what ends a warm-up early.
pub(crate) fn is_filled(alarm: &MetricAlarm, window: &Window, points: &[Point]) -> bool {
    let wanted = count(alarm.evaluation_periods);
    let (seen, _) = look(alarm, window, points);
    seen.iter().filter(|seen| seen.index < wanted).count() >= wanted
}

/// The data points in their periods, the newest first, and whether some were left out for having too few samples.
fn look(alarm: &MetricAlarm, window: &Window, points: &[Point]) -> (Vec<Seen>, bool) {
    let least = samples_min(alarm);
    let mut has_thin = false;
    let mut seen: Vec<Seen> = Vec::with_capacity(points.len().min(window.len()));
    for point in points {
        let Some(index) = window.index_of(point.at) else {
            continue;
        };
        let Some(is_breaching) = breaches(alarm, point) else {
            continue;
        };
        if let (Some(least), Some(samples)) = (least, point.samples)
            && samples < least
        {
            has_thin = true;
            continue;
        }
        seen.push(Seen {
            index,
            point: *point,
            is_breaching,
        });
    }
    // They come in the order of time, mostly; sorting what is sorted costs little.
    seen.sort_by_key(|seen| seen.index);
    seen.dedup_by_key(|seen| seen.index);
    (seen, has_thin)
}

/// How many samples a percentile needs; `None` if any number will do.
///
/// Source: the user guide, "Percentile-based alarms and low data samples".
fn samples_min(alarm: &MetricAlarm) -> Option<f64> {
    if alarm.low_samples != Some(LowSamples::Ignore) {
        return None;
    }
    let share = alarm.percentile()?;
    let rest = if share >= 0.5 { 1.0 - share } else { share };
    // 1 - 0.99 is a little more than a hundredth; a whole number of samples is meant.
    (rest > 0.0).then(|| (10.0 / rest * 1e6).round() / 1e6)
}

/// Whether a data point is breaching; `None` if there is nothing to compare.
fn breaches(alarm: &MetricAlarm, point: &Point) -> Option<bool> {
    let value = point.value;
    if !value.is_finite() {
        return None;
    }
    match &alarm.limit {
        Limit::Threshold(threshold) => alarm.comparison.compares(value, *threshold),
        Limit::Band(_) => {
            let band = point
                .band
                .filter(|band| band.lower.is_finite() && band.upper.is_finite())?;
            let below = alarm.comparison.looks_below() && value < band.lower;
            let above = alarm.comparison.looks_above() && value > band.upper;
            Some(below || above)
        }
    }
}

pub(crate) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What data points, the newest first, decide; `has_thin` says that some were left out.
pub(crate) fn decide(quorum: Quorum, seen: &[Seen], has_thin: bool) -> Outcome {
    let Quorum {
        wanted,
        to_alarm,
        missing,
    } = quorum;
    let go = |is_alarm: bool, used: usize, filled: usize| Outcome::Go {
        value: if is_alarm {
            StateValue::Alarm
        } else {
            StateValue::Ok
        },
        used,
        filled,
    };
    if let Some(newest) = seen.get(..wanted) {
        return go(breaching(newest) >= to_alarm, wanted, 0);
    }
    if has_thin {
        return Outcome::Keep;
    }
    let (used, filled) = (seen.len(), wanted - seen.len());
    let breaching = breaching(seen);
    match missing {
        MissingData::Breaching => return go(breaching + filled >= to_alarm, used, filled),
        MissingData::NotBreaching => return go(breaching >= to_alarm, used, filled),
        MissingData::Missing | MissingData::Ignore => {}
    }
    let ignores = missing == MissingData::Ignore;
    let Some(oldest) = seen.last() else {
        return if ignores {
            Outcome::Keep
        } else {
            Outcome::Go {
                value: StateValue::InsufficientData,
                used: 0,
                filled: 0,
            }
        };
    };
    if breaching >= to_alarm {
        return go(true, used, 0);
    }
    if breaching < used {
        return go(false, used, 0);
    }
    if ignores {
        return Outcome::Keep;
    }
    go(oldest.index + 1 >= to_alarm, used, 0)
}

fn breaching(seen: &[Seen]) -> usize {
    seen.iter().filter(|seen| seen.is_breaching).count()
}
