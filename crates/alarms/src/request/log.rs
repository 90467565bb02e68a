//! `PutLogAlarm`: a query, when it is executed, and how many of its results decide.
//!
//! Source: `PutLogAlarm`; the messages are in the words of those about other alarms.

use super::{LogAlarmRequest, ScheduledQueryRequest};
use super::{actions_of, check_name, is_autoscaling, metric};
use crate::definition::{Comparison, Definition, Kind, LogAlarm, ScheduledQuery};
use crate::error::Error;

const RESULTS_MAX: i64 = 100;
const LINES_MAX: i64 = 50;
const GROUPS_MAX: usize = 50;
const OFFSET_SECONDS_MAX: i64 = 2_592_000;
const TEXT_CHARS_MAX: usize = 10_000;
const AGGREGATION_CHARS_MAX: usize = 2_048;
/// Decision: as far back as a query can look; the service names no limit.
const RATE_MINUTES_MAX: i64 = 30 * 24 * 60;

pub(super) fn check(request: &LogAlarmRequest) -> Result<Definition, Error> {
    check_name(&request.alarm_name)?;
    let comparison = comparison(&request.comparison_operator)?;
    if !request.threshold.is_finite() {
        return Err(Error::validation(
            "PutLogAlarm request should have valid Threshold parameter",
        ));
    }
    let most = RESULTS_MAX;
    let evaluated = within(
        request.query_results_to_evaluate,
        (1, most),
        "queryResultsToEvaluate",
    )?;
    let to_alarm = within(
        request.query_results_to_alarm,
        (1, most),
        "queryResultsToAlarm",
    )?;
    if to_alarm > evaluated {
        return Err(Error::validation(
            "QueryResultsToAlarm must be less than or equal to QueryResultsToEvaluate",
        ));
    }
    let actions = actions_of(
        &request.ok_actions,
        &request.alarm_actions,
        &request.insufficient_data_actions,
    )?;
    if is_autoscaling(&actions) {
        return Err(Error::validation(
            "Auto Scaling actions are not supported for log alarms.",
        ));
    }
    let treat_missing_data = request.treat_missing_data.as_deref();
    Ok(Definition {
        name: request.alarm_name.clone(),
        description: request.alarm_description.clone(),
        actions_enabled: request.actions_enabled.unwrap_or(true),
        actions,
        kind: Kind::Log(Box::new(LogAlarm {
            query: query(&request.query)?,
            results_to_evaluate: evaluated,
            results_to_alarm: to_alarm,
            threshold: request.threshold,
            comparison,
            treat_missing_data: treat_missing_data.map(metric::missing).transpose()?,
            line_count: lines(request)?,
            line_role: request.action_log_line_role_arn.clone(),
            warm_up: request.warm_up.as_ref().map(metric::warm_up).transpose()?,
        })),
    })
}

fn comparison(name: &str) -> Result<Comparison, Error> {
    let found = Comparison::parse(name).filter(|comparison| !comparison.is_of_band());
    found.ok_or_else(|| {
        let plain = Comparison::ALL.into_iter().filter(|one| !one.is_of_band());
        let names: Vec<&str> = plain.map(Comparison::as_str).collect();
        Error::not_one_of(name, "comparisonOperator", &names)
    })
}

fn lines(request: &LogAlarmRequest) -> Result<Option<u32>, Error> {
    let Some(count) = request.action_log_line_count else {
        return Ok(None);
    };
    let count = within(count, (0, LINES_MAX), "actionLogLineCount")?;
    if count > 0 && request.action_log_line_role_arn.is_none() {
        return Err(Error::validation(
            "ActionLogLineRoleArn must be set if ActionLogLineCount is greater than 0",
        ));
    }
    Ok(Some(count))
}

fn query(request: &ScheduledQueryRequest) -> Result<ScheduledQuery, Error> {
    let chars = request.query_string.chars().count();
    if chars > TEXT_CHARS_MAX {
        return Err(too_long("queryString", TEXT_CHARS_MAX));
    }
    let aggregation = request.aggregation_expression.trim();
    if aggregation.is_empty() {
        return Err(Error::validation("AggregationExpression must not be empty"));
    }
    if request.aggregation_expression.chars().count() > AGGREGATION_CHARS_MAX {
        return Err(too_long("aggregationExpression", AGGREGATION_CHARS_MAX));
    }
    if request.log_group_identifiers.len() > GROUPS_MAX {
        return Err(too_long("logGroupIdentifiers", GROUPS_MAX));
    }
    let start = within(
        request.start_time_offset,
        (1, OFFSET_SECONDS_MAX),
        "startTimeOffset",
    )?;
    let end = request.end_time_offset;
    let end = end.map(|end| within(end, (0, OFFSET_SECONDS_MAX), "endTimeOffset"));
    let end = end.transpose()?;
    if end.unwrap_or(0) >= start {
        return Err(Error::validation(
            "EndTimeOffset must be less than StartTimeOffset",
        ));
    }
    Ok(ScheduledQuery {
        text: request.query_string.clone(),
        log_groups: request.log_group_identifiers.clone(),
        aggregation: request.aggregation_expression.clone(),
        schedule: request.schedule_expression.clone(),
        interval_seconds: interval_seconds(&request.schedule_expression)?,
        start_offset_seconds: start,
        end_offset_seconds: end,
        role: request.scheduled_query_role_arn.clone(),
        tags: request.tags.clone(),
    })
}

/// `rate(5 minutes)`, in seconds.
///
/// Source: the user guide of `EventBridge`, "Rate expressions": a unit for one is singular, for others plural.
fn interval_seconds(expression: &str) -> Result<u32, Error> {
    let wrong = || {
        Error::validation(format!(
            "The value {expression} is not supported for ScheduleExpression parameter. It must be a rate of whole \
             minutes, hours or days, such as rate(5 minutes)."
        ))
    };
    let inner = expression.trim().strip_prefix("rate(");
    let inner = inner.and_then(|rest| rest.strip_suffix(')'));
    let mut words = inner.ok_or_else(wrong)?.split_whitespace();
    let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong());
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let minutes = match (unit, number) {
        ("minute", 1) | ("minutes", 2..) => number,
        ("hour", 1) | ("hours", 2..) => number.saturating_mul(60),
        ("day", 1) | ("days", 2..) => number.saturating_mul(24 * 60),
        _ => return Err(wrong()),
    };
    let allowed = Some(minutes).filter(|minutes| *minutes <= RATE_MINUTES_MAX);
    let seconds = allowed.and_then(|minutes| u32::try_from(minutes * 60).ok());
    seconds.ok_or_else(wrong)
}

fn within(value: i64, (least, most): (i64, i64), member: &str) -> Result<u32, Error> {
    let (word, limit) = if value < least {
        ("greater", least)
    } else {
        ("less", most)
    };
    let allowed = (least..=most).contains(&value);
    let number = u32::try_from(value).ok().filter(|_| allowed);
    number.ok_or_else(|| {
        Error::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
             value {word} than or equal to {limit}"
        ))
    })
}

fn too_long(member: &str, most: usize) -> Error {
    Error::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less \
         than or equal to {most}"
    ))
}
