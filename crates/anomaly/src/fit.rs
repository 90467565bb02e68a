//! What a history teaches: a scale, seasons, a level that moves, a spread.

use crate::config::{Config, DAY_MS, HOUR_MS, Place};
use crate::history::History;
use crate::number::{float, len, median, quantile};
use crate::scale::Scale;
use crate::season::{Row, Season};
use crate::spread::Spread;

/// A residual moves the level as if it were no more than so many standard deviations.
const CLIP_SIGMAS: f64 = 2.0;
/// So many bins outside within so much time are trouble, fewer are chance.
const TROUBLE: usize = 6;
const AROUND_MS: u64 = 2 * HOUR_MS;
/// Whole numbers around this or less are counts of single things.
const COUNTS_MAX: f64 = 25.0;
/// The standard deviation of the square root of a count, whatever its mean (Anscombe).
const COUNT_SIGMA: f64 = 0.5;

/// A change of level that was taken: what was before `until_ms` is looked at as if it had changed, too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    pub(crate) until_ms: u64,
    pub(crate) times: f64,
    pub(crate) plus: f64,
}

impl Shift {
    /// The change that makes the best of pairs of what was expected and what was there: a factor, or an addition.
    pub(crate) fn of(until_ms: u64, pairs: &[(f64, f64)], scale: Scale) -> Option<Self> {
        let middle = |values: Vec<f64>| median(&mut { values });
        let plus = middle(pairs.iter().map(|(was, is)| is - was).collect())?;
        let added = Self {
            until_ms,
            times: 1.0,
            plus,
        };
        let factor = middle(
            pairs
                .iter()
                .filter(|(was, _)| *was > 0.0)
                .map(|(was, is)| is / was)
                .collect(),
        );
        let has_negative = pairs.iter().any(|(was, is)| was.min(*is) < 0.0);
        let Some(times) = factor.filter(|times| *times > 0.0 && !has_negative) else {
            return Some(added);
        };
        let multiplied = Self {
            until_ms,
            times,
            plus: 0.0,
        };
        // All of them together: by the median, whatever holds for most of the day would do.
        let off = |shift: &Self| {
            let off = pairs
                .iter()
                .map(|(was, is)| (scale.to(shift.apply(*was)) - scale.to(*is)).abs());
            off.sum::<f64>()
        };
        if off(&multiplied) <= off(&added) {
            Some(multiplied)
        } else {
            Some(added)
        }
    }

    fn apply(&self, value: f64) -> f64 {
        value * self.times + self.plus
    }
}

/// What is known of a series.
#[derive(Debug, Clone)]
pub(crate) struct Fit {
    pub(crate) scale: Scale,
    season: Season,
    level: f64,
    level_at_ms: u64,
    spread: Spread,
    is_count: bool,
    has_negative: bool,
}

/// What is predicted for a time, on the fit's scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Predicted {
    pub(crate) scaled: f64,
    pub(crate) above: f64,
    pub(crate) below: f64,
}

impl Predicted {
    /// How many standard deviations away a place on the scale is: positive above.
    pub(crate) fn sigmas(&self, scaled: f64) -> f64 {
        let off = scaled - self.scaled;
        off / if off >= 0.0 { self.above } else { self.below }
    }
}

