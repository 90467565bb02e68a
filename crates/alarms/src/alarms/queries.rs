//! Log alarms: whose query is to be executed, and what follows from its answer.

use std::sync::Arc;

use corelog_types::Timestamp;

use super::{Alarms, interval_ms, turn_after};
use crate::effects::Effects;
use crate::evaluate::Verdict;
use crate::results::{self, Answered, CONTRIBUTORS_MAX, Looked, QueryResult};
use crate::state::{Problem, StateValue};

/// `StateReason` has at most so many characters.
const REASON_CHARS_MAX: usize = 1_023;

impl Alarms {
    /// The log alarms whose queries are to be executed, the longest waiting first. Whoever executes one says so with
    /// [`Alarms::pass_over`] first, so that its next turn is the next of its schedule.
    pub fn queries_due(&self, now: Timestamp) -> Vec<Arc<str>> {
        let waiting = self.queries.iter().take_while(|(at, _)| *at <= now);
        waiting.map(|(_, name)| Arc::clone(name)).collect()
    }

    /// When the query of a log alarm is to be executed next.
    pub fn query_wakes_at(&self) -> Option<Timestamp> {
        self.queries.first().map(|(at, _)| *at)
    }

    /// Whether log events are to be shown if a log alarm is told this: it may go into `ALARM`.
    pub fn wants_lines(&self, name: &str, answered: &Answered) -> Option<u32> {
        let alarm = self.get(name)?;
        let log = alarm.definition.log()?;
        let count = log.line_count.filter(|count| *count > 0)?;
        let is_news = alarm.state.value != StateValue::Alarm;
        let mut values = answered.values.iter().take(CONTRIBUTORS_MAX);
        (is_news && values.any(|one| log.is_breached_by(one.value))).then_some(count)
    }

    /// Tells a log alarm what its query answered that was executed at `at`.
    pub fn take_answer(
        &mut self,
        name: &str,
        answered: &Answered,
        at: Timestamp,
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        let Some((name, _)) = self.entries.get_key_value(name) else {
            return effects;
        };
        let name = Arc::clone(name);
        let Some(entry) = self.entries.get_mut(&name) else {
            return effects;
        };
        let alarm = &mut entry.alarm;
        let definition = Arc::clone(&alarm.definition);
        let (Some(log), Some(interval)) = (definition.log(), interval_ms(&definition)) else {
            return effects;
        };
        effects.changed.insert(Arc::clone(&name));
        let place_of = |of: Timestamp| place(&name, interval, of, at);
        let mut kept = vec![QueryResult::of(log, answered, at)];
        let before = alarm.results.iter().cloned();
        kept.extend(before.filter(|result| result.at < at && place_of(result.at) > 0));
        let looked = Looked::at(log, &kept, place_of);
        let kept_len = looked.results.len();
        let (verdict, is_filled) = (looked.verdict(now), looked.is_filled());
        kept.truncate(kept_len);
        alarm.results = Arc::new(kept);
        let problem = (answered.values.len() > CONTRIBUTORS_MAX).then_some(Problem::PartialData);
        let was_wrong = alarm.state.problem == Some(Problem::Error);
        if alarm.state.problem != problem {
            alarm.state.problem = problem;
            alarm.state.updated = now;
        }
        if let Some(until) = alarm.warm_up_until {
            let goes_on = log.warm_up.is_some_and(|warm_up| warm_up.to_the_end);
            if now < until && (goes_on || !is_filled) {
                return effects;
            }
            alarm.warm_up_until = None;
            alarm.state.in_warm_up = false;
            alarm.state.updated = now;
        }
        // The reason of an error goes with it, also where the state is the same.
        let is_news = |verdict: &Verdict| verdict.value != alarm.state.value || was_wrong;
        let Some(mut verdict) = verdict.filter(is_news) else {
            return effects;
        };
        if verdict.value == StateValue::Alarm {
            verdict.log_lines = results::lines(answered);
        }
        if self.go(&name, verdict, now, &mut effects) {
            self.settle(vec![name], now, &mut effects);
        }
        effects
    }

    /// Tells a log alarm that its query was not answered, and why. Its state stays as it is.
    pub fn take_failure(
        &mut self,
        name: &str,
        problem: Problem,
        why: &str,
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        let Some((name, _)) = self.entries.get_key_value(name) else {
            return effects;
        };
        let name = Arc::clone(name);
        let Some(entry) = self.entries.get_mut(&name) else {
            return effects;
        };
        let state = &mut entry.alarm.state;
        let mut after = state.clone();
        after.problem = Some(problem);
        // Source: the documentation of `EvaluationState`: of an error, the reason tells more.
        if problem == Problem::Error {
            let reason = format!("The query of the alarm cannot be executed: {why}");
            after.reason = reason.chars().take(REASON_CHARS_MAX).collect();
            after.reason_data = None;
        }
        if after == *state {
            return effects;
        }
        after.updated = now;
        *state = after;
        effects.changed.insert(name);
        effects
    }
}

/// How many executions were due since that of a time, for one of now.
fn place(name: &str, interval_ms: u64, of: Timestamp, now: Timestamp) -> usize {
    let slot = |at: Timestamp| turn_after(name, interval_ms, at).unix_ms() / interval_ms;
    usize::try_from(slot(now).saturating_sub(slot(of))).unwrap_or(usize::MAX)
}
