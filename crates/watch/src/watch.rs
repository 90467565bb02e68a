//! The alarms of the account: putting, deleting, setting, muting them, and looking at them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::{Account, Alarms, Definition, Effects, MuteRuleRequest, StateValue};
use corelog_catalog::{Catalog, KeptMuteRule};
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use tokio::sync::{Notify, RwLock, watch};

use crate::bands::{MODELS_MAX, Models};
use crate::detectors::Detectors;
use crate::step::later;
use crate::{Error, source};

/// No alarm is evaluated so shortly after a start.
const GRACE: Duration = Duration::from_secs(10);

/// Decision: with a query a minute of half a second each, as much as is executed beside each other.
const LOG_MAX: usize = 200;

/// What there may be, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How many alarms there may be.
    pub alarms_max: usize,
    /// How many of them may compare with a band of anomaly detection.
    pub banded_max: usize,
    /// How many of them may have queries executed.
    pub log_max: usize,
    /// How many mute rules there may be.
    pub mute_rules_max: usize,
    /// For how long history is kept.
    pub history: Duration,
    /// Who gets the events of all alarms, to begin with: names that notices are made for.
    pub listeners: Vec<String>,
}

impl Default for Config {
    /// Source: the service keeps history for two weeks.
    fn default() -> Self {
        Self {
            alarms_max: 10_000,
            banded_max: MODELS_MAX,
            log_max: LOG_MAX,
            mute_rules_max: 1_000,
            history: Duration::from_hours(14 * 24),
            listeners: Vec::new(),
        }
    }
}

/// The alarms of the account. A cheap handle.
#[derive(Debug, Clone)]
pub struct Watch(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) held: RwLock<Held>,
    /// What alarms on bands compare with.
    pub(crate) models: Models,
    pub(crate) listeners: parking_lot::RwLock<Vec<String>>,
    /// Something is due that was not before.
    pub(crate) changed: Notify,
    /// How often notices were added.
    pub(crate) notices: watch::Sender<u64>,
}

/// What is held in memory.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) alarms: Alarms,
    /// When each mute rule was put last.
    pub(crate) mutes_put: BTreeMap<String, Timestamp>,
    /// What is kept and cannot be read, by name.
    pub(crate) unreadable: BTreeSet<String>,
    /// Whether a step may not have been kept.
    pub(crate) is_stale: bool,
    /// The time of the last step.
    pub(crate) last: Timestamp,
}

