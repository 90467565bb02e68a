//! How large things are: counts in bins, four to each doubling, from 1 to 2^60.

use crate::number::len;

const BINS: usize = 241;
const BINS_PER_DOUBLING: f64 = 4.0;

/// A distribution of sizes, in 2 kB.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sizes {
    counts: Vec<f64>,
    count: f64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            counts: vec![0.0; BINS],
            count: 0.0,
        }
    }
}

impl Sizes {
    pub(crate) fn add(&mut self, size: f64) {
        self.counts[bin(size)] += 1.0;
        self.count += 1.0;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
    }

    /// Puts a count into a bin that has none, and says whether there is such a bin.
    pub(crate) fn put(&mut self, bin: usize, count: f64) -> bool {
        let Some(there) = self.counts.get_mut(bin).filter(|there| **there == 0.0) else {
            return false;
        };
        *there = count;
        self.count += count;
        true
    }

    pub(crate) const fn count(&self) -> f64 {
        self.count
    }

    pub(crate) fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// A size that this share of the sizes does not exceed: the upper end of its bin.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut left = share * self.count;
        for (bin, count) in self.counts.iter().enumerate() {
            left -= count;
            if *count > 0.0 && left <= 0.0 {
                return Some((len(bin) / BINS_PER_DOUBLING).exp2());
            }
        }
        None
    }
}

fn bin(size: f64) -> usize {
    let place = (size.max(1.0).log2() * BINS_PER_DOUBLING).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is positive, and what is too large is the last"
    )]
    let place = place as usize;
    place.min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_ends() {
        let mut sizes = Sizes::default();
        assert_eq!(sizes.quantile(0.5), None);
        for size in [1.0, 2.0, 4.0, 8.0] {
            sizes.add(size);
        }
        assert_eq!(sizes.quantile(0.5), Some(2.0));
        assert_eq!(sizes.quantile(0.95), Some(8.0));
        sizes.add(0.0);
        sizes.add(f64::MAX);
        assert_eq!(sizes.quantile(0.1), Some(1.0));
        assert_eq!(sizes.quantile(1.0), Some(60.0_f64.exp2()));
    }
}
