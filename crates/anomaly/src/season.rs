//! What repeats in a series: the day, the week, and a trend.
//!
//! All of it is medians, so what happens on a few days of fourteen moves nothing:
//!
//! - **Day**: half hours, each the median of what lies above or below the level of the day around it; between their
//!   middles a straight line. Where the median of five minutes is off that line significantly, as a nightly job's is,
//!   these five minutes have a place of their own.
//! - **Week**: hours, of what the day leaves over. A week has few of each, so bins that lay outside are left out, unless
//!   an hour has nothing else in two weeks.
//! - **Trend**: days are compared with the same day a week before; of these differences the quartile nearer to zero
//!   counts, and none if the quartiles disagree about its direction.
//!
//! Each profile is shrunk by how much of it could be chance: to `1 - within / (n · between)` of itself, where `between`
//! is the spread of the places, `within` the spread of days at one place, and `n` the number of days (James and Stein).

use crate::config::{DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS};
use crate::number::{float, len, median, quantile, spread};

const HALF_HOUR_MS: u64 = 30 * MINUTE_MS;
/// With less than this there is no day to speak of.
pub(crate) const DAYS_MIN_MS: u64 = 2 * DAY_MS;
/// A place of its own needs so many days, and so many standard errors.
const OWN_DAYS_MIN: usize = 5;
const OWN_ERRORS_MIN: f64 = 4.0;
/// A week is known of a week and a half: then hours of two weeks tell what is chance.
const WEEKS_MIN_MS: u64 = WEEK_MS;
/// Of the standard error of a mean, the standard error of a median is so much, for a normal distribution.
const MEDIAN_ERROR: f64 = 1.2533;

/// A bin, as seasons look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) at_ms: u64,
    pub(crate) day_ms: u64,
    pub(crate) week_ms: u64,
    /// On the scale.
    pub(crate) centre: f64,
    pub(crate) sample: f64,
    pub(crate) is_outside: bool,
}

/// What repeats.
#[derive(Debug, Clone)]
pub(crate) struct Season {
    day: Profile,
    own: Vec<f64>,
    own_ms: u64,
    week: Profile,
    /// What is gained in a week, and since when.
    trend: f64,
    origin_ms: u64,
}