impl Watch {
    /// Reads the alarms of the catalog. Each metric alarm has its first turn when it would have had one anyway, but not
    /// in the first seconds: what was recorded before a restart is to be counted first.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn open(
        config: Config,
        account: Account,
        catalog: Arc<dyn Catalog>,
        clock: Clock,
    ) -> Result<Self, Error> {
        let now = clock.now();
        let held = Held::read(&*catalog, account, now, later(now, GRACE)).await?;
        let models = Models::new(Detectors::read(&*catalog).await?);
        Ok(Self(Arc::new(Inner {
            catalog,
            clock,
            listeners: parking_lot::RwLock::new(config.listeners.clone()),
            config,
            held: RwLock::new(held),
            models,
            changed: Notify::new(),
            notices: watch::Sender::new(0),
        })))
    }

    /// Makes an alarm, with its tags, or changes the one of its name, whose tags stay.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Unsupported`], [`Error::Full`], [`Error::Catalog`].
    pub async fn put(
        &self,
        definition: Definition,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        if let Some(metric) = definition.metric() {
            source::check(metric)?;
        }
        let most = self.0.config.alarms_max;
        self.step(tags, |held, now| {
            let is_new = held.alarms.get(&definition.name).is_none();
            if is_new && held.alarms.len() >= most {
                let what = "alarms";
                return Err(Error::Full { what, most });
            }
            let most = self.0.config.banded_max;
            if is_banded(&definition) && banded_beside(&definition.name, &held.alarms) >= most {
                let what = "alarms on bands of anomaly detection";
                return Err(Error::Full { what, most });
            }
            let most = self.0.config.log_max;
            if definition.log().is_some() && log_beside(&definition.name, &held.alarms) >= most {
                let what = "log alarms";
                return Err(Error::Full { what, most });
            }
            Ok(held.alarms.put(definition, now)?)
        })
        .await
    }

    /// Deletes alarms, also those that cannot be read; those that do not exist are passed over.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Catalog`].
    pub async fn delete(&self, names: &[String]) -> Result<(), Error> {
        self.step(BTreeMap::new(), |held, now| {
            let mut effects = held.alarms.delete(names, now)?;
            for name in names.iter().filter(|name| held.unreadable.contains(*name)) {
                effects.deleted.insert(Arc::from(name.as_str()));
            }
            Ok(effects)
        })
        .await
    }

    /// Puts an alarm into a state until its next evaluation.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Catalog`].
    pub async fn set_state(
        &self,
        name: &str,
        value: StateValue,
        reason: &str,
        reason_data: Option<&str>,
    ) -> Result<(), Error> {
        self.step(BTreeMap::new(), |held, now| {
            Ok(held
                .alarms
                .set_state(name, value, reason, reason_data, now)?)
        })
        .await
    }

    /// Enables or disables the actions of alarms; names of none are passed over.
    ///
    /// # Errors
    /// [`Error::Catalog`].
    pub async fn set_actions_enabled(
        &self,
        names: &[String],
        is_enabled: bool,
    ) -> Result<(), Error> {
        self.step(BTreeMap::new(), |held, now| {
            Ok(held.alarms.set_actions_enabled(names, is_enabled, now))
        })
        .await
    }

    /// Makes a mute rule, with its tags, or replaces the one of its name, whose tags stay.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Full`], [`Error::Catalog`].
    pub async fn put_mute_rule(
        &self,
        request: &MuteRuleRequest,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let rule = request.check()?;
        let mut held = self.fresh().await?;
        let most = self.0.config.mute_rules_max;
        if !held.mutes_put.contains_key(&rule.name) && held.mutes_put.len() >= most {
            let what = "mute rules";
            return Err(Error::Full { what, most });
        }
        let updated = held.now(&self.0.clock);
        let kept = KeptMuteRule { rule, updated };
        held.is_stale = true;
        self.0.catalog.put_mute_rule(&kept, tags).await?;
        held.is_stale = false;
        held.mutes_put.insert(kept.rule.name.clone(), updated);
        held.alarms.put_mute_rule(kept.rule);
        self.0.changed.notify_one();
        Ok(())
    }

    /// Deletes a mute rule, and says whether there was one.
    ///
    /// # Errors
    /// [`Error::Catalog`].
    pub async fn delete_mute_rule(&self, name: &str) -> Result<bool, Error> {
        let mut held = self.fresh().await?;
        held.is_stale = true;
        let was_there = self.0.catalog.delete_mute_rule(name).await?;
        held.is_stale = false;
        held.mutes_put.remove(name);
        held.alarms.delete_mute_rule(name);
        self.0.changed.notify_one();
        Ok(was_there)
    }

    /// Looks at the alarms, and at when each mute rule was put last, as they are kept; where the catalog cannot be read
    /// after a step that failed, as they were held.
    pub async fn look<T>(&self, at: impl FnOnce(&Alarms, &BTreeMap<String, Timestamp>) -> T) -> T {
        let mut held = self.0.held.read().await;
        if held.is_stale {
            drop(held);
            // What went wrong is told by whoever makes the next step.
            let _ = self.fresh().await;
            held = self.0.held.read().await;
        }
        at(&held.alarms, &held.mutes_put)
    }

    /// Says who gets the events of all alarms from here on.
    pub fn set_listeners(&self, listeners: Vec<String>) {
        *self.0.listeners.write() = listeners;
    }

    /// Changes whenever there are new notices.
    pub fn notices(&self) -> watch::Receiver<u64> {
        self.0.notices.subscribe()
    }

    /// Makes a step, and keeps all that follows from it.
    pub(crate) async fn step(
        &self,
        tags: BTreeMap<String, String>,
        make: impl FnOnce(&mut Held, Timestamp) -> Result<Effects, Error>,
    ) -> Result<(), Error> {
        let mut held = self.fresh().await?;
        let now = held.now(&self.0.clock);
        let effects = make(&mut held, now)?;
        self.keep(&mut held, effects, tags, now).await?;
        self.0.changed.notify_one();
        Ok(())
    }
}

fn is_banded(definition: &Definition) -> bool {
    definition.metric().is_some_and(source::is_banded)
}

/// How many other alarms have queries.
fn log_beside(name: &str, alarms: &Alarms) -> usize {
    let others = alarms.iter().map(|alarm| &alarm.definition);
    let others = others.filter(|definition| *definition.name != *name);
    others
        .filter(|definition| definition.log().is_some())
        .count()
}

/// How many other alarms compare with a band.
fn banded_beside(name: &str, alarms: &Alarms) -> usize {
    let others = alarms.iter().map(|alarm| &alarm.definition);
    let others = others.filter(|definition| *definition.name != *name);
    others.filter(|definition| is_banded(definition)).count()
}
