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
    /// The log alarms whose queries are to be executed, the longest waiting first, and for which moment: that of their
    /// last turn, however late it is, so that each execution begins where the one before ended. The first execution is for
    /// now. Whoever executes one says so with [`Alarms::pass_over`] first, so that its next turn is the next of its schedule.
    pub fn queries_due(&self, now: Timestamp) -> Vec<(Arc<str>, Timestamp)> {
        let waiting = self.queries.iter().take_while(|(at, _)| *at <= now);
        let moment = |name: &Arc<str>| {
            let entry = self.entries.get(name)?;
            let interval = interval_ms(&entry.alarm.definition)?;
            let at = if entry.is_first {
                now
            } else {
                let next = turn_after(name, interval, now).unix_ms();
                Timestamp::from_unix_ms(next.saturating_sub(interval))
            };
            Some((Arc::clone(name), at))
        };
        waiting.filter_map(|(_, name)| moment(name)).collect()
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
        let result = QueryResult::of(log, answered, at);
        let is_cut = result.is_cut(log, answered);
        let mut kept = vec![result];
        let before = alarm.results.iter().cloned();
        kept.extend(before.filter(|result| result.at < at && place_of(result.at) > 0));
        let looked = Looked::at(log, &kept, place_of);
        let kept_len = looked.results.len();
        let (verdict, is_filled) = (looked.verdict(now), looked.is_filled());
        kept.truncate(kept_len);
        alarm.results = Arc::new(kept);
        let is_partial = answered.values.len() > CONTRIBUTORS_MAX || is_cut;
        let problem = is_partial.then_some(Problem::PartialData);
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

/// How many turns there were since that of a time, for one of now. A first execution, between two turns, is in the place of
/// the later one, which takes it.
fn place(name: &str, interval_ms: u64, of: Timestamp, now: Timestamp) -> usize {
    let slot = |at: Timestamp| {
        let before = Timestamp::from_unix_ms(at.unix_ms().saturating_sub(1));
        turn_after(name, interval_ms, before).unix_ms() / interval_ms
    };
    usize::try_from(slot(now).saturating_sub(slot(of))).unwrap_or(usize::MAX)
}