impl Season {
    /// Learns from rows in the order of time.
    pub(crate) fn learn(rows: &[Row], bin_ms: u64) -> Self {
        let mut season = Self {
            day: Profile::flat(),
            own: Vec::new(),
            own_ms: bin_ms,
            week: Profile::flat(),
            trend: 0.0,
            origin_ms: rows.last().map_or(0, |row| row.at_ms),
        };
        let span_ms = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => last.at_ms - first.at_ms,
            _ => 0,
        };
        if span_ms + bin_ms < DAYS_MIN_MS {
            return season;
        }
        if bin_ms <= DAY_MS / 4 {
            season.learn_day(rows, bin_ms);
        }
        if span_ms + bin_ms >= WEEKS_MIN_MS {
            season.learn_trend(rows);
            season.learn_week(rows, bin_ms);
        }
        season
    }

    /// What the season adds at a time.
    pub(crate) fn at(&self, at_ms: u64, day_ms: u64, week_ms: u64) -> f64 {
        self.daily(day_ms) + self.week.at(week_ms) + self.trended(at_ms)
    }

    fn daily(&self, day_ms: u64) -> f64 {
        let own = slot(day_ms, self.own_ms);
        self.day.at(day_ms) + self.own.get(own).copied().unwrap_or(0.0)
    }

    fn trended(&self, at_ms: u64) -> f64 {
        let since = float(at_ms) - float(self.origin_ms);
        self.trend * since / float(WEEK_MS)
    }

    fn learn_day(&mut self, rows: &[Row], bin_ms: u64) {
        let levels = levels(rows);
        let slot_ms = HALF_HOUR_MS.max(bin_ms);
        let mut places = vec![Vec::new(); slot(DAY_MS - 1, slot_ms) + 1];
        for (row, level) in rows.iter().zip(&levels) {
            places[slot(row.day_ms, slot_ms)].push(row.centre - level);
        }
        let bins_per_place = len(slot(slot_ms - 1, bin_ms) + 1);
        let mut within = Vec::with_capacity(rows.len());
        let mut days = 0.0_f64;
        let mut values = Vec::with_capacity(places.len());
        for place in &mut places {
            days = days.max((len(place.len()) / bins_per_place).round());
            let middle = median(place);
            within.extend(place.iter().filter_map(|value| Some(value - middle?)));
            values.push(middle.unwrap_or(f64::NAN));
        }
        let noise = spread(&mut within).unwrap_or(0.0);
        self.day = Profile::of(values, slot_ms);
        self.day.shrink(noise.powi(2) / days.max(1.0));
        if slot_ms > bin_ms {
            self.learn_own(rows, &levels, bin_ms, noise);
        }
    }

    /// Places of five minutes that are off the line.
    fn learn_own(&mut self, rows: &[Row], levels: &[f64], bin_ms: u64, noise: f64) {
        let mut places = vec![Vec::new(); slot(DAY_MS - 1, bin_ms) + 1];
        for (row, level) in rows.iter().zip(levels) {
            places[slot(row.day_ms, bin_ms)].push(row.centre - level - self.day.at(row.day_ms));
        }
        self.own = places
            .iter_mut()
            .map(|place| {
                let days = place.len();
                let off = median(place).unwrap_or(0.0);
                let error = MEDIAN_ERROR * noise / len(days.max(1)).sqrt();
                if days >= OWN_DAYS_MIN && off.abs() > OWN_ERRORS_MIN * error {
                    off
                } else {
                    0.0
                }
            })
            .collect();
    }

    fn learn_trend(&mut self, rows: &[Row]) {
        let mut days: Vec<(u64, Vec<f64>)> = Vec::new();
        for row in rows.iter().filter(|row| !row.is_outside) {
            let value = row.centre - self.daily(row.day_ms);
            let number = row.at_ms / DAY_MS;
            match days.last_mut() {
                Some((last, values)) if *last == number => values.push(value),
                _ => days.push((number, vec![value])),
            }
        }
        let middles: Vec<(u64, f64)> = days
            .iter_mut()
            .filter_map(|(number, values)| Some((*number, median(values)?)))
            .collect();
        let mut gains: Vec<f64> = Vec::new();
        for (number, value) in &middles {
            let former = middles.iter().find(|(former, _)| former + 7 == *number);
            gains.extend(former.map(|(_, former)| value - former));
        }
        if gains.len() < 4 {
            return;
        }
        let (Some(lower), Some(upper)) = (quantile(&mut gains, 0.25), quantile(&mut gains, 0.75))
        else {
            return;
        };
        self.trend = match (lower > 0.0, upper < 0.0) {
            (true, _) => lower,
            (_, true) => upper,
            _ => 0.0,
        };
    }

    fn learn_week(&mut self, rows: &[Row], bin_ms: u64) {
        let slot_ms = HOUR_MS.max(bin_ms);
        let left = |row: &Row| row.centre - self.daily(row.day_ms) - self.trended(row.at_ms);
        let mut all: Vec<f64> = rows
            .iter()
            .filter(|row| !row.is_outside)
            .map(left)
            .collect();
        let Some(level) = median(&mut all) else {
            return;
        };
        // Of each hour of the week its occurrences: what was usual, and what lay outside.
        let mut places = vec![[Vec::new(), Vec::new()]; slot(WEEK_MS - 1, slot_ms) + 1];
        let mut former = None;
        for row in rows {
            let place = slot(row.week_ms, slot_ms);
            let occurrence = (place, row.at_ms / WEEK_MS, row.is_outside);
            let times: &mut Vec<Vec<f64>> = &mut places[place][usize::from(row.is_outside)];
            if former != Some(occurrence) {
                times.push(Vec::new());
            }
            former = Some(occurrence);
            if let Some(values) = times.last_mut() {
                values.push(left(row) - level);
            }
        }
        let hours: Vec<Vec<f64>> = places
            .into_iter()
            .map(|[usual, outside]| {
                let is_habit = usual.is_empty() && outside.len() >= 2;
                let times = if is_habit { outside } else { usual };
                let middles = times.into_iter();
                middles
                    .filter_map(|mut values| median(&mut values))
                    .collect()
            })
            .collect();
        let weeks = hours.iter().map(Vec::len).max().unwrap_or(1);
        let mut apart: Vec<f64> = hours.iter().filter_map(|hours| difference(hours)).collect();
        let known = apart.len();
        let within = spread(&mut apart).unwrap_or(0.0) * std::f64::consts::FRAC_1_SQRT_2;
        let values: Vec<f64> = hours.iter().map(|hours| agreed(hours, within)).collect();
        // One week alone says nothing about chance: a fifth of it is taken to be that.
        let chance = if known >= 24 {
            within.powi(2) / len(weeks.max(1))
        } else {
            square(&values) / 5.0
        };
        self.week = Profile::of(values, slot_ms);
        self.week.shrink(chance);
    }
}

