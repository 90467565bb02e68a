//! `GetMetricStatistics`.

use std::collections::BTreeMap;

use corelog_metrics::{Point, Question, Statistic, Unit};
use corelog_wire::cloudwatch::shapes::{
    Datapoint, GetMetricStatisticsInput, GetMetricStatisticsOutput,
};

use super::{dashboard, metric};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>
const POINTS_MAX: u64 = 1_440;

pub(crate) struct GetMetricStatistics;

impl Operation for GetMetricStatistics {
    const NAME: &'static str = "GetMetricStatistics";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetMetricStatisticsInput;
    type Output = GetMetricStatisticsOutput;

    fn on(_input: &GetMetricStatisticsInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(metric::ANY.to_owned())
    }

    async fn run(
        input: GetMetricStatisticsInput,
        cx: &Context<'_>,
    ) -> Result<GetMetricStatisticsOutput, Fault> {
        let metrics = cx.metrics()?;
        let asked = Asked::of(&input)?;
        let dimensions = metric::dimensions(input.dimensions);
        let of = metric::asked(&input.namespace, &input.metric_name, dimensions)?;
        let period = metric::period(input.period).ok_or_else(|| {
            // Decision: the service's words since periods of 20 seconds are not known.
            let text = "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.";
            Fault::invalid_parameter_value(text)
        })?;
        let (from, to) = (metric::time(input.start_time), metric::time(input.end_time));
        check_range(from.unix_ms(), to.unix_ms(), period.seconds())?;
        let statistics: Vec<Statistic> = asked.0.iter().map(|(_, one)| *one).collect();
        let question = Question {
            metric: &of,
            unit: metric::unit(input.unit.as_deref())?,
            from,
            to,
            period,
            statistics: &statistics,
        };
        let found = metrics.points(&question, cx.now()).await?;
        let units = found.iter();
        let points = units.flat_map(|one| one.points.iter().map(move |point| (one.unit, point)));
        Ok(GetMetricStatisticsOutput {
            label: Some(input.metric_name),
            datapoints: Some(
                points
                    .filter_map(|(unit, point)| asked.shown(unit, point))
                    .collect(),
            ),
        })
    }
}

/// Source: recorded answers.
fn check_range(from_ms: u64, to_ms: u64, period: i64) -> Result<(), Fault> {
    if from_ms >= to_ms {
        let text = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(Fault::invalid_parameter_value(text));
    }
    let period_ms = u64::try_from(period).unwrap_or(1).saturating_mul(1_000);
    let asked = (to_ms - from_ms).div_ceil(period_ms.max(1));
    if asked > POINTS_MAX {
        let text = format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of {POINTS_MAX}. You may reduce the \
             datapoints requested by increasing Period, or decreasing the time range."
        );
        return Err(Fault::new(Kind::InvalidParameterCombination, text));
    }
    Ok(())
}

/// The statistics that are asked for, with their names.
struct Asked(Vec<(String, Statistic)>);

impl Asked {
    /// Either the simple ones, which the model has checked, or extended ones.
    fn of(input: &GetMetricStatisticsInput) -> Result<Self, Fault> {
        let simple = input.statistics.as_deref().unwrap_or_default();
        let extended = input.extended_statistics.as_deref().unwrap_or_default();
        let combination = |text| Err(Fault::new(Kind::InvalidParameterCombination, text));
        if simple.is_empty() && extended.is_empty() {
            return combination("Must specify either Statistics or ExtendedStatistics");
        }
        if !simple.is_empty() && !extended.is_empty() {
            return combination(
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.",
            );
        }
        let mut asked: Vec<(String, Statistic)> = Vec::new();
        for name in simple.iter().chain(extended) {
            let statistic = name.parse::<Statistic>().ok();
            let fits = |one: &Statistic| one.is_simple() == extended.is_empty();
            let statistic = statistic.filter(fits).ok_or_else(|| {
                Fault::invalid_parameter_value(format!(
                    "The value {name} for parameter ExtendedStatistics is not supported."
                ))
            })?;
            if !asked.iter().any(|(known, _)| known == name) {
                asked.push((name.clone(), statistic));
            }
        }
        Ok(Self(asked))
    }

    /// A point, unless it says nothing of what is asked: values whose distribution is not known have no percentiles.
    fn shown(&self, unit: Unit, point: &Point) -> Option<Datapoint> {
        let mut shown = Datapoint {
            timestamp: Some(dashboard::seconds(point.time)),
            unit: Some(unit.as_str().to_owned()),
            ..Datapoint::default()
        };
        let mut extended = BTreeMap::new();
        let values = self.0.iter().zip(&point.values);
        for ((name, statistic), value) in values {
            let Some(value) = *value else { continue };
            match statistic {
                Statistic::SampleCount => shown.sample_count = Some(value),
                Statistic::Average => shown.average = Some(value),
                Statistic::Sum => shown.sum = Some(value),
                Statistic::Minimum => shown.minimum = Some(value),
                Statistic::Maximum => shown.maximum = Some(value),
                _ => {
                    extended.insert(name.clone(), value);
                }
            }
        }
        shown.extended_statistics = (!extended.is_empty()).then_some(extended);
        point.values.iter().any(Option::is_some).then_some(shown)
    }
}
