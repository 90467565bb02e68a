//! The entries of `DescribeAlarmHistory`.
//!
//! Source: recorded histories.

use std::sync::Arc;

use corelog_types::Timestamp;
use serde_json::{Map, Value, json};

use super::configuration::{result_limits, scheduled_query, suppression};
use super::put;
use crate::alarms::Account;
use crate::definition::{
    Definition, Kind, Limit, LowSamples, Metric, MissingData, Query, Source, Term,
};
use crate::effects::{
    ConfigurationChange, ConfigurationOperation, HistoryItem, HistoryKind, Notice, Transition,
};
use crate::moment;
use crate::state::State;

/// How long `HistoryData` may be, in characters.
const DATA_CHARS_MAX: usize = 4_095;
/// How long `HistorySummary` may be, in characters.
const SUMMARY_CHARS_MAX: usize = 255;

/// That an alarm went into another state.
pub(crate) fn state_update(transition: &Transition) -> HistoryItem {
    let (from, to) = (&transition.from, &transition.to);
    let data = |of_from: bool, of_to: bool| {
        json!({
            "version": "1.0",
            "oldState": state(from, of_from),
            "newState": state(to, of_to),
        })
        .to_string()
    };
    // Reasons of long windows are long: the old one gives way first.
    let candidates = [(true, true), (false, true), (false, false)];
    let fits = |text: &String| text.chars().count() <= DATA_CHARS_MAX;
    let data = candidates
        .into_iter()
        .map(|(of_from, of_to)| data(of_from, of_to))
        .find(fits);
    item(
        &transition.alarm,
        to.updated,
        HistoryKind::StateUpdate,
        &format!("Alarm updated from {} to {}", from.value, to.value),
        data.unwrap_or_default(),
    )
}

/// That an alarm was made, changed or deleted.
pub(crate) fn configuration_update(account: &Account, change: &ConfigurationChange) -> HistoryItem {
    let configured = match (&change.previous, change.operation) {
        (Some((_, configured)), ConfigurationOperation::Delete) => *configured,
        _ => change.at,
    };
    let now = configuration(account, &change.alarm, &change.state, configured);
    let (kind, member, done) = match change.operation {
        ConfigurationOperation::Create => ("Create", "createdAlarm", "created"),
        ConfigurationOperation::Update => ("Update", "updatedAlarm", "updated"),
        ConfigurationOperation::Delete => ("Delete", "deletedAlarm", "deleted"),
    };
    let mut data = Map::new();
    put(&mut data, "version", Some("1.0"));
    put(&mut data, "type", Some(kind));
    if change.operation == ConfigurationOperation::Update
        && let Some((previous, configured)) = &change.previous
    {
        let mut before = configuration(account, previous, &change.state, *configured);
        before.retain(|name, value| now.get(name) != Some(value));
        put(&mut data, "originalUpdatedFields", Some(before));
    }
    put(&mut data, member, Some(now));
    let mut text = Value::Object(data).to_string();
    if text.chars().count() > DATA_CHARS_MAX {
        text = json!({ "version": "1.0", "type": kind }).to_string();
    }
    item(
        &change.alarm,
        change.at,
        HistoryKind::ConfigurationUpdate,
        &format!("Alarm \"{}\" {done}", change.alarm.name),
        text,
    )
}

/// That an action was executed, or, with the error, that it could not be: for whoever executes actions to keep.
pub fn action(notice: &Notice, error: Option<&str>, at: Timestamp) -> HistoryItem {
    let summary = match error {
        None => format!("Successfully executed action {}", notice.action),
        Some(error) => format!(
            "Failed to execute action {}. Received error: \"{error}\"",
            notice.action
        ),
    };
    let data = json!({
        "actionState": if error.is_some() { "Failed" } else { "Succeeded" },
        "stateUpdateTimestamp": notice.transition.to.updated.unix_ms(),
        "notificationResource": notice.action,
        "publishedMessage": null,
        "error": error,
    });
    let mut text = data.to_string();
    if text.chars().count() > DATA_CHARS_MAX {
        text = json!({ "actionState": "Failed" }).to_string();
    }
    item(
        &notice.transition.alarm,
        at,
        HistoryKind::Action,
        &summary,
        text,
    )
}

fn item(
    alarm: &Definition,
    at: Timestamp,
    kind: HistoryKind,
    summary: &str,
    data: String,
) -> HistoryItem {
    HistoryItem {
        alarm: Arc::from(alarm.name.as_str()),
        alarm_type: alarm.type_name(),
        at,
        kind,
        summary: summary.chars().take(SUMMARY_CHARS_MAX).collect(),
        data,
    }
}

fn state(state: &State, with_data: bool) -> Value {
    let mut object = Map::new();
    put(&mut object, "stateValue", Some(state.value.as_str()));
    put(&mut object, "stateReason", Some(state.reason.as_str()));
    let data = state.reason_data.as_deref().filter(|_| with_data);
    let data = data.and_then(|data| serde_json::from_str::<Value>(data).ok());
    put(&mut object, "stateReasonData", data);
    suppression(&mut object, state);
    Value::Object(object)
}

