//! What a change of alarms brings about: for the caller to store, all of it at once, and then to carry out.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::definition::Definition;
use crate::state::State;

/// What follows from one call of [`crate::Alarms`].
///
/// Stored in one transaction with the alarms that changed, every notice is sent at least once, and a transition never
/// makes it twice.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use = "what is not stored is lost"]
pub struct Effects {
    /// The alarms to store again.
    pub changed: BTreeSet<Arc<str>>,
    /// The alarms to delete.
    pub deleted: BTreeSet<Arc<str>>,
    /// What their history has to say, in the order in which it happened.
    pub history: Vec<HistoryItem>,
    /// State changes, for whoever listens to events.
    pub transitions: Vec<Arc<Transition>>,
    /// Configuration changes, likewise.
    pub configurations: Vec<ConfigurationChange>,
    /// The actions to execute.
    pub notices: Vec<Notice>,
}

impl Effects {
    /// Whether nothing follows.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An alarm went from a state into another. When held-back actions are let go, into the same one.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The alarm.
    pub alarm: Arc<Definition>,
    /// When it was put last.
    pub configured: Timestamp,
    /// What it was in.
    pub from: State,
    /// What it is in.
    pub to: State,
}

/// An action to execute.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The ARN of the action.
    pub action: String,
    /// Why.
    pub transition: Arc<Transition>,
    /// Whether it was held back by a mute rule until now.
    pub is_after_mute: bool,
}

/// An alarm was made, changed or deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationChange {
    /// What was done.
    pub operation: ConfigurationOperation,
    /// The alarm, as it is, or as it was before it was deleted.
    pub alarm: Arc<Definition>,
    /// What it was before, and when that was put.
    pub previous: Option<(Arc<Definition>, Timestamp)>,
    /// Its state.
    pub state: State,
    /// When.
    pub at: Timestamp,
}

/// What was done to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigurationOperation {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was deleted.
    Delete,
}

impl ConfigurationOperation {
    /// `create`, `update` or `delete`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// An entry of `DescribeAlarmHistory`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// The alarm's name.
    pub alarm: Arc<str>,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub alarm_type: &'static str,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: HistoryKind,
    /// A line for people, at most 255 characters.
    pub summary: String,
    /// JSON, at most 4,095 characters.
    pub data: String,
}

/// What an entry of the history is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryKind {
    /// The alarm was made, changed or deleted.
    ConfigurationUpdate,
    /// Its state changed.
    StateUpdate,
    /// An action was executed, or could not be.
    Action,
}

impl HistoryKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationUpdate => "ConfigurationUpdate",
            Self::StateUpdate => "StateUpdate",
            Self::Action => "Action",
        }
    }
}
