//! A series of an answer.

use corelog_math as math;
use corelog_metrics::{Question, UnitPoints};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{MessageData, MetricDataResult};

use super::super::dashboard;
use super::ask::{Asked, Query, Stat};
use crate::aws::{Context, Fault};

/// How complete a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Complete,
    /// There are more points, which the next page has.
    Partial,
    /// It is of another account.
    Forbidden,
}

/// Points with what is said about them.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) points: Vec<(Timestamp, f64)>,
    pub(super) status: Status,
    /// Code and text.
    pub(super) messages: Vec<(&'static str, String)>,
}

impl Series {
    /// Reads the points of a metric, the oldest first. One that nobody has put has none, and this is no error.
    pub(super) async fn read(
        query: &Query,
        stat: &Stat,
        asked: &Asked,
        cx: &Context<'_>,
    ) -> Result<Self, Fault> {
        Self::read_from(asked.from, query, stat, asked, cx).await
    }

    /// The same, from another time on.
    pub(super) async fn read_from(
        from: Timestamp,
        query: &Query,
        stat: &Stat,
        asked: &Asked,
        cx: &Context<'_>,
    ) -> Result<Self, Fault> {
        let mut series = Self {
            id: query.id.clone(),
            label: String::new(),
            points: Vec::new(),
            status: Status::Complete,
            messages: Vec::new(),
        };
        if !query.is_ours {
            series.status = Status::Forbidden;
            return Ok(series);
        }
        let question = Question {
            metric: &stat.metric,
            unit: stat.unit,
            from,
            to: asked.to,
            period: stat.period,
            statistics: &[stat.statistic],
        };
        let found = cx.metrics()?.points(&question, cx.now()).await?;
        series.take_one_unit(&found);
        Ok(series)
    }

    /// Values of several units are not mixed: the first unit counts, in the order of their names.
    ///
    /// Source: a recorded answer.
    fn take_one_unit(&mut self, found: &[UnitPoints]) {
        if found.len() > 1 {
            let units: Vec<&str> = found.iter().map(|one| one.unit.as_str()).collect();
            let text = format!("Multiple units returned: '[{}]'", units.join(", "));
            self.messages.push(("MultipleUnits", text));
        }
        self.points = Self::of_one_unit(found).collect();
    }

    /// The points of the first unit.
    pub(super) fn of_one_unit(found: &[UnitPoints]) -> impl Iterator<Item = (Timestamp, f64)> {
        let points = found.iter().take(1).flat_map(|one| &one.points);
        points.filter_map(|point| Some((point.time, (*point.values.first()?)?)))
    }

    /// Puts the points into the order of the answer.
    pub(super) fn turn(&mut self, newest_first: bool) {
        if newest_first {
            self.points.reverse();
        }
    }

    /// As metric math has it.
    pub(super) fn to_math(&self, stat: &math::MetricStat) -> math::Series {
        let points = self.points.iter();
        let points = points.map(|&(at, value)| math::Point { at, value });
        stat.series(points.collect())
    }

    /// Leaves out what a page before has had.
    pub(super) fn begin_at(&mut self, time: Timestamp, newest_first: bool) {
        let is_left = |at: Timestamp| if newest_first { at <= time } else { at >= time };
        self.points.retain(|(at, _)| is_left(*at));
    }

    /// Keeps so many points, and says which is the first that was left out.
    pub(super) fn cut(&mut self, most: usize) -> Option<Timestamp> {
        let (next, _) = *self.points.get(most)?;
        self.points.truncate(most);
        self.status = Status::Partial;
        Some(next)
    }

    pub(super) fn into_result(self) -> MetricDataResult {
        let status = match self.status {
            Status::Complete => "Complete",
            Status::Partial => "PartialData",
            Status::Forbidden => "Forbidden",
        };
        let messages: Vec<_> = self.messages.into_iter().map(message).collect();
        let (times, values) = self.points.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let times = times.into_iter().map(dashboard::seconds);
        MetricDataResult {
            id: Some(self.id),
            label: Some(self.label),
            timestamps: Some(times.collect()),
            values: Some(values),
            status_code: Some(status.to_owned()),
            messages: (!messages.is_empty()).then_some(messages),
        }
    }
}

/// What is said about an answer, or about a part of it.
pub(super) fn message((code, value): (&str, String)) -> MessageData {
    MessageData {
        code: Some(code.to_owned()),
        value: Some(value),
    }
}
