//! Notices: what alarms have to tell others, from the transition that made them until they arrived.
//!
//! They are made in the transaction that keeps the transition, and each has an id that no retry and no crash changes, so
//! that whoever gets one twice can tell. What sends them reads the due ones, sends them, and settles them; what could
//! not be sent is put off. A crash between sending and settling sends one again: at least once, with the same id.

use std::collections::BTreeSet;

use async_trait::async_trait;
use corelog_alarms::{ConfigurationChange, HistoryItem, Notice, Transition};
use corelog_types::Timestamp;

use crate::Error;

/// A notice to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// Its id, which is no other's.
    pub id: String,
    /// Whom it is for.
    pub recipient: Recipient,
    /// When it was made.
    pub made: Timestamp,
    /// What it says.
    pub says: Says,
}

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// What an alarm's action names: an ARN.
    Action(String),
    /// Who listens to the events of all alarms, by name.
    Listener(String),
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// An action of an alarm is to be executed.
    Action(Notice),
    /// An alarm went into a state: an event.
    StateChange(Transition),
    /// An alarm was made, changed or deleted: an event.
    ConfigurationChange(ConfigurationChange),
}

impl Says {
    /// The name of the alarm that it is about.
    pub fn alarm(&self) -> &str {
        match self {
            Self::Action(notice) => &notice.transition.alarm.name,
            Self::StateChange(transition) => &transition.alarm.name,
            Self::ConfigurationChange(change) => &change.alarm.name,
        }
    }
}

/// A notice that has not arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingNotice {
    /// The notice.
    pub notice: NewNotice,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// From when on it may be tried.
    pub due: Timestamp,
    /// What was wrong the last time.
    pub error: Option<String>,
}

/// What became of a notice: it is forgotten, and the history of its alarm may say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledNotice {
    /// Its id.
    pub id: String,
    /// What the history has to say of it. [`corelog_alarms::document::history::action`] writes that.
    pub history: Option<HistoryItem>,
}

/// Where notices are kept.
#[async_trait]
pub trait Notices {
    /// Up to `limit` notices that are due, in the order in which they were made. Of those about one alarm for one
    /// recipient only the oldest is due: none overtakes another, and where one is put off, the others wait.
    ///
    /// # Errors
    /// [`Error::Format`] never stands for all of them: a notice that cannot be read is left out, and
    /// [`Notices::unreadable_notices`] has it.
    async fn due_notices(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingNotice>, Error>;

    /// The same, without those for some recipients: where they cannot be reached, what waits for them is not to stand in
    /// front of what others wait for.
    async fn due_notices_for_others(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<PendingNotice>, Error>;

    /// When the next notice is due, which may be past; `None` if there is none.
    async fn next_notice(&self) -> Result<Option<Timestamp>, Error>;

    /// A notice was tried in vain: it is due again then. One that is not there is fine.
    async fn put_notice_off(&self, id: &str, until: Timestamp, error: &str) -> Result<(), Error>;

    /// The same for several at once.
    async fn put_notices_off(
        &self,
        ids: &[String],
        until: Timestamp,
        error: &str,
    ) -> Result<(), Error>;

    /// Notices arrived, or were given up: all of them are settled at once. Those that are not there are fine, and
    /// their history says nothing.
    async fn settle_notices(&self, settled: &[SettledNotice]) -> Result<(), Error>;

    /// How many notices wait.
    async fn waiting_notices(&self) -> Result<u64, Error>;

    /// The ids of waiting notices that this version cannot read, to be settled: at most a hundred.
    async fn unreadable_notices(&self) -> Result<Vec<String>, Error>;
}
