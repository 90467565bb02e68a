//! Log alarms as they are stored, with what their queries answered.

use corelog_alarms::{
    Contribution, LogAlarm, LogAlarmRequest, QueryResult, ScheduledQueryRequest, WarmUpRequest,
};
use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoredDefinition, Unreadable, number};

/// The members of `PutLogAlarm` that other alarms do not have.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StoredLog {
    query_string: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log_group_identifiers: Vec<String>,
    role: String,
    aggregation_expression: String,
    schedule_expression: String,
    start_time_offset: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_time_offset: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<(String, String)>,
    query_results_to_evaluate: i64,
    query_results_to_alarm: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action_log_line_count: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action_log_line_role: Option<String>,
}

/// What a query answered. Numbers are texts, which read back as the same.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredResult {
    at_ms: u64,
    values: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    breaching: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
}

impl From<&LogAlarm> for StoredLog {
    fn from(alarm: &LogAlarm) -> Self {
        let query = &alarm.query;
        Self {
            query_string: query.text.clone(),
            log_group_identifiers: query.log_groups.clone(),
            role: query.role.clone(),
            aggregation_expression: query.aggregation.clone(),
            schedule_expression: query.schedule.clone(),
            start_time_offset: i64::from(query.start_offset_seconds),
            end_time_offset: query.end_offset_seconds.map(i64::from),
            tags: query.tags.clone(),
            query_results_to_evaluate: i64::from(alarm.results_to_evaluate),
            query_results_to_alarm: i64::from(alarm.results_to_alarm),
            action_log_line_count: alarm.line_count.map(i64::from),
            action_log_line_role: alarm.line_role.clone(),
        }
    }
}

impl StoredDefinition {
    pub(super) fn log_request(self) -> Result<LogAlarmRequest, Unreadable> {
        let log = self.log.ok_or("an alarm without a query")?;
        let threshold = self.threshold.ok_or("a log alarm without a threshold")?;
        Ok(LogAlarmRequest {
            alarm_name: self.alarm_name,
            alarm_description: self.alarm_description,
            actions_enabled: Some(self.actions_enabled),
            ok_actions: self.ok_actions,
            alarm_actions: self.alarm_actions,
            insufficient_data_actions: self.insufficient_data_actions,
            query: ScheduledQueryRequest {
                query_string: log.query_string,
                log_group_identifiers: log.log_group_identifiers,
                scheduled_query_role_arn: log.role,
                aggregation_expression: log.aggregation_expression,
                schedule_expression: log.schedule_expression,
                start_time_offset: log.start_time_offset,
                end_time_offset: log.end_time_offset,
                tags: log.tags,
            },
            action_log_line_count: log.action_log_line_count,
            action_log_line_role_arn: log.action_log_line_role,
            query_results_to_evaluate: log.query_results_to_evaluate,
            query_results_to_alarm: log.query_results_to_alarm,
            threshold: threshold.parse()?,
            comparison_operator: self.comparison_operator.unwrap_or_default(),
            treat_missing_data: self.treat_missing_data,
            warm_up: self.warm_up.map(WarmUpRequest::from),
        })
    }
}

impl From<&QueryResult> for StoredResult {
    fn from(result: &QueryResult) -> Self {
        let breaching = result.breaching.iter();
        Self {
            at_ms: result.at.unix_ms(),
            values: result.values,
            breaching: breaching
                .map(|one| (one.of.clone(), number(one.value)))
                .collect(),
            nearest: result.nearest.map(number),
        }
    }
}

/// The results as they were, the newest first.
pub(super) fn read(stored: Vec<StoredResult>) -> Result<Vec<QueryResult>, Unreadable> {
    stored.into_iter().map(StoredResult::read).collect()
}

impl StoredResult {
    fn read(self) -> Result<QueryResult, Unreadable> {
        let breaching = self.breaching.into_iter();
        let breaching = breaching.map(|(of, value)| {
            let value = value.parse()?;
            Ok::<_, std::num::ParseFloatError>(Contribution { of, value })
        });
        Ok(QueryResult {
            at: Timestamp::from_unix_ms(self.at_ms),
            values: self.values,
            breaching: breaching.collect::<Result<_, _>>()?,
            nearest: self.nearest.map(|text| text.parse()).transpose()?,
        })
    }
}
