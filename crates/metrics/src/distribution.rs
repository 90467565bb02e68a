//! What bins say: percentiles, and means, counts and sums of a part of the values.
//!
//! Values are thought of in rising order, each as wide as the times it occurred, from 0 to the sample count: the mass.
//! A bound in percent is a place in it, and a value that a place cuts counts for its part.
//!
//! Decision: the service does not publish how it interpolates. A percentile here is the least value that so many
//! percent of the values do not exceed; it is one of the values, within the width of a bin. A trimmed mean takes its
//! part of a value that the bound cuts, as the interquartile mean is usually defined. A sum is then the mean times the
//! count, as the service's documentation says.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>

use crate::bins::{Bins, end_of};
use crate::{Bounds, Bucket, Statistic};

/// Places are products of a percentage and a count. What they are off by is less than this part of them.
const ROUNDING: f64 = 1e-12;

/// The statistic of a bucket that is not empty.
pub(crate) fn statistic(bucket: &Bucket, bins: &Bins, statistic: &Statistic) -> Option<f64> {
    let mass = Mass { bucket, bins };
    match statistic {
        Statistic::Percentile(percent) => Some(mass.at(mass.place(*percent))),
        Statistic::TrimmedMean(bounds) => {
            let part = mass.part(bounds);
            (part.count > 0.0).then(|| part.sum / part.count)
        }
        Statistic::TrimmedCount(bounds) => Some(mass.part(bounds).count),
        Statistic::TrimmedSum(bounds) => Some(mass.part(bounds).sum),
        Statistic::WinsorizedMean(bounds) => mass.winsorized(bounds),
        Statistic::PercentileRank { from, to } => {
            let bounds = Bounds::Values {
                from: *from,
                to: *to,
            };
            Some(mass.part(&bounds).count / bucket.count * 100.0)
        }
        Statistic::SampleCount
        | Statistic::Average
        | Statistic::Sum
        | Statistic::Minimum
        | Statistic::Maximum => None,
    }
}

struct Mass<'a> {
    bucket: &'a Bucket,
    bins: &'a Bins,
}

#[derive(Default)]
struct Part {
    count: f64,
    sum: f64,
}

