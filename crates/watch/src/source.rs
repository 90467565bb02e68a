//! From what a metric alarm watches to the data points of its window.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_alarms::{Limit, Metric, MetricAlarm, Point, Query, Source, Term, Window, WindowKind};
use corelog_math::{Data, MetricStat, Plan, Range};
use corelog_metrics::{Dimension, InvalidUnit, Period};
use corelog_types::Timestamp;
use tokio::task::{JoinError, spawn_blocking};

use crate::bands::{Bands, Drawn, Key, Models};
use crate::{Asked, Error, Points};

/// Source: the user guide: anomaly detection is not for metrics of a high resolution.
const BAND_PERIOD_SECONDS_MIN: u32 = 60;

/// What an expression is computed of besides what is learnt: functions such as `RATE` look back.
const LEAD_PERIODS: u64 = 10;

/// Why there are no data points to evaluate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// They could not be read.
    #[error(transparent)]
    Metrics(#[from] corelog_metrics::Error),
    /// What is compared with a band could not be computed.
    #[error("a band cannot be computed")]
    Band(#[from] JoinError),
}

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
    check_bands(&plan).map_err(|text| refused(text.to_owned()))?;
    for (_, stat) in plan.metrics() {
        series(stat).map_err(refused)?;
    }
    Ok(())
}

/// Refuses the expression of a detector that could never be computed here.
pub(crate) fn check_expression(queries: &[Query]) -> Result<(), Error> {
    let refused = |text: String| Error::Unsupported(text);
    let plan = plan(queries, None).map_err(|error| refused(error.to_string()))?;
    if !plan.banded().is_empty() {
        let text = "A detector's expression cannot have ANOMALY_DETECTION_BAND.";
        return Err(refused(text.to_owned()));
    }
    for (_, stat) in plan.metrics() {
        series(stat).map_err(refused)?;
    }
    Ok(())
}

/// Decision: an alarm has one model at most: the number of alarms on bands bounds that of models.
fn check_bands(plan: &Plan) -> Result<(), &'static str> {
    let banded = plan.banded();
    if banded.len() > 1 {
        return Err("An alarm can have ANOMALY_DETECTION_BAND of one metric or expression only.");
    }
    for id in &banded {
        let Some(behind) = Behind::of(plan, id) else {
            return Err(
                "ANOMALY_DETECTION_BAND must be of a metric or of an expression of metrics.",
            );
        };
        let metrics = behind.metrics.iter();
        let mut periods = metrics.map(|(_, stat)| stat.period_seconds);
        let first = periods.next().unwrap_or_default();
        if first < BAND_PERIOD_SECONDS_MIN {
            return Err(
                "ANOMALY_DETECTION_BAND is not supported for periods shorter than 60 seconds.",
            );
        }
        // Source: the user guide: detectors on metric math have no mixed periods.
        if periods.any(|period| period != first) {
            return Err("ANOMALY_DETECTION_BAND of an expression needs metrics of one period.");
        }
    }
    Ok(())
}

/// What a model of this id is made of.
struct Behind {
    /// The expression alone; none, if it is a metric.
    expression: Option<Plan>,
    /// Itself, or the metrics of its expression.
    metrics: Vec<(String, MetricStat)>,
}

impl Behind {
    fn of(plan: &Plan, id: &str) -> Option<Self> {
        if let Some((_, stat)) = plan.metrics().find(|(metric, _)| *metric == id) {
            return Some(Self {
                expression: None,
                metrics: vec![(String::new(), stat.clone())],
            });
        }
        let alone = plan.alone(id)?;
        let metrics = alone.metrics();
        let metrics = metrics.map(|(id, stat)| (id.to_owned(), stat.clone()));
        Some(Self {
            metrics: metrics.collect(),
            expression: Some(alone),
        })
    }

    /// The expressions, the model's own last.
    fn expressions(&self, id: &str) -> Vec<(String, String)> {
        let Some(alone) = &self.expression else {
            return Vec::new();
        };
        let queries = alone.queries().iter().enumerate();
        let needed = queries.filter(|(index, _)| alone.needs(*index));
        let mut found: Vec<(String, String)> = needed
            .filter_map(|(_, query)| match &query.term {
                corelog_math::Term::Metric(_) => None,
                corelog_math::Term::Expression(text) => Some((query.id.clone(), text.clone())),
            })
            .collect();
        found.sort_by_key(|(other, _)| other == id);
        found
    }
}

/// Whether an alarm may need a model of anomaly detection.
pub(crate) fn is_banded(alarm: &MetricAlarm) -> bool {
    let Source::Queries(queries) = &alarm.source else {
        return false;
    };
    queries.iter().any(|query| match &query.term {
        Term::Metric(_) => false,
        Term::Expression(text) => text.to_ascii_uppercase().contains("ANOMALY_DETECTION_BAND"),
    })
}

