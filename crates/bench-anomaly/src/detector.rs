//! What finds anomalies: the model, and the two things that people do without one.

use corelog_anomaly::{Config, Model, Point};
use corelog_types::Timestamp;

use crate::series::{DAY, HOUR, JUDGED, PERIOD_MS, START_MS, Series};

/// Who draws the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detector {
    /// The model.
    Model,
    /// The mean of two weeks, and so many standard deviations.
    Sigmas,
    /// What was there a week ago (a day, where there was no week), and so many standard deviations of what it was off.
    SeasonalNaive,
}

impl Detector {
    pub(crate) const ALL: [Self; 3] = [Self::Model, Self::Sigmas, Self::SeasonalNaive];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Sigmas => "mean and sigmas",
            Self::SeasonalNaive => "seasonal naive",
        }
    }

    /// Which of the judged points lie outside, for each of the widths.
    pub(crate) fn outside(self, series: &Series, widths: &[f64]) -> Vec<Vec<bool>> {
        match self {
            Self::Model => model(series, widths),
            Self::Sigmas => {
                let known = hourly(|at| moments(&series.points[at.saturating_sub(14 * DAY)..at]));
                each(series, widths, known)
            }
            Self::SeasonalNaive => naive(series, widths),
        }
    }
}

fn model(series: &Series, widths: &[f64]) -> Vec<Vec<bool>> {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let mut outside = vec![Vec::new(); widths.len()];
    for (at, value) in series.points.iter().enumerate() {
        let time = Timestamp::from_unix_ms(START_MS + at as u64 * PERIOD_MS);
        if at >= JUDGED {
            for (width, outside) in widths.iter().zip(&mut outside) {
                let band = model.band(time, *width);
                let pair = band.zip(*value);
                outside.push(pair.is_some_and(|(band, value)| !band.holds(value)));
            }
        }
        if let Some(value) = *value {
            model.observe(Point { at: time, value });
        }
    }
    outside
}

fn naive(series: &Series, widths: &[f64]) -> Vec<Vec<bool>> {
    let young = series.begins + 7 * DAY;
    let season = |at: usize| if at >= young { 7 * DAY } else { DAY };
    let off: Vec<Option<f64>> = (0..series.points.len())
        .map(|at| {
            let former = series.points[at.checked_sub(season(at))?]?;
            Some(series.points[at]? - former)
        })
        .collect();
    let mut known = hourly(|at| moments(&off[at.saturating_sub(7 * DAY)..at]));
    each(series, widths, |at| {
        let former = series.points[at - season(at)]?;
        let (_, deviation) = known(at)?;
        Some((former, deviation))
    })
}

/// Computes something anew each hour.
fn hourly<T: Copy>(compute: impl Fn(usize) -> T) -> impl FnMut(usize) -> T {
    let mut last = None;
    move |at| match last {
        Some((hour, known)) if hour == at / HOUR => known,
        _ => {
            let known = compute(at);
            last = Some((at / HOUR, known));
            known
        }
    }
}

fn each(
    series: &Series,
    widths: &[f64],
    mut expected: impl FnMut(usize) -> Option<(f64, f64)>,
) -> Vec<Vec<bool>> {
    let length = series.points.len() - JUDGED;
    let mut outside = vec![vec![false; length]; widths.len()];
    for at in JUDGED..series.points.len() {
        let (Some(value), Some((middle, deviation))) = (series.points[at], expected(at)) else {
            continue;
        };
        for (width, outside) in widths.iter().zip(&mut outside) {
            outside[at - JUDGED] = (value - middle).abs() > width * deviation;
        }
    }
    outside
}

/// Mean and standard deviation.
fn moments(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let known = || values.iter().flatten();
    let count = f64::from(u32::try_from(known().count()).ok()?);
    if count < 24.0 {
        return None;
    }
    let mean = known().sum::<f64>() / count;
    let square = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    Some((mean, square.sqrt()))
}
