//! The detectors together: what a record tells each of them, and what they find.

use corelog_anomaly::{BurstConfig, Bursts, Drifts, RunawayConfig, Runaways};
use corelog_types::Timestamp;

use crate::Finding;
use crate::call::Facts;

const DAY_MS: u64 = 24 * 3_600_000;
/// So long after its end, a day is looked at.
const DAY_LATE_MS: u64 = 5 * 60_000;

/// What they are to look for, and how much they may remember.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of bursts.
    pub bursts: BurstConfig,
    /// Of calls that loop.
    pub runaways: RunawayConfig,
    /// How many models' answers are compared.
    pub drift_keys_max: usize,
}

impl Limits {
    /// The defaults, for so many callers with a model.
    pub fn new(subjects_max: usize) -> Self {
        Self {
            bursts: BurstConfig {
                subjects_max,
                ..BurstConfig::default()
            },
            runaways: RunawayConfig::default(),
            drift_keys_max: subjects_max,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Detectors {
    pub(crate) bursts: Bursts,
    pub(crate) runaways: Runaways,
    pub(crate) drifts: Drifts,
    /// The number of the last day whose answers were compared.
    pub(crate) compared: u64,
}

impl Detectors {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            bursts: Bursts::new(limits.bursts),
            runaways: Runaways::new(limits.runaways),
            drifts: Drifts::new(limits.drift_keys_max),
            compared: 0,
        }
    }

    /// Takes what a record says.
    pub(crate) fn observe(&mut self, facts: &Facts) -> Option<Finding> {
        if !facts.subject.model.is_empty() {
            self.bursts.observe(&facts.subject, &facts.used());
            if let Some(answer) = facts.answer() {
                self.drifts.observe(&facts.subject.model, &answer);
            }
        }
        let runaway = self.runaways.observe(&facts.call())?;
        Some(Finding {
            model: Some(facts.subject.model.clone()).filter(|model| !model.is_empty()),
            ..Finding::of_runaway(runaway)
        })
    }

    /// Says what began and what ended by this time.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<Finding> {
        let mut found: Vec<Finding> = self
            .bursts
            .tick(now)
            .into_iter()
            .map(Finding::of_burst)
            .collect();
        found.extend(self.runaways.tick(now).into_iter().map(Finding::of_runaway));
        found.extend(self.compare(now));
        found
    }

    /// Compares the answers of the last whole day with those before, once. The day at hand is not compared: its morning
    /// is no day, and differs from one.
    fn compare(&mut self, now: Timestamp) -> Vec<Finding> {
        let whole = now.unix_ms().saturating_sub(DAY_LATE_MS) / DAY_MS;
        let Some(last) = whole.checked_sub(1).filter(|last| *last > self.compared) else {
            return Vec::new();
        };
        self.compared = last;
        let day = Timestamp::from_unix_ms(last * DAY_MS);
        let drifts = self.drifts.look(day).into_iter();
        drifts.map(|drift| Finding::of_drift(drift, day)).collect()
    }
}
