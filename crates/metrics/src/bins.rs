//! How values are distributed: how many fell into each of a fixed series of bins.
//!
//! A bin reaches from behind the upper end of the one before to its own upper end, which is a number of 8 binary
//! digits: between a power of two and the next there are 128. So a bin is never wider than 1/128 of its values, and
//! every whole number up to 256 has one to itself. Which bin a value falls into is in the value's own bits: no
//! logarithm, and the same on every machine. Bin 0 is that of zero; there is none for negative values.

/// Bins in use at once. 4,096 hold 32 doublings with every bin taken.
pub(crate) const BINS_MAX: usize = 4_096;
/// A double has 52 binary digits behind the point; a bin's end has 7.
const SHIFT: u32 = 52 - 7;
/// The bits of 2^-360, the smallest value that is not zero, without those that a bin leaves out.
const FIRST: u64 = (1_023 - 360) << 7;
/// The bin of 2^360, the greatest value.
const LAST: u32 = 720 * 128 + 1;

/// Counts by bin, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bins {
    counts: Vec<(u32, f64)>,
}

/// There would be more bins than there may be.
#[derive(Debug)]
pub(crate) struct TooMany;

/// The bin of a value of 0, or 2^-360 to 2^360.
pub(crate) fn bin_of(value: f64) -> u32 {
    if value <= 0.0 {
        return 0;
    }
    let rounded_up = (value.to_bits() + ((1 << SHIFT) - 1)) >> SHIFT;
    let bin = (rounded_up + 1).saturating_sub(FIRST);
    u32::try_from(bin).unwrap_or(LAST).clamp(1, LAST)
}

/// The upper end of a bin.
pub(crate) fn end_of(bin: u32) -> f64 {
    match bin {
        0 => 0.0,
        _ => f64::from_bits((u64::from(bin.min(LAST)) - 1 + FIRST) << SHIFT),
    }
}

impl Bins {
    /// Counts a value.
    pub(crate) fn add(&mut self, bin: u32, count: f64) -> Result<(), TooMany> {
        match self.counts.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(found) => self.counts[found].1 += count,
            Err(_) if self.counts.len() >= BINS_MAX => return Err(TooMany),
            Err(place) => self.counts.insert(place, (bin, count)),
        }
        Ok(())
    }

    /// Counts what another counted.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), TooMany> {
        if other.counts.len() < 8 {
            let mut others = other.counts.iter();
            return others.try_for_each(|(bin, count)| self.add(*bin, *count));
        }
        let (mine, theirs) = (&self.counts, &other.counts);
        let mut merged = Vec::with_capacity(mine.len().max(theirs.len()));
        let (mut at, mut there) = (0, 0);
        loop {
            let next = match (mine.get(at), theirs.get(there)) {
                (Some(one), Some(other)) if one.0 == other.0 => {
                    (at, there) = (at + 1, there + 1);
                    (one.0, one.1 + other.1)
                }
                (Some(one), other) if other.is_none_or(|other| one.0 < other.0) => {
                    at += 1;
                    *one
                }
                (_, Some(other)) => {
                    there += 1;
                    *other
                }
                (_, None) => break,
            };
            merged.push(next);
        }
        if merged.len() > BINS_MAX {
            return Err(TooMany);
        }
        self.counts = merged;
        Ok(())
    }

    /// Bins and counts, in rising order.
    pub(crate) fn counts(&self) -> &[(u32, f64)] {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "ends of bins are exact")]
    fn whole_numbers_have_their_own_bins() {
        for number in 0..=256_u32 {
            assert_eq!(end_of(bin_of(f64::from(number))), f64::from(number));
        }
        assert_eq!(end_of(bin_of(257.0)), 258.0);
        assert_eq!(end_of(bin_of(300.0)), 300.0);
        assert_eq!(end_of(bin_of(1.0001)), 1.0 + 1.0 / 128.0);
        assert_eq!(end_of(bin_of(2.0_f64.powi(360))), 2.0_f64.powi(360));
        assert_eq!(end_of(bin_of(2.0_f64.powi(-360))), 2.0_f64.powi(-360));
        assert_eq!(bin_of(2.0_f64.powi(-360)), 1);
        assert_eq!(bin_of(2.0_f64.powi(360)), LAST);
    }

    proptest! {
        #[test]
        fn a_bin_ends_less_than_a_hundredth_above(exponent in -359.0f64..359.0) {
            let value = exponent.exp2();
            let end = end_of(bin_of(value));
            prop_assert!(end >= value);
            prop_assert!(end <= value * (1.0 + 1.0 / 128.0));
        }

        #[test]
        fn bins_rise_with_values(one in 0.0f64..1e9, other in 0.0f64..1e9) {
            let (low, high) = (one.min(other), one.max(other));
            prop_assert!(bin_of(low) <= bin_of(high));
        }
    }
}
