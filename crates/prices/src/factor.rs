//! What a price is multiplied by: half for a batch, 1.1 for a region.

use std::str::FromStr;

use crate::Amount;
use crate::amount::{InvalidAmount, ONE};

/// A fraction, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Factor {
    above: u128,
    below: u128,
}

impl Factor {
    pub(crate) const ONE: Self = Self { above: 1, below: 1 };

    /// Both, one after the other; nothing where the numbers grow past all bounds.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        if other == Self::ONE {
            return Some(self);
        }
        Some(Self::reduced(
            self.above.checked_mul(other.above)?,
            self.below.checked_mul(other.below)?,
        ))
    }

    /// So many units at so much each, times this; half up to whole 10⁻¹².
    pub(crate) fn of(self, quantity: u64, each: Amount) -> Option<Amount> {
        if let Some(small) = self.of_small(quantity, each) {
            return Some(Amount::from_picos(small.into()));
        }
        let whole = u128::from(quantity).checked_mul(each.picos())?;
        let above = whole.checked_mul(self.above)?;
        Some(Amount::from_picos(
            above.checked_add(self.below / 2)? / self.below,
        ))
    }

    /// The same where all of it fits into 64 bits, as it does for most calls: there the machine can divide by itself.
    fn of_small(self, quantity: u64, each: Amount) -> Option<u64> {
        let small = |number: u128| u64::try_from(number).ok();
        let (above, below) = (small(self.above)?, small(self.below)?);
        let whole = quantity.checked_mul(small(each.picos())?)?;
        let above = whole.checked_mul(above)?;
        above.checked_add(below / 2)?.checked_div(below)
    }

    fn reduced(above: u128, below: u128) -> Self {
        let (mut larger, mut smaller) = (above.max(below), above.min(below));
        while smaller != 0 {
            (larger, smaller) = (smaller, larger % smaller);
        }
        Self {
            above: above / larger,
            below: below / larger,
        }
    }
}

impl FromStr for Factor {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let picos = text.parse::<Amount>()?.picos();
        Ok(Self::reduced(picos, ONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(text: &str) -> Factor {
        text.parse().unwrap()
    }

    #[test]
    fn factors_are_fractions() {
        assert_eq!(factor("0.5"), Factor { above: 1, below: 2 });
        assert_eq!(
            factor("1.1"),
            Factor {
                above: 11,
                below: 10
            }
        );
        assert_eq!(factor("0").above, 0);
        assert_eq!(
            factor("0.5").and(factor("1.1")),
            Some(Factor {
                above: 11,
                below: 20
            })
        );
    }

    #[test]
    fn lines_are_rounded_once_and_half_up() {
        let pico = Amount::from_picos;
        assert_eq!(factor("0.5").of(3, pico(1)), Some(pico(2)));
        assert_eq!(factor("0.5").of(1, pico(3)), Some(pico(2)));
        assert_eq!(factor("1.1").of(1_000_000, pico(3)), Some(pico(3_300_000)));
        assert_eq!(Factor::ONE.of(u64::MAX, pico(u128::MAX)), None);
    }
}
