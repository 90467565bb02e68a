//! What SNS delivers when an alarm notifies a topic.
//!
//! Source: recorded notifications.

use serde_json::{Map, Value, json};

use super::put;
use crate::alarms::Account;
use crate::definition::{
    Definition, Kind, Limit, LogAlarm, LowSamples, Metric, MetricAlarm, MissingData, Query, Source,
    Term,
};
use crate::effects::Notice;
use crate::moment;

/// How long the subject of a message may be.
const SUBJECT_CHARS_MAX: usize = 100;

/// `ALARM: "name" in US East (N. Virginia)`. A long name is cut.
pub fn subject(account: &Account, notice: &Notice) -> String {
    let value = notice.transition.to.value;
    let region = region_name(&account.region);
    let around = value.as_str().len() + region.chars().count() + r#": "" in "#.len();
    let room = SUBJECT_CHARS_MAX.saturating_sub(around);
    let name = &notice.transition.alarm.name;
    // A subject is a line of ASCII.
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    let name = if plain.len() > room {
        format!("{}...", &plain[..room.saturating_sub(3)])
    } else {
        plain
    };
    format!("{value}: \"{name}\" in {region}")
}

/// The message, which SNS delivers as a text.
pub fn message(account: &Account, notice: &Notice) -> Value {
    let transition = &notice.transition;
    let alarm = &transition.alarm;
    let mut object = Map::new();
    put(&mut object, "AlarmName", Some(alarm.name.as_str()));
    let description = alarm.description.as_deref();
    object.insert("AlarmDescription".to_owned(), Value::from(description));
    let account_id = account.account_id.as_str();
    put(&mut object, "AWSAccountId", Some(account_id));
    if alarm.composite().is_none() {
        let configured = moment::precise(transition.configured);
        put(
            &mut object,
            "AlarmConfigurationUpdatedTimestamp",
            Some(configured),
        );
    }
    let to = &transition.to;
    put(&mut object, "NewStateValue", Some(to.value.as_str()));
    put(&mut object, "NewStateReason", Some(to.reason.as_str()));
    put(
        &mut object,
        "StateChangeTime",
        Some(moment::precise(to.updated)),
    );
    put(&mut object, "Region", Some(region_name(&account.region)));
    put(&mut object, "AlarmArn", Some(account.arn(&alarm.name)));
    put(
        &mut object,
        "OldStateValue",
        Some(transition.from.value.as_str()),
    );
    put(
        &mut object,
        "ActionExecutedAfterMuteWindow",
        Some(notice.is_after_mute),
    );
    add_actions(&mut object, alarm);
    match &alarm.kind {
        Kind::Metric(metric) => put(&mut object, "Trigger", Some(trigger(metric))),
        Kind::Composite(composite) => {
            put(&mut object, "AlarmRule", Some(composite.text.as_str()));
            let children = children(to.reason_data.as_deref());
            put(&mut object, "TriggeringChildren", Some(children));
        }
        Kind::Log(log) => {
            put(&mut object, "Trigger", Some(trigger_of_results(log)));
            if !to.log_lines.is_empty() {
                put(&mut object, "LogLines", Some(to.log_lines.clone()));
            }
        }
    }
    Value::Object(object)
}

fn add_actions(object: &mut Map<String, Value>, alarm: &Definition) {
    let actions = &alarm.actions;
    put(object, "OKActions", Some(actions.ok.clone()));
    put(object, "AlarmActions", Some(actions.alarm.clone()));
    put(
        object,
        "InsufficientDataActions",
        Some(actions.insufficient_data.clone()),
    );
}

fn trigger(alarm: &MetricAlarm) -> Value {
    let mut object = Map::new();
    if let Source::Metric(metric) = &alarm.source {
        put(&mut object, "MetricName", Some(metric.name.as_str()));
        put(&mut object, "Namespace", Some(metric.namespace.as_str()));
        let name = metric.statistic.as_str();
        let (kind, statistic) = if metric.statistic.is_basic() {
            ("Statistic", name.to_uppercase())
        } else {
            ("ExtendedStatistic", name.to_owned())
        };
        put(&mut object, "StatisticType", Some(kind));
        put(&mut object, "Statistic", Some(statistic));
        object.insert("Unit".to_owned(), Value::from(metric.unit.as_deref()));
        put(&mut object, "Dimensions", Some(dimensions(metric)));
    }
    put(&mut object, "Period", Some(alarm.period_seconds()));
    let periods = alarm.evaluation_periods;
    put(&mut object, "EvaluationPeriods", Some(periods));
    put(&mut object, "DatapointsToAlarm", alarm.datapoints_to_alarm);
    let comparison = alarm.comparison.as_str();
    put(&mut object, "ComparisonOperator", Some(comparison));
    match &alarm.limit {
        Limit::Threshold(threshold) => put(&mut object, "Threshold", Some(*threshold)),
        Limit::Band(id) => put(&mut object, "ThresholdMetricId", Some(id.as_str())),
    }
    let missing = alarm.treat_missing_data.map_or("", MissingData::as_str);
    put(&mut object, "TreatMissingData", Some(missing));
    let low = alarm.low_samples.map_or("", LowSamples::as_str);
    put(&mut object, "EvaluateLowSampleCountPercentile", Some(low));
    if let Source::Queries(queries) = &alarm.source {
        let queries: Vec<Value> = queries.iter().map(query).collect();
        put(&mut object, "Metrics", Some(queries));
    }
    Value::Object(object)
}

