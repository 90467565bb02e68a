//! How well alarms match events.
//!
//! An alarm is what an alarm of `CloudWatch` would make of the band: two of three points outside begin it, and half an
//! hour without such ends it. It notifies when it begins, so that is what counts: an event is found if an alarm begins
//! in it (or within half an hour after it); an alarm that begins elsewhere is false. Further alarms of an event count
//! for nothing, so whoever always alarms finds nothing.

use crate::series::{HOUR, JUDGED, Series};

/// Events and alarms.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) found: u32,
    pub(crate) missed: u32,
    pub(crate) false_alarms: u32,
}

impl Score {
    pub(crate) fn of(series: &Series, outside: &[bool]) -> Self {
        let begun = alarms(outside);
        let of_event = |start: usize, until: usize| {
            begun
                .iter()
                .any(|at| (start..until).contains(&(at + JUDGED)))
        };
        let mut score = Self::default();
        for event in &series.events {
            if of_event(event.start, event.until) {
                score.found += 1;
            } else {
                score.missed += 1;
            }
        }
        for at in &begun {
            let is_about =
                |event: &crate::series::Event| (event.start..event.until).contains(&(at + JUDGED));
            if !series.events.iter().any(is_about) {
                score.false_alarms += 1;
            }
        }
        score
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.false_alarms += other.false_alarms;
    }

    pub(crate) fn precision(self) -> f64 {
        share(self.found, self.false_alarms)
    }

    pub(crate) fn recall(self) -> f64 {
        share(self.found, self.missed)
    }

    pub(crate) fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        }
    }
}

fn share(part: u32, rest: u32) -> f64 {
    if part + rest == 0 {
        return 0.0;
    }
    f64::from(part) / f64::from(part + rest)
}

/// Where alarms begin.
pub(crate) fn alarms(outside: &[bool]) -> Vec<usize> {
    let mut begun = Vec::new();
    let mut last: Option<usize> = None;
    for at in 0..outside.len() {
        let window = &outside[at.saturating_sub(2)..=at];
        if window.iter().filter(|is_outside| **is_outside).count() < 2 {
            continue;
        }
        if last.is_none_or(|last| at - last > HOUR / 2) {
            begun.push(at);
        }
        last = Some(at);
    }
    begun
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_three_begin_an_alarm_and_half_an_hour_ends_it() {
        let mut outside = vec![false; 30];
        outside[3] = true;
        outside[5] = true;
        outside[9] = true;
        outside[10] = true;
        outside[20] = true;
        outside[21] = true;
        assert_eq!(alarms(&outside), [5, 21]);
    }
}