impl Fit {
    /// Learns from a history; on this scale where one is given, else on the one that suits best.
    pub(crate) fn learn(
        history: &History,
        config: &Config,
        shifts: &[Shift],
        scale: Option<Scale>,
    ) -> Option<Self> {
        let bins: Vec<(u64, Place, f64, f64, bool)> = history
            .closed()
            .map(|(at_ms, bin)| {
                let moved = |value: f32| {
                    let later = shifts.iter().filter(|shift| at_ms < shift.until_ms);
                    later.fold(f64::from(value), |value, shift| shift.apply(value))
                };
                let (centre, sample) = (moved(bin.centre), moved(bin.sample));
                (at_ms, config.place(at_ms), centre, sample, bin.is_outside)
            })
            .collect();
        let nature = Nature::of(history, &bins)?;
        let scales = match scale {
            Some(known) => vec![known],
            None => nature.scales(),
        };
        let fits = scales.into_iter().map(|scale| {
            let rows: Vec<Row> = bins
                .iter()
                .map(|(at_ms, place, centre, sample, is_outside)| Row {
                    at_ms: *at_ms,
                    day_ms: place.day_ms,
                    week_ms: place.week_ms,
                    centre: scale.to(*centre),
                    sample: scale.to(*sample),
                    is_outside: *is_outside,
                })
                .collect();
            Self::on(scale, &rows, &nature, history.bin_ms, config)
        });
        let best = fits.min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(fit, _)| fit)
    }

    /// The fit on one scale, and how badly the scale suits.
    fn on(
        scale: Scale,
        rows: &[Row],
        nature: &Nature,
        bin_ms: u64,
        config: &Config,
    ) -> (Self, f64) {
        let season = Season::learn(rows, bin_ms);
        let left: Vec<f64> = rows
            .iter()
            .map(|row| row.centre - season.at(row.at_ms, row.day_ms, row.week_ms))
            .collect();
        // The level begins as the median of a day. A first pass knows no spread: it takes the one around the median.
        let first_ms = rows.first().map_or(0, |row| row.at_ms);
        let day = rows.partition_point(|row| row.at_ms < first_ms + DAY_MS);
        let begin = median(&mut left[..day].to_vec()).unwrap_or(0.0);
        let mut fit = Self {
            scale,
            season,
            level: begin,
            level_at_ms: first_ms,
            spread: Spread::learn(&[]),
            is_count: nature.is_count,
            has_negative: nature.has_negative,
        };
        let middle = median(&mut left.clone()).unwrap_or(0.0);
        let around: Vec<(u64, f64)> = rows
            .iter()
            .zip(&left)
            .map(|(row, left)| (row.day_ms, left - middle))
            .collect();
        fit.spread = Spread::learn(&around);
        let mut residuals = Vec::with_capacity(rows.len());
        let troubled = troubled(rows);
        for ((row, left), is_troubled) in rows.iter().zip(&left).zip(troubled) {
            if row.is_outside {
                continue;
            }
            let residual = row.sample - row.centre + left - fit.level;
            if !is_troubled {
                residuals.push((row, residual));
            }
            let sigma = fit.sigma(row.day_ms, row.centre);
            fit.follow(left - fit.level, sigma, row.at_ms, bin_ms, config);
        }
        // The level was still on its way in the first day, if there are others.
        let is_settled = |row: &Row| rows.len() < 2 * day || row.at_ms >= first_ms + DAY_MS;
        residuals.retain(|(row, _)| is_settled(row));
        let timed: Vec<(u64, f64)> = residuals
            .iter()
            .map(|(row, residual)| (row.day_ms, *residual))
            .collect();
        fit.spread = Spread::learn(&timed);
        let misfit = misfit(&residuals, &fit.spread);
        // Days that the profiles were made of lie nearer to them than others will.
        let days = float(rows.last().map_or(0, |row| row.at_ms) - first_ms) / float(DAY_MS);
        fit.spread
            .widen(((days + 1.0) / (days - 0.5).max(0.5)).sqrt());
        (fit, misfit)
    }

    /// What is expected at a time, and how far points lie from it.
    pub(crate) fn predict(&self, at_ms: u64, place: Place) -> Predicted {
        let scaled = self.level + self.season.at(at_ms, place.day_ms, place.week_ms);
        let (above, below) = self.sigma(place.day_ms, scaled);
        Predicted {
            scaled,
            above,
            below,
        }
    }

    /// The values so many standard deviations below and above.
    pub(crate) fn edges(&self, predicted: &Predicted, sigmas: f64) -> (f64, f64) {
        let lower = self.scale.from(predicted.scaled - sigmas * predicted.below);
        let upper = self.scale.from(predicted.scaled + sigmas * predicted.above);
        if self.has_negative {
            (lower, upper)
        } else {
            (lower.max(0.0), upper.max(0.0))
        }
    }

    /// Moves the level towards a bin that was predicted, and no further than usual bins would.
    pub(crate) fn learn_bin(&mut self, scaled: f64, at_ms: u64, config: &Config, bin_ms: u64) {
        let place = config.place(at_ms);
        let predicted = self.predict(at_ms, place);
        let sigma = (predicted.above, predicted.below);
        self.follow(scaled - predicted.scaled, sigma, at_ms, bin_ms, config);
    }

    fn follow(
        &mut self,
        off: f64,
        (above, below): (f64, f64),
        at_ms: u64,
        bin_ms: u64,
        config: &Config,
    ) {
        let off = off.clamp(-CLIP_SIGMAS * below, CLIP_SIGMAS * above);
        // After a gap, as after one bin: what was not seen says nothing.
        let passed_ms = at_ms.saturating_sub(self.level_at_ms).min(bin_ms);
        let passed = float(passed_ms) / float(config.adaptation.follows_within_ms());
        self.level += off * (1.0 - (-passed).exp());
        self.level_at_ms = self.level_at_ms.max(at_ms);
    }

    /// The standard deviations, not less than what is certain to be chance.
    fn sigma(&self, day_ms: u64, scaled: f64) -> (f64, f64) {
        let (above, below) = self.spread.at(day_ms);
        let least = if self.is_count {
            COUNT_SIGMA
        } else {
            self.scale.hundredth(scaled)
        };
        (above.max(least), below.max(least))
    }
}

