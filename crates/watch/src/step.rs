//! What follows from a step is kept as a whole, and counts only then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::{Account, Alarms, Effects};
use corelog_catalog::{AlarmStep, Catalog, NewNotice, Recipient, Says};
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use tokio::sync::RwLockWriteGuard;

use crate::watch::Held;
use crate::{Error, Watch};

/// A clock that goes back further was set; less is how clocks are kept right.
const BACK_MAX_MS: u64 = 60_000;

impl Held {
    /// Reads what is kept. Metric alarms have their next turns after `first_turns`.
    pub(crate) async fn read(
        catalog: &dyn Catalog,
        account: Account,
        now: Timestamp,
        first_turns: Timestamp,
    ) -> Result<Self, Error> {
        let kept = catalog.kept_alarms().await?;
        for (name, why) in &kept.unreadable {
            tracing::error!(
                name,
                why,
                "an alarm or a mute rule cannot be read and does nothing"
            );
        }
        let rules = kept.mute_rules;
        let mutes_put = rules
            .iter()
            .map(|kept| (kept.rule.name.clone(), kept.updated));
        let unreadable = kept.unreadable.into_iter().map(|(name, _)| name);
        Ok(Self {
            unreadable: unreadable.collect(),
            mutes_put: mutes_put.collect(),
            alarms: Alarms::restore(
                account,
                kept.alarms,
                rules.into_iter().map(|kept| kept.rule),
                first_turns,
            ),
            is_stale: false,
            last: now,
        })
    }

    /// The time, which does not go backwards from step to step. Where the clock was set back, alarms begin anew.
    pub(crate) fn now(&mut self, clock: &Clock) -> Timestamp {
        let now = clock.now();
        if now.unix_ms() + BACK_MAX_MS < self.last.unix_ms() {
            tracing::warn!("the clock was set back; alarms are evaluated by the new time");
            let alarms: Vec<_> = self.alarms.iter().cloned().collect();
            let rules: Vec<_> = self.alarms.mute_rules().cloned().collect();
            self.alarms = Alarms::restore(self.alarms.account().clone(), alarms, rules, now);
            self.last = now;
        }
        self.last = self.last.max(now);
        self.last
    }
}

impl Watch {
    /// The alarms, for a step, as they are kept.
    pub(crate) async fn fresh(&self) -> Result<RwLockWriteGuard<'_, Held>, Error> {
        let mut held = self.0.held.write().await;
        if held.is_stale {
            let account = held.alarms.account().clone();
            let now = held.now(&self.0.clock);
            *held = Held::read(&*self.0.catalog, account, now, now).await?;
        }
        Ok(held)
    }

    /// Keeps what follows from a step. Not cancel safe by itself: what is dropped half way is read anew.
    pub(crate) async fn keep(
        &self,
        held: &mut Held,
        effects: Effects,
        tags: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        if effects.is_empty() {
            return Ok(());
        }
        let listeners = self.0.listeners.read().clone();
        let step = of(&held.alarms, effects, tags, &listeners, now);
        held.is_stale = true;
        self.0.catalog.keep_alarms(&step).await?;
        held.is_stale = false;
        if !step.notices.is_empty() {
            self.0.notices.send_modify(|times| *times += 1);
        }
        Ok(())
    }
}

fn of(
    alarms: &Alarms,
    effects: Effects,
    tags: BTreeMap<String, String>,
    listeners: &[String],
    now: Timestamp,
) -> AlarmStep {
    let changed = effects.changed.iter();
    let changed = changed
        .filter_map(|name| alarms.get(name).cloned())
        .collect();
    let mut notices = Vec::new();
    let mut add = |recipient: Recipient, says: Says| {
        notices.push(NewNotice {
            id: corelog_runtime::record_id(now).to_string(),
            recipient,
            made: now,
            says,
        });
    };
    for listener in listeners {
        let recipient = || Recipient::Listener(listener.clone());
        for change in &effects.configurations {
            add(recipient(), Says::ConfigurationChange(change.clone()));
        }
        for transition in &effects.transitions {
            add(recipient(), Says::StateChange((**transition).clone()));
        }
    }
    for notice in effects.notices {
        let recipient = Recipient::Action(notice.action.clone());
        add(recipient, Says::Action(notice));
    }
    AlarmStep {
        changed,
        tags,
        deleted: effects.deleted.into_iter().collect(),
        history: effects.history,
        notices,
    }
}

/// What follows from several evaluations, in one.
pub(crate) fn join(into: &mut Effects, more: Effects) {
    into.changed.extend(more.changed);
    into.deleted.extend(more.deleted);
    into.history.extend(more.history);
    into.transitions.extend(more.transitions);
    into.configurations.extend(more.configurations);
    into.notices.extend(more.notices);
}

pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_ms(at.unix_ms().saturating_add(ms))
}

/// The names of alarms, by reference count.
pub(crate) type Name = Arc<str>;