/// The data points of a window, each at the beginning of its period.
pub(crate) async fn points(
    alarm: &MetricAlarm,
    window: &Window,
    models: &Models,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, Unread> {
    let queries = match &alarm.source {
        Source::Metric(metric) => {
            return Ok(read(&stat(metric), &stretches(window), from, now).await?);
        }
        Source::Queries(queries) => queries,
    };
    // What means nothing has no data points: such alarms are refused, but another version may have taken one.
    let Ok(plan) = plan(queries, band(alarm)) else {
        return Ok(Vec::new());
    };
    let banded = plan.banded();
    let mut bands = Bands::default();
    let mut metrics = BTreeMap::new();
    for (id, stat) in plan.metrics() {
        let stretches = if stat.period_seconds == alarm.period_seconds() {
            stretches(window)
        } else {
            vec![Stretch::of(window, stat.period_seconds)]
        };
        metrics.insert(
            id.to_owned(),
            read_series(stat, &stretches, from, now).await?,
        );
    }
    for id in &banded {
        let Some(behind) = Behind::of(&plan, id) else {
            continue;
        };
        let key = key(&behind, id, alarm, window);
        let period_seconds = u32::try_from(key.period_ms() / 1_000).unwrap_or(u32::MAX);
        let stretches = if period_seconds == alarm.period_seconds() {
            stretches(window)
        } else {
            vec![Stretch::of(window, period_seconds)]
        };
        let times = stretches.iter().rev().flat_map(Stretch::times).collect();
        let drawn = drawn(key, behind.expression, times, models, from, now).await?;
        bands.0.insert(id.clone(), drawn);
    }
    let data = Data {
        metrics,
        ..Data::default()
    };
    let band = band(alarm);
    if banded.is_empty() {
        return Ok(watched(&plan, &data, window, band));
    }
    // A band over a long window is some milliseconds of work.
    let (window, band) = (window.clone(), band.map(str::to_owned));
    let computed = spawn_blocking(move || {
        let data = Data {
            bands: Some(&bands),
            ..data
        };
        watched(&plan, &data, &window, band.as_deref())
    });
    Ok(computed.await?)
}

fn key(behind: &Behind, id: &str, alarm: &MetricAlarm, window: &Window) -> Key {
    let mut key = Key {
        metrics: behind.metrics.clone(),
        expressions: behind.expressions(id),
        phase_ms: 0,
        window_ms: 0,
    };
    let period_ms = key.period_ms();
    if let Some(WindowKind::WallClock { .. }) = alarm.window {
        key.phase_ms = window.end().unix_ms() % period_ms;
    }
    let periods = u64::try_from(window.len()).unwrap_or(u64::MAX);
    key.window_ms = periods.saturating_mul(period_ms);
    key
}

/// Brings the model up to the first of the times.
async fn drawn(
    key: Key,
    expression: Option<Plan>,
    times: Vec<Timestamp>,
    models: &Models,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Drawn, Unread> {
    let start = times.first().copied().unwrap_or(now);
    let (mut learnt, end_ms) = models.before(&key, start);
    let next_ms = learnt.next_ms();
    if next_ms < end_ms {
        let period_ms = key.period_ms();
        let new = Stretch {
            from_ms: next_ms,
            period_ms,
            periods: (end_ms - next_ms) / period_ms,
        };
        // Two weeks are a tenth of a second of work.
        let learning = match expression {
            None => {
                let points = match key.metrics.first() {
                    Some((_, metric)) => read(metric, &[new], from, now).await?,
                    None => Vec::new(),
                };
                spawn_blocking(move || learnt.after(&points, end_ms))
            }
            Some(plan) => {
                let led = new.led_by(LEAD_PERIODS);
                let mut metrics = BTreeMap::new();
                for (id, stat) in &key.metrics {
                    let series = read_series(stat, &[led], from, now).await?;
                    metrics.insert(id.clone(), series);
                }
                spawn_blocking(move || {
                    let points = computed(&plan, metrics, led, next_ms);
                    learnt.after(&points, end_ms)
                })
            }
        };
        learnt = Arc::new(learning.await?);
    }
    models.hold(key, Arc::clone(&learnt), now);
    Ok(Drawn { learnt, times })
}

/// What an expression was worth, from a time on.
fn computed(
    plan: &Plan,
    metrics: BTreeMap<String, Arc<corelog_math::Series>>,
    stretch: Stretch,
    from_ms: u64,
) -> Vec<Point> {
    let data = Data {
        metrics,
        ..Data::default()
    };
    let range = Range {
        from: Timestamp::from_unix_ms(stretch.from_ms),
        to: Timestamp::from_unix_ms(stretch.end_ms()),
        rounding_seconds: 1,
    };
    let answers = match plan.evaluate(&data, range) {
        Ok(answers) => answers,
        Err(error) => {
            tracing::warn!(%error, "the expression of a band cannot be computed");
            return Vec::new();
        }
    };
    let series = answers.first().and_then(|answer| answer.series.first());
    let points = series.into_iter().flat_map(|series| &series.points);
    let points = points.filter(|point| point.at.unix_ms() >= from_ms);
    points
        .map(|point| Point {
            at: point.at,
            value: point.value,
            samples: None,
            band: None,
        })
        .collect()
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

async fn read_series(
    stat: &MetricStat,
    stretches: &[Stretch],
    from: &dyn Points,
    now: Timestamp,
) -> Result<Arc<corelog_math::Series>, corelog_metrics::Error> {
    let mut points = read(stat, stretches, from, now).await?;
    points.sort_by_key(|point| point.at);
    let points = points.into_iter().map(|point| corelog_math::Point {
        at: point.at,
        value: point.value,
    });
    Ok(Arc::new(stat.series(points.collect())))
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
#[derive(Clone, Copy)]
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

    /// With so many periods before it.
    fn led_by(self, periods: u64) -> Self {
        let room = self.from_ms / self.period_ms;
        let more = periods.min(room);
        Self {
            from_ms: self.from_ms - more * self.period_ms,
            period_ms: self.period_ms,
            periods: self.periods + more,
        }
    }

    fn end_ms(self) -> u64 {
        self.from_ms + self.period_ms * self.periods
    }

    /// Where its periods begin, in their order.
    fn times(&self) -> impl Iterator<Item = Timestamp> {
        let (from_ms, period_ms) = (self.from_ms, self.period_ms);
        (0..self.periods).map(move |index| Timestamp::from_unix_ms(from_ms + index * period_ms))
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
        let to_ms = self.end_ms();
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
