//! How a state change goes through the alarms: history, actions, and the composite alarms above.
//!
//! Composite alarms are evaluated after all alarms in their rules, each once, so that a change of many makes one
//! transition of each. Those in a cycle are not evaluated: they stay as they are until somebody breaks it, and then until
//! they are put or an alarm in their rules changes.
//!
//! Source: `PutCompositeAlarm`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use corelog_types::Timestamp;

use super::Alarms;
use super::put::suppressor_of;
use crate::definition::{Suppressor, name_in};
use crate::document::history;
use crate::effects::{Effects, Notice, Transition};
use crate::evaluate::Verdict;
use crate::moment;
use crate::state::StateValue;
use crate::suppress::Phase;

/// How many alarms the reason data of a composite alarm names: as many as its limit has room for.
const TRIGGERS_MAX: usize = 10;

/// Why a composite alarm is evaluated.
pub(super) enum Cause {
    Created,
    Updated,
    /// These alarms in its rule changed.
    Children(Vec<Arc<str>>),
}

impl Alarms {
    /// Puts an alarm into a state, and says whether it was in another before.
    pub(super) fn go(
        &mut self,
        name: &Arc<str>,
        next: Verdict,
        now: Timestamp,
        effects: &mut Effects,
    ) -> bool {
        let suppressor = self.suppressor(name);
        let Some(entry) = self.entries.get_mut(name) else {
            return false;
        };
        let alarm = &mut entry.alarm;
        let mut from = alarm.state.clone();
        // They showed why it was so, and are long.
        from.log_lines.clear();
        let is_transition = from.value != next.value;
        alarm.state.value = next.value;
        alarm.state.reason = next.reason;
        alarm.state.reason_data = next.reason_data;
        alarm.state.log_lines = next.log_lines;
        alarm.state.updated = now;
        effects.changed.insert(Arc::clone(name));
        if !is_transition {
            return false;
        }
        alarm.state.transitioned = now;
        alarm.phase = suppressor.and_then(|(suppressor, is_in_alarm)| {
            Phase::of_transition(&suppressor, is_in_alarm, now)
        });
        alarm.state.suppressed_by = alarm.phase.map(Phase::suppressed_by);
        let is_held = alarm.phase.is_some();
        if is_held && alarm.owed_from.is_none() {
            alarm.owed_from = Some(from.clone());
        }
        let transition = Arc::new(Transition {
            alarm: Arc::clone(&alarm.definition),
            configured: alarm.configured,
            from,
            to: alarm.state.clone(),
        });
        effects.history.push(history::state_update(&transition));
        effects.transitions.push(Arc::clone(&transition));
        if !is_held {
            self.act(name, &transition, now, effects);
        }
        self.track(name);
        true
    }

    /// Evaluates what depends on alarms that changed, and what depends on that.
    pub(super) fn settle(&mut self, changed: Vec<Arc<str>>, now: Timestamp, effects: &mut Effects) {
        let mut waiting: BTreeMap<(usize, Arc<str>), Vec<Arc<str>>> = BTreeMap::new();
        let mut fresh = changed;
        loop {
            for name in std::mem::take(&mut fresh) {
                self.tell_suppressed(&name, now, effects);
                for parent in self.graph.parents(&name) {
                    if let Some(place) = self.graph.place(parent) {
                        let causes = waiting.entry((place, Arc::clone(parent))).or_default();
                        causes.push(Arc::clone(&name));
                    }
                }
            }
            let Some(((_, name), causes)) = waiting.pop_first() else {
                return;
            };
            if self.reevaluate(&name, &Cause::Children(causes), now, effects) {
                fresh.push(name);
            }
        }
    }

    /// Evaluates a composite alarm, and says whether its state changed.
    pub(super) fn reevaluate(
        &mut self,
        name: &Arc<str>,
        cause: &Cause,
        now: Timestamp,
        effects: &mut Effects,
    ) -> bool {
        let Some(alarm) = self.get(name) else {
            return false;
        };
        let Some(composite) = alarm.definition.composite() else {
            return false;
        };
        let state_of = |other: &str| self.get(other).map(|alarm| alarm.state.value);
        let value = if composite.rule.holds(&state_of) {
            StateValue::Alarm
        } else {
            StateValue::Ok
        };
        if value == alarm.state.value {
            return false;
        }
        let verdict = Verdict {
            value,
            reason: self.reason(name, value, cause),
            reason_data: Some(self.triggers(name, cause)),
            log_lines: Vec::new(),
        };
        self.go(name, verdict, now, effects)
    }

    /// Lets go what was held back of an alarm, if its time has come.
    pub(super) fn let_go(&mut self, name: &Arc<str>, now: Timestamp, effects: &mut Effects) {
        let Some(entry) = self.entries.get(name) else {
            return;
        };
        if let Some(phase) = entry.alarm.phase {
            if phase.ends().is_some_and(|end| end <= now) {
                self.release(name, now, effects);
            }
            return;
        }
        if entry.alarm.owed_from.is_none() || self.is_muted(name, now) {
            return;
        }
        let Some(entry) = self.entries.get_mut(name) else {
            return;
        };
        let alarm = &mut entry.alarm;
        if let Some(from) = alarm.owed_from.take()
            && from.value != alarm.state.value
        {
            let transition = Arc::new(Transition {
                alarm: Arc::clone(&alarm.definition),
                configured: alarm.configured,
                from,
                to: alarm.state.clone(),
            });
            notify(&transition, true, effects);
        }
        effects.changed.insert(Arc::clone(name));
        self.track(name);
    }

