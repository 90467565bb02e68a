//! Alarms are made, changed and deleted.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_types::Timestamp;

use super::settle::Cause;
use super::{Alarm, Alarms, Entry};
use crate::definition::{Definition, Kind, Suppressor, name_in};
use crate::document::history;
use crate::effects::{ConfigurationChange, ConfigurationOperation, Effects};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, Node};
use crate::state::State;

/// How many composite alarms may have the same alarm in their rules.
const PARENTS_MAX: usize = 150;
/// How many alarms may be deleted at once.
const DELETED_MAX: usize = 100;

impl Alarms {
    /// Makes an alarm, or changes the one of its name: its state stays, all else is replaced. A composite alarm is
    /// evaluated at once, a metric alarm is [due](Self::due) at once.
    ///
    /// # Errors
    /// The name belongs to an alarm of the other kind, or a composite alarm names alarms that do not exist, or one that
    /// too many others name.
    pub fn put(&mut self, definition: Definition, now: Timestamp) -> Result<Effects, Error> {
        self.check_put(&definition)?;
        let name: Arc<str> = Arc::from(definition.name.as_str());
        let definition = Arc::new(definition);
        let mut effects = Effects::default();
        let before = self
            .get(&name)
            .map(|alarm| (Arc::clone(&alarm.definition), alarm.configured));
        let is_same = before
            .as_ref()
            .is_some_and(|(before, _)| *before == definition);
        self.replace(&name, &definition, now);
        effects.changed.insert(Arc::clone(&name));
        let operation = if before.is_some() {
            ConfigurationOperation::Update
        } else {
            ConfigurationOperation::Create
        };
        if !is_same {
            self.tell(operation, &definition, before, now, &mut effects);
        }
        if definition.composite().is_some() {
            self.rebuild();
            let cause = match operation {
                ConfigurationOperation::Create => Cause::Created,
                _ => Cause::Updated,
            };
            if self.graph.place(&name).is_some()
                && self.reevaluate(&name, &cause, now, &mut effects)
            {
                self.settle(vec![name], now, &mut effects);
            }
        }
        Ok(effects)
    }

    /// Deletes alarms; those that do not exist are passed over.
    ///
    /// # Errors
    /// More than one of them is composite, or other alarms depend on one; none is deleted then.
    pub fn delete(&mut self, names: &[String], now: Timestamp) -> Result<Effects, Error> {
        if names.len() > DELETED_MAX {
            return Err(Error::validation(format!(
                "At most {DELETED_MAX} alarms can be deleted in one operation."
            )));
        }
        let found: BTreeSet<Arc<str>> = names
            .iter()
            .filter_map(|name| self.entries.get_key_value(name.as_str()))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        let is_composite = |name: &&Arc<str>| {
            let alarm = self.get(name);
            alarm.is_some_and(|alarm| alarm.definition.composite().is_some())
        };
        if found.iter().filter(is_composite).count() > 1 {
            return Err(Error::validation(
                "You cannot delete more than one composite alarm in one operation.",
            ));
        }
        for name in &found {
            if !self.graph.parents(name).is_empty() || !self.graph.suppressed_by(name).is_empty() {
                return Err(Error::validation(format!(
                    "Cannot delete {name} as there are composite alarm(s) depending on it."
                )));
            }
        }
        let mut effects = Effects::default();
        for name in found {
            let Some(entry) = self.entries.get(&name) else {
                continue;
            };
            let definition = Arc::clone(&entry.alarm.definition);
            let before = Some((Arc::clone(&definition), entry.alarm.configured));
            let operation = ConfigurationOperation::Delete;
            let due = entry.due;
            self.tell(operation, &definition, before, now, &mut effects);
            if let Some(due) = due {
                self.queue.remove(&(due, Arc::clone(&name)));
            }
            self.held.remove(&name);
            self.entries.remove(&name);
            effects.deleted.insert(name);
        }
        self.rebuild();
        Ok(effects)
    }

