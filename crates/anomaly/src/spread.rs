//! How far points lie from what is predicted: apart for above and below, and for the hours of the day.

use crate::config::{DAY_MS, HOUR_MS};
use crate::number::{len, quantile, spread};

const SLOT_MS: u64 = 3 * HOUR_MS;
const SLOTS: usize = 8;
/// A tail counts for so much more than the middle at most: else what is learnt would include what it should find.
const TAIL_MAX: f64 = 1.6;
/// Of so few points of a slot, half of what they say is believed.
const SLOT_POINTS: f64 = 40.0;

/// A standard deviation, in two directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) above: f64,
    pub(crate) below: f64,
    slots: [f64; SLOTS],
}

impl Spread {
    /// What residuals say: the time in the day, and how far a point was from what was predicted.
    pub(crate) fn learn(residuals: &[(u64, f64)]) -> Self {
        let mut all: Vec<f64> = residuals.iter().map(|(_, residual)| *residual).collect();
        let overall = spread(&mut all).unwrap_or(0.0);
        let mut slots = [1.0; SLOTS];
        if overall > 0.0 {
            for (number, factor) in slots.iter_mut().enumerate() {
                let mut own: Vec<f64> = residuals
                    .iter()
                    .filter(|(day_ms, _)| slot(*day_ms) == number)
                    .map(|(_, residual)| *residual)
                    .collect();
                let weight = len(own.len()) / (len(own.len()) + SLOT_POINTS);
                let ratio = spread(&mut own).unwrap_or(overall) / overall;
                *factor = ratio.clamp(0.3, 3.0).powf(weight);
            }
        }
        let even = |residual: &(u64, f64)| residual.1 / slots[slot(residual.0)];
        let mut above: Vec<f64> = residuals.iter().map(even).collect();
        let mut below: Vec<f64> = above.iter().map(|residual| -residual).collect();
        Self {
            above: one_side(&mut above),
            below: one_side(&mut below),
            slots,
        }
    }

    /// The standard deviation above and below at this time of the day.
    pub(crate) fn at(&self, day_ms: u64) -> (f64, f64) {
        let factor = self.slots[slot(day_ms)];
        (self.above * factor, self.below * factor)
    }

    pub(crate) fn widen(&mut self, factor: f64) {
        self.above *= factor;
        self.below *= factor;
    }
}

/// The standard deviation of the upper half of a distribution around zero. Where its tail is longer than a normal one's,
/// the tail counts: what is rare there is no anomaly. Seven in a thousand may be anomalies without being noticed here.
fn one_side(values: &mut [f64]) -> f64 {
    let mut at = |share: f64, sigmas: f64| quantile(values, share).unwrap_or(0.0).max(0.0) / sigmas;
    let core = at(0.8413, 1.0);
    let tail = at(0.9772, 2.0).max(at(0.9925, 2.43));
    // Without a core, as where most values are zero, there is nothing to compare with.
    if core > 0.0 {
        core.max(tail.min(core * TAIL_MAX))
    } else {
        tail
    }
}

fn slot(day_ms: u64) -> usize {
    usize::try_from(day_ms % DAY_MS / SLOT_MS).unwrap_or(0)
}
