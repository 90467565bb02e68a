//! The model of one series, point by point.

use corelog_types::Timestamp;

use crate::config::{Config, DAY_MS, HOUR_MS, WEEK_MS};
use crate::fit::{Fit, Shift};
use crate::history::{Bin, HISTORY_MS, History};
use crate::number::len;
use crate::season::DAYS_MIN_MS;

/// What was learnt is learnt anew so often.
const FIT_EVERY_MS: u64 = 6 * HOUR_MS;
const SCALE_EVERY_MS: u64 = DAY_MS;
/// Before this much is known, a weekend may look like an outage: nothing is left out.
const TRUSTED_MS: u64 = WEEK_MS + DAY_MS;
/// Of fewer bins nothing can be said.
const BINS_MIN: usize = 10;
/// With so much there is a state at all.
const TRAINING_MS: u64 = 3 * HOUR_MS;
pub(crate) const SHIFTS_MAX: usize = 8;
/// In some 285,000 years. What is later is no time.
pub(crate) const AT_MS_MAX: u64 = 1 << 53;

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When its period begins.
    pub at: Timestamp,
    /// What it is. One that is no finite number is as if it were not there.
    pub value: f64,
}

/// What is usual at a time: from `lower` to `upper`, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The lower edge. Not negative for series that never were.
    pub lower: f64,
    /// What is expected.
    pub expected: f64,
    /// The upper edge.
    pub upper: f64,
}

impl Band {
    /// Whether a value is in it.
    pub fn holds(&self, value: f64) -> bool {
        (self.lower..=self.upper).contains(&value)
    }
}

/// How much a model knows.
///
/// Source: `DescribeAnomalyDetectors`, `StateValue`, for the names.
/// Decision: what they mean. Before two days a band would only be the last hours made wider, and the first morning of
/// a new metric an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Training {
    /// Less than three hours, or fewer than ten bins.
    Pending,
    /// Less than two days: no band yet.
    InsufficientData,
    /// There is a band.
    Trained,
}

impl Training {
    /// How much a model would know of a metric that has values in the periods at these times, which are in their order:
    /// each period stands for all the bins in it.
    pub fn of(times: impl IntoIterator<Item = Timestamp>, period_ms: u64) -> Self {
        let (long_ms, short_ms) = (History::new(period_ms).bin_ms, History::new(0).bin_ms);
        let mut bins: Vec<u64> = times.into_iter().map(|at| at.unix_ms() / long_ms).collect();
        bins.dedup();
        let span = match (bins.first(), bins.last()) {
            (Some(first), Some(last)) => last - first + 1,
            _ => 0,
        };
        let each = usize::try_from(long_ms / short_ms).unwrap_or(1);
        Self::knowing(span * long_ms, bins.len() * each)
    }

    fn knowing(span_ms: u64, bins: usize) -> Self {
        if span_ms < TRAINING_MS || bins < BINS_MIN {
            Self::Pending
        } else if span_ms < DAYS_MIN_MS {
            Self::InsufficientData
        } else {
            Self::Trained
        }
    }

    /// `TRAINED`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING_TRAINING",
            Self::InsufficientData => "TRAINED_INSUFFICIENT_DATA",
            Self::Trained => "TRAINED",
        }
    }
}

/// What is known of one series: two weeks of it at most, in some 60 kB.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) config: Config,
    pub(crate) history: History,
    pub(crate) shifts: Vec<Shift>,
    fit: Option<Fit>,
    fitted_ms: u64,
    scaled_ms: u64,
}

impl Model {
    /// A model that knows nothing.
    pub fn new(config: Config) -> Self {
        Self {
            history: History::new(config.period_ms),
            config,
            shifts: Vec::new(),
            fit: None,
            fitted_ms: 0,
            scaled_ms: 0,
        }
    }

    /// A model of a history, as [`crate::stored`] keeps it.
    pub(crate) fn of(config: Config, history: History, shifts: Vec<Shift>) -> Self {
        let mut model = Self {
            history,
            shifts,
            ..Self::new(config)
        };
        if let Some(newest_ms) = model.history.newest_ms() {
            model.learn(newest_ms);
        }
        model
    }

    /// What it was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How much it knows.
    pub fn training(&self) -> Training {
        let bins = self.history.closed().take(BINS_MIN).count();
        Training::knowing(self.history.span_ms(), bins)
    }

    /// What is usual at a time: the prediction, and `sigmas` standard deviations to each side. `None` until it is trained.
    ///
    /// For a time that is past this is what the model thinks now; what it thought then is what [`crate::bands`] gives.
    pub fn band(&self, at: Timestamp, sigmas: f64) -> Option<Band> {
        let fit = self.fit.as_ref()?;
        if self.training() != Training::Trained || !sigmas.is_finite() || sigmas <= 0.0 {
            return None;
        }
        let at_ms = at.unix_ms().min(AT_MS_MAX);
        let predicted = fit.predict(at_ms, self.config.place(at_ms));
        let (lower, upper) = fit.edges(&predicted, sigmas);
        let expected = fit.scale.from(predicted.scaled).clamp(lower, upper);
        Some(Band {
            lower,
            expected,
            upper,
        })
    }

    /// How many standard deviations a value is away from what is usual at a time: positive above it.
    pub fn sigmas(&self, point: Point) -> Option<f64> {
        let fit = self.fit.as_ref()?;
        if self.training() != Training::Trained || !point.value.is_finite() {
            return None;
        }
        let at_ms = point.at.unix_ms().min(AT_MS_MAX);
        let predicted = fit.predict(at_ms, self.config.place(at_ms));
        Some(predicted.sigmas(fit.scale.to(point.value)))
    }

