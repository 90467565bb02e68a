//! Where time comes from: the system, or a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use corelog_types::Timestamp;

/// A cheap handle on a source of wall-clock time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start` until [`Clock::set`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicU64::new(start.unix_ms()))))
    }

    /// Moves a manual clock; does nothing to the system's.
    pub fn set(&self, now: Timestamp) {
        if let Some(manual) = &self.0 {
            manual.store(now.unix_ms(), Ordering::Release);
        }
    }

    /// Now. A system clock before 1970 reads as the epoch.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door the lint points to"
    )]
    pub fn now(&self) -> Timestamp {
        let ms = match &self.0 {
            Some(manual) => manual.load(Ordering::Acquire),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                }),
        };
        Timestamp::from_unix_ms(ms)
    }
}
