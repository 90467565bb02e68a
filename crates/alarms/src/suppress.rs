//! How a suppressor holds back the actions of a composite alarm.
//!
//! A transition while the suppressor is not in `ALARM` waits for the wait period: goes the suppressor into `ALARM` in
//! that time, the actions are held; else they are executed when it is over. While the suppressor is in `ALARM`, they are
//! held. When it leaves `ALARM`, the extension period begins, and at its end the actions of the state that the alarm is
//! in then are executed. Another transition ends what runs and begins a new wait period.
//!
//! Source: the user guide, "Suppressing composite alarm actions".

use corelog_types::Timestamp;

use crate::definition::Suppressor;
use crate::state::SuppressedBy;

/// What holds the actions of an alarm back, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting whether the suppressor goes into `ALARM`.
    Wait(Timestamp),
    /// The suppressor is in `ALARM`.
    Alarm,
    /// The suppressor left `ALARM` a short while ago.
    Extension(Timestamp),
}

impl Phase {
    /// What `ActionsSuppressedBy` says.
    pub fn suppressed_by(self) -> SuppressedBy {
        match self {
            Self::Wait(_) => SuppressedBy::WaitPeriod,
            Self::Alarm => SuppressedBy::Alarm,
            Self::Extension(_) => SuppressedBy::ExtensionPeriod,
        }
    }

    /// When it is over by itself.
    pub(crate) fn ends(self) -> Option<Timestamp> {
        match self {
            Self::Wait(at) | Self::Extension(at) => Some(at),
            Self::Alarm => None,
        }
    }

    /// What a transition of the composite alarm begins; `None` if its actions are executed at once.
    pub(crate) fn of_transition(
        suppressor: &Suppressor,
        is_in_alarm: bool,
        now: Timestamp,
    ) -> Option<Self> {
        if is_in_alarm {
            return Some(Self::Alarm);
        }
        later(now, suppressor.wait_seconds).map(Self::Wait)
    }

    /// What becomes of this phase when the suppressor goes into `ALARM` or leaves it; `None` if the actions are executed
    /// now.
    pub(crate) fn of_suppressor(
        self,
        suppressor: &Suppressor,
        is_in_alarm: bool,
        now: Timestamp,
    ) -> Option<Self> {
        match (self, is_in_alarm) {
            (_, true) => Some(Self::Alarm),
            (Self::Alarm, false) => later(now, suppressor.extension_seconds).map(Self::Extension),
            (Self::Wait(_) | Self::Extension(_), false) => Some(self),
        }
    }
}

/// A moment that many seconds from now; `None` for none.
fn later(now: Timestamp, seconds: u32) -> Option<Timestamp> {
    let ms = u64::from(seconds) * 1_000;
    (ms > 0).then(|| Timestamp::from_unix_ms(now.unix_ms().saturating_add(ms)))
}