    /// Learns a point. Points come in the order of time; one of the newest five minutes (of the newest period, where
    /// that is longer) may come again with another value, an older one is let go.
    pub fn observe(&mut self, point: Point) {
        let at_ms = point.at.unix_ms();
        if !point.value.is_finite() || at_ms > AT_MS_MAX || self.config.excludes(at_ms) {
            return;
        }
        let number = at_ms / self.history.bin_ms;
        if self.history.open_number().is_some_and(|open| open < number) {
            self.close();
        }
        let closed = self.history.first + self.history.bins.len() as u64;
        if self.history.bins.is_empty() || number >= closed {
            self.history.add(at_ms, point.value);
        }
    }

    /// Closes the open bin and learns of it.
    fn close(&mut self) {
        let Some((number, mut bin)) = self.history.open_bin() else {
            return;
        };
        let bin_ms = self.history.bin_ms;
        let at_ms = number * bin_ms + bin_ms / 2;
        if let Some(fit) = &mut self.fit {
            let scaled = fit.scale.to(f64::from(bin.centre));
            let predicted = fit.predict(at_ms, self.config.place(at_ms));
            let is_far = predicted.sigmas(scaled).abs() > self.config.filtering.sigmas();
            bin.is_outside = is_far && self.history.span_ms() >= TRUSTED_MS;
            if !bin.is_outside {
                fit.learn_bin(scaled, at_ms, &self.config, bin_ms);
            }
        }
        self.history.close(number, bin);
        if bin.is_outside && self.accept(at_ms) || at_ms >= self.fitted_ms + FIT_EVERY_MS {
            self.learn(at_ms);
        }
    }

    /// Takes what has been outside for long enough as what is usual now. Returns whether it did.
    fn accept(&mut self, now_ms: u64) -> bool {
        let Some(fit) = &self.fit else {
            return false;
        };
        let bin_ms = self.history.bin_ms;
        let patience_ms = self.config.adaptation.patience_ms().max(3 * bin_ms);
        let from_ms = now_ms.saturating_sub(patience_ms);
        let bins: Vec<(u64, Bin)> = self
            .history
            .since(from_ms)
            .map(|(at_ms, bin)| (at_ms, *bin))
            .collect();
        let outside = bins.iter().filter(|(_, bin)| bin.is_outside).count();
        let expected = len(usize::try_from(patience_ms / bin_ms).unwrap_or(usize::MAX));
        if len(bins.len()) < expected / 2.0 || len(outside) < 0.75 * len(bins.len()) {
            return false;
        }
        let begun = bins.iter().position(|(_, bin)| bin.is_outside).unwrap_or(0);
        let pairs: Vec<(f64, f64)> = bins[begun..]
            .iter()
            .map(|(at_ms, bin)| {
                let predicted = fit.predict(*at_ms, self.config.place(*at_ms));
                (fit.scale.from(predicted.scaled), f64::from(bin.centre))
            })
            .collect();
        let above = len(pairs.iter().filter(|(was, is)| is > was).count());
        let is_one_sided = (above / len(pairs.len()) - 0.5).abs() >= 0.4;
        let shift = Shift::of(bins[begun].0, &pairs, fit.scale);
        self.shifts.extend(shift.filter(|_| is_one_sided));
        for (_, bin) in self.history.since(from_ms) {
            bin.is_outside = false;
        }
        true
    }

    /// Learns everything anew from the history.
    fn learn(&mut self, now_ms: u64) {
        self.fitted_ms = now_ms;
        let oldest_ms = now_ms.saturating_sub(HISTORY_MS);
        self.shifts.retain(|shift| shift.until_ms > oldest_ms);
        let excess = self.shifts.len().saturating_sub(SHIFTS_MAX);
        self.shifts.drain(..excess);
        if self.training() == Training::Pending {
            return;
        }
        let is_fresh = now_ms < self.scaled_ms + SCALE_EVERY_MS;
        let scale = self.fit.as_ref().map(|fit| fit.scale);
        let scale = scale.filter(|_| is_fresh);
        if scale.is_none() {
            self.scaled_ms = now_ms;
        }
        self.fit = Fit::learn(&self.history, &self.config, &self.shifts, scale);
    }
}

/// What was usual at each of the times from `start` (inclusive) to `end` (exclusive), one period apart, as it looked
/// when all points before it were known and none after. Points are in the order of time; two weeks before `start` are
/// what it takes to know everything that a model can. `None` where there is no band.
pub fn bands(
    config: &Config,
    points: &[Point],
    start: Timestamp,
    end: Timestamp,
    sigmas: f64,
) -> Vec<(Timestamp, Option<Band>)> {
    let mut model = Model::new(config.clone());
    let mut points = points.iter().peekable();
    let mut times = Vec::new();
    let mut at_ms = start.unix_ms();
    while at_ms < end.unix_ms() && times.len() < BANDS_MAX {
        let at = Timestamp::from_unix_ms(at_ms);
        while let Some(point) = points.next_if(|point| point.at < at) {
            model.observe(*point);
        }
        times.push((at, model.band(at, sigmas)));
        at_ms = at_ms.saturating_add(config.period_ms.max(1_000));
    }
    times
}

/// No more are computed at once, which is more than one question about data points may have.
const BANDS_MAX: usize = 100_800;
