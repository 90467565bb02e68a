//! All alarms of an account, and what becomes of them.
//!
//! [`Alarms`] holds definitions and states and has no clock: every call says what time it is, and gives back what
//! follows from it as [`Effects`]. Time does not go backwards between calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::definition::{Definition, Kind};
use crate::effects::{ConfigurationOperation, Effects};
use crate::error::{Error, ErrorKind};
use crate::evaluate::{self, Point, Verdict};
use crate::graph::Graph;
use crate::mute::MuteRule;
use crate::results::QueryResult;
use crate::state::{State, StateValue};
use crate::suppress::Phase;
use crate::window::{self, Window};

mod put;
mod queries;
mod settle;

/// Whose alarms these are: what their ARNs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `aws`, usually.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account's number.
    pub account_id: String,
}

impl Account {
    /// The ARN of an alarm.
    pub fn arn(&self, name: &str) -> String {
        format!(
            "arn:{}:cloudwatch:{}:{}:alarm:{name}",
            self.partition, self.region, self.account_id
        )
    }
}

/// One alarm: what is to be stored of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// What it is told to do.
    pub definition: Arc<Definition>,
    /// What it says.
    pub state: State,
    /// When it was put last.
    pub configured: Timestamp,
    /// What holds its actions back, for a composite alarm.
    pub phase: Option<Phase>,
    /// The state it was in before the actions that are held back now.
    pub owed_from: Option<State>,
    /// Until when it warms up.
    pub warm_up_until: Option<Timestamp>,
    /// What the query of a log alarm answered, the newest first: as far back as is looked.
    pub results: Arc<Vec<QueryResult>>,
}

#[derive(Debug)]
struct Entry {
    alarm: Alarm,
    /// When a metric alarm is evaluated next, or the query of a log alarm executed.
    due: Option<Timestamp>,
    /// Whether a query is to be executed for the moment at which it is, and not for that of its turn.
    is_first: bool,
}

/// The alarms of an account.
#[derive(Debug)]
pub struct Alarms {
    account: Account,
    entries: BTreeMap<Arc<str>, Entry>,
    /// Metric alarms by when they are evaluated next.
    queue: BTreeSet<(Timestamp, Arc<str>)>,
    /// Log alarms by when their queries are executed next.
    queries: BTreeSet<(Timestamp, Arc<str>)>,
    /// Alarms whose actions are held back.
    held: BTreeSet<Arc<str>>,
    graph: Graph,
    mutes: BTreeMap<String, MuteRule>,
}

