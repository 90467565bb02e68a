//! Requests that put alarms, and what makes a [`Definition`] of them or says what is wrong.
//!
//! The fields are those of the service's requests, by their names. Lengths and enumerations are checked by whoever reads
//! the wire, from the service's model; here is what the model does not say, and what would otherwise be lost.

use crate::definition::{Actions, Definition, Query};
use crate::error::Error;

mod composite;
mod log;
mod metric;

/// How many actions a state may have.
const ACTIONS_MAX: usize = 5;

/// `PutMetricAlarm`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct MetricAlarmRequest {
    pub alarm_name: String,
    pub alarm_description: Option<String>,
    pub actions_enabled: Option<bool>,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub metric_name: Option<String>,
    pub namespace: Option<String>,
    pub statistic: Option<String>,
    pub extended_statistic: Option<String>,
    pub dimensions: Vec<(String, String)>,
    pub period: Option<i64>,
    pub unit: Option<String>,
    pub evaluation_periods: Option<i64>,
    pub datapoints_to_alarm: Option<i64>,
    pub threshold: Option<f64>,
    pub comparison_operator: Option<String>,
    pub treat_missing_data: Option<String>,
    pub evaluate_low_sample_count_percentile: Option<String>,
    pub metrics: Vec<QueryRequest>,
    pub threshold_metric_id: Option<String>,
    pub evaluation_window: Option<WindowRequest>,
    pub warm_up: Option<WarmUpRequest>,
}

/// One entry of `Metrics`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct QueryRequest {
    pub id: String,
    pub metric_stat: Option<MetricStatRequest>,
    pub expression: Option<String>,
    pub label: Option<String>,
    pub return_data: Option<bool>,
    pub period: Option<i64>,
    pub account_id: Option<String>,
}

/// `MetricStat` of an entry of `Metrics`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct MetricStatRequest {
    pub namespace: Option<String>,
    pub metric_name: Option<String>,
    pub dimensions: Vec<(String, String)>,
    pub period: i64,
    pub stat: String,
    pub unit: Option<String>,
}

/// `EvaluationWindow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowRequest {
    /// `SlidingWindow`.
    Sliding,
    /// `WallClockWindow`, with its `Timezone`.
    WallClock(Option<String>),
}

/// `WarmUpConfiguration`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct WarmUpRequest {
    pub warm_up_period_duration_in_minutes: i64,
    pub only_start_evaluating_after_warm_up_period_ends: Option<bool>,
}

/// `PutCompositeAlarm`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct CompositeAlarmRequest {
    pub alarm_name: String,
    pub alarm_description: Option<String>,
    pub actions_enabled: Option<bool>,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub alarm_rule: String,
    pub actions_suppressor: Option<String>,
    pub actions_suppressor_wait_period: Option<i64>,
    pub actions_suppressor_extension_period: Option<i64>,
}

/// `PutLogAlarm`.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct LogAlarmRequest {
    pub alarm_name: String,
    pub alarm_description: Option<String>,
    pub actions_enabled: Option<bool>,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub query: ScheduledQueryRequest,
    pub action_log_line_count: Option<i64>,
    pub action_log_line_role_arn: Option<String>,
    pub query_results_to_evaluate: i64,
    pub query_results_to_alarm: i64,
    pub threshold: f64,
    pub comparison_operator: String,
    pub treat_missing_data: Option<String>,
    pub warm_up: Option<WarmUpRequest>,
}

/// `ScheduledQueryConfiguration`, with its `ScheduleConfiguration`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct ScheduledQueryRequest {
    pub query_string: String,
    pub log_group_identifiers: Vec<String>,
    pub scheduled_query_role_arn: String,
    pub aggregation_expression: String,
    pub schedule_expression: String,
    pub start_time_offset: i64,
    pub end_time_offset: Option<i64>,
    pub tags: Vec<(String, String)>,
}

impl LogAlarmRequest {
    /// The alarm that it asks for. Whether its query can be answered is asked by whoever answers queries.
    ///
    /// # Errors
    /// The first thing that is wrong, as the service says it.
    pub fn check(&self) -> Result<Definition, Error> {
        log::check(self)
    }
}

impl MetricAlarmRequest {
    /// The alarm that it asks for.
    ///
    /// # Errors
    /// The first thing that is wrong, as the service says it.
    pub fn check(&self) -> Result<Definition, Error> {
        metric::check(self)
    }
}

impl CompositeAlarmRequest {
    /// The alarm that it asks for. Whether the alarms in its rule exist is asked by [`crate::Alarms::put`].
    ///
    /// # Errors
    /// The first thing that is wrong, as the service says it.
    pub fn check(&self) -> Result<Definition, Error> {
        composite::check(self)
    }
}

/// The queries of a detector of anomalies, which are to be as those of an alarm: one of them is watched.
///
/// # Errors
/// The messages of `PutMetricAlarm`.
pub fn detector_queries(requests: &[QueryRequest]) -> Result<Vec<Query>, Error> {
    metric::queries_of_detector(requests)
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Error::validation(
            "AlarmName must not contain ASCII Control characters",
        ));
    }
    let chars = name.chars().count();
    if chars == 0 || chars > 255 {
        let least = if chars == 0 { "greater" } else { "less" };
        let limit = if chars == 0 { 1 } else { 255 };
        return Err(Error::validation(format!(
            "1 validation error detected: Value '{name}' at 'alarmName' failed to satisfy constraint: Member must have \
             length {least} than or equal to {limit}"
        )));
    }
    Ok(())
}

/// Checks that actions look like ARNs. What they name is never checked.
fn actions_of(ok: &[String], alarm: &[String], insufficient: &[String]) -> Result<Actions, Error> {
    for (actions, member) in [
        (ok, "oKActions"),
        (alarm, "alarmActions"),
        (insufficient, "insufficientDataActions"),
    ] {
        if actions.len() > ACTIONS_MAX {
            let shown = actions.join(", ");
            return Err(Error::validation(format!(
                "1 validation error detected: Value '[{shown}]' at '{member}' failed to satisfy constraint: Member must \
                 have length less than or equal to {ACTIONS_MAX}"
            )));
        }
        for action in actions {
            let parts: Vec<&str> = action.splitn(6, ':').collect();
            let is_arn = parts.len() == 6
                && parts[0] == "arn"
                && [parts[1], parts[2], parts[5]]
                    .iter()
                    .all(|part| !part.is_empty());
            if !is_arn || action.contains(char::is_whitespace) {
                return Err(Error::validation(format!("Invalid arn syntax: {action}")));
            }
        }
    }
    Ok(Actions {
        ok: ok.to_vec(),
        alarm: alarm.to_vec(),
        insufficient_data: insufficient.to_vec(),
    })
}

fn is_autoscaling(actions: &Actions) -> bool {
    let mut all = [&actions.ok, &actions.alarm, &actions.insufficient_data]
        .into_iter()
        .flatten();
    all.any(|action| action.split(':').nth(2) == Some("autoscaling"))
}
