//! What the results of a scheduled query make of a log alarm.
//!
//! An execution answers with a value for each of its *contributors*: the groups of its aggregation, or one without a
//! name. Of each result, the values outside of the limit are kept, and the one within it that is nearest. A contributor is
//! in `ALARM` if M of the newest N results have it outside of the limit, and so is the alarm if one of them is. A result
//! without values is a missing data point, and so is an execution that was not, or that failed; what these mean is what
//! they mean for metric alarms (`evaluate.rs`), with results in place of periods.
//!
//! Source: `PutLogAlarm`. Decision: a contributor that a result does not have is within the limit there, since an error
//! that no longer happens is in no group.
//! Decision: results are kept for as many intervals as a metric alarm looks at periods: N and a third more.

use std::collections::BTreeMap;

use corelog_types::Timestamp;

use crate::definition::{Comparison, LogAlarm};
use crate::evaluate::{Outcome, Point, Quorum, Seen, Verdict, count, decide};
use crate::reason;
use crate::state::StateValue;

/// How many values of one execution are looked at.
///
/// Source: the documentation of `EvaluationState`.
pub const CONTRIBUTORS_MAX: usize = 500;
/// Values outside of the limit that are kept of a result, and of all results of an alarm.
const BREACHING_MAX: usize = 100;
const KEPT_MAX: usize = 2_000;
/// Of the name of a contributor, so much is kept.
const NAME_CHARS_MAX: usize = 128;
/// Of a log event, so much is shown.
pub const LINE_CHARS_MAX: usize = 1_024;
const LINES_MAX: usize = 50;
/// Of all of them; they are kept with the state.
const LINES_BYTES_MAX: usize = 32 << 10;

/// A value of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Which group it is of, such as `modelId=m`; empty where there are no groups.
    pub of: String,
    /// The value.
    pub value: f64,
}

/// What an execution answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answered {
    /// Its values; those beyond [`CONTRIBUTORS_MAX`] are not looked at.
    pub values: Vec<Contribution>,
    /// Log events behind it, for the notice.
    pub lines: Vec<String>,
}

/// What is kept of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// When it was.
    pub at: Timestamp,
    /// How many values it had.
    pub values: u32,
    /// Values outside of the limit, those that are furthest away first.
    pub breaching: Vec<Contribution>,
    /// Of the others, the value that is nearest to the limit.
    pub nearest: Option<f64>,
}

impl QueryResult {
    /// What is kept of an answer.
    pub(crate) fn of(alarm: &LogAlarm, answered: &Answered, at: Timestamp) -> Self {
        let looked_at = answered.values.iter().take(CONTRIBUTORS_MAX);
        let looked_at = looked_at.filter(|one| one.value.is_finite());
        let (mut breaching, within): (Vec<&Contribution>, Vec<&Contribution>) =
            looked_at.partition(|one| alarm.is_breached_by(one.value));
        let values = breaching.len() + within.len();
        let grows = grows(alarm.comparison);
        let rank = |one: &f64, other: &f64| {
            let order = one.total_cmp(other);
            if grows { order.reverse() } else { order }
        };
        breaching.sort_by(|one, other| rank(&one.value, &other.value));
        let most = (KEPT_MAX / range(alarm)).min(BREACHING_MAX);
        let kept = breaching.into_iter().take(most).map(|one| Contribution {
            of: one.of.chars().take(NAME_CHARS_MAX).collect(),
            value: one.value,
        });
        Self {
            at,
            values: u32::try_from(values).unwrap_or(u32::MAX),
            breaching: kept.collect(),
            nearest: within.iter().map(|one| one.value).min_by(rank),
        }
    }

    /// Whether values outside of the limit were too many to be kept.
    pub(crate) fn is_cut(&self, alarm: &LogAlarm, answered: &Answered) -> bool {
        let looked_at = answered.values.iter().take(CONTRIBUTORS_MAX);
        let breaching = looked_at.filter(|one| alarm.is_breached_by(one.value));
        breaching.count() > self.breaching.len()
    }

    /// The value that says most: the worst one.
    pub(crate) fn worst(&self) -> Option<f64> {
        let breaching = self.breaching.first().map(|one| one.value);
        breaching.or(self.nearest)
    }
}

/// The log events of an answer as a notice shows them.
pub(crate) fn lines(answered: &Answered) -> Vec<String> {
    let lines = answered.lines.iter().take(LINES_MAX);
    let cut = lines.map(|line| line.chars().take(LINE_CHARS_MAX).collect::<String>());
    let mut bytes = 0;
    cut.take_while(|line| {
        bytes += line.len();
        bytes <= LINES_BYTES_MAX
    })
    .collect()
}

