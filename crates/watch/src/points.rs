//! Where data points come from: a port, and its adapter over the metrics.

use std::fmt;

use async_trait::async_trait;
use corelog_metrics::{Error, Metric, Period, Point, Question, SqliteMetrics, Statistic, Unit};
use corelog_types::Timestamp;

/// A question about one metric: a data point for each period between two times.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Exactly this metric.
    pub metric: Metric,
    /// Values of this unit alone, if one is named.
    pub unit: Option<Unit>,
    /// What is made of the values of a period.
    pub statistic: Statistic,
    /// The length of a period.
    pub period: Period,
    /// Where the first one begins.
    pub from: Timestamp,
    /// Where the last one ends.
    pub to: Timestamp,
}

/// Whoever has data points.
#[async_trait]
pub trait Points: Send + Sync + fmt::Debug {
    /// The data points of a metric, in the order of time, as of `now`. Periods without values have none.
    async fn points(&self, asked: &Asked, now: Timestamp) -> Result<Vec<Point>, Error>;
}

#[async_trait]
impl Points for SqliteMetrics {
    /// Decision: where values of several units are there and none is named, those of the first unit by name count, as
    /// `GetMetricData` has it. The service calls this undefined.
    async fn points(&self, asked: &Asked, now: Timestamp) -> Result<Vec<Point>, Error> {
        let question = Question {
            metric: &asked.metric,
            unit: asked.unit,
            from: asked.from,
            to: asked.to,
            period: asked.period,
            statistics: &[asked.statistic],
        };
        let units = SqliteMetrics::points(self, &question, now).await?;
        let first = units.into_iter().next();
        Ok(first.map(|unit| unit.points).unwrap_or_default())
    }
}