    fn check_put(&self, definition: &Definition) -> Result<(), Error> {
        let name = definition.name.as_str();
        if let Some(existing) = self.get(name)
            && existing.definition.type_name() != definition.type_name()
        {
            return Err(Error::validation(format!(
                "AlarmName [{name}] is already used by another alarm of a different type"
            )));
        }
        let Some(composite) = definition.composite() else {
            return Ok(());
        };
        let children = composite.rule.alarms();
        let missing: Vec<&str> = children
            .iter()
            .copied()
            .filter(|child| !self.entries.contains_key(*child))
            .collect();
        if !missing.is_empty() {
            return Err(Error::validation(format!(
                "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
                missing.join(", ")
            )));
        }
        if let Some(suppressor) = &composite.suppressor
            && !self.entries.contains_key(name_in(&suppressor.reference))
        {
            return Err(Error::validation(format!(
                "Could not save the composite alarm as its suppressor [{}] does not exist",
                suppressor.reference
            )));
        }
        for child in children {
            let parents = self.graph.parents(child);
            if parents.iter().filter(|parent| ***parent != *name).count() >= PARENTS_MAX {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!(
                        "The alarm {child} is in the rules of {PARENTS_MAX} composite alarms already."
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Puts a definition in place; what ran under another one ends.
    fn replace(&mut self, name: &Arc<str>, definition: &Arc<Definition>, now: Timestamp) {
        let is_metric = definition.metric().is_some();
        let due = is_metric.then_some(now);
        let entry = self
            .entries
            .entry(Arc::clone(name))
            .or_insert_with(|| Entry {
                alarm: Alarm {
                    definition: Arc::clone(definition),
                    state: State::initial(now),
                    configured: now,
                    phase: None,
                    owed_from: None,
                    warm_up_until: None,
                },
                due: None,
            });
        let is_new = entry.due.is_none() && is_metric;
        let alarm = &mut entry.alarm;
        // Changing the time of a warm-up that is over does not begin another.
        let warm_up = definition.metric().and_then(|metric| metric.warm_up);
        let is_warming_up = is_new || alarm.warm_up_until.is_some();
        alarm.warm_up_until = warm_up.filter(|_| is_warming_up).map(|warm_up| {
            let ms = u64::from(warm_up.minutes) * 60_000;
            Timestamp::from_unix_ms(alarm.state.transitioned.unix_ms() + ms)
        });
        alarm.state.in_warm_up = alarm.warm_up_until.is_some();
        let before = suppressor_of(&alarm.definition).map(|suppressor| &suppressor.reference);
        let after = suppressor_of(definition).map(|suppressor| &suppressor.reference);
        if before != after {
            alarm.phase = None;
            alarm.owed_from = None;
            alarm.state.suppressed_by = None;
        }
        alarm.definition = Arc::clone(definition);
        alarm.configured = now;
        if let Some(before) = entry.due {
            self.queue.remove(&(before, Arc::clone(name)));
        }
        entry.due = due;
        self.queue.extend(due.map(|due| (due, Arc::clone(name))));
        self.track(name);
    }

    /// Tells of a change of configuration; `previous` is what was there before, and since when.
    pub(super) fn tell(
        &self,
        operation: ConfigurationOperation,
        alarm: &Arc<Definition>,
        previous: Option<(Arc<Definition>, Timestamp)>,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        let Some(entry) = self.entries.get(alarm.name.as_str()) else {
            return;
        };
        let change = ConfigurationChange {
            operation,
            alarm: Arc::clone(alarm),
            previous,
            state: entry.alarm.state.clone(),
            at: now,
        };
        effects
            .history
            .push(history::configuration_update(&self.account, &change));
        effects.configurations.push(change);
    }

    /// Reads anew who depends on whom.
    pub(super) fn rebuild(&mut self) {
        let nodes: Vec<Node<'_>> = self
            .entries
            .iter()
            .filter_map(|(name, entry)| {
                let Kind::Composite(composite) = &entry.alarm.definition.kind else {
                    return None;
                };
                let suppressor = composite.suppressor.as_ref();
                Some(Node {
                    name: Arc::clone(name),
                    children: composite.rule.alarms(),
                    suppressor: suppressor.map(|suppressor| suppressor.reference.as_str()),
                })
            })
            .collect();
        self.graph = Graph::of(&nodes);
    }
}

/// What holds back the actions of an alarm, if anything does.
pub(super) fn suppressor_of(definition: &Definition) -> Option<&Suppressor> {
    definition
        .composite()
        .and_then(|composite| composite.suppressor.as_ref())
}
