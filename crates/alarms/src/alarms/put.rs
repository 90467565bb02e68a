//! Alarms are made, changed and deleted.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_types::Timestamp;

use super::settle::Cause;
use super::{Alarm, Alarms, Entry};
use crate::definition::{Definition, Suppressor, name_in};
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
    /// evaluated at once, a metric alarm is [due](Self::due) at once, and so is the query of a log alarm that has no results.
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
        // Others may have waited for it: what could not be read after a restart, and is put again.
        let mut settles = operation == ConfigurationOperation::Create;
        if let Some(node) = node(&name, &definition) {
            self.graph.put(node);
            let cause = match operation {
                ConfigurationOperation::Create => Cause::Created,
                _ => Cause::Updated,
            };
            settles |= self.graph.place(&name).is_some()
                && self.reevaluate(&name, &cause, now, &mut effects);
        }
        if settles {
            self.settle(vec![name], now, &mut effects);
        }
        Ok(effects)
    }

    /// Deletes alarms; those that do not exist are passed over.
    ///
    /// # Errors
    /// More than one of them is composite, one of several is a log alarm, or other alarms depend on one, which need not
    /// exist; none is deleted then.
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
        let is_log = |name: &Arc<str>| {
            let alarm = self.get(name);
            alarm.is_some_and(|alarm| alarm.definition.log().is_some())
        };
        if names.len() > 1 && found.iter().any(is_log) {
            return Err(Error::validation(
                "Log alarms cannot be batch deleted: delete them one at a time.",
            ));
        }
        for name in names {
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
            self.tell(operation, &definition, before, now, &mut effects);
            self.be_due(&name, None);
            self.held.remove(&name);
            self.entries.remove(&name);
            self.graph.remove(&name);
            effects.deleted.insert(name);
        }
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
        let has_turns = super::interval_ms(definition).is_some();
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
                    results: Arc::default(),
                },
                due: None,
                is_first: true,
            });
        let is_new = entry.due.is_none() && has_turns;
        let alarm = &mut entry.alarm;
        // Changing the time of a warm-up that is over does not begin another.
        let warm_up = definition.warm_up();
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
        if !asks_the_same(&alarm.definition, definition) {
            alarm.results = Arc::default();
        }
        alarm.definition = Arc::clone(definition);
        alarm.configured = now;
        // What was executed at its turn is not executed for the same time again.
        let has_results = !alarm.results.is_empty();
        if !has_results {
            entry.is_first = true;
            self.be_due(name, has_turns.then_some(now));
        }
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
        let all = self.entries.iter();
        self.graph = Graph::of(all.filter_map(|(name, entry)| node(name, &entry.alarm.definition)));
    }
}

/// What a composite alarm says of others.
fn node(name: &Arc<str>, definition: &Definition) -> Option<Node> {
    let composite = definition.composite()?;
    let suppressor = composite.suppressor.as_ref();
    let children = composite.rule.alarms().into_iter();
    Some(Node {
        name: Arc::clone(name),
        children: children.map(Arc::from).collect(),
        suppressor: suppressor.map(|suppressor| Arc::from(name_in(&suppressor.reference))),
    })
}

/// Whether results under one definition are results under another.
fn asks_the_same(one: &Definition, other: &Definition) -> bool {
    let (Some(one), Some(other)) = (one.log(), other.log()) else {
        return true;
    };
    let is_same_limit = one.threshold.to_bits() == other.threshold.to_bits();
    is_same_limit && one.comparison == other.comparison && one.query == other.query
}

/// What holds back the actions of an alarm, if anything does.
pub(super) fn suppressor_of(definition: &Definition) -> Option<&Suppressor> {
    definition
        .composite()
        .and_then(|composite| composite.suppressor.as_ref())
}
