//! Why an alarm is in its state: `StateReason` for people, `StateReasonData` for programs.
//!
//! A reason names the data points that speak for the new state, the newest first. Where the alarm says how many of its
//! data points have to be breaching, it also tells how many had to be.
//!
//! Source: reasons in the user guide's samples of events and in recorded notifications.
//! Decision: of long windows, the newest data points are named, as many as the service's limits have room for.

use std::fmt::Write as _;

use corelog_types::Timestamp;

use crate::definition::{Comparison, Limit, MetricAlarm, MissingData, Source};
use crate::evaluate::Seen;
use crate::moment;
use crate::state::StateValue;
use crate::window::Window;

/// `StateReason` has at most 1,023 characters; these many data points fit, with the edges of bands.
const NAMED_MAX: usize = 12;
/// `StateReasonData` has at most 4,000 characters; these many entries fit.
const LISTED_MAX: usize = 24;

mod results;

pub(crate) use results::Results;

/// What a reason is about.
pub(crate) struct Told<'a> {
    pub(crate) alarm: &'a MetricAlarm,
    pub(crate) window: &'a Window,
    /// The new state.
    pub(crate) value: StateValue,
    /// The data points that were looked at, the newest first.
    pub(crate) seen: &'a [Seen],
    /// How many missing ones were treated as something.
    pub(crate) filled: usize,
    pub(crate) now: Timestamp,
}

impl Told<'_> {
    /// The data points that speak for the new state, the newest first.
    fn decisive(&self) -> impl Iterator<Item = &Seen> + Clone {
        let wanted = self.value == StateValue::Alarm;
        self.seen
            .iter()
            .filter(move |seen| seen.is_breaching == wanted)
    }
}

/// `Threshold Crossed: 1 datapoint [21.5 (22/11/26 09:00:00)] was greater than the threshold (21.0).`
pub(crate) fn text(told: &Told<'_>) -> String {
    let periods = told.alarm.evaluation_periods;
    if told.value == StateValue::InsufficientData {
        return format!(
            "Insufficient Data: {} unknown.",
            counted_was(u64::from(periods), "datapoint")
        );
    }
    let mut text = match told.alarm.limit {
        Limit::Threshold(_) => "Threshold Crossed: ".to_owned(),
        Limit::Band(_) => "Thresholds Crossed: ".to_owned(),
    };
    let decisive = told.decisive().count();
    if decisive == 0 {
        let received = match told.seen.len() {
            0 => "no datapoints were".to_owned(),
            count => counted_was(count as u64, "datapoint"),
        };
        let _ = write!(
            text,
            "{received} received for {}",
            counted(u64::from(periods), "period")
        );
    } else {
        add_decisive(&mut text, told, decisive);
    }
    if told.filled > 0 {
        let treated = match told.alarm.missing() {
            MissingData::Breaching => "Breaching",
            _ => "NonBreaching",
        };
        let missing = counted_was(told.filled as u64, "missing datapoint");
        let _ = write!(text, " and {missing} treated as [{treated}]");
    }
    if told.alarm.datapoints_to_alarm.is_some() && decisive > 0 {
        let to_alarm = told.alarm.datapoints();
        let (least, change) = match told.value {
            StateValue::Alarm => (to_alarm, "OK -> ALARM"),
            _ => (periods + 1 - to_alarm, "ALARM -> OK"),
        };
        let least = counted(u64::from(least), "datapoint");
        let _ = write!(text, " (minimum {least} for {change} transition)");
    }
    text.push('.');
    text
}

/// `2 out of the last 3 datapoints [5.0 (…), 4.0 (…)] were greater than the threshold (3.0)`
fn add_decisive(text: &mut String, told: &Told<'_>, decisive: usize) {
    if told.alarm.datapoints_to_alarm.is_some() {
        let periods = told.alarm.evaluation_periods;
        let _ = write!(text, "{decisive} out of the last {periods} datapoints [");
    } else {
        let _ = write!(text, "{} [", counted(decisive as u64, "datapoint"));
    }
    let each = told.decisive().take(NAMED_MAX).map(|seen| {
        let at = moment::short(told.window.start_of(seen.index));
        format!("{} ({at})", moment::decimal(seen.point.value))
    });
    join(text, each);
    text.push_str(if decisive == 1 { "] was " } else { "] were " });
    let not = if told.value == StateValue::Alarm {
        ""
    } else {
        "not "
    };
    match &told.alarm.limit {
        Limit::Threshold(threshold) => {
            let than = than(told.alarm.comparison);
            let _ = write!(
                text,
                "{not}{than} the threshold ({})",
                moment::decimal(*threshold)
            );
        }
        Limit::Band(_) => add_bands(text, told, not),
    }
}

fn add_bands(text: &mut String, told: &Told<'_>, not: &str) {
    let comparison = told.alarm.comparison;
    let edges = |upper: bool| {
        told.decisive()
            .take(NAMED_MAX / 2)
            .filter_map(|seen| seen.point.band)
            .map(move |band| moment::decimal(if upper { band.upper } else { band.lower }))
    };
    if comparison.looks_below() {
        let _ = write!(text, "{not}less than the lower thresholds [");
        join(text, edges(false));
        text.push(']');
    }
    if comparison.looks_above() {
        let or = if comparison.looks_below() { " or " } else { "" };
        let _ = write!(text, "{or}{not}greater than the upper thresholds [");
        join(text, edges(true));
        text.push(']');
    }
}