impl Mass<'_> {
    /// Values and the times they occurred. Each stands for its bin; those at the edges are known exactly.
    fn values(&self) -> impl Iterator<Item = (f64, f64)> {
        let (least, greatest) = (self.bucket.minimum, self.bucket.maximum);
        let counts = self.bins.counts().iter();
        counts.map(move |(bin, count)| (end_of(*bin).clamp(least, greatest), *count))
    }

    /// Where so many percent of the mass are passed.
    fn place(&self, percent: f64) -> f64 {
        percent * self.bucket.count / 100.0
    }

    /// The value that reaches a place.
    fn at(&self, place: f64) -> f64 {
        if place <= 0.0 {
            return self.bucket.minimum;
        }
        let wanted = place * (1.0 - ROUNDING);
        let mut passed = 0.0;
        for (value, count) in self.values() {
            passed += count;
            if passed >= wanted {
                return value;
            }
        }
        self.bucket.maximum
    }

    fn part(&self, bounds: &Bounds) -> Part {
        let mut part = Part::default();
        match bounds {
            Bounds::Percent { from, to } => {
                let (from, to) = (self.place(*from), self.place(*to));
                let mut passed = 0.0;
                for (value, count) in self.values() {
                    let inside = to.min(passed + count) - from.max(passed);
                    passed += count;
                    // Less is what a place is off by, not a part of the value.
                    if inside > count * ROUNDING * 1e3 {
                        part.count += inside;
                        part.sum += value * inside;
                    }
                }
            }
            Bounds::Values { from, to } => {
                for (value, count) in self.values() {
                    let above = from.is_none_or(|from| value > from);
                    if above && to.is_none_or(|to| value <= to) {
                        part.count += count;
                        part.sum += value * count;
                    }
                }
            }
        }
        part
    }

    /// The mean, with what is outside the bounds taken for the nearest value inside.
    fn winsorized(&self, bounds: &Bounds) -> Option<f64> {
        let (low, high) = match bounds {
            Bounds::Percent { from, to } => {
                // The first value that is inside, if only in part.
                let first = self.place(*from) * (1.0 + 2.0 * ROUNDING) + f64::MIN_POSITIVE;
                (self.at(first), self.at(self.place(*to)))
            }
            Bounds::Values { from, to } => (
                from.unwrap_or(self.bucket.minimum),
                to.unwrap_or(self.bucket.maximum),
            ),
        };
        if low > high {
            return None;
        }
        let clamped = self
            .values()
            .map(|(value, count)| value.clamp(low, high) * count);
        Some(clamped.sum::<f64>() / self.bucket.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(values: &[f64]) -> Bucket {
        let mut bucket = Bucket::default();
        for value in values {
            bucket.add(*value, 1.0);
        }
        bucket
    }

    fn check(values: &[f64], statistic: &str, expected: Option<f64>) {
        let bucket = bucket(values);
        let parsed: Statistic = statistic.parse().unwrap();
        let said = bucket.statistic(&parsed);
        let near = match (said, expected) {
            (Some(said), Some(expected)) => (said - expected).abs() < 1e-9,
            (said, expected) => said == expected,
        };
        assert!(
            near,
            "{statistic} of {values:?}: {said:?}, not {expected:?}"
        );
    }

    /// Whole numbers up to 256 are exact, so these can be computed by hand.
    #[test]
    fn percentiles() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        check(&ten, "p0", Some(1.0));
        check(&ten, "p10", Some(1.0));
        check(&ten, "p10.1", Some(2.0));
        check(&ten, "p50", Some(5.0));
        check(&ten, "p90", Some(9.0));
        check(&ten, "p99", Some(10.0));
        check(&ten, "p100", Some(10.0));
        check(&[7.5], "p1", Some(7.5));
        check(&[0.0, 0.0, 0.0, 9.0], "p75", Some(0.0));
        check(&[0.0, 0.0, 0.0, 9.0], "p76", Some(9.0));
        let mut many = Bucket::default();
        many.add(10.0, 999.0);
        many.add(200.0, 1.0);
        let says = |text: &str| many.statistic(&text.parse().unwrap());
        assert_eq!(says("p99.9"), Some(10.0));
        assert_eq!(says("p99.91"), Some(200.0));
    }

    #[test]
    fn trimmed_means_and_what_goes_with_them() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        // Without the top tenth: 1 to 9.
        check(&ten, "tm90", Some(5.0));
        check(&ten, "TM(:90%)", Some(5.0));
        check(&ten, "tc90", Some(9.0));
        check(&ten, "ts90", Some(45.0));
        // Without the lowest and the highest tenth: 2 to 9.
        check(&ten, "TM(10%:90%)", Some(5.5));
        check(&ten, "TC(10%:90%)", Some(8.0));
        check(&ten, "TS(10%:90%)", Some(44.0));
        check(&ten, "TM(80%:)", Some(9.5));
        // A quarter of 10 is 2.5: half of 3, 4 to 7, half of 8.
        check(&ten, "IQM", Some(5.5));
        check(&ten, "TC(25%:75%)", Some(5.0));
        check(&[1.0, 2.0, 3.0, 100.0], "IQM", Some(2.5));
        // Above the low bound, up to the high one.
        check(&ten, "TM(2:5)", Some(4.0));
        check(&ten, "TC(2:5)", Some(3.0));
        check(&ten, "TS(2:5)", Some(12.0));
        check(&ten, "TC(:5)", Some(5.0));
        check(&ten, "TC(5:)", Some(5.0));
        // Nothing inside: no mean, and a count and a sum of nothing.
        check(&ten, "TM(20:30)", None);
        check(&ten, "TC(20:30)", Some(0.0));
        check(&ten, "TS(20:30)", Some(0.0));
        check(&ten, "tm0", None);
        check(&ten, "tc100", Some(10.0));
        check(&ten, "tm100", Some(5.5));
    }

    #[test]
    fn winsorized_means() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        // 10 becomes 9: 45 + 9.
        check(&ten, "wm90", Some(5.4));
        // 1 and 2 become 3; 9 and 10 become 8: 3 + 3 + (3 + … + 8 = 33) + 8 + 8.
        check(&ten, "WM(20%:80%)", Some(5.5));
        // 1 becomes 2; 6 to 10 become 5: 2 + (2 + 3 + 4 + 5 = 14) + 25.
        check(&ten, "WM(2:5)", Some(4.1));
        check(&[1.0, 100.0], "WM(:50%)", Some(1.0));
    }

    #[test]
    fn percentile_ranks() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        check(&ten, "PR(:3)", Some(30.0));
        check(&ten, "PR(3:)", Some(70.0));
        check(&ten, "PR(3:5)", Some(20.0));
        check(&ten, "PR(:0.5)", Some(0.0));
        check(&[300.0, 300.0, 301.0, 299.0], "PR(:300)", Some(75.0));
        check(&[-1.0, 3.0], "PR(:3)", None);
    }
}
