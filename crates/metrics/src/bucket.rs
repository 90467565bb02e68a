//! A bucket: what is kept of the values of a stretch of time.

use crate::bins::{Bins, bin_of};
use crate::sum::ExactSum;
use crate::{Statistic, distribution};

/// Values closer to zero count as zero.
///
/// Decision: the service names the greatest size of a value, 2^360, and this is its inverse. Below, sums could no
/// longer be exact.
const TINY: f64 = f64::from_bits((1_023 - 360) << 52);

/// Count, sum, least and greatest of some values, and how they are distributed.
///
/// Buckets are added with [`Bucket::merge`]. What comes out depends on the values alone, as long as counts are whole
/// numbers below 2^53.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(crate) count: f64,
    pub(crate) sum: ExactSum,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    /// `None` where some of the values are not known, or some are negative, or they are too many.
    pub(crate) bins: Option<Bins>,
}

/// Values that somebody has summed up already.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StatisticSet {
    /// How many there are.
    pub sample_count: f64,
    /// Their sum.
    pub sum: f64,
    /// The least.
    pub minimum: f64,
    /// The greatest.
    pub maximum: f64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            count: 0.0,
            sum: ExactSum::default(),
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
            bins: Some(Bins::default()),
        }
    }
}

impl Bucket {
    /// Adds a value that occurred `count` times. What is not a number, infinite, or occurred less than once in part
    /// is not added: it is refused where data come in.
    pub fn add(&mut self, value: f64, count: f64) {
        if !value.is_finite() || !count.is_finite() || count <= 0.0 {
            return;
        }
        let value = settled(value);
        self.widen(value, value, count);
        #[expect(clippy::float_cmp, reason = "exactly one is the usual case")]
        if count == 1.0 {
            self.sum.add(value);
        } else {
            self.sum.add_times(value, count);
        }
        self.bin(value, count);
    }

    /// Adds values of which only a summary is known.
    ///
    /// Source: percentiles remain only where a set's values are all the same: its least and its greatest are equal,
    /// and its sum is as many times that. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
    pub fn add_set(&mut self, set: &StatisticSet) {
        let numbers = [set.sample_count, set.sum, set.minimum, set.maximum];
        if !numbers.iter().all(|number| number.is_finite()) || set.sample_count <= 0.0 {
            return;
        }
        let (least, greatest) = (settled(set.minimum), settled(set.maximum));
        #[expect(clippy::float_cmp, reason = "the rule says equal")]
        if least == greatest && settled(set.sum) == least * set.sample_count {
            self.add(least, set.sample_count);
            return;
        }
        self.widen(least, greatest, set.sample_count);
        self.sum.add(settled(set.sum));
        self.bins = None;
    }

    /// Adds what another bucket holds.
    pub fn merge(&mut self, other: &Self) {
        self.widen(other.minimum, other.maximum, other.count);
        self.sum.merge(&other.sum);
        self.bins = match (self.bins.take(), &other.bins) {
            (Some(mut mine), Some(theirs)) => mine.merge(theirs).ok().map(|()| mine),
            _ => None,
        };
    }

    /// What the bucket says; `None` where it cannot: nothing was added, or the statistic needs values that are not
    /// known.
    pub fn statistic(&self, statistic: &Statistic) -> Option<f64> {
        if self.is_empty() {
            return None;
        }
        match statistic {
            Statistic::SampleCount => Some(self.count),
            Statistic::Sum => Some(self.sum()),
            Statistic::Average => Some(self.sum() / self.count),
            Statistic::Minimum => Some(self.minimum),
            Statistic::Maximum => Some(self.maximum),
            _ => distribution::statistic(self, self.bins.as_ref()?, statistic),
        }
    }

    /// How many values were added.
    pub fn sample_count(&self) -> f64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sum.value()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.count <= 0.0
    }

    fn widen(&mut self, least: f64, greatest: f64, count: f64) {
        self.count += count;
        self.minimum = self.minimum.min(least);
        self.maximum = self.maximum.max(greatest);
    }

    fn bin(&mut self, value: f64, count: f64) {
        let Some(bins) = &mut self.bins else { return };
        if value < 0.0 || bins.add(bin_of(value), count).is_err() {
            self.bins = None;
        }
    }
}

