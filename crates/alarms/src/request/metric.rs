//! `PutMetricAlarm`: one metric or a list of queries, a threshold or a band, periods, and what the options allow.
//!
//! Source: `PutMetricAlarm`; the messages are those of recorded answers where there are any.

use super::{MetricAlarmRequest, QueryRequest, WarmUpRequest, WindowRequest};
use super::{actions_of, check_name, is_autoscaling};
use crate::definition::{
    Comparison, Definition, Kind, Limit, LowSamples, Metric, MetricAlarm, MissingData, Query,
    Source, Term, WarmUp, WindowKind,
};
use crate::error::{Error, ErrorKind};
use crate::statistic::Statistic;
use crate::zone::Zone;

const QUERIES_MAX: usize = 20;
const METRICS_MAX: usize = 10;
const DIMENSIONS_MAX: usize = 30;
const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;
const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;
/// The periods of wall clocks.
const CLOCK_PERIODS: [u32; 5] = [60, 300, 3_600, 86_400, 604_800];

pub(super) fn check(request: &MetricAlarmRequest) -> Result<Definition, Error> {
    check_name(&request.alarm_name)?;
    let comparison = comparison(request)?;
    let limit = limit(request, comparison)?;
    let evaluation_periods = evaluation_periods(request)?;
    let datapoints_to_alarm = datapoints_to_alarm(request, evaluation_periods)?;
    let treat_missing_data = treat_missing_data(request)?;
    let low_samples = low_samples(request)?;
    let source = if request.metrics.is_empty() {
        Source::Metric(metric(request, evaluation_periods)?)
    } else {
        Source::Queries(queries(request, evaluation_periods)?)
    };
    check_low_samples(low_samples, &source)?;
    let actions = actions_of(
        &request.ok_actions,
        &request.alarm_actions,
        &request.insufficient_data_actions,
    )?;
    if matches!(limit, Limit::Band(_)) && is_autoscaling(&actions) {
        return Err(Error::validation(
            "Auto Scaling actions are not supported for alarms based on anomaly detection models.",
        ));
    }
    let mut alarm = MetricAlarm {
        source,
        evaluation_periods,
        datapoints_to_alarm,
        limit,
        comparison,
        treat_missing_data,
        low_samples,
        window: None,
        warm_up: request.warm_up.as_ref().map(warm_up).transpose()?,
    };
    alarm.window = window(request, alarm.period_seconds())?;
    Ok(Definition {
        name: request.alarm_name.clone(),
        description: request.alarm_description.clone(),
        actions_enabled: request.actions_enabled.unwrap_or(true),
        actions,
        kind: Kind::Metric(Box::new(alarm)),
    })
}

fn comparison(request: &MetricAlarmRequest) -> Result<Comparison, Error> {
    let Some(name) = &request.comparison_operator else {
        return Err(Error::validation(
            "PutMetricAlarm request should have a valid ComparisonOperator parameter",
        ));
    };
    Comparison::parse(name).ok_or_else(|| {
        let names = Comparison::ALL.map(Comparison::as_str);
        Error::not_one_of(name, "comparisonOperator", &names)
    })
}

/// A band for the comparisons with one, and a threshold for all others.
fn limit(request: &MetricAlarmRequest, comparison: Comparison) -> Result<Limit, Error> {
    let Some(id) = &request.threshold_metric_id else {
        if comparison.is_of_band() {
            return Err(Error::validation(format!(
                "ThresholdMetricId must be set for ComparisonOperator {}",
                comparison.as_str()
            )));
        }
        let threshold = request.threshold.filter(|threshold| threshold.is_finite());
        return threshold.map(Limit::Threshold).ok_or_else(|| {
            Error::validation("PutMetricAlarm request should have valid Threshold parameter")
        });
    };
    if !comparison.is_of_band() {
        return Err(Error::validation(format!(
            "ComparisonOperator {} is not supported with ThresholdMetricId",
            comparison.as_str()
        )));
    }
    if request.threshold.is_some() {
        return Err(Error::validation(
            "Threshold must not be set if ThresholdMetricId is set",
        ));
    }
    Ok(Limit::Band(id.clone()))
}

fn evaluation_periods(request: &MetricAlarmRequest) -> Result<u32, Error> {
    let Some(periods) = request.evaluation_periods else {
        return Err(Error::validation(
            "PutMetricAlarm request should have an EvaluationPeriods parameter",
        ));
    };
    positive(periods, "evaluationPeriods")
}

fn datapoints_to_alarm(request: &MetricAlarmRequest, periods: u32) -> Result<Option<u32>, Error> {
    let Some(datapoints) = request.datapoints_to_alarm else {
        return Ok(None);
    };
    let datapoints = positive(datapoints, "datapointsToAlarm")?;
    if datapoints > periods {
        return Err(Error::validation(
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ));
    }
    Ok(Some(datapoints))
}

fn positive(value: i64, member: &str) -> Result<u32, Error> {
    let number = u32::try_from(value).ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        Error::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
             value greater than or equal to 1"
        ))
    })
}

