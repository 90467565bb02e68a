//! Alarms in a plan or a state of Terraform, as `terraform show -json` writes it.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>, and the documentation of the resources
//! `aws_cloudwatch_metric_alarm` and `aws_cloudwatch_composite_alarm`.

use serde_json::{Map, Value, json};

use super::{Defined, Found};

/// Members of both kinds of resources, and what requests call them.
const MEMBERS: [(&str, &str); 22] = [
    ("alarm_name", "AlarmName"),
    ("alarm_description", "AlarmDescription"),
    ("actions_enabled", "ActionsEnabled"),
    ("alarm_actions", "AlarmActions"),
    ("ok_actions", "OKActions"),
    ("insufficient_data_actions", "InsufficientDataActions"),
    ("alarm_rule", "AlarmRule"),
    ("comparison_operator", "ComparisonOperator"),
    ("evaluation_periods", "EvaluationPeriods"),
    ("datapoints_to_alarm", "DatapointsToAlarm"),
    ("metric_name", "MetricName"),
    ("namespace", "Namespace"),
    ("statistic", "Statistic"),
    ("extended_statistic", "ExtendedStatistic"),
    ("period", "Period"),
    ("threshold", "Threshold"),
    ("threshold_metric_id", "ThresholdMetricId"),
    ("treat_missing_data", "TreatMissingData"),
    ("unit", "Unit"),
    (
        "evaluate_low_sample_count_percentiles",
        "EvaluateLowSampleCountPercentile",
    ),
    ("stat", "Stat"),
    ("expression", "Expression"),
];

pub(super) fn alarms(document: &Value) -> Found {
    let values = document.get("planned_values").or(document.get("values"));
    let mut found = Found::default();
    let mut modules = vec![values.map_or(&Value::Null, |values| &values["root_module"])];
    while let Some(module) = modules.pop() {
        modules.extend(module["child_modules"].as_array().into_iter().flatten());
        for resource in module["resources"].as_array().into_iter().flatten() {
            add(resource, document, &mut found);
        }
    }
    found
        .alarms
        .sort_by(|one, other| one.place.cmp(&other.place));
    found
}

fn add(resource: &Value, document: &Value, found: &mut Found) {
    let kind = resource["type"].as_str().unwrap_or_default();
    if resource["mode"].as_str() == Some("data") || !kind.starts_with("aws_cloudwatch_") {
        return;
    }
    let place = resource["address"].as_str().unwrap_or(kind).to_owned();
    if !is_of_alarms(kind, &place, found) {
        return;
    }
    if let Some(member) = unknown(&place, document) {
        let why =
            format!("`{member}` is known only after `terraform apply`: import the state then");
        found.left.push((place, why));
        return;
    }
    let request = request(&resource["values"]);
    found.alarms.push(Defined { place, request });
}

/// Whether resources of a type are alarms; those that cannot be imported are noted.
pub(super) fn is_of_alarms(kind: &str, place: &str, found: &mut Found) -> bool {
    match kind {
        "aws_cloudwatch_metric_alarm" | "aws_cloudwatch_composite_alarm" => true,
        other if other.starts_with("aws_cloudwatch_") && other.contains("alarm") => {
            let why = format!("`{other}` is not supported");
            found.left.push((place.to_owned(), why));
            false
        }
        // Dashboards, log groups and what else there is are no alarms.
        _ => false,
    }
}

/// A value as the provider's states have it, who writes it in another way: numbers and switches may be texts.
pub(super) fn typed(name: &str, value: Value) -> Result<Value, String> {
    let Value::String(text) = &value else {
        return Ok(value);
    };
    let wrong = |what: &str| format!("`{name}`: `{text}` is no {what}");
    match name {
        "evaluation_periods"
        | "datapoints_to_alarm"
        | "period"
        | "wait_period"
        | "extension_period" => {
            let number: Result<i64, _> = text.trim().parse();
            number.map(Value::from).map_err(|_| wrong("whole number"))
        }
        "threshold" => {
            let number: Option<f64> = text.trim().parse().ok();
            let number = number.filter(|number| number.is_finite());
            number.map(Value::from).ok_or_else(|| wrong("number"))
        }
        "actions_enabled" | "return_data" => {
            let switch: Result<bool, _> = text.trim().parse();
            switch.map(Value::from).map_err(|_| wrong("true or false"))
        }
        _ => Ok(value),
    }
}