    /// Executes the actions of the state that a composite alarm is in, which were held back until now.
    fn release(&mut self, name: &Arc<str>, now: Timestamp, effects: &mut Effects) {
        let Some(entry) = self.entries.get_mut(name) else {
            return;
        };
        let alarm = &mut entry.alarm;
        let from = alarm.state.clone();
        alarm.phase = None;
        alarm.state.suppressed_by = None;
        alarm.state.updated = now;
        let transition = Arc::new(Transition {
            alarm: Arc::clone(&alarm.definition),
            configured: alarm.configured,
            from,
            to: alarm.state.clone(),
        });
        effects.changed.insert(Arc::clone(name));
        effects.transitions.push(Arc::clone(&transition));
        self.act(name, &transition, now, effects);
        self.track(name);
    }

    /// Executes the actions of a transition, unless a mute rule holds them back.
    fn act(
        &mut self,
        name: &Arc<str>,
        transition: &Arc<Transition>,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        let is_muted = self.is_muted(name, now);
        let Some(entry) = self.entries.get_mut(name) else {
            return;
        };
        let owed = &mut entry.alarm.owed_from;
        if is_muted {
            owed.get_or_insert_with(|| transition.from.clone());
        } else {
            *owed = None;
            notify(transition, false, effects);
        }
    }

    /// Tells the composite alarms that an alarm suppresses whether it is in `ALARM`.
    fn tell_suppressed(&mut self, name: &str, now: Timestamp, effects: &mut Effects) {
        let is_in_alarm = self.is_in_alarm(name);
        for suppressed in self.graph.suppressed_by(name).clone() {
            let Some(entry) = self.entries.get_mut(&suppressed) else {
                continue;
            };
            let alarm = &mut entry.alarm;
            let definition = Arc::clone(&alarm.definition);
            let (Some(phase), Some(suppressor)) = (alarm.phase, suppressor_of(&definition)) else {
                continue;
            };
            match phase.of_suppressor(suppressor, is_in_alarm, now) {
                None => self.release(&suppressed, now, effects),
                next if next == alarm.phase => {}
                next => {
                    alarm.phase = next;
                    alarm.state.suppressed_by = next.map(Phase::suppressed_by);
                    alarm.state.updated = now;
                    effects.changed.insert(suppressed);
                }
            }
        }
    }

    /// The suppressor of an alarm, and whether it is in `ALARM`.
    fn suppressor(&self, name: &str) -> Option<(Suppressor, bool)> {
        let suppressor = suppressor_of(&self.get(name)?.definition)?;
        let is_in_alarm = self.is_in_alarm(name_in(&suppressor.reference));
        Some((suppressor.clone(), is_in_alarm))
    }

    fn is_in_alarm(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|alarm| alarm.state.value == StateValue::Alarm)
    }

    fn is_muted(&self, name: &str, now: Timestamp) -> bool {
        self.mutes.values().any(|rule| rule.mutes(name, now))
    }

    fn reason(&self, name: &str, value: StateValue, cause: &Cause) -> String {
        let arn = |name: &str| self.account.arn(name);
        match cause {
            Cause::Created => format!(
                "{} was created and its alarm rule evaluates to {value}",
                arn(name)
            ),
            Cause::Updated => format!(
                "{} was updated and its new alarm rule evaluates to {value}",
                arn(name)
            ),
            Cause::Children(children) => {
                let child = children.first().and_then(|child| self.get(child));
                child.map_or_else(String::new, |child| {
                    format!(
                        "{} transitioned to {} at {}",
                        arn(&child.definition.name),
                        child.state.value,
                        moment::spoken(child.state.transitioned)
                    )
                })
            }
        }
    }

    /// The alarms that made it so; all in the rule, the latest first, if it was put.
    fn triggers(&self, name: &str, cause: &Cause) -> String {
        let alarm = self.get(name);
        let composite = alarm.and_then(|alarm| alarm.definition.composite());
        let mut children: Vec<_> = match cause {
            Cause::Children(children) => children
                .iter()
                .filter_map(|child| self.get(child))
                .collect(),
            Cause::Created | Cause::Updated => {
                let names = composite.map(|composite| composite.rule.alarms());
                let mut children: Vec<_> = names
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|child| self.get(child))
                    .collect();
                children.sort_by_key(|child| std::cmp::Reverse(child.state.transitioned));
                children
            }
        };
        children.truncate(TRIGGERS_MAX);
        let mut text = r#"{"triggeringAlarms":["#.to_owned();
        for (index, child) in children.into_iter().enumerate() {
            let between = if index > 0 { "," } else { "" };
            let arn = serde_json::Value::from(self.account.arn(&child.definition.name));
            let _ = write!(
                text,
                r#"{between}{{"arn":{arn},"state":{{"value":"{}","timestamp":"{}"}}}}"#,
                child.state.value,
                moment::precise(child.state.transitioned)
            );
        }
        text.push_str("]}");
        text
    }
}

/// A notice for each action of the state that the alarm is in now.
fn notify(transition: &Arc<Transition>, is_after_mute: bool, effects: &mut Effects) {
    let alarm = &transition.alarm;
    if !alarm.actions_enabled {
        return;
    }
    for action in alarm.actions.of(transition.to.value) {
        effects.notices.push(Notice {
            action: action.clone(),
            transition: Arc::clone(transition),
            is_after_mute,
        });
    }
}
