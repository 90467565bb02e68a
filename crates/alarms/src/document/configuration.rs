//! Parts that events and invocations have in common: a state, and what an alarm is told to do.

use corelog_types::Timestamp;
use serde_json::{Map, Value, json};

use super::put;
use crate::definition::{
    Definition, Kind, Limit, LogAlarm, LowSamples, Metric, MissingData, Query, Source, Term,
};
use crate::moment;
use crate::state::{State, SuppressedBy};

/// `{"value":…,"reason":…,"reasonData":…,"timestamp":…}`
pub(super) fn state(state: &State) -> Value {
    let mut object = Map::new();
    put(&mut object, "value", Some(state.value.as_str()));
    put(&mut object, "reason", Some(state.reason.as_str()));
    put(&mut object, "reasonData", state.reason_data.as_deref());
    put(
        &mut object,
        "timestamp",
        Some(moment::precise(state.updated)),
    );
    put(&mut object, "evaluationState", state.evaluation_state());
    suppression(&mut object, state);
    Value::Object(object)
}

/// Adds what holds the actions of a state back, where something does.
pub(super) fn suppression(object: &mut Map<String, Value>, state: &State) {
    let by = state.suppressed_by;
    put(object, "actionsSuppressedBy", by.map(SuppressedBy::as_str));
    let reason = by.map(SuppressedBy::reason);
    put(object, "actionsSuppressedReason", reason);
}

/// What the change of a state says of the alarm: its description, and its metrics or its rule.
pub(super) fn reduced(alarm: &Definition) -> Map<String, Value> {
    let mut object = Map::new();
    put(&mut object, "description", alarm.description.as_deref());
    match &alarm.kind {
        Kind::Metric(metric) => {
            put(&mut object, "metrics", Some(metrics(alarm, &metric.source)));
        }
        Kind::Composite(composite) => {
            put(&mut object, "alarmRule", Some(composite.text.as_str()));
            if let Some(suppressor) = &composite.suppressor {
                let reference = suppressor.reference.as_str();
                put(&mut object, "actionsSuppressor", Some(reference));
                let wait = suppressor.wait_seconds;
                put(&mut object, "actionsSuppressorWaitPeriod", Some(wait));
                let extension = suppressor.extension_seconds;
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
        }
    }
    object
}

/// The query of a log alarm, and when it is executed.
///
/// Decision: the members of the request, spelt as documents spell members; the service's are not documented.
pub(super) fn scheduled_query(log: &LogAlarm) -> Value {
    let query = &log.query;
    let mut schedule = Map::new();
    put(
        &mut schedule,
        "scheduleExpression",
        Some(query.schedule.as_str()),
    );
    put(
        &mut schedule,
        "startTimeOffset",
        Some(query.start_offset_seconds),
    );
    put(&mut schedule, "endTimeOffset", query.end_offset_seconds);
    let mut object = Map::new();
    put(&mut object, "queryString", Some(query.text.as_str()));
    put(
        &mut object,
        "aggregationExpression",
        Some(query.aggregation.as_str()),
    );
    if !query.log_groups.is_empty() {
        put(
            &mut object,
            "logGroupIdentifiers",
            Some(query.log_groups.clone()),
        );
    }
    put(
        &mut object,
        "scheduledQueryRoleARN",
        Some(query.role.as_str()),
    );
    put(&mut object, "scheduleConfiguration", Some(schedule));
    Value::Object(object)
}

/// What a log alarm compares its results with.
pub(super) fn result_limits(object: &mut Map<String, Value>, log: &LogAlarm) {
    put(
        object,
        "queryResultsToEvaluate",
        Some(log.results_to_evaluate),
    );
    put(object, "queryResultsToAlarm", Some(log.results_to_alarm));
    put(object, "threshold", Some(log.threshold));
    put(object, "comparisonOperator", Some(log.comparison.as_str()));
    let missing = log.treat_missing_data.map(MissingData::as_str);
    put(object, "treatMissingData", missing);
    put(object, "actionLogLineCount", log.line_count);
}

/// What the change of a configuration says of the alarm: all of it.
pub(super) fn full(alarm: &Definition, configured: Timestamp) -> Value {
    let mut object = Map::new();
    if let Kind::Log(log) = &alarm.kind {
        result_limits(&mut object, log);
    }
    if let Kind::Metric(metric) = &alarm.kind {
        put(
            &mut object,
            "evaluationPeriods",
            Some(metric.evaluation_periods),
        );
        put(&mut object, "datapointsToAlarm", metric.datapoints_to_alarm);
        match &metric.limit {
            Limit::Threshold(threshold) => put(&mut object, "threshold", Some(*threshold)),
            Limit::Band(id) => put(&mut object, "thresholdMetricId", Some(id.as_str())),
        }
        let comparison = metric.comparison.as_str();
        put(&mut object, "comparisonOperator", Some(comparison));
        let missing = metric.treat_missing_data.map(MissingData::as_str);
        put(&mut object, "treatMissingData", missing);
        let low_samples = metric.low_samples.map(LowSamples::as_str);
        put(&mut object, "evaluateLowSampleCountPercentile", low_samples);
    }
    object.extend(reduced(alarm));
    put(&mut object, "alarmName", Some(alarm.name.as_str()));
    put(&mut object, "actionsEnabled", Some(alarm.actions_enabled));
    put(&mut object, "timestamp", Some(moment::precise(configured)));
    let actions = &alarm.actions;
    put(&mut object, "okActions", Some(actions.ok.clone()));
    put(&mut object, "alarmActions", Some(actions.alarm.clone()));
    put(
        &mut object,
        "insufficientDataActions",
        Some(actions.insufficient_data.clone()),
    );
    Value::Object(object)
}

fn metrics(alarm: &Definition, source: &Source) -> Vec<Value> {
    match source {
        Source::Metric(metric) => vec![json!({
            "id": id_of(&alarm.name),
            "metricStat": metric_stat(metric),
            "returnData": true,
        })],
        Source::Queries(queries) => queries.iter().map(query).collect(),
    }
}

fn query(query: &Query) -> Value {
    let mut object = Map::new();
    put(&mut object, "id", Some(query.id.as_str()));
    match &query.term {
        Term::Metric(metric) => put(&mut object, "metricStat", Some(metric_stat(metric))),
        Term::Expression(expression) => put(&mut object, "expression", Some(expression.as_str())),
    }
    put(&mut object, "label", query.label.as_deref());
    put(&mut object, "period", query.period_seconds);
    put(&mut object, "accountId", query.account_id.as_deref());
    put(&mut object, "returnData", Some(query.returns()));
    Value::Object(object)
}

fn metric_stat(metric: &Metric) -> Value {
    let dimensions: Map<String, Value> = metric
        .dimensions
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let mut object = Map::new();
    let identity = json!({
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": dimensions,
    });
    put(&mut object, "metric", Some(identity));
    put(&mut object, "period", Some(metric.period_seconds));
    put(&mut object, "stat", Some(metric.statistic.as_str()));
    put(&mut object, "unit", metric.unit.as_deref());
    Value::Object(object)
}

/// An id in the form of a UUID that is always the same for the same text.
///
/// Decision: the service has one for the metric of an alarm, and does not say where it comes from.
pub(super) fn id_of(text: &str) -> String {
    let hash = |seed: u64| {
        text.bytes().fold(seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (high, low) = (hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
