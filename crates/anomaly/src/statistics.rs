//! Whether two samples are of the same distribution: sizes of effects, and how likely chance makes them.

use crate::number::{float, len};

/// A share is taken to be no less, so that what never was is far away and not infinitely far.
const SHARE_MIN: f64 = 1e-4;

/// The population stability index of counts by category: zero for the same shares; a tenth is little, a quarter much.
pub(crate) fn stability_index(usual: &[f64], tested: &[f64]) -> f64 {
    let (usual, tested) = (shares(usual), shares(tested));
    usual
        .iter()
        .zip(&tested)
        .map(|(usual, tested)| (tested - usual) * (tested / usual).ln())
        .sum()
}

fn shares(counts: &[f64]) -> Vec<f64> {
    let all: f64 = counts.iter().sum();
    let share = |count: &f64| (count / all.max(1.0)).max(SHARE_MIN);
    counts.iter().map(share).collect()
}

/// The largest distance of two distributions over ordered bins (Kolmogorov and Smirnov).
pub(crate) fn largest_distance(usual: &[f64], tested: &[f64]) -> f64 {
    let (all_usual, all_tested): (f64, f64) = (usual.iter().sum(), tested.iter().sum());
    let (mut below_usual, mut below_tested, mut largest) = (0.0, 0.0, 0.0_f64);
    for (usual, tested) in usual.iter().zip(tested) {
        below_usual += usual / all_usual.max(1.0);
        below_tested += tested / all_tested.max(1.0);
        largest = largest.max((below_usual - below_tested).abs());
    }
    largest
}

