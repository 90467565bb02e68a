//! The port to where notices wait: kept with the transitions that made them, gone once they arrived.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use corelog_alarms::{ConfigurationChange, HistoryItem, Notice, Transition};
use corelog_types::Timestamp;
use parking_lot::Mutex;

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// What an alarm's action names: an ARN.
    Action(String),
    /// The notifier of this name, which listens to the events of all alarms.
    Listener(String),
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// An action of an alarm is to be executed.
    Action(Box<Notice>),
    /// An alarm went into a state: an event.
    StateChange(Box<Transition>),
    /// An alarm was made, changed or deleted: an event.
    ConfigurationChange(Box<ConfigurationChange>),
}

/// A notice that is to be sent now.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// Its id, which is no other's and stays the same.
    pub id: String,
    /// Whom it is for.
    pub recipient: Recipient,
    /// When it was made.
    pub made: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// How often it was tried in vain.
    pub attempts: u32,
}

/// A notice that arrived or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its id.
    pub id: String,
    /// What the alarm's history has to say of it.
    pub history: Option<HistoryItem>,
}

/// The outbox did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the outbox of notices cannot {attempt}")]
pub struct OutboxError {
    /// What was attempted.
    pub attempt: &'static str,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where notices wait.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Up to `limit` notices that are due, in the order in which they were made, none for those in `except`. Of those
    /// about one alarm for one recipient only the oldest comes, and it is due only when it is.
    async fn due(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<Due>, OutboxError>;

    /// Notices were tried in vain, and are due again then.
    async fn put_off(
        &self,
        ids: &[String],
        until: Timestamp,
        error: &str,
    ) -> Result<(), OutboxError>;

    /// Notices are done with: forgotten, with a word to the history. Those that are not there are fine.
    async fn settle(&self, settled: &[Settled]) -> Result<(), OutboxError>;
}

/// An outbox in memory, for tests.
#[derive(Debug, Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    waiting: BTreeMap<u64, (Due, Timestamp)>,
    next: u64,
    history: Vec<HistoryItem>,
}

impl Memory {
    /// Adds a notice.
    pub fn add(&self, due: Due) {
        let mut kept = self.kept.lock();
        let (place, made) = (kept.next, due.made);
        kept.next += 1;
        kept.waiting.insert(place, (due, made));
    }

    /// What waits: each id, how often it was tried, and when it is due.
    pub fn waiting(&self) -> Vec<(String, u32, Timestamp)> {
        let kept = self.kept.lock();
        let waiting = kept.waiting.values();
        waiting
            .map(|(due, at)| (due.id.clone(), due.attempts, *at))
            .collect()
    }

    /// What the history was told.
    pub fn history(&self) -> Vec<HistoryItem> {
        self.kept.lock().history.clone()
    }
}

impl Due {
    /// The alarm it is about.
    pub fn alarm(&self) -> &str {
        match &self.subject {
            Subject::Action(notice) => &notice.transition.alarm.name,
            Subject::StateChange(transition) => &transition.alarm.name,
            Subject::ConfigurationChange(change) => &change.alarm.name,
        }
    }
}

#[async_trait]
impl Outbox for Memory {
    async fn due(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<Due>, OutboxError> {
        let kept = self.kept.lock();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for (due, at) in kept.waiting.values() {
            let is_oldest = seen.insert((due.alarm(), &due.recipient));
            if is_oldest && *at <= now && !except.contains(&due.recipient) {
                found.push(due.clone());
            }
            if found.len() == limit as usize {
                break;
            }
        }
        Ok(found)
    }

    async fn put_off(&self, ids: &[String], until: Timestamp, _: &str) -> Result<(), OutboxError> {
        let mut kept = self.kept.lock();
        for (due, at) in kept.waiting.values_mut() {
            if ids.contains(&due.id) {
                due.attempts += 1;
                *at = until;
            }
        }
        Ok(())
    }

    async fn settle(&self, settled: &[Settled]) -> Result<(), OutboxError> {
        let mut kept = self.kept.lock();
        for one in settled {
            let before = kept.waiting.len();
            kept.waiting.retain(|_, (due, _)| due.id != one.id);
            if kept.waiting.len() < before {
                kept.history.extend(one.history.clone());
            }
        }
        Ok(())
    }
}
