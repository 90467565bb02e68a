//! Waiting longer after each failure, with jitter so that many do not retry at once.

use std::time::Duration;

/// Exponential backoff with full jitter: the n-th wait is random in `0 ..= min(ceiling, first * 2^n)`.
///
/// Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    ceiling: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts with no failure seen.
    pub fn new(first: Duration, ceiling: Duration) -> Self {
        Self {
            first,
            ceiling,
            failures: 0,
        }
    }

    /// How long to wait after one more failure; never zero, so a loop cannot spin.
    pub fn after_failure(&mut self) -> Duration {
        let doubled = self
            .first
            .saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        let most = doubled.min(self.ceiling);
        most.mul_f64(rand::random_range(0.0..=1.0))
            .max(Duration::from_millis(1))
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets the failures.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_between_a_millisecond_and_the_ceiling() {
        let ceiling = Duration::from_secs(2);
        let mut backoff = Backoff::new(Duration::from_millis(100), ceiling);
        for _ in 0..80 {
            let wait = backoff.after_failure();
            assert!(wait >= Duration::from_millis(1) && wait <= ceiling);
        }
        assert_eq!(backoff.failures(), 80);
        backoff.succeeded();
        assert!(backoff.after_failure() <= Duration::from_millis(100));
    }
}
