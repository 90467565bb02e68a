//! What a search finds: metrics with data of the last two weeks, and their series.

use std::sync::Arc;

use corelog_math::{self as math, Candidate, POINTS_MAX, Search};
use corelog_metrics::{Metric, MetricFilter, Period, Question, Statistic};
use corelog_types::Timestamp;

use super::ask::Asked;
use super::series::Series;
use crate::aws::{Context, Fault, Kind};

/// Series that searches of one call may find.
///
/// Source: the user guide, of one graph.
const SERIES_MAX: usize = 500;
/// Source: the user guide: "metrics that have had data points within the past two weeks".
const ACTIVE_MS: u64 = 14 * 24 * 3_600_000;
/// Metrics that are looked at in one step.
const STEP: usize = 1_000;

/// Finds and reads, within limits that hold for the whole call.
pub(super) struct Finder<'a, 'c> {
    asked: &'a Asked,
    cx: &'a Context<'c>,
    series_left: usize,
    points_left: usize,
    left_out: bool,
}

impl<'a, 'c> Finder<'a, 'c> {
    pub(super) fn new(asked: &'a Asked, cx: &'a Context<'c>) -> Result<Self, Fault> {
        cx.metrics()?;
        Ok(Self {
            asked,
            cx,
            series_left: SERIES_MAX,
            points_left: POINTS_MAX,
            left_out: false,
        })
    }

    /// Counts points that were read.
    pub(super) fn spend(&mut self, points: usize) -> Result<(), Fault> {
        self.points_left = self.points_left.checked_sub(points).ok_or_else(|| {
            Fault::new(
                Kind::Validation,
                format!(
                    "This needs more than {POINTS_MAX} data points; a shorter time, longer periods or fewer metrics \
                     need less."
                ),
            )
        })?;
        Ok(())
    }

    /// Source: Grafana's plugin, which tells its users so.
    pub(super) fn message(&self) -> Option<(&'static str, String)> {
        let text = "Maximum number of allowed metrics exceeded";
        self.left_out
            .then(|| ("MaxMetricsExceeded", text.to_owned()))
    }

    /// The series that a search means, in the order of namespace, name and dimensions.
    pub(super) async fn find(&mut self, search: &Search) -> Result<Vec<Arc<math::Series>>, Fault> {
        let name = search.statistic();
        let Ok(statistic) = name.parse::<Statistic>() else {
            let text = format!("The value {name} for SEARCH is not a valid statistic.");
            return Err(Fault::new(Kind::Validation, text));
        };
        // The plan has checked it.
        let Ok(period) = Period::from_seconds(search.period_seconds()) else {
            return Ok(Vec::new());
        };
        let filter = MetricFilter {
            namespace: search.namespace().map(str::to_owned),
            name: search.metric_name().map(str::to_owned),
            dimensions: Vec::new(),
        };
        let now = self.cx.now();
        let since = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(ACTIVE_MS));
        let mut found = Vec::new();
        let mut after: Option<Metric> = None;
        loop {
            let metrics = self.cx.metrics()?;
            let listed = metrics.list(&filter, since, after.as_ref(), STEP).await?;
            let is_last = listed.len() < STEP;
            after = listed.last().map(|listed| listed.metric.clone());
            for listed in listed {
                let Some(stat) = self.meant(search, &listed.metric) else {
                    continue;
                };
                if self.series_left == 0 {
                    self.left_out = true;
                    return Ok(found);
                }
                self.series_left -= 1;
                let points = self.read(&listed.metric, statistic, period).await?;
                self.spend(points.len())?;
                found.push(Arc::new(stat.series(points)));
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    fn meant(&self, search: &Search, metric: &Metric) -> Option<math::MetricStat> {
        let dimensions = metric.dimensions().iter();
        let dimensions: Vec<(&str, &str)> = dimensions
            .map(|one| (one.name.as_str(), one.value.as_str()))
            .collect();
        let candidate = Candidate {
            namespace: metric.namespace(),
            metric_name: metric.name(),
            dimensions: &dimensions,
            account: &self.cx.account().id,
        };
        search
            .matches(&candidate)
            .then(|| search.stat_of(&candidate))
    }

    async fn read(
        &self,
        metric: &Metric,
        statistic: Statistic,
        period: Period,
    ) -> Result<Vec<math::Point>, Fault> {
        let question = Question {
            metric,
            unit: None,
            from: self.asked.from,
            to: self.asked.to,
            period,
            statistics: &[statistic],
        };
        let found = self.cx.metrics()?.points(&question, self.cx.now()).await?;
        Ok(Series::of_one_unit(&found)
            .map(|(at, value)| math::Point { at, value })
            .collect())
    }
}