/// The value as it is counted.
fn settled(value: f64) -> f64 {
    if value.abs() < TINY { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stored;

    const ALL: [&str; 20] = [
        "SampleCount",
        "Sum",
        "Average",
        "Minimum",
        "Maximum",
        "p0",
        "p10",
        "p50",
        "p99.9",
        "p100",
        "tm90",
        "IQM",
        "wm95",
        "tc80",
        "ts80",
        "TM(10%:90%)",
        "TM(5:500)",
        "WM(20:30)",
        "TC(:100)",
        "PR(10:)",
    ];

    /// What every statistic says, as bits: the same is the same.
    fn says(bucket: &Bucket) -> Vec<Option<u64>> {
        let one = |text: &&str| {
            let statistic: Statistic = text.parse().unwrap();
            bucket.statistic(&statistic).map(f64::to_bits)
        };
        ALL.iter().map(one).collect()
    }

    #[derive(Debug, Clone)]
    enum Delta {
        Value(f64, f64),
        Set(StatisticSet),
    }

    impl Delta {
        fn add_to(&self, bucket: &mut Bucket) {
            match self {
                Self::Value(value, count) => bucket.add(*value, *count),
                Self::Set(set) => bucket.add_set(set),
            }
        }
    }

    fn delta() -> impl Strategy<Value = Delta> {
        let value = prop_oneof![
            8 => 0.0f64..1e4,
            2 => (0u32..300).prop_map(f64::from),
            1 => -340.0f64..340.0,
        ];
        let value = (value, 1u32..5).prop_map(|(value, n)| Delta::Value(value, f64::from(n)));
        let wide = (-300.0f64..300.0).prop_map(|exponent| Delta::Value(exponent.exp2(), 1.0));
        let set = (1u32..9, 0.0f64..9.0, 0.0f64..9.0).prop_map(|(n, least, more)| {
            Delta::Set(StatisticSet {
                sample_count: f64::from(n),
                sum: (least + more / 2.0) * f64::from(n),
                minimum: least,
                maximum: least + more,
            })
        });
        prop_oneof![30 => value, 3 => wide, 1 => set]
    }

    proptest! {
        #[test]
        fn split_and_order_make_no_difference(
            deltas in prop::collection::vec(delta(), 1..60),
            places in prop::collection::vec(0usize..5, 60),
            order in prop::collection::vec(any::<u32>(), 60),
        ) {
            let mut whole = Bucket::default();
            for delta in &deltas {
                delta.add_to(&mut whole);
            }
            // Dealt out to five buckets in another order, each stored and read again, merged from behind.
            let mut shuffled: Vec<_> = order.iter().zip(&deltas).zip(&places).collect();
            shuffled.sort_by_key(|((order, _), _)| **order);
            let mut parts = vec![Bucket::default(); 5];
            for ((_, delta), place) in shuffled {
                delta.add_to(&mut parts[*place]);
            }
            let mut joined = Bucket::default();
            for part in parts.iter().rev() {
                let bytes = stored::encode(part);
                joined.merge(&stored::decode(&bytes).unwrap());
            }
            prop_assert_eq!(says(&whole), says(&joined));
        }

        #[test]
        fn percentiles_are_within_a_hundredth(
            mut values in prop::collection::vec(1e-6f64..1e9, 1..200),
            percent in 1u32..=100,
        ) {
            let mut bucket = Bucket::default();
            for value in &values {
                bucket.add(*value, 1.0);
            }
            values.sort_by(f64::total_cmp);
            // The least value that at least so many percent of the values do not exceed.
            let rank = (values.len() * percent as usize).div_ceil(100);
            let exact = values[rank.max(1) - 1];
            let said = bucket.statistic(&Statistic::Percentile(f64::from(percent))).unwrap();
            prop_assert!((said - exact).abs() <= exact * 0.01, "{} for {}", said, exact);
        }
    }

    #[test]
    fn nothing_says_nothing() {
        assert!(says(&Bucket::default()).iter().all(Option::is_none));
        let mut bucket = Bucket::default();
        bucket.add(f64::NAN, 1.0);
        bucket.add(f64::INFINITY, 1.0);
        bucket.add(1.0, 0.0);
        bucket.add(1.0, -1.0);
        assert!(bucket.is_empty());
    }

    #[test]
    fn what_hides_or_is_negative_has_no_distribution() {
        let p50 = Statistic::Percentile(50.0);
        let check = |bucket: &Bucket, count: f64, sum: f64| {
            assert_eq!(bucket.statistic(&p50), None);
            assert_eq!(bucket.statistic(&Statistic::SampleCount), Some(count));
            assert_eq!(bucket.statistic(&Statistic::Sum), Some(sum));
        };
        let mut negative = Bucket::default();
        negative.add(5.0, 1.0);
        negative.add(-1.0, 2.0);
        check(&negative, 3.0, 3.0);
        let set = |sample_count, sum, minimum, maximum| StatisticSet {
            sample_count,
            sum,
            minimum,
            maximum,
        };
        let mut hidden = Bucket::default();
        hidden.add_set(&set(2.0, 7.0, 3.0, 4.0));
        check(&hidden, 2.0, 7.0);
        hidden.add(3.0, 1.0);
        check(&hidden, 3.0, 10.0);
        let mut known = Bucket::default();
        known.add_set(&set(1.0, 7.0, 7.0, 7.0));
        known.add_set(&set(3.0, 6.0, 2.0, 2.0));
        assert_eq!(known.statistic(&p50), Some(2.0));
        assert_eq!(known.statistic(&Statistic::Average), Some(3.25));
        known.add_set(&set(1.0, 7.0, 6.0, 7.0));
        assert_eq!(known.statistic(&p50), None);
    }
}