/// An alarm as its history writes it, which is not as events do: the statistics of metrics are in capitals and under
/// `extendedStatistic`, and `okactions` is in small letters.
fn configuration(
    account: &Account,
    alarm: &Definition,
    state: &State,
    configured: Timestamp,
) -> Map<String, Value> {
    let mut object = Map::new();
    put(&mut object, "alarmName", Some(alarm.name.as_str()));
    put(
        &mut object,
        "alarmDescription",
        alarm.description.as_deref(),
    );
    put(&mut object, "alarmArn", Some(account.arn(&alarm.name)));
    let configured = moment::precise(configured);
    put(
        &mut object,
        "alarmConfigurationUpdatedTimestamp",
        Some(configured),
    );
    match &alarm.kind {
        Kind::Metric(metric) => {
            source(&mut object, &metric.source);
            match &metric.limit {
                Limit::Threshold(threshold) => put(&mut object, "threshold", Some(*threshold)),
                Limit::Band(id) => put(&mut object, "thresholdMetricId", Some(id.as_str())),
            }
            let comparison = metric.comparison.as_str();
            put(&mut object, "comparisonOperator", Some(comparison));
            let periods = metric.evaluation_periods;
            put(&mut object, "evaluationPeriods", Some(periods));
            put(&mut object, "datapointsToAlarm", metric.datapoints_to_alarm);
            let missing = metric.treat_missing_data.map(MissingData::as_str);
            put(&mut object, "treatMissingData", missing);
            let low = metric.low_samples.map(LowSamples::as_str);
            put(&mut object, "evaluateLowSampleCountPercentile", low);
        }
        Kind::Composite(composite) => {
            put(&mut object, "alarmRule", Some(composite.text.as_str()));
            if let Some(suppressor) = &composite.suppressor {
                let reference = suppressor.reference.as_str();
                put(&mut object, "actionsSuppressor", Some(reference));
                let (wait, extension) = (suppressor.wait_seconds, suppressor.extension_seconds);
                put(&mut object, "actionsSuppressorWaitPeriod", Some(wait));
                put(
                    &mut object,
                    "actionsSuppressorExtensionPeriod",
                    Some(extension),
                );
            }
        }
        Kind::Log(log) => {
            object.insert(
                "scheduledQueryConfiguration".to_owned(),
                scheduled_query(log),
            );
            result_limits(&mut object, log);
        }
    }
    put(&mut object, "stateValue", Some(state.value.as_str()));
    let updated = moment::precise(state.updated);
    put(&mut object, "stateUpdatedTimestamp", Some(updated));
    put(&mut object, "actionsEnabled", Some(alarm.actions_enabled));
    let actions = &alarm.actions;
    put(&mut object, "alarmActions", Some(actions.alarm.clone()));
    put(
        &mut object,
        "insufficientDataActions",
        Some(actions.insufficient_data.clone()),
    );
    put(&mut object, "okactions", Some(actions.ok.clone()));
    object
}

fn source(object: &mut Map<String, Value>, source: &Source) {
    match source {
        Source::Metric(metric) => {
            put(object, "namespace", Some(metric.namespace.as_str()));
            put(object, "metricName", Some(metric.name.as_str()));
            let statistic = metric.statistic.as_str();
            let statistic = if metric.statistic.is_basic() {
                statistic.to_uppercase()
            } else {
                statistic.to_owned()
            };
            put(object, "extendedStatistic", Some(statistic));
            put(object, "period", Some(metric.period_seconds));
            put(object, "dimensions", Some(dimensions(metric)));
            put(object, "unit", metric.unit.as_deref());
        }
        Source::Queries(queries) => {
            put(object, "dimensions", Some(Vec::<Value>::new()));
            let queries: Vec<Value> = queries.iter().map(query).collect();
            put(object, "metrics", Some(queries));
        }
    }
}

fn query(query: &Query) -> Value {
    let mut object = Map::new();
    put(&mut object, "id", Some(query.id.as_str()));
    match &query.term {
        Term::Metric(metric) => {
            let stat = json!({
                "metric": {
                    "namespace": metric.namespace,
                    "metricName": metric.name,
                    "dimensions": dimensions(metric),
                },
                "period": metric.period_seconds,
                "stat": metric.statistic.as_str(),
            });
            put(&mut object, "metricStat", Some(stat));
        }
        Term::Expression(expression) => put(&mut object, "expression", Some(expression.as_str())),
    }
    put(&mut object, "label", query.label.as_deref());
    put(&mut object, "period", query.period_seconds);
    put(&mut object, "returnData", query.return_data);
    Value::Object(object)
}

fn dimensions(metric: &Metric) -> Vec<Value> {
    let dimensions = metric.dimensions.iter();
    dimensions
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}
