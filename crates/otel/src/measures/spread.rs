//! A histogram as values: for each bucket one that lies in it, so chosen that all together have the histogram's sum.

use super::{Exponential, Histogram};

/// A bucket: its ends, and how many values it has.
#[derive(Debug, Clone, Copy)]
struct Bin {
    low: f64,
    high: f64,
    count: u64,
}

/// The values of a histogram with bounds, each with how many there are of it.
pub(super) fn of_bounds(held: &Histogram) -> Vec<(f64, f64)> {
    if held.bounds.is_empty() {
        return of_one(held);
    }
    let lowest = held.bounds.first().copied().unwrap_or_default();
    let least = held.least.unwrap_or_else(|| lowest.min(0.0));
    let highest = held.bounds.last().copied().unwrap_or_default();
    let most = held.most.unwrap_or(highest);
    let lows = std::iter::once(least).chain(held.bounds.iter().copied());
    let highs = held.bounds.iter().copied().chain([most]);
    let bins = lows
        .zip(highs)
        .zip(&held.counts)
        .map(|((low, high), &count)| Bin { low, high, count });
    spread(bins.collect(), held.least, held.most, held.sum)
}

/// The values of a histogram by powers.
pub(super) fn of_powers(held: &Exponential) -> Vec<(f64, f64)> {
    let base = 2.0_f64.powf(2.0_f64.powi(held.scale.saturating_neg()));
    let power = |offset: i32, at: usize| {
        let index = i64::from(offset) + i64::try_from(at).unwrap_or(i64::MAX);
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        let low = base.powi(index).min(f64::MAX);
        (low, (low * base).min(f64::MAX))
    };
    let mut bins = Vec::new();
    for (at, &count) in held.negative.counts.iter().enumerate().rev() {
        let (low, high) = power(held.negative.offset, at);
        bins.push(Bin {
            low: -high,
            high: -low,
            count,
        });
    }
    bins.push(Bin {
        low: 0.0,
        high: 0.0,
        count: held.zero_count,
    });
    for (at, &count) in held.positive.counts.iter().enumerate() {
        let (low, high) = power(held.positive.offset, at);
        bins.push(Bin { low, high, count });
    }
    spread(bins, held.least, held.most, held.sum)
}

/// Without buckets, the mean stands for all but the least and the greatest.
fn of_one(held: &Histogram) -> Vec<(f64, f64)> {
    let count = float(held.count);
    let Some(sum) = held.sum.filter(|_| held.count > 0) else {
        return Vec::new();
    };
    match (held.least, held.most) {
        (Some(least), Some(most)) if held.count > 2 => {
            let rest = (sum - least - most) / (count - 2.0);
            vec![(least, 1.0), (rest, count - 2.0), (most, 1.0)]
        }
        (Some(least), Some(most)) if held.count == 2 => vec![(least, 1.0), (most, 1.0)],
        _ => vec![(sum / count, count)],
    }
}

fn spread(
    mut bins: Vec<Bin>,
    least: Option<f64>,
    most: Option<f64>,
    sum: Option<f64>,
) -> Vec<(f64, f64)> {
    bins.retain(|bin| bin.count > 0);
    for bin in &mut bins {
        let (floor, ceiling) = (least.unwrap_or(f64::MIN), most.unwrap_or(f64::MAX));
        // Whoever says that the least is above the greatest is not followed.
        if floor <= ceiling {
            bin.low = bin.low.clamp(floor, ceiling);
            bin.high = bin.high.clamp(floor, ceiling);
        }
        bin.high = bin.high.max(bin.low);
    }
    let total =
        |end: fn(&Bin) -> f64| -> f64 { bins.iter().map(|bin| end(bin) * float(bin.count)).sum() };
    let (low, high) = (total(|bin| bin.low), total(|bin| bin.high));
    // How far into its bucket each value is.
    let part = match sum {
        Some(sum) if high > low => ((sum - low) / (high - low)).clamp(0.0, 1.0),
        _ => 0.5,
    };
    let mut values: Vec<(f64, f64)> = bins
        .iter()
        .map(|bin| (bin.low + part * (bin.high - bin.low), float(bin.count)))
        .collect();
    // The last bucket may have no end that is known: what is left of the sum is in it.
    if let (Some(sum), None, Some((value, count))) = (sum, most, values.last_mut()) {
        let rest = sum - (low + part * (high - low));
        if rest > 0.0 {
            *value += rest / *count;
        }
    }
    values
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::Powers;

    fn histogram(counts: &[u64], sum: f64, ends: Option<(f64, f64)>) -> Histogram {
        Histogram {
            count: counts.iter().sum(),
            sum: Some(sum),
            counts: counts.to_vec(),
            bounds: vec![1.0, 2.0, 4.0],
            least: ends.map(|it| it.0),
            most: ends.map(|it| it.1),
        }
    }

    fn sum(values: &[(f64, f64)]) -> f64 {
        values.iter().map(|(value, count)| value * count).sum()
    }

    #[test]
    fn values_lie_in_their_buckets_and_have_the_sum() {
        // Four in (1, 2], two in (2, 4]: from 8 to 16, and 12 is half way.
        let values = of_bounds(&histogram(&[0, 4, 2, 0], 12.0, None));
        assert_eq!(values, [(1.5, 4.0), (3.0, 2.0)]);
        // Above the last bound, what is left of the sum.
        let values = of_bounds(&histogram(&[0, 0, 0, 2], 20.0, None));
        assert_eq!(values, [(10.0, 2.0)]);
        // Within what there was: from 1.5 to 2.
        let values = of_bounds(&histogram(&[0, 4, 0, 0], 7.0, Some((1.5, 2.0))));
        assert_eq!(values, [(1.75, 4.0)]);
        assert!(of_bounds(&histogram(&[0; 4], 0.0, None)).is_empty());
    }

    #[test]
    fn without_buckets_there_is_the_mean() {
        let one = |count, sum, ends: Option<(f64, f64)>| {
            of_bounds(&Histogram {
                count,
                sum: Some(sum),
                counts: vec![count],
                bounds: Vec::new(),
                least: ends.map(|it| it.0),
                most: ends.map(|it| it.1),
            })
        };
        assert_eq!(one(4, 10.0, None), [(2.5, 4.0)]);
        let ends = Some((1.0, 5.0));
        assert_eq!(one(4, 10.0, ends), [(1.0, 1.0), (2.0, 2.0), (5.0, 1.0)]);
        assert_eq!(one(2, 6.0, ends), [(1.0, 1.0), (5.0, 1.0)]);
        assert!(one(0, 0.0, None).is_empty());
    }

    #[test]
    fn powers_have_the_sum_too() {
        let held = Exponential {
            count: 4,
            sum: Some(5.0),
            scale: 0,
            zero_count: 1,
            // (1, 2] and (2, 4].
            positive: Powers {
                offset: 0,
                counts: vec![1, 1],
            },
            // [-2, -1)
            negative: Powers {
                offset: 0,
                counts: vec![1],
            },
            least: None,
            most: None,
        };
        let values = of_powers(&held);
        assert_eq!(values.len(), 4);
        assert!((sum(&values) - 5.0).abs() < 1e-9, "{values:?}");
        assert!(values[0].0 >= -2.0 && values[0].0 <= -1.0);
        let wild = Exponential {
            scale: i32::MIN,
            positive: Powers {
                offset: i32::MAX,
                counts: vec![3; 4],
            },
            ..held
        };
        assert_eq!(of_powers(&wild).len(), 6);
    }
}