/// How likely chance makes such a distance between samples of these sizes. In bins it is less likely than that.
pub(crate) fn distance_chance(distance: f64, usual: f64, tested: f64) -> f64 {
    let size = (usual * tested / (usual + tested).max(1.0)).sqrt();
    let lambda = (size + 0.12 + 0.11 / size.max(1e-9)) * distance;
    if lambda < 0.2 {
        return 1.0;
    }
    let (mut sum, mut sign) = (0.0, 1.0);
    for term in 1..=100_u64 {
        let exponent = -2.0 * (float(term) * lambda).powi(2);
        sum += sign * exponent.exp();
        sign = -sign;
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

/// How likely chance makes two samples differ so in their categories (Pearson's chi-square, with categories that are
/// expected less than five times taken together).
pub(crate) fn categories_chance(usual: &[f64], tested: &[f64]) -> f64 {
    let (all_usual, all_tested): (f64, f64) = (usual.iter().sum(), tested.iter().sum());
    let all = all_usual + all_tested;
    if all_usual <= 0.0 || all_tested <= 0.0 {
        return 1.0;
    }
    let least = all_usual.min(all_tested) / all;
    let (mut cells, mut rare) = (Vec::new(), (0.0, 0.0));
    for (usual, tested) in usual.iter().zip(tested) {
        if (usual + tested) * least >= 5.0 {
            cells.push((*usual, *tested));
        } else {
            rare.0 += usual;
            rare.1 += tested;
        }
    }
    if (rare.0 + rare.1) * least >= 5.0 {
        cells.push(rare);
    }
    if cells.len() < 2 {
        return 1.0;
    }
    let (cells_usual, cells_tested) = cells
        .iter()
        .fold((0.0, 0.0), |sums, cell| (sums.0 + cell.0, sums.1 + cell.1));
    let cells_all: f64 = cells_usual + cells_tested;
    let mut statistic = 0.0;
    for (usual, tested) in &cells {
        for (count, size) in [(usual, cells_usual), (tested, cells_tested)] {
            let expected = (usual + tested) * size / cells_all;
            // Yates: of two categories, counts are whole.
            let off = (count - expected).abs() - if cells.len() == 2 { 0.5 } else { 0.0 };
            statistic += off.max(0.0).powi(2) / expected.max(1e-9);
        }
    }
    chi_square_chance(statistic, len(cells.len() - 1))
}

/// How likely a chi-square of so many degrees of freedom is at least so large.
pub(crate) fn chi_square_chance(statistic: f64, degrees: f64) -> f64 {
    let (shape, at) = (degrees / 2.0, statistic / 2.0);
    if at <= 0.0 {
        return 1.0;
    }
    let front = (shape * at.ln() - at - ln_gamma(shape)).exp();
    let upper = if at < shape + 1.0 {
        let (mut term, mut sum) = (1.0 / shape, 1.0 / shape);
        for step in 1..=500_u64 {
            term *= at / (shape + float(step));
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        1.0 - front * sum
    } else {
        front * continued_fraction(shape, at)
    };
    upper.clamp(0.0, 1.0)
}

/// Of the upper incomplete gamma function (Lentz).
fn continued_fraction(shape: f64, at: f64) -> f64 {
    let tiny = 1e-300;
    let mut below = at + 1.0 - shape;
    let mut over = 1.0 / tiny;
    let mut ratio = 1.0 / below;
    let mut fraction = ratio;
    for step in 1..=500_u64 {
        let factor = -float(step) * (float(step) - shape);
        below += 2.0;
        ratio = 1.0 / nonzero(factor * ratio + below, tiny);
        over = nonzero(below + factor / over, tiny);
        let change = over * ratio;
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// The logarithm of the gamma function (Lanczos), for halves and whole numbers.
fn ln_gamma(at: f64) -> f64 {
    const TERMS: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.001_208_650_973_866_179,
        -0.000_005_395_239_384_953,
    ];
    let base = at + 5.5;
    let mut sum = 1.000_000_000_190_015;
    for (number, term) in TERMS.iter().zip(1_u64..) {
        sum += number / (at + float(term));
    }
    (at + 0.5) * base.ln() - base + (2.506_628_274_631_000_5 * sum / at).ln()
}

/// Which of many chances are too small to be chance, if one in `1 / rate` of those that are named may be (Benjamini and
/// Hochberg).
pub(crate) fn not_by_chance(chances: &[f64], rate: f64) -> Vec<bool> {
    let mut sorted = chances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted
        .iter()
        .zip(1_u64..)
        .filter(|(chance, rank)| **chance <= rate * float(*rank) / len(chances.len()))
        .map(|(chance, _)| *chance)
        .last();
    chances
        .iter()
        .map(|chance| limit.is_some_and(|limit| *chance <= limit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn the_stability_index_by_hand() {
        // .15·ln 1.6 + .05·ln 1.2 - .05·ln .8 - .15·ln .4 = .070501 + .009116 + .011157 + .137444
        let usual = [25.0, 25.0, 25.0, 25.0];
        near(
            stability_index(&usual, &[40.0, 30.0, 20.0, 10.0]),
            0.228_217,
        );
        near(stability_index(&usual, &[250.0, 250.0, 250.0, 250.0]), 0.0);
    }

    #[test]
    fn distances_are_between_cumulated_shares() {
        // .2, .5, 1 and .5, .7, 1.
        near(largest_distance(&[20.0, 30.0, 50.0], &[5.0, 2.0, 3.0]), 0.3);
        // The critical values of the tables: 1.358 for a twentieth, 1.628 for a hundredth.
        let critical = |lambda: f64| distance_chance(lambda / 5_000_f64.sqrt(), 1e4, 1e4);
        assert!((critical(1.358) - 0.05).abs() < 1e-3);
        assert!((critical(1.628) - 0.01).abs() < 1e-3);
        near(distance_chance(0.0, 100.0, 100.0), 1.0);
    }

    #[test]
    fn chi_squares_are_those_of_the_tables() {
        near(chi_square_chance(3.841_459, 1.0), 0.05);
        near(chi_square_chance(6.634_897, 1.0), 0.01);
        near(chi_square_chance(11.070_498, 5.0), 0.05);
        near(chi_square_chance(0.0, 3.0), 1.0);
        // Of two categories, by hand: 90:10 and 70:30 are 80:20 expected, (10 - .5)² · (2/80 + 2/20) = 11.28125.
        near(
            categories_chance(&[90.0, 10.0], &[70.0, 30.0]),
            chi_square_chance(11.281_25, 1.0),
        );
        // Nothing can be said of one category, nor of nothing.
        near(categories_chance(&[90.0, 0.0], &[70.0, 0.0]), 1.0);
        near(categories_chance(&[0.0, 0.0], &[70.0, 3.0]), 1.0);
    }

    #[test]
    fn many_comparisons_need_smaller_chances() {
        // Benjamini and Hochberg's own table: of fifteen, the first four at a rate of a twentieth.
        let chances = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let named = not_by_chance(&chances, 0.05);
        assert_eq!(named.iter().filter(|named| **named).count(), 4);
        assert!(named[3] && !named[4]);
        assert_eq!(not_by_chance(&[], 0.05), Vec::<bool>::new());
    }
}
