//! Alarms in a template of `CloudFormation`.
//!
//! Parameters, conditions, mappings and the usual functions are put in place. An alarm that needs something else is
//! named and left. A topic of the template becomes an ARN with the topic's name, which is what actions are found by.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Defined, Found};

const METRIC_ALARM: &str = "AWS::CloudWatch::Alarm";
const COMPOSITE_ALARM: &str = "AWS::CloudWatch::CompositeAlarm";
const LOG_ALARM: &str = "AWS::CloudWatch::LogAlarm";

/// Properties that requests have, by the same names.
const PROPERTIES: [&str; 36] = [
    "ActionLogLineCount",
    "ActionLogLineRoleArn",
    "ActionsEnabled",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "AlarmRule",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationInterval",
    "EvaluationPeriods",
    "EvaluationWindow",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "QueryResultsToAlarm",
    "QueryResultsToEvaluate",
    "ScheduledQueryConfiguration",
    "Statistic",
    "Tags",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
    "WarmUpConfiguration",
    "ActionConfiguration",
    "EvaluationCriteria",
];

/// Names may name others; a template whose names go round in a circle ends here.
const DEPTH_MAX: usize = 32;

pub(super) fn alarms(document: &Value, given: &BTreeMap<String, String>) -> Found {
    let template = Template { document, given };
    let mut found = Found::default();
    let resources = document["Resources"].as_object().into_iter().flatten();
    for (id, resource) in resources {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if ![METRIC_ALARM, COMPOSITE_ALARM, LOG_ALARM].contains(&kind) {
            if kind.starts_with("AWS::CloudWatch::") && kind.contains("Alarm") {
                found
                    .left
                    .push((id.clone(), format!("`{kind}` is not supported")));
            }
            continue;
        }
        match template.alarm(id, resource) {
            Ok(Some(request)) => found.alarms.push(Defined {
                place: id.clone(),
                request,
            }),
            // Its condition says that it is not to be.
            Ok(None) => {}
            Err(why) => found.left.push((id.clone(), why)),
        }
    }
    found
}

struct Template<'a> {
    document: &'a Value,
    given: &'a BTreeMap<String, String>,
}

