//! What searches and queries of Metrics Insights find: metrics with data of the last two weeks, and their series.

use std::sync::Arc;

use corelog_math::{self as math, Candidate, POINTS_MAX, Part, Search, Select};
use corelog_metrics::{Listed, Metric, MetricFilter, Period, Question, Statistic, UnitPoints};
use corelog_types::Timestamp;

use super::ask::Asked;
use super::series::Series;
use crate::aws::{Context, Fault, Kind};

/// Series that searches of one call may find.
///
/// Source: the user guide, of one graph.
const SERIES_MAX: usize = 500;
/// Metrics that a query of Metrics Insights may be about.
///
/// Source: the user guide.
const SELECTED_MAX: usize = 10_000;
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
        let mut found = Vec::new();
        let mut listing = Listing::new(search.namespace(), search.metric_name());
        while let Some(metric) = listing.next(self.cx).await? {
            let stat = self.shown(&metric, |candidate| {
                search.matches(candidate).then(|| search.stat_of(candidate))
            });
            let Some(stat) = stat else { continue };
            if self.series_left == 0 {
                self.left_out = true;
                break;
            }
            self.series_left -= 1;
            let units = self.read(&metric, &[statistic], period).await?;
            let points = Series::of_one_unit(&units).map(|(at, value)| math::Point { at, value });
            let points: Vec<_> = points.collect();
            self.spend(points.len())?;
            found.push(Arc::new(stat.series(points)));
        }
        Ok(found)
    }

    /// The series of a query of Metrics Insights, in their order.
    pub(super) async fn select(
        &mut self,
        select: &Select,
    ) -> Result<Vec<Arc<math::Series>>, Fault> {
        let statistics = select.statistics().iter();
        // They are the simple ones.
        let statistics: Vec<Statistic> = statistics.filter_map(|name| name.parse().ok()).collect();
        let Ok(period) = Period::from_seconds(select.period_seconds()) else {
            return Ok(Vec::new());
        };
        let mut groups = select.groups();
        let mut listing = Listing::new(Some(select.namespace()), Some(select.metric_name()));
        let mut left = SELECTED_MAX;
        while let Some(metric) = listing.next(self.cx).await? {
            if !self.shown(&metric, |candidate| select.matches(candidate)) {
                continue;
            }
            if left == 0 {
                self.left_out = true;
                break;
            }
            left -= 1;
            let units = self.read(&metric, &statistics, period).await?;
            let points = units.iter().take(1).flat_map(|unit| &unit.points);
            let parts = points.filter_map(|point| {
                let mut values = point.values.iter().copied();
                Some(Part {
                    at: point.time,
                    first: values.next()??,
                    second: values.next().flatten().unwrap_or_default(),
                })
            });
            let parts: Vec<Part> = parts.collect();
            self.spend(parts.len())?;
            self.shown(&metric, |candidate| {
                groups.add(candidate, parts.into_iter());
            });
        }
        Ok(groups.into_series())
    }

    /// Shows a metric to a search.
    fn shown<T>(&self, metric: &Metric, to: impl FnOnce(&Candidate<'_>) -> T) -> T {
        let dimensions = metric.dimensions().iter();
        let dimensions: Vec<(&str, &str)> = dimensions
            .map(|one| (one.name.as_str(), one.value.as_str()))
            .collect();
        to(&Candidate {
            namespace: metric.namespace(),
            metric_name: metric.name(),
            dimensions: &dimensions,
            account: &self.cx.account().id,
        })
    }

    async fn read(
        &self,
        metric: &Metric,
        statistics: &[Statistic],
        period: Period,
    ) -> Result<Vec<UnitPoints>, Fault> {
        let question = Question {
            metric,
            unit: None,
            from: self.asked.from,
            to: self.asked.to,
            period,
            statistics,
        };
        Ok(self.cx.metrics()?.points(&question, self.cx.now()).await?)
    }
}

/// Metrics with data of the last two weeks, one after the other.
struct Listing {
    filter: MetricFilter,
    listed: std::vec::IntoIter<Listed>,
    after: Option<Metric>,
    is_last: bool,
}

impl Listing {
    fn new(namespace: Option<&str>, name: Option<&str>) -> Self {
        Self {
            filter: MetricFilter {
                namespace: namespace.map(str::to_owned),
                name: name.map(str::to_owned),
                dimensions: Vec::new(),
            },
            listed: Vec::new().into_iter(),
            after: None,
            is_last: false,
        }
    }

    async fn next(&mut self, cx: &Context<'_>) -> Result<Option<Metric>, Fault> {
        if self.listed.len() == 0 && !self.is_last {
            let now = cx.now().unix_ms();
            let since = Timestamp::from_unix_ms(now.saturating_sub(ACTIVE_MS));
            let after = self.after.as_ref();
            let listed = cx.metrics()?.list(&self.filter, since, after, STEP);
            let listed = listed.await?;
            self.is_last = listed.len() < STEP;
            self.after = listed.last().map(|listed| listed.metric.clone());
            self.listed = listed.into_iter();
        }
        Ok(self.listed.next().map(|listed| listed.metric))
    }
}