/// Decision: the members of the request, as for metric alarms; the service's are not documented.
fn trigger_of_results(alarm: &LogAlarm) -> Value {
    let query = &alarm.query;
    let mut object = Map::new();
    put(&mut object, "QueryString", Some(query.text.as_str()));
    let groups = query.log_groups.clone();
    put(&mut object, "LogGroupIdentifiers", Some(groups));
    let aggregation = query.aggregation.as_str();
    put(&mut object, "AggregationExpression", Some(aggregation));
    let schedule = query.schedule.as_str();
    put(&mut object, "ScheduleExpression", Some(schedule));
    let start = query.start_offset_seconds;
    put(&mut object, "StartTimeOffset", Some(start));
    put(&mut object, "EndTimeOffset", query.end_offset_seconds);
    let (evaluated, to_alarm) = (alarm.results_to_evaluate, alarm.results_to_alarm);
    put(&mut object, "QueryResultsToEvaluate", Some(evaluated));
    put(&mut object, "QueryResultsToAlarm", Some(to_alarm));
    let comparison = alarm.comparison.as_str();
    put(&mut object, "ComparisonOperator", Some(comparison));
    put(&mut object, "Threshold", Some(alarm.threshold));
    let missing = alarm.treat_missing_data.map_or("", MissingData::as_str);
    put(&mut object, "TreatMissingData", Some(missing));
    Value::Object(object)
}

fn query(query: &Query) -> Value {
    let mut object = Map::new();
    match &query.term {
        Term::Expression(expression) => put(&mut object, "Expression", Some(expression.as_str())),
        Term::Metric(metric) => {
            let mut stat = Map::new();
            let identity = json!({
                "Dimensions": dimensions(metric),
                "MetricName": metric.name,
                "Namespace": metric.namespace,
            });
            put(&mut stat, "Metric", Some(identity));
            put(&mut stat, "Period", Some(metric.period_seconds));
            put(&mut stat, "Stat", Some(metric.statistic.as_str()));
            put(&mut stat, "Unit", metric.unit.as_deref());
            put(&mut object, "MetricStat", Some(stat));
        }
    }
    put(&mut object, "Id", Some(query.id.as_str()));
    put(&mut object, "Label", query.label.as_deref());
    put(&mut object, "Period", query.period_seconds);
    put(&mut object, "ReturnData", Some(query.returns()));
    put(&mut object, "AccountId", query.account_id.as_deref());
    Value::Object(object)
}

/// Names and values in small letters, unlike all around them.
fn dimensions(metric: &Metric) -> Vec<Value> {
    let dimensions = metric.dimensions.iter();
    dimensions
        .map(|(name, value)| json!({ "value": value, "name": name }))
        .collect()
}

/// The alarms that the reason data of a composite alarm names.
fn children(reason_data: Option<&str>) -> Vec<Value> {
    let data: Option<Value> = reason_data.and_then(|data| serde_json::from_str(data).ok());
    let alarms = data
        .as_ref()
        .and_then(|data| data["triggeringAlarms"].as_array());
    let children = alarms.into_iter().flatten().map(|alarm| {
        json!({
            "Arn": alarm["arn"],
            "State": { "Value": alarm["state"]["value"], "Timestamp": alarm["state"]["timestamp"] },
        })
    });
    children.collect()
}

/// What people call a region; the region itself where that is not known.
fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "ca-central-1" => "Canada (Central)",
        "sa-east-1" => "South America (Sao Paulo)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "eu-south-1" => "EU (Milan)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-east-1" => "Asia Pacific (Hong Kong)",
        "me-south-1" => "Middle East (Bahrain)",
        "af-south-1" => "Africa (Cape Town)",
        other => other,
    }
}
