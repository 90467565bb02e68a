//! From what a metric alarm watches to the data points of its window.

use corelog_alarms::{Metric, MetricAlarm, Point, Source, Window};
use corelog_metrics::{Dimension, Period};
use corelog_types::Timestamp;

use crate::{Asked, Error, Points, math};

/// A metric that can be asked for.
struct Series {
    metric: corelog_metrics::Metric,
    unit: Option<corelog_metrics::Unit>,
    statistic: corelog_metrics::Statistic,
}

/// Refuses an alarm whose data points could never be computed here: better than one that never fires.
pub(crate) fn check(alarm: &MetricAlarm) -> Result<(), Error> {
    let found = match &alarm.source {
        Source::Metric(metric) => check_metric(metric),
        Source::Queries(queries) => math::check(alarm, queries),
    };
    found.map_err(Error::Unsupported)
}

/// As above, for one metric.
pub(crate) fn check_metric(metric: &Metric) -> Result<(), String> {
    series(metric).map(|_| ())
}

/// The data points of a window, each at the beginning of its period.
pub(crate) async fn points(
    alarm: &MetricAlarm,
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    match &alarm.source {
        Source::Metric(metric) => of_metric(metric, window, from, now).await,
        Source::Queries(queries) => math::points(alarm, queries, window, from, now).await,
    }
}

/// The data points of a metric whose periods are those of the window.
pub(crate) async fn of_metric(
    metric: &Metric,
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    of_stretches(metric, stretches(window), from, now).await
}

/// The data points of a metric with periods of its own, from the beginning of the window on.
pub(crate) async fn of_own_periods(
    metric: &Metric,
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    let (from_ms, end_ms) = (window.start().unix_ms(), window.end().unix_ms());
    let period_ms = u64::from(metric.period_seconds.max(1)) * 1_000;
    let stretch = Stretch {
        from_ms,
        period_ms,
        periods: end_ms.saturating_sub(from_ms) / period_ms,
    };
    of_stretches(metric, vec![stretch], from, now).await
}

async fn of_stretches(
    metric: &Metric,
    stretches: Vec<Stretch>,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    // What cannot be asked for has no data points: such alarms are refused, but an earlier version may have taken one.
    let Ok(series) = series(metric) else {
        return Ok(Vec::new());
    };
    let mut points = Vec::new();
    for stretch in stretches {
        stretch.ask(&series, from, now, &mut points).await?;
    }
    Ok(points)
}

fn series(metric: &Metric) -> Result<Series, String> {
    let dimensions = metric.dimensions.iter().map(|(name, value)| Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    let identity =
        corelog_metrics::Metric::new(&metric.namespace, &metric.name, dimensions.collect());
    let unit = metric.unit.as_deref().map(str::parse).transpose();
    let name = metric.statistic.as_str();
    let statistic = name.parse();
    Ok(Series {
        metric: identity.map_err(|error| error.to_string())?,
        unit: unit.map_err(|error: corelog_metrics::InvalidUnit| error.to_string())?,
        statistic: statistic.map_err(|_| {
            format!("The value {name} for parameter ExtendedStatistic is not supported.")
        })?,
    })
}

/// Periods of one length, one behind the other: a single question. Days of a wall clock have three lengths.
struct Stretch {
    from_ms: u64,
    period_ms: u64,
    periods: u64,
}

fn stretches(window: &Window) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut end_ms = window.end().unix_ms();
    for index in 0..window.len() {
        let from_ms = window.start_of(index).unix_ms();
        let period_ms = end_ms.saturating_sub(from_ms);
        end_ms = from_ms;
        match stretches.last_mut() {
            Some(last) if last.period_ms == period_ms => {
                last.from_ms = from_ms;
                last.periods += 1;
            }
            _ => stretches.push(Stretch {
                from_ms,
                period_ms,
                periods: 1,
            }),
        }
    }
    stretches
}

impl Stretch {
    async fn ask(
        &self,
        series: &Series,
        from: &dyn Points,
        now: Timestamp,
        into: &mut Vec<Point>,
    ) -> Result<(), corelog_metrics::Error> {
        let seconds = u32::try_from(self.period_ms / 1_000).unwrap_or(u32::MAX);
        let Ok(period) = Period::from_seconds(seconds) else {
            return Ok(());
        };
        let to_ms = self.from_ms + self.period_ms * self.periods;
        let asked = Asked {
            metric: series.metric.clone(),
            unit: series.unit,
            statistic: series.statistic,
            period,
            from: Timestamp::from_unix_ms(self.from_ms),
            to: Timestamp::from_unix_ms(to_ms),
        };
        let found = from.points(&asked, now).await?;
        into.extend(found.iter().filter_map(|point| self.placed(point)));
        Ok(())
    }

    /// The data point at the beginning of its period. The start of an old question is rounded down by some minutes, and
    /// its periods with it.
    fn placed(&self, point: &corelog_metrics::Point) -> Option<Point> {
        let half_ms = self.period_ms / 2;
        let into_ms = (point.time.unix_ms() + half_ms).saturating_sub(self.from_ms);
        let index = into_ms / self.period_ms;
        let value = point.values.first().copied().flatten()?;
        (index < self.periods).then(|| Point {
            at: Timestamp::from_unix_ms(self.from_ms + index * self.period_ms),
            value,
            samples: Some(point.sample_count),
            band: None,
        })
    }
}