/// The first member of a planned resource whose value depends on what is not there yet.
fn unknown<'a>(place: &str, document: &'a Value) -> Option<&'a str> {
    let mut changes = document["resource_changes"].as_array()?.iter();
    let change = changes.find(|change| change["address"].as_str() == Some(place))?;
    let unknown = change["change"]["after_unknown"].as_object()?;
    let matters = |name: &str| !matches!(name, "arn" | "id" | "tags_all");
    let is_unknown = |value: &Value| value.to_string().contains("true");
    let mut members = unknown.iter();
    let found = members.find(|(name, value)| matters(name) && is_unknown(value));
    found.map(|(name, _)| name.as_str())
}

pub(super) fn request(values: &Value) -> Value {
    let mut request = members(values);
    let dimensions = dimensions(&values["dimensions"]);
    if dimensions != json!([]) {
        request.insert("Dimensions".to_owned(), dimensions);
    }
    let queries = values["metric_query"].as_array().into_iter().flatten();
    let queries: Vec<Value> = queries.map(query).collect();
    if !queries.is_empty() {
        request.insert("Metrics".to_owned(), Value::Array(queries));
        // The provider has a zero for what is not set.
        request.remove("Period");
        if request.contains_key("ThresholdMetricId") {
            request.remove("Threshold");
        }
    }
    if let Some(suppressor) = values["actions_suppressor"].get(0) {
        for (from, to) in [
            ("alarm", "ActionsSuppressor"),
            ("wait_period", "ActionsSuppressorWaitPeriod"),
            ("extension_period", "ActionsSuppressorExtensionPeriod"),
        ] {
            request.insert(to.to_owned(), suppressor[from].clone());
        }
    }
    if let Some(tags) = values["tags"].as_object().filter(|tags| !tags.is_empty()) {
        let tags = tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}));
        request.insert("Tags".to_owned(), tags.collect());
    }
    Value::Object(request)
}

/// What is set: the provider has empty texts, empty lists and zeros for what is not.
fn members(values: &Value) -> Map<String, Value> {
    let mut request = Map::new();
    for (from, to) in MEMBERS {
        let Some(value) = values.get(from) else {
            continue;
        };
        let is_set = match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Number(number) => from == "threshold" || number.as_f64() != Some(0.0),
            Value::Bool(_) | Value::Object(_) => true,
        };
        if is_set {
            request.insert(to.to_owned(), value.clone());
        }
    }
    request
}

fn query(values: &Value) -> Value {
    let mut query = members(values);
    query.insert("Id".to_owned(), values["id"].clone());
    for (from, to) in [("label", "Label"), ("account_id", "AccountId")] {
        if values[from].as_str().is_some_and(|text| !text.is_empty()) {
            query.insert(to.to_owned(), values[from].clone());
        }
    }
    // The provider's default is that an entry returns nothing.
    let returns = values["return_data"].as_bool().unwrap_or(false);
    query.insert("ReturnData".to_owned(), Value::from(returns));
    if let Some(metric) = values["metric"].get(0) {
        let of = members(metric);
        let mut identity = Map::new();
        for name in ["Namespace", "MetricName"] {
            if let Some(value) = of.get(name) {
                identity.insert(name.to_owned(), value.clone());
            }
        }
        identity.insert("Dimensions".to_owned(), dimensions(&metric["dimensions"]));
        let mut stat = Map::new();
        stat.insert("Metric".to_owned(), Value::Object(identity));
        for name in ["Period", "Stat", "Unit"] {
            if let Some(value) = of.get(name) {
                stat.insert(name.to_owned(), value.clone());
            }
        }
        query.insert("MetricStat".to_owned(), Value::Object(stat));
    }
    Value::Object(query)
}

