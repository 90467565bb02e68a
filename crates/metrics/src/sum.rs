//! Sums that do not depend on the order of their terms.

/// A sum, kept exactly: the numbers in it have no common digits, and add up to it.
///
/// Source: Shewchuk, Adaptive Precision Floating-Point Arithmetic (1997); the last step is that of Python's `fsum`.
/// Values are bounded (their size is at most 2^360 and, zero aside, at least 2^-360), and so are counts; no term
/// overflows, and there are never more than a few dozen numbers, mostly one.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExactSum {
    /// The greatest of the numbers; 0 if there is none.
    high: f64,
    /// The others, growing in size.
    low: Vec<f64>,
}

impl ExactSum {
    /// Adds a number, which must be finite.
    pub(crate) fn add(&mut self, number: f64) {
        if self.low.is_empty() {
            // Mostly nothing is left over.
            let high = self.high + number;
            let rounded = high - self.high;
            let left = (self.high - (high - rounded)) + (number - rounded);
            if left == 0.0 {
                self.high = high;
                return;
            }
        }
        let mut partials = std::mem::take(&mut self.low);
        partials.push(self.high);
        let mut carried = number;
        let mut kept = 0;
        for index in 0..partials.len() {
            let partial = partials[index];
            let (large, small) = if carried.abs() < partial.abs() {
                (partial, carried)
            } else {
                (carried, partial)
            };
            let high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            carried = high;
        }
        partials.truncate(kept);
        if carried == 0.0 {
            carried = partials.pop().unwrap_or(0.0);
        }
        self.high = carried;
        self.low = partials;
    }

    /// Adds a number many times.
    pub(crate) fn add_times(&mut self, number: f64, times: f64) {
        let high = number * times;
        let low = number.mul_add(times, -high);
        self.add(high);
        if low != 0.0 {
            self.add(low);
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: &Self) {
        for partial in other.partials() {
            self.add(partial);
        }
    }

    /// The number that is nearest to the sum.
    pub(crate) fn value(&self) -> f64 {
        let mut left = self.low.iter().rev().copied();
        let mut high = self.high;
        for partial in left.by_ref() {
            let former = high;
            high = former + partial;
            let low = partial - (high - former);
            if low != 0.0 {
                // Half way between two numbers, what is left decides which is nearer.
                let next = left.next().unwrap_or(0.0);
                let twice = low * 2.0;
                let away = high + twice;
                #[expect(clippy::float_cmp, reason = "whether it was exact is the question")]
                if (low < 0.0) == (next < 0.0) && next != 0.0 && away - high == twice {
                    high = away;
                }
                break;
            }
        }
        high
    }

    /// What is stored of it.
    pub(crate) fn partials(&self) -> impl Iterator<Item = f64> {
        let high = (self.high != 0.0).then_some(self.high);
        self.low.iter().copied().chain(high)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        for number in numbers {
            sum.add(*number);
        }
        sum.value()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "sums are exact")]
    fn nothing_is_lost() {
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[1e100, 1.0, -1e100]), 1.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0]), 1.0);
        let half_and_more = [1.0, f64::EPSILON / 2.0, f64::EPSILON / 1e6];
        assert_eq!(sum(&half_and_more), 1.0 + f64::EPSILON);
        let mut many = ExactSum::default();
        many.add_times(0.1, 10.0);
        many.add_times(3.0, 1e15);
        assert_eq!(many.value(), 3_000_000_000_000_001.0);
    }

    proptest! {
        #[test]
        fn order_and_split_make_no_difference(
            numbers in prop::collection::vec(-1e108f64..1e108, 0..40),
            small in prop::collection::vec(-1e-9f64..1e3, 0..40),
            at in 0usize..80,
        ) {
            let numbers: Vec<f64> = numbers.into_iter().chain(small).collect();
            let forth = sum(&numbers);
            let mut back = numbers.clone();
            back.reverse();
            prop_assert_eq!(forth.to_bits(), sum(&back).to_bits());
            let (one, other) = numbers.split_at(at.min(numbers.len()));
            let part = |numbers: &[f64]| {
                let mut sum = ExactSum::default();
                for number in numbers {
                    sum.add(*number);
                }
                sum
            };
            let mut joined = part(one);
            joined.merge(&part(other));
            prop_assert_eq!(forth.to_bits(), joined.value().to_bits());
        }
    }
}