/// How far the first and the last week are apart.
fn difference(weeks: &[f64]) -> Option<f64> {
    match weeks {
        [first, .., last] => Some(last - first),
        _ => None,
    }
}

/// What weeks say of one hour: their mean; where they contradict each other, the one that says less.
fn agreed(weeks: &[f64], within: f64) -> f64 {
    let nearer = weeks
        .iter()
        .copied()
        .min_by(|one, other| one.abs().total_cmp(&other.abs()));
    let Some(nearer) = nearer else {
        return f64::NAN;
    };
    let far = 3.0 * std::f64::consts::SQRT_2 * within;
    if difference(weeks).is_some_and(|difference| difference.abs() > far) {
        return nearer;
    }
    weeks.iter().sum::<f64>() / len(weeks.len())
}

/// The level around each row: the median of 24 hours, which the day's own course leaves alone.
fn levels(rows: &[Row]) -> Vec<f64> {
    // Half hours stand for their bins: a window has 48 values rather than 288.
    let mut halves: Vec<(u64, Vec<f64>)> = Vec::new();
    for row in rows {
        let number = row.at_ms / HALF_HOUR_MS;
        match halves.last_mut() {
            Some((last, values)) if *last == number => values.push(row.centre),
            _ => halves.push((number, vec![row.centre])),
        }
    }
    let halves: Vec<(u64, f64)> = halves
        .iter_mut()
        .filter_map(|(number, values)| Some((*number, median(values)?)))
        .collect();
    let (Some((first, _)), Some((last, _))) = (halves.first(), halves.last()) else {
        return Vec::new();
    };
    let (mut from, mut to) = (0, 0);
    let mut known = (u64::MAX, 0.0);
    let mut levels = Vec::with_capacity(rows.len());
    let mut window = Vec::with_capacity(48);
    for row in rows {
        let hour = row.at_ms / HOUR_MS;
        if known.0 != hour {
            // At the ends the window stands still: half a day would be a part of the season.
            let latest = (last + 1).saturating_sub(48).max(*first);
            let begin = (hour * 2).saturating_sub(24).clamp(*first, latest);
            while from < halves.len() && halves[from].0 < begin {
                from += 1;
            }
            while to < halves.len() && halves[to].0 < begin + 48 {
                to += 1;
            }
            window.clear();
            window.extend(halves[from..to].iter().map(|(_, value)| *value));
            known = (hour, median(&mut window).unwrap_or(row.centre));
        }
        levels.push(known.1);
    }
    levels
}

/// A course through places of the same length, which come again.
#[derive(Debug, Clone)]
struct Profile {
    /// No number where nothing is known.
    values: Vec<f64>,
    slot_ms: u64,
}

impl Profile {
    const fn flat() -> Self {
        Self {
            values: Vec::new(),
            slot_ms: 1,
        }
    }

    /// Around its own mean.
    fn of(mut values: Vec<f64>, slot_ms: u64) -> Self {
        let known = || values.iter().filter(|value| !value.is_nan());
        let mean = known().sum::<f64>() / len(known().count().max(1));
        for value in &mut values {
            *value -= mean;
        }
        Self { values, slot_ms }
    }

    fn shrink(&mut self, chance: f64) {
        let between = square(&self.values);
        let kept = if between > 0.0 {
            (1.0 - chance / between).max(0.0)
        } else {
            0.0
        };
        for value in &mut self.values {
            *value *= kept;
        }
    }

    /// On the straight line between the middles of two places.
    fn at(&self, ms: u64) -> f64 {
        let count = self.values.len();
        if count == 0 {
            return 0.0;
        }
        let half = self.slot_ms / 2;
        let place = slot(ms, self.slot_ms).min(count - 1);
        let inside = ms - (place as u64 * self.slot_ms).min(ms);
        let (before, share) = if inside < half {
            let before = (place + count - 1) % count;
            (before, float(inside + half) / float(self.slot_ms))
        } else {
            (place, float(inside - half) / float(self.slot_ms))
        };
        let (left, right) = (self.values[before], self.values[(before + 1) % count]);
        match (left.is_nan(), right.is_nan()) {
            (false, false) => left + (right - left) * share.min(1.0),
            (false, true) => left,
            (true, false) => right,
            (true, true) => 0.0,
        }
    }
}

/// The mean square of what is known.
fn square(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|value| !value.is_nan());
    known().map(|value| value.powi(2)).sum::<f64>() / len(known().count().max(1))
}

fn slot(ms: u64, slot_ms: u64) -> usize {
    usize::try_from(ms / slot_ms).unwrap_or(usize::MAX)
}