impl Template<'_> {
    fn alarm(&self, id: &str, resource: &Value) -> Result<Option<Value>, String> {
        if let Some(condition) = resource["Condition"].as_str()
            && !self.condition(condition, 0)?
        {
            return Ok(None);
        }
        let properties = resource["Properties"].as_object();
        let mut request = Map::new();
        for (name, value) in properties.into_iter().flatten() {
            if !PROPERTIES.contains(&name.as_str()) {
                return Err(format!("the property `{name}` is not known"));
            }
            let value = self.value(value, 0)?;
            if !value.is_null() {
                request.insert(name.clone(), typed(name, value)?);
            }
        }
        // Decision: the service makes names up where the template has none; the template's own is better than that.
        let name = request.entry("AlarmName");
        name.or_insert_with(|| Value::from(id));
        Ok(Some(Value::Object(request)))
    }

    /// A value with all functions put in place; null for what is to be left out.
    fn value(&self, value: &Value, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deeply, or names itself".to_owned());
        }
        match value {
            Value::Object(members) => {
                let mut only = members.iter();
                if let (Some((name, argument)), None) = (only.next(), only.next())
                    && (name.starts_with("Fn::") || name == "Ref")
                {
                    return self.call(name, argument, depth + 1);
                }
                let mut made = Map::new();
                for (name, value) in members {
                    let value = self.value(value, depth + 1)?;
                    if !value.is_null() {
                        made.insert(name.clone(), typed(name, value)?);
                    }
                }
                Ok(Value::Object(made))
            }
            Value::Array(items) => {
                let made = items.iter().map(|item| self.value(item, depth + 1));
                let made: Vec<Value> = made.collect::<Result<_, String>>()?;
                Ok(made.into_iter().filter(|item| !item.is_null()).collect())
            }
            other => Ok(other.clone()),
        }
    }

    fn call(&self, name: &str, argument: &Value, depth: usize) -> Result<Value, String> {
        let at = |index: usize| argument.get(index).unwrap_or(&Value::Null);
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default(), depth),
            "Fn::GetAtt" => {
                let of = at(0).as_str().unwrap_or_default();
                let attribute = at(1).as_str().unwrap_or_default();
                self.attribute(of, attribute, depth)
            }
            "Fn::Sub" => {
                let names = at(1).as_object();
                let text = argument.as_str().or(at(0).as_str()).unwrap_or_default();
                self.substitute(text, names, depth)
            }
            "Fn::Join" => {
                let between = at(0).as_str().unwrap_or_default();
                let parts = self.value(at(1), depth)?;
                let parts = parts.as_array().into_iter().flatten();
                let parts: Vec<String> = parts.map(text).collect();
                Ok(Value::from(parts.join(between)))
            }
            "Fn::FindInMap" => {
                let keys = self.value(argument, depth)?;
                let key = |index: usize| keys.get(index).map(text).unwrap_or_default();
                let found = &self.document["Mappings"][key(0)][key(1)][key(2)];
                if found.is_null() {
                    return Err(format!("the mapping `{}` has no such entry", key(0)));
                }
                Ok(found.clone())
            }
            "Fn::Select" => {
                let items = self.value(at(1), depth)?;
                let index = text(at(0)).parse::<usize>().ok();
                let found = index.and_then(|index| items.get(index));
                found
                    .cloned()
                    .ok_or_else(|| "`Fn::Select` has no such item".to_owned())
            }
            "Fn::If" => {
                let is_so = self.condition(at(0).as_str().unwrap_or_default(), depth)?;
                self.value(at(if is_so { 1 } else { 2 }), depth)
            }
            other => Err(format!("the function `{other}` is not supported")),
        }
    }

    fn reference(&self, name: &str, depth: usize) -> Result<Value, String> {
        let kind = self.document["Parameters"][name]["Type"].as_str();
        let kind = kind.unwrap_or_default();
        if let Some(given) = self.given.get(name) {
            return Ok(listed(kind, Value::from(given.as_str())));
        }
        let pseudo = match name {
            "AWS::NoValue" => return Ok(Value::Null),
            "AWS::Region" => Some("us-east-1"),
            "AWS::AccountId" => Some("000000000000"),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            "AWS::StackName" => Some("stack"),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Ok(Value::from(pseudo));
        }
        let parameter = &self.document["Parameters"][name];
        if !parameter.is_null() {
            return match &parameter["Default"] {
                Value::Null => Err(format!(
                    "the parameter `{name}` has no default: give it with `--parameter {name}=…`"
                )),
                // Its default is the name under which the value is kept elsewhere.
                _ if kind.starts_with("AWS::SSM::Parameter::Value<") => Err(format!(
                    "the value of the parameter `{name}` is in the Parameter Store: give it with `--parameter {name}=…`"
                )),
                default => Ok(listed(kind, default.clone())),
            };
        }
        let resource = &self.document["Resources"][name];
        match resource["Type"].as_str() {
            Some(METRIC_ALARM | COMPOSITE_ALARM | LOG_ALARM) => {
                let own = self.value(&resource["Properties"]["AlarmName"], depth + 1)?;
                Ok(if own.is_null() {
                    Value::from(name)
                } else {
                    own
                })
            }
            Some("AWS::SNS::Topic") => self.topic(name, resource, depth),
            Some("AWS::Logs::LogGroup") if resource["Properties"].get("LogGroupName").is_some() => {
                self.value(&resource["Properties"]["LogGroupName"], depth + 1)
            }
            Some(other) => Err(format!(
                "what `{name}` is called, a `{other}`, is not known here"
            )),
            None => Err(format!("the template has no `{name}`")),
        }
    }

    fn attribute(&self, of: &str, attribute: &str, depth: usize) -> Result<Value, String> {
        let resource = &self.document["Resources"][of];
        match (resource["Type"].as_str(), attribute) {
            (Some(METRIC_ALARM | COMPOSITE_ALARM | LOG_ALARM), "Arn") => {
                let name = text(&self.reference(of, depth)?);
                self.substitute(
                    &format!("arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{name}"),
                    None,
                    depth,
                )
            }
            (Some("AWS::SNS::Topic"), "TopicArn") => self.topic(of, resource, depth),
            // Roles are kept and shown, and nobody assumes them: one that the template does not name has its own name there.
            (Some("AWS::IAM::Role"), "Arn") => {
                let name = self.value(&resource["Properties"]["RoleName"], depth + 1)?;
                let name = name.as_str().unwrap_or(of);
                let arn = format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}");
                self.substitute(&arn, None, depth)
            }
            _ => Err(format!("`{of}.{attribute}` is not known here")),
        }
    }

    fn topic(&self, id: &str, resource: &Value, depth: usize) -> Result<Value, String> {
        let name = self.value(&resource["Properties"]["TopicName"], depth + 1)?;
        let name = if name.is_null() {
            id.to_owned()
        } else {
            text(&name)
        };
        let arn =
            format!("arn:${{AWS::Partition}}:sns:${{AWS::Region}}:${{AWS::AccountId}}:{name}");
        self.substitute(&arn, None, depth)
    }

    /// `${Name}` and `${Name.Attribute}` in a text, and `${!Literal}`.
    fn substitute(
        &self,
        mut text: &str,
        names: Option<&Map<String, Value>>,
        depth: usize,
    ) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deeply, or names itself".to_owned());
        }
        let mut made = String::new();
        while let Some((before, rest)) = text.split_once("${") {
            made.push_str(before);
            let Some((name, rest)) = rest.split_once('}') else {
                return Err("`${` has no end".to_owned());
            };
            text = rest;
            if let Some(literal) = name.strip_prefix('!') {
                made.extend(["${", literal, "}"]);
                continue;
            }
            let value = match (
                names.and_then(|names| names.get(name)),
                name.split_once('.'),
            ) {
                (Some(value), _) => self.value(value, depth + 1)?,
                (None, Some((of, attribute))) => self.attribute(of, attribute, depth + 1)?,
                (None, None) => self.reference(name, depth + 1)?,
            };
            made.push_str(&self::text(&value));
        }
        made.push_str(text);
        Ok(Value::from(made))
    }

    /// Whether a condition of the template holds.
    fn condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        match &self.document["Conditions"][name] {
            Value::Null => Err(format!("the template has no condition `{name}`")),
            condition => self.holds(condition, depth + 1),
        }
    }

    fn holds(&self, condition: &Value, depth: usize) -> Result<bool, String> {
        if depth > DEPTH_MAX {
            return Err("its condition is nested too deeply, or names itself".to_owned());
        }
        let named = condition
            .as_object()
            .and_then(|members| members.iter().next());
        let Some((name, argument)) = named else {
            return Err("its condition is none".to_owned());
        };
        let mut parts = argument.as_array().into_iter().flatten();
        match name.as_str() {
            "Condition" => self.condition(argument.as_str().unwrap_or_default(), depth),
            "Fn::Equals" => {
                let sides = self.value(argument, depth)?;
                let side = |index: usize| sides.get(index).map(text);
                Ok(side(0) == side(1))
            }
            "Fn::Not" => match parts.next() {
                Some(part) => Ok(!self.holds(part, depth + 1)?),
                None => Err("`Fn::Not` is empty".to_owned()),
            },
            "Fn::And" => parts.try_fold(true, |all, part| Ok(all && self.holds(part, depth + 1)?)),
            "Fn::Or" => parts.try_fold(false, |any, part| Ok(any || self.holds(part, depth + 1)?)),
            other => Err(format!(
                "the function `{other}` is not supported in conditions"
            )),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value of a parameter of this type: that of a list is written as one text.
fn listed(kind: &str, value: Value) -> Value {
    let is_list = kind == "CommaDelimitedList" || kind.contains("List<");
    match value {
        Value::String(text) if is_list => text.split(',').map(str::trim).collect(),
        other => other,
    }
}

/// A value in the type that requests have: templates write numbers as texts, and texts as numbers.
fn typed(name: &str, value: Value) -> Result<Value, String> {
    let wrong = || format!("`{name}` has a wrong value");
    Ok(match (name, value) {
        (
            "EvaluationPeriods"
            | "DatapointsToAlarm"
            | "Period"
            | "EvaluationInterval"
            | "ActionsSuppressorWaitPeriod"
            | "ActionsSuppressorExtensionPeriod"
            | "WarmUpPeriodDurationInMinutes"
            | "QueryResultsToAlarm"
            | "QueryResultsToEvaluate"
            | "ActionLogLineCount"
            | "StartTimeOffset"
            | "EndTimeOffset",
            Value::String(text),
        ) => Value::from(text.trim().parse::<i64>().map_err(|_| wrong())?),
        ("Threshold", Value::String(text)) => {
            Value::from(text.trim().parse::<f64>().map_err(|_| wrong())?)
        }
        (
            "ActionsEnabled" | "ReturnData" | "OnlyStartEvaluatingAfterWarmUpPeriodEnds",
            Value::String(text),
        ) => Value::from(
            text.trim()
                .to_ascii_lowercase()
                .parse::<bool>()
                .map_err(|_| wrong())?,
        ),
        (
            "AlarmName" | "AlarmDescription" | "Value" | "Key" | "Name",
            value @ (Value::Number(_) | Value::Bool(_)),
        ) => Value::from(value.to_string()),
        (_, value) => value,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(document: &Value, given: &[(&str, &str)]) -> Found {
        let given = given.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        alarms(document, &given.collect())
    }

    #[test]
    fn a_log_alarm_has_its_groups_and_roles_in_place() {
        let template = json!({"Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/app"}},
            "Unnamed": {"Type": "AWS::Logs::LogGroup"},
            "Role": {"Type": "AWS::IAM::Role"},
            "Errors": {"Type": LOG_ALARM, "Properties": {
                "QueryResultsToEvaluate": "3", "QueryResultsToAlarm": 2, "Threshold": 5,
                "ComparisonOperator": "GreaterThanThreshold",
                "ScheduledQueryConfiguration": {
                    "QueryString": "filter @message like /ERROR/", "AggregationExpression": "count(*)",
                    "LogGroupIdentifiers": [{"Ref": "Group"}],
                    "ScheduledQueryRoleARN": {"Fn::GetAtt": ["Role", "Arn"]},
                    "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": "300"},
                },
            }},
            "Other": {"Type": LOG_ALARM, "Properties": {
                "ScheduledQueryConfiguration": {"LogGroupIdentifiers": [{"Ref": "Unnamed"}]},
            }},
        }});
        let found = found(&template, &[]);
        let [errors] = found.alarms.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(errors.operation(), "PutLogAlarm");
        let request = &errors.request;
        assert_eq!(request["QueryResultsToEvaluate"], 3);
        let query = &request["ScheduledQueryConfiguration"];
        assert_eq!(query["LogGroupIdentifiers"], json!(["/app"]));
        assert_eq!(
            query["ScheduledQueryRoleARN"],
            "arn:aws:iam::000000000000:role/Role"
        );
        assert_eq!(query["ScheduleConfiguration"]["StartTimeOffset"], 300);
        assert!(found.left[0].1.contains("`Unnamed`"), "{:?}", found.left);
    }

    #[test]
    fn a_template_s_alarms_are_put_in_place() {
        let template = json!({
            "Parameters": {"Limit": {"Type": "Number", "Default": 5}, "Stage": {"Type": "String"}},
            "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
                           "Test": {"Fn::Not": [{"Condition": "Live"}]}},
            "Mappings": {"Periods": {"live": {"s": "60"}}},
            "Resources": {
                "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${Stage}-alerts"}}},
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Calls": {"Type": METRIC_ALARM, "Condition": "Live", "Properties": {
                    "AlarmActions": [{"Ref": "Topic"}, {"Ref": "AWS::NoValue"}],
                    "Threshold": {"Ref": "Limit"}, "EvaluationPeriods": "3", "ActionsEnabled": "true",
                    "Period": {"Fn::FindInMap": ["Periods", {"Ref": "Stage"}, "s"]},
                    "Dimensions": [{"Name": "ModelId", "Value": 4}],
                    "AlarmDescription": {"Fn::If": ["Test", "a test", {"Fn::Join": ["-", ["a", "b"]]}]},
                }},
                "Never": {"Type": METRIC_ALARM, "Condition": "Test", "Properties": {}},
                "Both": {"Type": COMPOSITE_ALARM, "Properties": {
                    "AlarmName": {"Fn::Sub": ["${Prefix}-both", {"Prefix": {"Ref": "Stage"}}]},
                    "AlarmRule": {"Fn::Sub": "ALARM(${Calls}) OR ALARM(\"${Calls.Arn}\")"},
                }},
            },
        });
        let found = found(
            &template,
            &[("Stage", "live"), ("AWS::AccountId", "111122223333")],
        );
        assert_eq!(found.left, []);
        let calls = json!({
            "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:live-alerts"],
            "Threshold": 5, "EvaluationPeriods": 3, "ActionsEnabled": true, "Period": 60,
            "Dimensions": [{"Name": "ModelId", "Value": "4"}],
            "AlarmDescription": "a-b",
            "AlarmName": "Calls",
        });
        let both = json!({
            "AlarmName": "live-both",
            "AlarmRule": "ALARM(Calls) OR ALARM(\"arn:aws:cloudwatch:us-east-1:111122223333:alarm:Calls\")",
        });
        let requests: Vec<&Value> = found.alarms.iter().map(|one| &one.request).collect();
        assert_eq!(requests, [&calls, &both]);
    }

    #[test]
    fn parameters_may_be_lists() {
        let template = json!({
            "Parameters": {
                "Topics": {"Type": "CommaDelimitedList", "Default": "arn:a, arn:b"},
                "Names": {"Type": "List<String>"},
            },
            "Resources": {"A": {"Type": METRIC_ALARM, "Properties": {
                "AlarmActions": {"Ref": "Topics"},
                "AlarmName": {"Fn::Join": ["-", {"Ref": "Names"}]},
                "Namespace": {"Fn::Select": [1, {"Ref": "Names"}]},
            }}},
        });
        let found = found(&template, &[("Names", "x,y")]);
        let expected =
            json!({"AlarmActions": ["arn:a", "arn:b"], "AlarmName": "x-y", "Namespace": "y"});
        assert_eq!(found.alarms[0].request, expected, "{:?}", found.left);
    }

    #[test]
    fn what_cannot_be_known_is_named() {
        let check = |properties: Value, expected: &str| {
            let template = json!({
                "Parameters": {
                    "P": {"Type": "String"},
                    "Kept": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ops/name"},
                },
                "Resources": {
                    "A": {"Type": METRIC_ALARM, "Properties": properties},
                    "Lambda": {"Type": "AWS::Lambda::Function"},
                    "Round": {"Type": METRIC_ALARM, "Properties": {"AlarmName": {"Ref": "A"}}},
                },
            });
            let left = found(&template, &[]).left;
            assert!(left[0].1.contains(expected), "{left:?}");
        };
        check(json!({"AlarmName": {"Ref": "P"}}), "--parameter P=");
        check(json!({"AlarmName": {"Ref": "Kept"}}), "--parameter Kept=");
        check(json!({"AlarmName": {"Ref": "Gone"}}), "has no `Gone`");
        check(
            json!({"AlarmActions": [{"Ref": "Lambda"}]}),
            "`AWS::Lambda::Function`",
        );
        check(
            json!({"AlarmName": {"Fn::ImportValue": "x"}}),
            "`Fn::ImportValue` is not supported",
        );
        check(json!({"AlarmName": {"Ref": "Round"}}), "names itself");
        check(json!({"Thresholds": 1}), "`Thresholds` is not known");
        check(json!({"Period": "a minute"}), "`Period` has a wrong value");
    }
}
