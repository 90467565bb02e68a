//! What series are called.

use std::collections::BTreeSet;

use super::ask::{Query, Stat, What};

/// A time zone of labels: how far ahead of UTC it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Timezone {
    pub(super) minutes: i32,
}

impl Timezone {
    /// Reads `+hhmm` or `-hhmm`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes) = digits.split_at(2);
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some(Self {
            minutes: sign * (hours * 60 + minutes),
        })
    }
}

/// Gives queries without a label their default: the metric's name where that tells them apart; else, behind it, those
/// of statistic and period in which they differ. An expression without a label is called by its id.
///
/// Source: recorded answers.
pub(super) fn fill_in(queries: &mut [Query]) {
    let stats = || queries.iter().filter_map(stat);
    let names: BTreeSet<&str> = stats().map(|stat| stat.metric.name()).collect();
    let are_told_apart = names.len() == stats().count();
    let statistics: BTreeSet<&str> = stats().map(|stat| stat.name.as_str()).collect();
    let periods: BTreeSet<i64> = stats().map(|stat| stat.period.seconds()).collect();
    let shows = (
        !are_told_apart && statistics.len() > 1,
        !are_told_apart && periods.len() > 1,
    );
    for query in queries.iter_mut().filter(|query| query.label.is_empty()) {
        query.label = match &query.what {
            What::Metric(stat) => of_metric(stat, shows),
            What::Expression { .. } => query.id.clone(),
        };
    }
}

fn stat(query: &Query) -> Option<&Stat> {
    match &query.what {
        What::Metric(stat) => Some(stat),
        What::Expression { .. } => None,
    }
}

fn of_metric(stat: &Stat, (statistic, period): (bool, bool)) -> String {
    let mut label = stat.metric.name().to_owned();
    if statistic {
        label.push(' ');
        label.push_str(&stat.name);
    }
    if period {
        label.push(' ');
        label.push_str(&stat.period.seconds().to_string());
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_hours_and_minutes() {
        let check = |text: &str, minutes: Option<i32>| {
            let zone = Timezone::parse(text);
            assert_eq!(zone.map(|zone| zone.minutes), minutes, "{text}");
        };
        check("+0000", Some(0));
        check("+0530", Some(330));
        check("-0800", Some(-480));
        for other in [
            "", "0000", "+000", "+00000", "+2400", "+0060", "UTC", "é0000",
        ] {
            check(other, None);
        }
    }
}