fn dimensions(values: &Value) -> Value {
    let pairs = values.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_alarms_in_modules() {
        // As `terraform show -json` writes it, with the provider's zeros.
        let state = json!({
            "format_version": "1.0",
            "values": {"root_module": {
                "resources": [
                    {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "values": {}},
                    {"address": "aws_cloudwatch_metric_alarm.calls", "mode": "managed",
                     "type": "aws_cloudwatch_metric_alarm", "values": {
                        "actions_enabled": true, "alarm_actions": ["arn:aws:sns:us-east-1:1:t"],
                        "alarm_description": "", "alarm_name": "calls",
                        "comparison_operator": "GreaterThanThreshold", "datapoints_to_alarm": 0,
                        "dimensions": {"ModelId": "m"}, "evaluation_periods": 2,
                        "extended_statistic": "", "metric_name": "Invocations", "metric_query": [],
                        "namespace": "AWS/Bedrock", "ok_actions": [], "period": 60, "statistic": "Sum",
                        "tags": {"team": "a"}, "threshold": 0, "threshold_metric_id": "",
                        "treat_missing_data": "missing", "unit": null,
                    }},
                ],
                "child_modules": [{"resources": [
                    {"address": "module.a.aws_cloudwatch_metric_alarm.rate", "mode": "managed",
                     "type": "aws_cloudwatch_metric_alarm", "values": {
                        "alarm_name": "rate", "comparison_operator": "LessThanThreshold",
                        "evaluation_periods": 1, "period": 0, "threshold": 99.5,
                        "metric_query": [
                            {"id": "e", "expression": "100 * m", "label": "rate", "return_data": true,
                             "metric": [], "period": 0, "account_id": ""},
                            {"id": "m", "expression": "", "label": "", "return_data": false,
                             "metric": [{"metric_name": "Invocations", "namespace": "AWS/Bedrock",
                                         "period": 60, "stat": "Sum", "unit": "", "dimensions": null}]},
                        ],
                    }},
                    {"address": "module.a.aws_cloudwatch_composite_alarm.both", "mode": "managed",
                     "type": "aws_cloudwatch_composite_alarm", "values": {
                        "alarm_name": "both", "alarm_rule": "ALARM(calls)", "actions_enabled": true,
                        "actions_suppressor": [{"alarm": "rate", "wait_period": 0, "extension_period": 60}],
                    }},
                ]}],
            }},
        });
        let found = alarms(&state);
        assert_eq!(found.left, []);
        let requests: Vec<&Value> = found.alarms.iter().map(|one| &one.request).collect();
        let calls = json!({
            "AlarmName": "calls", "ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:us-east-1:1:t"],
            "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2,
            "MetricName": "Invocations", "Namespace": "AWS/Bedrock", "Statistic": "Sum", "Period": 60,
            "Threshold": 0, "TreatMissingData": "missing",
            "Dimensions": [{"Name": "ModelId", "Value": "m"}],
            "Tags": [{"Key": "team", "Value": "a"}],
        });
        let both = json!({
            "AlarmName": "both", "ActionsEnabled": true, "AlarmRule": "ALARM(calls)",
            "ActionsSuppressor": "rate", "ActionsSuppressorWaitPeriod": 0,
            "ActionsSuppressorExtensionPeriod": 60,
        });
        let rate = json!({
            "AlarmName": "rate", "ComparisonOperator": "LessThanThreshold", "EvaluationPeriods": 1,
            "Threshold": 99.5,
            "Metrics": [
                {"Id": "e", "Expression": "100 * m", "Label": "rate", "ReturnData": true},
                {"Id": "m", "ReturnData": false, "MetricStat": {
                    "Metric": {"Namespace": "AWS/Bedrock", "MetricName": "Invocations", "Dimensions": []},
                    "Period": 60, "Stat": "Sum",
                }},
            ],
        });
        assert_eq!(requests, [&calls, &both, &rate]);
    }

    #[test]
    fn what_a_plan_does_not_know_yet_is_named() {
        let alarm = json!({
            "address": "aws_cloudwatch_metric_alarm.a", "mode": "managed",
            "type": "aws_cloudwatch_metric_alarm", "values": {"alarm_name": "a"},
        });
        let plan = json!({
            "planned_values": {"root_module": {"resources": [alarm]}},
            "resource_changes": [{
                "address": "aws_cloudwatch_metric_alarm.a",
                "change": {"after_unknown": {"arn": true, "alarm_actions": [true], "id": true}},
            }],
        });
        let found = alarms(&plan);
        assert_eq!(found.alarms, []);
        assert!(
            found.left[0].1.contains("`alarm_actions`"),
            "{:?}",
            found.left
        );
    }
}
