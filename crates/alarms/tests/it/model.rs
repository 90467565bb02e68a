//! Requests as the service's JSON, and an account to put them into.

use corelog_alarms::{
    Account, Alarms, CompositeAlarmRequest, Definition, Error, MetricAlarmRequest,
    MetricStatRequest, QueryRequest, WarmUpRequest, WindowRequest,
};
use corelog_types::Timestamp;
use serde_json::Value;

/// 22 November 2026, 00:00 UTC, a Sunday.
pub(crate) const DAY: u64 = 1_795_305_600_000;

pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

/// A time of that day; hours may go on beyond it.
pub(crate) fn clock(text: &str) -> Timestamp {
    let parts: Vec<u64> = text.split(':').map(|part| part.parse().unwrap()).collect();
    let seconds = parts[0] * 3_600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0);
    at(DAY + seconds * 1_000)
}

pub(crate) fn account() -> Account {
    Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
    }
}

pub(crate) fn alarms() -> Alarms {
    Alarms::new(account())
}

/// The definition that a request in the service's JSON asks for.
pub(crate) fn definition(json: &str) -> Result<Definition, Error> {
    let value: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    if value.get("AlarmRule").is_some() {
        return composite(&value).check();
    }
    metric(&value).check()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let items = value[name].as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

fn dimensions(value: &Value) -> Vec<(String, String)> {
    let items = value["Dimensions"].as_array().into_iter().flatten();
    items
        .map(|item| (text(item, "Name").unwrap(), text(item, "Value").unwrap()))
        .collect()
}

fn metric(value: &Value) -> MetricAlarmRequest {
    let window = value.get("EvaluationWindow").map(|window| {
        window
            .get("WallClockWindow")
            .map_or(WindowRequest::Sliding, |clock| {
                WindowRequest::WallClock(text(clock, "Timezone"))
            })
    });
    let warm_up = value
        .get("WarmUpConfiguration")
        .map(|warm_up| WarmUpRequest {
            warm_up_period_duration_in_minutes: warm_up["WarmUpPeriodDurationInMinutes"]
                .as_i64()
                .unwrap(),
            only_start_evaluating_after_warm_up_period_ends:
                warm_up["OnlyStartEvaluatingAfterWarmUpPeriodEnds"].as_bool(),
        });
    let queries = value["Metrics"].as_array().into_iter().flatten();
    MetricAlarmRequest {
        alarm_name: text(value, "AlarmName").unwrap_or_else(|| "alarm".to_owned()),
        alarm_description: text(value, "AlarmDescription"),
        actions_enabled: value["ActionsEnabled"].as_bool(),
        ok_actions: texts(value, "OKActions"),
        alarm_actions: texts(value, "AlarmActions"),
        insufficient_data_actions: texts(value, "InsufficientDataActions"),
        metric_name: text(value, "MetricName"),
        namespace: text(value, "Namespace"),
        statistic: text(value, "Statistic"),
        extended_statistic: text(value, "ExtendedStatistic"),
        dimensions: dimensions(value),
        period: value["Period"].as_i64(),
        unit: text(value, "Unit"),
        evaluation_periods: value["EvaluationPeriods"].as_i64(),
        datapoints_to_alarm: value["DatapointsToAlarm"].as_i64(),
        threshold: value["Threshold"].as_f64(),
        comparison_operator: text(value, "ComparisonOperator"),
        treat_missing_data: text(value, "TreatMissingData"),
        evaluate_low_sample_count_percentile: text(value, "EvaluateLowSampleCountPercentile"),
        metrics: queries.map(query).collect(),
        threshold_metric_id: text(value, "ThresholdMetricId"),
        evaluation_window: window,
        warm_up,
    }
}

fn query(value: &Value) -> QueryRequest {
    let stat = value.get("MetricStat").map(|stat| MetricStatRequest {
        namespace: text(&stat["Metric"], "Namespace"),
        metric_name: text(&stat["Metric"], "MetricName"),
        dimensions: dimensions(&stat["Metric"]),
        period: stat["Period"].as_i64().unwrap(),
        stat: text(stat, "Stat").unwrap(),
        unit: text(stat, "Unit"),
    });
    QueryRequest {
        id: text(value, "Id").unwrap(),
        metric_stat: stat,
        expression: text(value, "Expression"),
        label: text(value, "Label"),
        return_data: value["ReturnData"].as_bool(),
        period: value["Period"].as_i64(),
        account_id: text(value, "AccountId"),
    }
}

fn composite(value: &Value) -> CompositeAlarmRequest {
    CompositeAlarmRequest {
        alarm_name: text(value, "AlarmName").unwrap_or_else(|| "composite".to_owned()),
        alarm_description: text(value, "AlarmDescription"),
        actions_enabled: value["ActionsEnabled"].as_bool(),
        ok_actions: texts(value, "OKActions"),
        alarm_actions: texts(value, "AlarmActions"),
        insufficient_data_actions: texts(value, "InsufficientDataActions"),
        alarm_rule: text(value, "AlarmRule").unwrap(),
        actions_suppressor: text(value, "ActionsSuppressor"),
        actions_suppressor_wait_period: value["ActionsSuppressorWaitPeriod"].as_i64(),
        actions_suppressor_extension_period: value["ActionsSuppressorExtensionPeriod"].as_i64(),
    }
}