fn treat_missing_data(request: &MetricAlarmRequest) -> Result<Option<MissingData>, Error> {
    let name = request.treat_missing_data.as_deref();
    name.map(missing).transpose()
}

pub(super) fn missing(name: &str) -> Result<MissingData, Error> {
    MissingData::parse(name).ok_or_else(|| {
        let names = MissingData::ALL.map(MissingData::as_str).join(", ");
        Error::validation(format!(
            "The value {name} is not supported for TreatMissingData parameter. Supported values are [{names}]."
        ))
    })
}

fn low_samples(request: &MetricAlarmRequest) -> Result<Option<LowSamples>, Error> {
    let Some(name) = &request.evaluate_low_sample_count_percentile else {
        return Ok(None);
    };
    let option = LowSamples::parse(name).ok_or_else(|| {
        Error::validation(format!(
            "Option {name} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are \
             evaluate and ignore."
        ))
    })?;
    Ok(Some(option))
}

fn check_low_samples(option: Option<LowSamples>, source: &Source) -> Result<(), Error> {
    if let (Some(_), Source::Metric(metric)) = (option, source)
        && metric.statistic.percentile().is_none()
    {
        return Err(Error::validation(format!(
            "Option evaluateLowSampleCountPercentile can not be applied with statistic {}. This option is enabled only \
             for percentile statistics.",
            metric.statistic.as_str()
        )));
    }
    Ok(())
}

/// The one metric that an alarm without a list of queries names.
fn metric(request: &MetricAlarmRequest, periods: u32) -> Result<Metric, Error> {
    let lacks = |parameter: &str| {
        Error::validation(format!(
            "PutMetricAlarm request should have a {parameter} parameter"
        ))
    };
    let statistic = match (&request.statistic, &request.extended_statistic) {
        (Some(_), Some(_)) => {
            return Err(Error::validation(
                "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. Only one \
                 of them should be present",
            ));
        }
        (Some(name), None) => Statistic::parse(name)
            .filter(Statistic::is_basic)
            .ok_or_else(|| {
                let names = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
                Error::not_one_of(name, "statistic", &names)
            })?,
        (None, Some(name)) => extended(name, "ExtendedStatistic")?,
        (None, None) => return Err(lacks("Statistic")),
    };
    let Some(period) = request.period else {
        return Err(lacks("Period"));
    };
    let name = request.metric_name.as_deref();
    let namespace = request.namespace.as_deref();
    Ok(Metric {
        namespace: namespace.ok_or_else(|| lacks("Namespace"))?.to_owned(),
        name: name.ok_or_else(|| lacks("MetricName"))?.to_owned(),
        dimensions: dimensions(&request.dimensions)?,
        statistic,
        period_seconds: period_seconds(period, periods)?,
        unit: request.unit.clone(),
    })
}

fn extended(name: &str, parameter: &str) -> Result<Statistic, Error> {
    let statistic = Statistic::parse(name);
    let is_allowed = |found: &Statistic| parameter == "Stat" || !found.is_basic();
    statistic.filter(is_allowed).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidParameterValue,
            format!("The value {name} for parameter {parameter} is not supported."),
        )
    })
}

fn dimensions(given: &[(String, String)]) -> Result<Vec<(String, String)>, Error> {
    if given.len() > DIMENSIONS_MAX {
        return Err(Error::validation(format!(
            "The collection Dimensions must not have a size greater than {DIMENSIONS_MAX}."
        )));
    }
    for (index, (name, _)) in given.iter().enumerate() {
        if given[..index].iter().any(|(other, _)| other == name) {
            return Err(Error::validation(format!(
                "Dimensions must not have the name {name} twice."
            )));
        }
    }
    Ok(given.to_vec())
}

/// A period that alarms have, and that is not too long with its number.
fn period_seconds(period: i64, periods: u32) -> Result<u32, Error> {
    let is_allowed = matches!(period, 10 | 20 | 30) || (period >= 60 && period % 60 == 0);
    if !is_allowed {
        return Err(Error::validation(
            "Period must be 10, 20, 30 or a multiple of 60",
        ));
    }
    let total = period.saturating_mul(i64::from(periods));
    if period < HOUR_SECONDS && total > DAY_SECONDS {
        return Err(Error::validation(format!(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {DAY_SECONDS}) for \
             alarms using period < {HOUR_SECONDS}"
        )));
    }
    if total > WEEK_SECONDS {
        return Err(Error::validation(format!(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= {WEEK_SECONDS}) \
             for alarms using period >= {HOUR_SECONDS}"
        )));
    }
    u32::try_from(period)
        .map_err(|_| Error::validation("Period must be 10, 20, 30 or a multiple of 60"))
}

