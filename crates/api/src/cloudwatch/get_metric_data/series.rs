//! A series of an answer.

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

/// Points in the order of the answer, with what is said about them.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) points: Vec<(Timestamp, f64)>,
    pub(super) status: Status,
    /// Code and text.
    pub(super) messages: Vec<(&'static str, String)>,
}

impl Series {
    /// Reads the points of a metric. One that nobody has put has none, and this is no error.
    pub(super) async fn read(
        query: &Query,
        stat: &Stat,
        asked: &Asked,
        cx: &Context<'_>,
    ) -> Result<Self, Fault> {
        let mut series = Self {
            id: query.id.clone(),
            label: query.label.clone(),
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
            from: asked.from,
            to: asked.to,
            period: stat.period,
            statistics: &[stat.statistic],
        };
        let found = cx.metrics()?.points(&question, cx.now()).await?;
        series.take_one_unit(&found);
        if asked.newest_first {
            series.points.reverse();
        }
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
        let points = found.iter().take(1).flat_map(|one| &one.points);
        let valued = points.filter_map(|point| Some((point.time, (*point.values.first()?)?)));
        self.points = valued.collect();
    }

    /// Leaves out what a page before has had.
    pub(super) fn begin_at(&mut self, time: Timestamp, newest_first: bool) {
        self.points.retain(|(at, _)| match newest_first {
            true => *at <= time,
            false => *at >= time,
        });
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
        let message = |(code, value): (&str, String)| MessageData {
            code: Some(code.to_owned()),
            value: Some(value),
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
