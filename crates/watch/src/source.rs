//! From what a metric alarm watches to the data points of its window.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_alarms::{Limit, Metric, MetricAlarm, Point, Query, Source, Term, Window};
use corelog_math::{Data, MetricStat, Plan, Range};
use corelog_metrics::{Dimension, InvalidUnit, Period};
use corelog_types::Timestamp;

use crate::{Asked, Error, Points};

/// A metric that can be asked for.
struct Series {
    metric: corelog_metrics::Metric,
    unit: Option<corelog_metrics::Unit>,
    statistic: corelog_metrics::Statistic,
}

/// Refuses an alarm whose data points could never be computed here: better than one that never fires.
pub(crate) fn check(alarm: &MetricAlarm) -> Result<(), Error> {
    let refused = |text: String| Error::Unsupported(text);
    let queries = match &alarm.source {
        Source::Metric(metric) => return series(&stat(metric)).map(|_| ()).map_err(refused),
        Source::Queries(queries) => queries,
    };
    let plan = plan(queries, band(alarm)).map_err(|error| refused(error.to_string()))?;
    if plan.has_bands() {
        let text = "Corelog has no models of anomaly detection: ANOMALY_DETECTION_BAND is not supported in alarms.";
        return Err(refused(text.to_owned()));
    }
    for (_, stat) in plan.metrics() {
        series(stat).map_err(refused)?;
    }
    Ok(())
}

/// The data points of a window, each at the beginning of its period.
pub(crate) async fn points(
    alarm: &MetricAlarm,
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    let queries = match &alarm.source {
        Source::Metric(metric) => {
            return read(&stat(metric), &stretches(window), from, now).await;
        }
        Source::Queries(queries) => queries,
    };
    // What means nothing has no data points: such alarms are refused, but another version may have taken one.
    let Ok(plan) = plan(queries, band(alarm)) else {
        return Ok(Vec::new());
    };
    let mut metrics = BTreeMap::new();
    for (id, stat) in plan.metrics() {
        let stretches = if stat.period_seconds == alarm.period_seconds() {
            stretches(window)
        } else {
            vec![Stretch::of(window, stat.period_seconds)]
        };
        let mut points = read(stat, &stretches, from, now).await?;
        points.sort_by_key(|point| point.at);
        let points = points.into_iter().map(|point| corelog_math::Point {
            at: point.at,
            value: point.value,
        });
        metrics.insert(id.to_owned(), Arc::new(stat.series(points.collect())));
    }
    let data = Data {
        metrics,
        ..Data::default()
    };
    Ok(watched(&plan, &data, window, band(alarm)))
}

fn watched(plan: &Plan, data: &Data<'_>, window: &Window, band: Option<&str>) -> Vec<Point> {
    let range = Range {
        from: window.start(),
        to: window.end(),
        rounding_seconds: 1,
    };
    let watched = match plan.watched(data, range, band) {
        Ok(watched) => watched,
        Err(error) => {
            tracing::warn!(%error, "the expression of an alarm cannot be computed");
            return Vec::new();
        }
    };
    let points = watched.points.into_iter();
    let shown = points.map(|point| Point {
        at: point.at,
        value: point.value,
        samples: None,
        band: point
            .band
            .map(|(lower, upper)| corelog_alarms::Band { lower, upper }),
    });
    shown.collect()
}

fn band(alarm: &MetricAlarm) -> Option<&str> {
    match &alarm.limit {
        Limit::Threshold(_) => None,
        Limit::Band(id) => Some(id),
    }
}

fn plan(queries: &[Query], band: Option<&str>) -> Result<Plan, corelog_math::Error> {
    let queries = queries.iter().map(|query| corelog_math::Query {
        id: query.id.clone(),
        term: match &query.term {
            Term::Metric(metric) => corelog_math::Term::Metric(stat(metric)),
            Term::Expression(text) => corelog_math::Term::Expression(text.clone()),
        },
        label: query.label.clone(),
        period_seconds: query.period_seconds,
        returns: query.returns(),
    });
    Plan::of_alarm(queries.collect(), band)
}

fn stat(metric: &Metric) -> MetricStat {
    MetricStat {
        namespace: metric.namespace.clone(),
        metric_name: metric.name.clone(),
        dimensions: metric.dimensions.clone(),
        statistic: metric.statistic.as_str().to_owned(),
        period_seconds: metric.period_seconds,
        unit: metric.unit.clone(),
    }
}

fn series(stat: &MetricStat) -> Result<Series, String> {
    let dimensions = stat.dimensions.iter().map(|(name, value)| Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    let metric =
        corelog_metrics::Metric::new(&stat.namespace, &stat.metric_name, dimensions.collect());
    let unit = stat.unit.as_deref().map(str::parse).transpose();
    let name = &stat.statistic;
    let statistic = name.parse();
    Ok(Series {
        metric: metric.map_err(|error| error.to_string())?,
        unit: unit.map_err(|error: InvalidUnit| error.to_string())?,
        statistic: statistic.map_err(|_| format!("The statistic {name} is not supported."))?,
    })
}

async fn read(
    stat: &MetricStat,
    stretches: &[Stretch],
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    let mut points = Vec::new();
    if let Ok(series) = series(stat) {
        for stretch in stretches {
            stretch.ask(&series, from, now, &mut points).await?;
        }
    }
    Ok(points)
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
    /// A window in periods of another length than its own.
    fn of(window: &Window, period_seconds: u32) -> Self {
        let period_ms = u64::from(period_seconds.max(1)) * 1_000;
        let from_ms = window.start().unix_ms();
        let length_ms = window.end().unix_ms().saturating_sub(from_ms);
        Self {
            from_ms,
            period_ms,
            periods: length_ms / period_ms,
        }
    }

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