impl Alarms {
    /// An account without alarms.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            entries: BTreeMap::new(),
            queue: BTreeSet::new(),
            queries: BTreeSet::new(),
            held: BTreeSet::new(),
            graph: Graph::default(),
            mutes: BTreeMap::new(),
        }
    }

    /// The alarms as they were stored. Each metric alarm is evaluated at its next turn; the query of a log alarm is
    /// executed at once if its last turn was missed, or if it never was.
    pub fn restore(
        account: Account,
        alarms: impl IntoIterator<Item = Alarm>,
        mutes: impl IntoIterator<Item = MuteRule>,
        now: Timestamp,
    ) -> Self {
        let mut restored = Self::new(account);
        for alarm in alarms {
            let name: Arc<str> = Arc::from(alarm.definition.name.as_str());
            let is_log = alarm.definition.log().is_some();
            let newest = alarm.results.first().map(|result| result.at);
            let due = interval_ms(&alarm.definition).map(|interval| {
                let is_missed = newest.is_none_or(|at| turn_after(&name, interval, at) <= now);
                if is_log && is_missed {
                    now
                } else {
                    turn_after(&name, interval, now)
                }
            });
            let entry = Entry {
                alarm,
                due: None,
                is_first: newest.is_none(),
            };
            restored.entries.insert(Arc::clone(&name), entry);
            restored.be_due(&name, due);
            restored.track(&name);
        }
        for rule in mutes {
            restored.mutes.insert(rule.name.clone(), rule);
        }
        restored.rebuild();
        restored
    }

    /// Whose alarms these are.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The alarm of this name.
    pub fn get(&self, name: &str) -> Option<&Alarm> {
        self.entries.get(name).map(|entry| &entry.alarm)
    }

    /// How many alarms there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All alarms, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Alarm> {
        self.entries.values().map(|entry| &entry.alarm)
    }

    /// The composite alarms in whose rules an alarm is.
    pub fn parents_of(&self, name: &str) -> impl Iterator<Item = &str> {
        self.graph.parents(name).iter().map(|parent| &**parent)
    }

    /// Puts an alarm into a state until its next evaluation, as `SetAlarmState` does. A reason of the state it is in
    /// already is taken, and nothing is executed.
    ///
    /// # Errors
    /// There is no such alarm (the service says nothing about it), or `reason_data` is no JSON.
    pub fn set_state(
        &mut self,
        name: &str,
        value: StateValue,
        reason: &str,
        reason_data: Option<&str>,
        now: Timestamp,
    ) -> Result<Effects, Error> {
        let Some((name, _)) = self.entries.get_key_value(name) else {
            return Err(Error::new(ErrorKind::ResourceNotFound, ""));
        };
        let name = Arc::clone(name);
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        if reason_data.is_some_and(|data| !is_json(data)) {
            return Err(Error::new(
                ErrorKind::InvalidFormat,
                "StateReasonData must be valid JSON",
            ));
        }
        let verdict = Verdict {
            value,
            reason: reason.to_owned(),
            reason_data: reason_data.map(str::to_owned),
            log_lines: Vec::new(),
        };
        let mut effects = Effects::default();
        if self.go(&name, verdict, now, &mut effects) {
            self.settle(vec![name], now, &mut effects);
        }
        Ok(effects)
    }

    /// Enables or disables the actions of alarms; names of none are passed over. What was not executed before stays so.
    pub fn set_actions_enabled(
        &mut self,
        names: &[String],
        is_enabled: bool,
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        for name in names {
            let Some((name, entry)) = self.entries.get_key_value(name.as_str()) else {
                continue;
            };
            let (name, before) = (Arc::clone(name), Arc::clone(&entry.alarm.definition));
            let configured = entry.alarm.configured;
            if before.actions_enabled == is_enabled {
                continue;
            }
            let definition = Arc::new(Definition {
                actions_enabled: is_enabled,
                ..(*before).clone()
            });
            if let Some(entry) = self.entries.get_mut(&name) {
                entry.alarm.definition = Arc::clone(&definition);
                entry.alarm.configured = now;
            }
            let operation = ConfigurationOperation::Update;
            let before = Some((before, configured));
            self.tell(operation, &definition, before, now, &mut effects);
            effects.changed.insert(name);
        }
        effects
    }

    /// The metric alarms whose turn it is, the longest waiting first.
    pub fn due(&self, now: Timestamp) -> Vec<Arc<str>> {
        let waiting = self.queue.iter().take_while(|(at, _)| *at <= now);
        waiting.map(|(_, name)| Arc::clone(name)).collect()
    }

    /// When something is to be done again after `now`: an alarm is due, or actions are let go.
    pub fn wakes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.queue.first().map(|(at, _)| *at);
        // Mute windows begin and end with whole minutes.
        let minute = Timestamp::from_unix_ms(now.unix_ms() / 60_000 * 60_000 + 60_000);
        let held = self.held.iter().filter_map(|name| {
            let phase = self.get(name)?.phase;
            phase.map_or(Some(minute), Phase::ends)
        });
        due.into_iter().chain(held).min()
    }

    /// The periods whose data points the evaluation of a metric alarm at `now` needs; `None` if there is no such alarm.
    pub fn window(&self, name: &str, now: Timestamp) -> Option<Window> {
        let metric = self.get(name)?.definition.metric()?;
        Some(Window::of(metric, now))
    }

    /// Evaluates a metric alarm with the data points of its [window](Self::window) of the same `now`.
    pub fn evaluate(&mut self, name: &str, points: &[Point], now: Timestamp) -> Effects {
        let window = self.window(name, now);
        window.map_or_else(Effects::default, |window| {
            self.evaluate_in(name, &window, points, now)
        })
    }

    /// Evaluates a metric alarm with the data points of a [window](Self::window) of shortly before `now`.
    pub fn evaluate_in(
        &mut self,
        name: &str,
        window: &Window,
        points: &[Point],
        now: Timestamp,
    ) -> Effects {
        let mut effects = Effects::default();
        self.pass_over(name, now);
        let Some((name, _)) = self.entries.get_key_value(name) else {
            return effects;
        };
        let name = Arc::clone(name);
        let Some(entry) = self.entries.get_mut(&name) else {
            return effects;
        };
        let definition = Arc::clone(&entry.alarm.definition);
        let Some(metric) = definition.metric() else {
            return effects;
        };
        if let Some(until) = entry.alarm.warm_up_until {
            let goes_on = metric.warm_up.is_some_and(|warm_up| warm_up.to_the_end);
            if now < until && (goes_on || !evaluate::is_filled(metric, window, points)) {
                return effects;
            }
            entry.alarm.warm_up_until = None;
            entry.alarm.state.in_warm_up = false;
            entry.alarm.state.updated = now;
            effects.changed.insert(Arc::clone(&name));
        }
        let current = entry.alarm.state.value;
        let Some(verdict) = evaluate::evaluate(metric, window, points, current, now) else {
            return effects;
        };
        if self.go(&name, verdict, now, &mut effects) {
            self.settle(vec![name], now, &mut effects);
        }
        effects
    }

    /// Leaves a metric alarm as it is until its next turn: its data points cannot be had. A log alarm has its next turn
    /// then.
    pub fn pass_over(&mut self, name: &str, now: Timestamp) {
        let Some((name, entry)) = self.entries.get_key_value(name) else {
            return;
        };
        let interval = interval_ms(&entry.alarm.definition);
        let due = interval.map(|interval| turn_after(name, interval, now));
        let name = Arc::clone(name);
        self.be_due(&name, due);
        if let Some(entry) = self.entries.get_mut(&name) {
            entry.is_first = false;
        }
    }

    /// Notes when an alarm has its next turn.
    fn be_due(&mut self, name: &Arc<str>, due: Option<Timestamp>) {
        let Some(entry) = self.entries.get_mut(name) else {
            return;
        };
        let queue = match entry.alarm.definition.kind {
            Kind::Log(_) => &mut self.queries,
            Kind::Metric(_) | Kind::Composite(_) => &mut self.queue,
        };
        let before = std::mem::replace(&mut entry.due, due);
        if let Some(before) = before {
            queue.remove(&(before, Arc::clone(name)));
        }
        queue.extend(due.map(|due| (due, Arc::clone(name))));
    }

    /// Lets go the actions whose time has come: call it as time passes, every second or so.
    pub fn tick(&mut self, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        for name in self.held.clone() {
            self.let_go(&name, now, &mut effects);
        }
        effects
    }

    /// Makes a mute rule, or replaces the one of its name.
    pub fn put_mute_rule(&mut self, rule: MuteRule) {
        self.mutes.insert(rule.name.clone(), rule);
    }

    /// Deletes a mute rule, and says whether there was one.
    pub fn delete_mute_rule(&mut self, name: &str) -> bool {
        self.mutes.remove(name).is_some()
    }

    /// The mute rules, by name.
    pub fn mute_rules(&self) -> impl Iterator<Item = &MuteRule> {
        self.mutes.values()
    }

    /// Notes whether something of the alarm is held back.
    fn track(&mut self, name: &Arc<str>) {
        let is_held = self
            .get(name)
            .is_some_and(|alarm| alarm.phase.is_some() || alarm.owed_from.is_some());
        if is_held {
            self.held.insert(Arc::clone(name));
        } else {
            self.held.remove(name);
        }
    }
}

/// How often an alarm has its turn, if it has any.
fn interval_ms(definition: &Definition) -> Option<u64> {
    match &definition.kind {
        Kind::Metric(metric) => Some(window::interval_ms(metric)),
        Kind::Log(log) => Some(u64::from(log.query.interval_seconds) * 1_000),
        Kind::Composite(_) => None,
    }
}

/// The next turn of an alarm: the same moment of every interval, which its name decides, so that ten thousand alarms do
/// not all ask at once.
fn turn_after(name: &str, interval_ms: u64, now: Timestamp) -> Timestamp {
    // FNV-1a, which is the same in every process.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Not at the very beginning, so that the data points of the period before are there.
    let margin_ms = interval_ms / 12;
    let moment_ms = margin_ms + hash % (interval_ms - 2 * margin_ms).max(1);
    let begun_ms = now.unix_ms() / interval_ms * interval_ms + moment_ms;
    let next_ms = if begun_ms > now.unix_ms() {
        begun_ms
    } else {
        begun_ms + interval_ms
    };
    Timestamp::from_unix_ms(next_ms)
}
