//! The scale on which a series is modelled: its own, its square root or its logarithm.
//!
//! On the right one, the spread is the same for small and large values and the same above and below: counts have it on
//! the root, latencies on the logarithm, temperatures on their own.

/// A scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    Linear,
    Root,
    /// Of the value and something small, so that zero has one too.
    Log(f64),
}

/// Far beyond what metrics may be (2^360), far below what overflows.
const MOST: f64 = 1e150;

impl Scale {
    pub(crate) fn to(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Root => value.max(0.0).sqrt(),
            Self::Log(offset) => (value.max(0.0) + offset).ln(),
        }
    }

    /// The value of a place on the scale; never a negative one on scales that have none.
    pub(crate) fn from(self, scaled: f64) -> f64 {
        let value = match self {
            Self::Linear => scaled,
            Self::Root => scaled.max(0.0).powi(2),
            Self::Log(offset) => (scaled.exp() - offset).max(0.0),
        };
        value.clamp(-MOST, MOST)
    }

    /// What a hundredth of the value at this place is on the scale.
    pub(crate) fn hundredth(self, scaled: f64) -> f64 {
        let value = self.from(scaled);
        let step = value.abs() / 100.0;
        (self.to(value + step) - self.to(value)).max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_lead_back() {
        for scale in [Scale::Linear, Scale::Root, Scale::Log(0.5)] {
            for value in [0.0, 0.25, 1.0, 9_000.0] {
                let back = scale.from(scale.to(value));
                assert!(
                    (back - value).abs() < 1e-9 * (1.0 + value),
                    "{scale:?} {value}"
                );
            }
            assert!(scale.from(1e9).is_finite());
        }
        assert!(Scale::Log(1.0).from(-1e9).abs() < 1e-9);
    }
}