/// Which rows have many that lay outside around them: what led up to these and what came after tells nothing about
/// chance.
fn troubled(rows: &[Row]) -> Vec<bool> {
    let (mut from, mut to, mut outside) = (0, 0, 0_usize);
    let mut troubled = Vec::with_capacity(rows.len());
    for row in rows {
        while to < rows.len() && rows[to].at_ms <= row.at_ms + AROUND_MS {
            outside += usize::from(rows[to].is_outside);
            to += 1;
        }
        while rows[from].at_ms + AROUND_MS < row.at_ms {
            outside -= usize::from(rows[from].is_outside);
            from += 1;
        }
        troubled.push(outside >= TROUBLE);
    }
    troubled
}

/// What kind of numbers a series has.
struct Nature {
    has_negative: bool,
    is_count: bool,
    typical: f64,
}

impl Nature {
    fn of(history: &History, bins: &[(u64, Place, f64, f64, bool)]) -> Option<Self> {
        let raw = || history.closed().map(|(_, bin)| bin.sample);
        let has_negative = raw().any(|value| value < 0.0);
        let is_whole = raw().all(|value| value.fract() == 0.0);
        let mut samples: Vec<f64> = bins.iter().map(|(.., sample, _)| *sample).collect();
        let typical = median(&mut samples)?;
        Some(Self {
            has_negative,
            is_count: is_whole && !has_negative && typical <= COUNTS_MAX,
            typical,
        })
    }

    fn scales(&self) -> Vec<Scale> {
        if self.has_negative {
            return vec![Scale::Linear];
        }
        if self.is_count {
            return vec![Scale::Root];
        }
        let log = Scale::Log((self.typical / 50.0).max(1e-6));
        vec![Scale::Root, log, Scale::Linear]
    }
}

/// How much the spread above differs from the spread below, and that of large values from that of small ones: zero on
/// the right scale.
fn misfit(residuals: &[(&Row, f64)], spread: &Spread) -> f64 {
    let ratio = |one: f64, other: f64| {
        let (one, other) = (one.max(1e-12), other.max(1e-12));
        (one / other).ln().abs()
    };
    let mut pairs: Vec<(f64, f64)> = residuals
        .iter()
        .map(|(row, residual)| (row.sample - residual, residual.abs()))
        .collect();
    if pairs.len() < 30 {
        return ratio(spread.above, spread.below);
    }
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let third = pairs.len() / 3;
    let middle = |part: &[(f64, f64)]| {
        let mut sizes: Vec<f64> = part.iter().map(|(_, size)| *size).collect();
        quantile(&mut sizes, 0.6827).unwrap_or(0.0)
    };
    let (small, large) = (
        middle(&pairs[..third]),
        middle(&pairs[pairs.len() - third..]),
    );
    // Where all predictions are alike, the thirds are chance.
    let span = (pairs[pairs.len() - third].0 - pairs[third].0).abs();
    let weight = (span / (small + large).max(1e-12)).min(1.0);
    ratio(spread.above, spread.below) + weight * ratio(small, large) + 1.0 / len(pairs.len())
}