/// Whether a larger value is a worse one.
fn grows(comparison: Comparison) -> bool {
    matches!(
        comparison,
        Comparison::GreaterThanThreshold | Comparison::GreaterThanOrEqualToThreshold
    )
}

/// Results that are kept.
fn range(alarm: &LogAlarm) -> usize {
    crate::window::range_of(alarm.results_to_evaluate)
}

/// What is evaluated: results with their places, 0 for the execution that was due last.
pub(crate) struct Looked<'a> {
    pub(crate) alarm: &'a LogAlarm,
    /// The newest first.
    pub(crate) results: Vec<(usize, &'a QueryResult)>,
}

/// A contributor that is in `ALARM`, with its values outside of the limit, the newest first.
pub(crate) struct Alarming {
    pub(crate) name: String,
    pub(crate) values: Vec<(Timestamp, f64)>,
}

/// In which of the results a value is, when that was, and the value.
type Found = (usize, (Timestamp, f64));

impl<'a> Looked<'a> {
    /// Looks at results, the newest first; `place_of` says how many executions were due since one.
    pub(crate) fn at(
        alarm: &'a LogAlarm,
        results: &'a [QueryResult],
        place_of: impl Fn(Timestamp) -> usize,
    ) -> Self {
        let placed = results.iter().map(|result| (place_of(result.at), result));
        let most = range(alarm);
        Self {
            alarm,
            results: placed.filter(|(place, _)| *place < most).collect(),
        }
    }

    /// Whether there are values enough to end a warm-up.
    pub(crate) fn is_filled(&self) -> bool {
        let wanted = count(self.alarm.results_to_evaluate);
        let filled = self.results.iter();
        let filled = filled.filter(|(place, result)| *place < wanted && result.values > 0);
        filled.count() >= wanted
    }

    /// The state that the results ask for; `None` if the alarm is to stay as it is.
    pub(crate) fn verdict(&self, now: Timestamp) -> Option<Verdict> {
        let seen = self.seen();
        let quorum = Quorum {
            wanted: count(self.alarm.results_to_evaluate),
            to_alarm: count(self.alarm.results_to_alarm),
            missing: self.alarm.missing(),
        };
        let mut alarming = Vec::new();
        let mut filled_up = 0;
        for (name, found) in self.contributors() {
            let mut own = seen.clone();
            for (place, _) in &found {
                own[*place].is_breaching = true;
            }
            if let Outcome::Go {
                value: StateValue::Alarm,
                used,
                filled,
            } = decide(quorum, &own, false)
            {
                filled_up = filled;
                let values = found.into_iter().filter(|(place, _)| *place < used);
                alarming.push(Alarming {
                    name: name.to_owned(),
                    values: values.map(|(_, value)| value).collect(),
                });
            }
        }
        let (value, filled) = if alarming.is_empty() {
            match decide(quorum, &seen, false) {
                Outcome::Keep => return None,
                Outcome::Go { value, filled, .. } => (value, filled),
            }
        } else {
            (StateValue::Alarm, filled_up)
        };
        let told = reason::Results {
            looked: self,
            value,
            alarming: &alarming,
            filled,
            now,
        };
        Some(Verdict {
            value,
            reason: told.text(),
            reason_data: Some(told.data()),
            log_lines: Vec::new(),
        })
    }

    fn with_values(&self) -> impl Iterator<Item = &(usize, &'a QueryResult)> {
        self.results.iter().filter(|(_, result)| result.values > 0)
    }

    /// The results with values as data points, none of them outside of the limit.
    fn seen(&self) -> Vec<Seen> {
        self.with_values()
            .map(|(place, result)| Seen {
                index: *place,
                point: Point {
                    at: result.at,
                    value: result.worst().unwrap_or(f64::NAN),
                    samples: None,
                    band: None,
                },
                is_breaching: false,
            })
            .collect()
    }

    /// Whoever was outside of the limit: in which of the results with values, and when and how far.
    fn contributors(&self) -> BTreeMap<&'a str, Vec<Found>> {
        let mut all: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
        for (number, (_, result)) in self.with_values().enumerate() {
            for one in &result.breaching {
                let found = all.entry(one.of.as_str()).or_default();
                // Names that are cut may be the same.
                if found.last().is_none_or(|(last, _)| *last != number) {
                    found.push((number, (result.at, one.value)));
                }
            }
        }
        all
    }
}