fn than(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::GreaterThanOrEqualToThreshold => "greater than or equal to",
        Comparison::LessThanThreshold | Comparison::LessThanLowerThreshold => "less than",
        Comparison::LessThanOrEqualToThreshold => "less than or equal to",
        Comparison::GreaterThanThreshold
        | Comparison::GreaterThanUpperThreshold
        | Comparison::LessThanLowerOrGreaterThanUpperThreshold => "greater than",
    }
}

/// `{"version":"1.0","queryDate":…}`: what was looked at, by when.
pub(crate) fn data(told: &Told<'_>) -> String {
    let mut text = format!(
        r#"{{"version":"1.0","queryDate":"{}""#,
        moment::precise(told.now)
    );
    let named: Vec<&Seen> = told.decisive().take(LISTED_MAX).collect();
    if let Some(oldest) = named.last() {
        let start = moment::precise(told.window.start_of(oldest.index));
        let _ = write!(text, r#","startDate":"{start}""#);
    }
    if let Source::Metric(metric) = &told.alarm.source {
        if let Some(unit) = &metric.unit {
            let _ = write!(text, r#","unit":"{unit}""#);
        }
        let _ = write!(text, r#","statistic":"{}""#, metric.statistic.as_str());
    }
    let period = told.alarm.period_seconds();
    let _ = write!(text, r#","period":{period},"recentDatapoints":["#);
    let in_time = || named.iter().rev();
    join_tight(
        &mut text,
        in_time().map(|seen| moment::decimal(seen.point.value)),
    );
    text.push(']');
    match &told.alarm.limit {
        Limit::Threshold(threshold) => {
            let _ = write!(text, r#","threshold":{}"#, moment::decimal(*threshold));
        }
        Limit::Band(_) => {
            let bands = || in_time().filter_map(|seen| seen.point.band);
            if told.alarm.comparison.looks_below() {
                text.push_str(r#","recentLowerThresholds":["#);
                join_tight(&mut text, bands().map(|band| moment::decimal(band.lower)));
                text.push(']');
            }
            if told.alarm.comparison.looks_above() {
                text.push_str(r#","recentUpperThresholds":["#);
                join_tight(&mut text, bands().map(|band| moment::decimal(band.upper)));
                text.push(']');
            }
        }
    }
    text.push_str(r#","evaluatedDatapoints":["#);
    add_evaluated(&mut text, told);
    text.push_str("]}");
    text
}

/// The data points looked at, the newest first, with times alone for missing ones that made up the number.
fn add_evaluated(text: &mut String, told: &Told<'_>) {
    let wanted = usize::try_from(told.alarm.evaluation_periods).unwrap_or(usize::MAX);
    let missing = wanted.saturating_sub(told.seen.len());
    let mut seen = told.seen.iter().peekable();
    let mut left = missing;
    let mut entries = Vec::new();
    for index in 0..told.window.len() {
        if entries.len() == LISTED_MAX {
            break;
        }
        let at = moment::precise(told.window.start_of(index));
        if let Some(found) = seen.next_if(|seen| seen.index == index) {
            entries.push(evaluated(told, found, &at));
        } else if left > 0 {
            left -= 1;
            entries.push(format!(r#"{{"timestamp":"{at}"}}"#));
        }
    }
    join_tight(text, entries.into_iter());
}

fn evaluated(told: &Told<'_>, seen: &Seen, at: &str) -> String {
    let mut entry = format!(r#"{{"timestamp":"{at}""#);
    if let Some(samples) = seen.point.samples {
        let _ = write!(entry, r#","sampleCount":{}"#, moment::decimal(samples));
    }
    let _ = write!(entry, r#","value":{}"#, moment::decimal(seen.point.value));
    let edge = seen.point.band.and_then(|band| {
        let (below, above) = (
            told.alarm.comparison.looks_below(),
            told.alarm.comparison.looks_above(),
        );
        match (below, above) {
            (true, false) => Some(band.lower),
            (false, true) => Some(band.upper),
            _ => None,
        }
    });
    if let Some(edge) = edge {
        let _ = write!(entry, r#","threshold":{}"#, moment::decimal(edge));
    }
    entry.push('}');
    entry
}

fn join(text: &mut String, parts: impl Iterator<Item = String>) {
    join_by(text, ", ", parts);
}

fn join_tight(text: &mut String, parts: impl Iterator<Item = String>) {
    join_by(text, ",", parts);
}

fn join_by(text: &mut String, between: &str, parts: impl Iterator<Item = String>) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            text.push_str(between);
        }
        text.push_str(&part);
    }
}

/// `1 period`, `2 periods`
fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `1 datapoint was`, `2 datapoints were`
fn counted_was(count: u64, noun: &str) -> String {
    let verb = if count == 1 { "was" } else { "were" };
    format!("{} {verb}", counted(count, noun))
}
