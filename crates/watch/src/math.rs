//! Alarms on expressions: what metrics they need, and the series that they watch.
//!
//! The metrics are read over the window, and the expressions computed over it as a whole: over more periods than the
//! alarm asks for, as its evaluation looks at more. Source: the user guide, which for this reason advises against
//! functions such as `AVG` of one series in alarms.
//!
//! Decision: where a metric's period is shorter than the longest, each period of the alarm takes the first point in it.

use std::sync::Arc;

use corelog_alarms::{Band, Limit, Metric, MetricAlarm, Point, Query, Term, Window};
use corelog_math::{Data, MetricStat, Plan, Range};
use corelog_types::Timestamp;

use crate::{Points, source};

/// What is wrong with the queries of an alarm, if anything is.
pub(crate) fn check(alarm: &MetricAlarm, queries: &[Query]) -> Result<(), String> {
    let plan = plan(alarm, queries)?;
    if plan.has_bands() {
        return Err("Alarms on bands of anomaly detection are not evaluated yet.".to_owned());
    }
    let mut metrics = queries.iter().filter_map(Query::metric);
    metrics.try_for_each(source::check_metric)
}

/// The data points of the series that an alarm watches.
pub(crate) async fn points(
    alarm: &MetricAlarm,
    queries: &[Query],
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    // As for metrics: it was refused, but an earlier version may have taken it.
    let Ok(plan) = plan(alarm, queries) else {
        return Ok(Vec::new());
    };
    let metric_of = |id: &str| queries.iter().find(|query| query.id == id)?.metric();
    if let Some(metric) = watched_metric(alarm, queries) {
        return read(metric, alarm, window, from, now).await;
    }
    let mut data = Data::default();
    for (id, stat) in plan.metrics() {
        let Some(metric) = metric_of(id) else {
            continue;
        };
        let mut found = read(metric, alarm, window, from, now).await?;
        found.sort_by_key(|point| point.at);
        let found = found.into_iter().map(|point| corelog_math::Point {
            at: point.at,
            value: point.value,
        });
        let series = Arc::new(stat.series(found.collect()));
        data.metrics.insert(id.to_owned(), series);
    }
    let range = Range {
        from: window.start(),
        to: window.end(),
        rounding_seconds: 60,
    };
    // The points of ten metrics over a week are far from being too many.
    let watched = plan.watched(&data, range, band(alarm)).unwrap_or_default();
    let points = watched.points.into_iter().map(|point| Point {
        at: point.at,
        value: point.value,
        samples: None,
        band: point.band.map(|(lower, upper)| Band { lower, upper }),
    });
    Ok(points.collect())
}

/// The metric that is watched as it is: its samples are known.
fn watched_metric<'a>(alarm: &MetricAlarm, queries: &'a [Query]) -> Option<&'a Metric> {
    let mut returned = queries.iter().filter(|query| query.returns());
    let metric = returned.next()?.metric()?;
    (returned.next().is_none() && band(alarm).is_none()).then_some(metric)
}

async fn read(
    metric: &Metric,
    alarm: &MetricAlarm,
    window: &Window,
    from: &dyn Points,
    now: Timestamp,
) -> Result<Vec<Point>, corelog_metrics::Error> {
    if metric.period_seconds == alarm.period_seconds() {
        source::of_metric(metric, window, from, now).await
    } else {
        source::of_own_periods(metric, window, from, now).await
    }
}

fn band(alarm: &MetricAlarm) -> Option<&str> {
    match &alarm.limit {
        Limit::Band(id) => Some(id),
        Limit::Threshold(_) => None,
    }
}

fn plan(alarm: &MetricAlarm, queries: &[Query]) -> Result<Plan, String> {
    let queries = queries.iter().map(query).collect();
    Plan::of_alarm(queries, band(alarm)).map_err(|error| error.to_string())
}

fn query(query: &Query) -> corelog_math::Query {
    let term = match &query.term {
        Term::Metric(metric) => corelog_math::Term::Metric(stat(metric)),
        Term::Expression(text) => corelog_math::Term::Expression(text.clone()),
    };
    corelog_math::Query {
        id: query.id.clone(),
        term,
        label: query.label.clone(),
        period_seconds: query.period_seconds,
        returns: query.returns(),
    }
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
