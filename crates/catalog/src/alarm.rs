//! Alarms: what they are told to do, what they say, what became of them.
//!
//! A definition is kept as the request that would make it, and checked anew when it is read: a version that asks more
//! than the one that wrote it says which alarms it cannot take, and the others go on.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_alarms::{Alarm, HistoryItem, HistoryKind, MuteRule};
use corelog_types::Timestamp;

use crate::{Error, NewNotice};

/// All that follows from one step of the alarms: kept as a whole or not at all, so that a transition and its notices
/// are there together through any crash.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlarmStep {
    /// The alarms that changed, as they are now.
    pub changed: Vec<Alarm>,
    /// The tags of alarms that are made in this step; those of alarms that exist stay as they are.
    pub tags: BTreeMap<String, String>,
    /// The alarms to delete.
    pub deleted: Vec<Arc<str>>,
    /// What their history has to say, in the order in which it happened.
    pub history: Vec<HistoryItem>,
    /// What to send.
    pub notices: Vec<NewNotice>,
}

/// What is kept of alarms, for whoever evaluates them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptAlarms {
    /// The alarms, by name.
    pub alarms: Vec<Alarm>,
    /// The mute rules, by name.
    pub mute_rules: Vec<KeptMuteRule>,
    /// What cannot be read: an alarm or a mute rule, and why. It stays as it is until it is put or deleted.
    pub unreadable: Vec<(String, String)>,
}

/// A mute rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMuteRule {
    /// The rule.
    pub rule: MuteRule,
    /// When it was put last.
    pub updated: Timestamp,
}

/// An entry of an alarm's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHistory {
    /// Its place among all entries; places rise.
    pub place: i64,
    /// The entry.
    pub item: HistoryItem,
}

/// Which entries of the history are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryAsked {
    /// Those of this alarm; of all, if absent.
    pub alarm: Option<String>,
    /// Those of alarms of these types, such as `MetricAlarm`.
    pub alarm_types: Vec<&'static str>,
    /// Those of this kind; of all, if absent.
    pub kind: Option<HistoryKind>,
    /// From then on, inclusive.
    pub from: Option<Timestamp>,
    /// Until then, inclusive.
    pub to: Option<Timestamp>,
    /// Whether the oldest come first; else the newest do.
    pub oldest_first: bool,
    /// Those behind this one, its time and place: where a page ended.
    pub after: Option<(Timestamp, i64)>,
    /// How many at most.
    pub limit: u32,
}

/// What of alarms has tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged<'a> {
    /// The alarm of this name.
    Alarm(&'a str),
    /// The mute rule of this name.
    MuteRule(&'a str),
}

/// A change to the tags of an alarm or a mute rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmTags {
    /// Adds tags, in place of those with the same keys; refused with [`Error::Full`] past `most` of them.
    Tag {
        /// The tags.
        tags: BTreeMap<String, String>,
        /// How many there may be.
        most: usize,
    },
    /// Removes tags; those that are not there are fine.
    Untag(Vec<String>),
}

/// Where alarms are kept.
#[async_trait]
pub trait AlarmStates {
    /// Keeps all of a step.
    async fn keep_alarms(&self, step: &AlarmStep) -> Result<(), Error>;

    /// All alarms and mute rules.
    async fn kept_alarms(&self) -> Result<KeptAlarms, Error>;

    /// The tags of an alarm or a mute rule; `None` if there is no such thing.
    async fn alarm_tags(&self, of: Tagged<'_>) -> Result<Option<BTreeMap<String, String>>, Error>;

    /// Changes the tags of an alarm or a mute rule.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`].
    async fn change_alarm_tags(&self, of: Tagged<'_>, change: &AlarmTags) -> Result<(), Error>;

    /// The history, in the order of time.
    async fn alarm_history(&self, asked: &HistoryAsked) -> Result<Vec<KeptHistory>, Error>;

    /// Forgets what the history has of before then, and says how many entries that were.
    async fn trim_alarm_history(&self, before: Timestamp) -> Result<u64, Error>;

    /// Adds a mute rule with its tags, or puts another in the place of the one of its name, whose tags stay.
    async fn put_mute_rule(
        &self,
        rule: &KeptMuteRule,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Error>;

    /// Removes a mute rule, and says whether there was one.
    async fn delete_mute_rule(&self, name: &str) -> Result<bool, Error>;
}