/// The list of queries, of which one is watched.
fn queries(request: &MetricAlarmRequest, periods: u32) -> Result<Vec<Query>, Error> {
    let names_a_metric = request.metric_name.is_some()
        || request.namespace.is_some()
        || request.statistic.is_some()
        || request.extended_statistic.is_some()
        || !request.dimensions.is_empty()
        || request.period.is_some()
        || request.unit.is_some();
    if names_a_metric {
        return Err(Error::validation(
            "Scalar metric parameters must not be set if list of Metrics is set.",
        ));
    }
    if request.metrics.len() > QUERIES_MAX {
        return Err(Error::validation(format!(
            "The collection Metrics must not have a size greater than {QUERIES_MAX}."
        )));
    }
    let mut made: Vec<Query> = Vec::with_capacity(request.metrics.len());
    for (index, query) in request.metrics.iter().enumerate() {
        let query = self::query(query, index + 1, periods)?;
        if made.iter().any(|other| other.id == query.id) {
            return Err(Error::validation(
                "The values for parameter id in MetricDataQueries are not unique.",
            ));
        }
        made.push(query);
    }
    if made.iter().filter(|query| query.metric().is_some()).count() > METRICS_MAX {
        return Err(Error::validation(format!(
            "An alarm may have at most {METRICS_MAX} metrics in its list of Metrics."
        )));
    }
    check_returned(request, &made)?;
    Ok(made)
}

/// The queries of a detector of anomalies: as those of an alarm.
pub(super) fn queries_of_detector(requests: &[QueryRequest]) -> Result<Vec<Query>, Error> {
    let request = MetricAlarmRequest {
        metrics: requests.to_vec(),
        ..MetricAlarmRequest::default()
    };
    queries(&request, 1)
}

fn check_returned(request: &MetricAlarmRequest, queries: &[Query]) -> Result<(), Error> {
    let returned = || queries.iter().filter(|query| query.returns());
    match &request.threshold_metric_id {
        None if returned().count() != 1 => Err(Error::validation(
            "Exactly one element of the metrics list should return data.",
        )),
        Some(id) if !returned().any(|query| query.id == *id) => Err(Error::validation(
            "Metrics list must contain exactly one metric matching the ThresholdMetricId parameter",
        )),
        Some(_) if returned().count() != 2 => Err(Error::validation(
            "Exactly two elements of the metrics list should return data.",
        )),
        _ => Ok(()),
    }
}

fn query(request: &QueryRequest, number: usize, periods: u32) -> Result<Query, Error> {
    let id = &request.id;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(is_word) {
        return Err(Error::validation(format!(
            "The value {id} for parameter Metrics.member.{number}.Id is not matching the expected pattern \
             ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    let term = match (&request.metric_stat, &request.expression) {
        (Some(stat), None) => Term::Metric(Metric {
            namespace: stat.namespace.clone().unwrap_or_default(),
            name: stat.metric_name.clone().unwrap_or_default(),
            dimensions: dimensions(&stat.dimensions)?,
            statistic: extended(&stat.stat, "Stat")?,
            period_seconds: period_seconds(stat.period, periods)?,
            unit: stat.unit.clone(),
        }),
        (None, Some(expression)) => Term::Expression(expression.clone()),
        _ => {
            return Err(Error::validation(format!(
                "Exactly one of MetricStat and Expression must be set for parameter Metrics.member.{number}."
            )));
        }
    };
    let period = request
        .period
        .map(|period| period_seconds(period, periods))
        .transpose()?;
    Ok(Query {
        id: id.clone(),
        term,
        label: request.label.clone(),
        return_data: request.return_data,
        period_seconds: period,
        account_id: request.account_id.clone(),
    })
}

fn window(request: &MetricAlarmRequest, period: u32) -> Result<Option<WindowKind>, Error> {
    let timezone = match &request.evaluation_window {
        None => return Ok(None),
        Some(WindowRequest::Sliding) => return Ok(Some(WindowKind::Sliding)),
        Some(WindowRequest::WallClock(timezone)) => timezone,
    };
    if !CLOCK_PERIODS.contains(&period) {
        return Err(Error::validation(format!(
            "The period {period} is not supported for WallClockWindow. Supported values are 60, 300, 3600, 86400 and \
             604800."
        )));
    }
    let zone = match timezone {
        None => Zone::UTC,
        Some(name) => Zone::parse(name).ok_or_else(|| {
            Error::validation(format!(
                "The value {name} is not supported for Timezone parameter."
            ))
        })?,
    };
    Ok(Some(WindowKind::WallClock {
        zone,
        timezone: timezone.clone(),
    }))
}

pub(super) fn warm_up(request: &WarmUpRequest) -> Result<WarmUp, Error> {
    let minutes = request.warm_up_period_duration_in_minutes;
    let allowed = u32::try_from(minutes)
        .ok()
        .filter(|minutes| (1..=2_880).contains(minutes));
    let Some(minutes) = allowed else {
        return Err(Error::validation(format!(
            "The value {minutes} is not supported for WarmUpPeriodDurationInMinutes parameter. It must be between 1 and \
             2880."
        )));
    };
    Ok(WarmUp {
        minutes,
        to_the_end: request
            .only_start_evaluating_after_warm_up_period_ends
            .unwrap_or(false),
    })
}
