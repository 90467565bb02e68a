//! No storm: many alarms that change at once are one message.
//!
//! The rule, for a notifier with `burst_max` and `burst_window`: as long as the messages of single alarms in the last
//! window, together with those that wait, are at most `burst_max`, each alarm has a message of its own. Otherwise all that
//! wait go together, as one message that says how many they are and which; the next such message comes a window later at
//! the earliest, and what happens meanwhile waits for it. So within any window a notifier gets at most `burst_max`
//! messages of single alarms and one of many.

use std::collections::VecDeque;
use std::time::Duration;

use corelog_types::Timestamp;

/// How many are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstConfig {
    /// The most messages of single alarms in a window.
    pub most: usize,
    /// The window.
    pub window: Duration,
}

/// What a notifier was sent in the last window.
#[derive(Debug)]
pub(crate) struct Burst {
    config: BurstConfig,
    singles: VecDeque<Timestamp>,
    together: Option<Timestamp>,
}

/// How those that wait are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Each by itself.
    Singly,
    /// All in one.
    Together,
    /// Not before then.
    Later(Timestamp),
}

impl Burst {
    pub(crate) fn new(config: BurstConfig) -> Self {
        Self {
            config,
            singles: VecDeque::new(),
            together: None,
        }
    }

    /// How `waiting` messages are sent while `under_way` are being sent singly.
    pub(crate) fn share(&mut self, waiting: usize, under_way: usize, now: Timestamp) -> Share {
        let window = self.config.window;
        // A time that is ahead was taken by a clock that was set back since.
        let is_recent = |at: Timestamp| at <= now && now < later(at, window);
        self.singles.retain(|at| is_recent(*at));
        if self.singles.len() + under_way + waiting <= self.config.most {
            return Share::Singly;
        }
        match self.together {
            Some(at) if is_recent(at) => Share::Later(later(at, window)),
            _ => Share::Together,
        }
    }

    /// A message of one alarm arrived.
    pub(crate) fn sent_singly(&mut self, now: Timestamp) {
        self.singles.push_back(now);
        if self.singles.len() > self.config.most {
            self.singles.pop_front();
        }
    }

    /// A message of many arrived.
    pub(crate) fn sent_together(&mut self, now: Timestamp) {
        self.together = Some(now);
    }
}

/// That much later.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_ms(at.unix_ms().saturating_add(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000 + seconds * 1_000)
    }

    #[test]
    fn more_than_the_most_in_a_window_go_together_once_a_window() {
        let window = Duration::from_mins(1);
        let mut burst = Burst::new(BurstConfig { most: 3, window });
        assert_eq!(burst.share(3, 0, at(0)), Share::Singly);
        for _ in 0..3 {
            burst.sent_singly(at(0));
        }
        assert_eq!(burst.share(1, 0, at(10)), Share::Together);
        burst.sent_together(at(10));
        assert_eq!(burst.share(5, 0, at(30)), Share::Later(at(70)));
        // The singles are out of the window, the message of many is not.
        assert_eq!(burst.share(3, 0, at(60)), Share::Singly);
        assert_eq!(burst.share(4, 0, at(60)), Share::Later(at(70)));
        assert_eq!(burst.share(4, 0, at(70)), Share::Together);
    }

    #[test]
    fn what_is_under_way_counts() {
        let window = Duration::from_mins(1);
        let mut burst = Burst::new(BurstConfig { most: 3, window });
        assert_eq!(burst.share(1, 2, at(0)), Share::Singly);
        assert_eq!(burst.share(2, 2, at(0)), Share::Together);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let window = Duration::from_mins(1);
        let mut burst = Burst::new(BurstConfig { most: 1, window });
        burst.sent_singly(at(5_000));
        burst.sent_together(at(5_000));
        assert_eq!(burst.share(2, 0, at(0)), Share::Together);
    }
}
