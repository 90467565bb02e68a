//! How often something may be begun.

use corelog_types::Timestamp;
use parking_lot::Mutex;

const SECOND_US: u64 = 1_000_000;

/// So many a second: all of them at once, and then one whenever its part of a second has passed.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: u64,
    /// When all that were let through will have had their parts, in microseconds since the epoch.
    due_us: Mutex<u64>,
}

/// The operations that may be asked for only so often.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Of queries.
    pub(crate) query_starts: Rate,
    /// Of sessions of live tail.
    pub(crate) tail_starts: Rate,
}

impl Rate {
    /// Without a limit where `per_second` is 0.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second: per_second.into(),
            due_us: Mutex::new(0),
        }
    }

    /// Whether one more may be begun now; it counts if so.
    pub(crate) fn allows(&self, now: Timestamp) -> bool {
        let Some(part_us) = SECOND_US.checked_div(self.per_second) else {
            return true;
        };
        let now_us = now.unix_ms().saturating_mul(1_000);
        let latest_us = now_us.saturating_add(SECOND_US);
        let mut due_us = self.due_us.lock();
        // What is due later than that was let through before the clock was set back.
        let from_us = if *due_us > latest_us {
            now_us
        } else {
            now_us.max(*due_us)
        };
        let next_us = from_us.saturating_add(part_us);
        if next_us > latest_us {
            return false;
        }
        *due_us = next_us;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_a_second_has_and_then_one_by_one() {
        let rate = Rate::new(5);
        let allowed = |ms: u64| {
            let now = Timestamp::from_unix_ms(1_795_166_142_000 + ms);
            (0..9).filter(|_| rate.allows(now)).count()
        };
        assert_eq!(allowed(0), 5);
        assert_eq!(allowed(199), 0);
        assert_eq!(allowed(200), 1);
        assert_eq!(allowed(650), 2);
        assert_eq!(allowed(60_000), 5);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_everything() {
        let rate = Rate::new(2);
        let allowed = |ms| rate.allows(Timestamp::from_unix_ms(ms));
        assert!(allowed(900_000) && allowed(900_000) && !allowed(900_000));
        assert!(allowed(5_000) && allowed(5_000) && !allowed(5_000));
    }

    #[test]
    fn none_a_second_is_no_limit() {
        let rate = Rate::new(0);
        assert!((0..1_000).all(|_| rate.allows(Timestamp::from_unix_ms(1))));
    }
}
