//! `corelog alarm`: what watches, what it says, what became of it; and alarms that are defined elsewhere.

mod history;
mod import;
mod list;
mod show;
mod test;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Session;
use crate::failure::Failure;

/// What to do with alarms.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists alarms with their states: those in ALARM first.
    List(list::Args),
    /// Shows all of an alarm: what it watches, what it says and why, whom it tells.
    Show {
        /// Its name.
        name: String,
    },
    /// Shows what became of alarms: states, changes, actions. The newest comes last.
    History(history::Args),
    /// Puts an alarm into ALARM until its next evaluation, so that its actions show whether they work.
    Test {
        /// Its name.
        name: String,
    },
    /// Puts alarms that a `CloudFormation` template or Terraform defines.
    Import(import::Args),
}

pub(super) fn run(command: Command, session: Session) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list::run(&args, session),
        Command::Show { name } => show::run(&name, session),
        Command::History(args) => history::run(&args, session),
        Command::Test { name } => test::run(&name, &session),
        Command::Import(args) => import::run(&args, session),
    }
}

const TYPES: [&str; 3] = ["MetricAlarm", "CompositeAlarm", "LogAlarm"];

/// An operation that has to succeed.
fn asked(session: &Session, operation: &str, input: &Value) -> anyhow::Result<Value> {
    let answer = session.client.cloudwatch(operation, input)?;
    Ok(answer.map_err(|refusal| refusal.failure)?)
}

/// All alarms that a request describes, of every type, by name.
fn described(session: &Session, mut request: Value) -> anyhow::Result<Vec<Value>> {
    request["AlarmTypes"] = json!(TYPES);
    let mut alarms = Vec::new();
    loop {
        let mut answer = asked(session, "DescribeAlarms", &request)?;
        for member in ["MetricAlarms", "CompositeAlarms", "LogAlarms"] {
            if let Some(Value::Array(found)) = answer.get_mut(member).map(Value::take) {
                alarms.extend(found);
            }
        }
        match answer.get_mut("NextToken").map(Value::take) {
            Some(token @ Value::String(_)) => request["NextToken"] = token,
            _ => break,
        }
    }
    alarms.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    Ok(alarms)
}

/// The alarm of a name.
fn one(session: &Session, name: &str) -> anyhow::Result<Value> {
    let found = described(session, json!({ "AlarmNames": [name] }))?;
    found.into_iter().next().ok_or_else(|| {
        let failure = Failure::new(format!("there is no alarm `{name}`"));
        failure.hint("`corelog alarm list` shows the names").into()
    })
}

fn name_of(alarm: &Value) -> &str {
    alarm["AlarmName"].as_str().unwrap_or_default()
}

fn state_of(alarm: &Value) -> &str {
    alarm["StateValue"].as_str().unwrap_or_default()
}

/// A moment of a document, as people read it.
fn time(value: &Value) -> Option<String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    let ms = (value.as_f64()? * 1_000.0).round() as u64;
    Some(corelog_types::Timestamp::from_unix_ms(ms).rfc3339_seconds())
}

/// What an alarm watches, in a line: `Sum of AWS/Bedrock Invocations (ModelId=m) > 5, 2 of 3 × 1 min`.
fn watches(alarm: &Value) -> String {
    let text = |member: &str| alarm[member].as_str().unwrap_or_default();
    if alarm["AlarmRule"].is_string() {
        return text("AlarmRule").to_owned();
    }
    if alarm["ScheduledQueryConfiguration"].is_object() {
        return asks(alarm);
    }
    let source = if alarm["MetricName"].is_string() {
        let statistic = alarm["Statistic"]
            .as_str()
            .unwrap_or(text("ExtendedStatistic"));
        let dimensions = dimensions(&alarm["Dimensions"]);
        let (namespace, metric) = (text("Namespace"), text("MetricName"));
        format!("{statistic} of {namespace} {metric}{dimensions}")
    } else {
        returned(&alarm["Metrics"], text("ThresholdMetricId"))
    };
    let limit = match alarm["Threshold"].as_f64() {
        Some(threshold) => threshold.to_string(),
        None => text("ThresholdMetricId").to_owned(),
    };
    let comparison = sign(text("ComparisonOperator"));
    format!("{source} {comparison} {limit}, {}", periods(alarm))
}

/// `count(*) > 5, 2 of 3 × 5 minutes: filter @message like /ERROR/`
fn asks(alarm: &Value) -> String {
    let query = &alarm["ScheduledQueryConfiguration"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let schedule = text(&query["ScheduleConfiguration"]["ScheduleExpression"]);
    let rate = schedule.trim_start_matches("rate(").trim_end_matches(')');
    let number = |member: &str| alarm[member].as_u64().unwrap_or(1);
    format!(
        "{} {} {}, {} of {} × {rate}: {}",
        text(&query["AggregationExpression"]),
        sign(alarm["ComparisonOperator"].as_str().unwrap_or_default()),
        alarm["Threshold"].as_f64().unwrap_or_default(),
        number("QueryResultsToAlarm"),
        number("QueryResultsToEvaluate"),
        text(&query["QueryString"]).replace('\n', " ")
    )
}

/// ` (ModelId=m)`, or nothing.
fn dimensions(dimensions: &Value) -> String {
    let pairs = dimensions.as_array().into_iter().flatten();
    let pairs: Vec<String> = pairs
        .map(|pair| {
            let text = |member: &str| pair[member].as_str().unwrap_or_default();
            format!("{}={}", text("Name"), text("Value"))
        })
        .collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!(" ({})", pairs.join(", "))
}

/// The entry of `Metrics` that is watched: its label, its expression, or its metric.
fn returned(metrics: &Value, band: &str) -> String {
    let mut queries = metrics.as_array().into_iter().flatten();
    let watched = queries.find(|query| {
        query["ReturnData"].as_bool().unwrap_or(true) && query["Id"].as_str() != Some(band)
    });
    let Some(query) = watched else {
        return String::new();
    };
    let label = query["Label"].as_str().or(query["Expression"].as_str());
    label.map_or_else(|| stat(&query["MetricStat"]), str::to_owned)
}

/// `Sum of AWS/Bedrock Invocations (ModelId=m)`
fn stat(stat: &Value) -> String {
    let metric = &stat["Metric"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} of {} {}{}",
        text(&stat["Stat"]),
        text(&metric["Namespace"]),
        text(&metric["MetricName"]),
        dimensions(&metric["Dimensions"])
    )
}

fn sign(comparison: &str) -> &str {
    match comparison {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => ">=",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "<=",
        "GreaterThanUpperThreshold" => "above",
        "LessThanLowerThreshold" => "below",
        "LessThanLowerOrGreaterThanUpperThreshold" => "outside of",
        other => other,
    }
}

/// `2 of 3 × 1 min`
fn periods(alarm: &Value) -> String {
    let number = |member: &str| alarm[member].as_u64();
    let periods = number("EvaluationPeriods").unwrap_or(1);
    let to_alarm = number("DatapointsToAlarm").unwrap_or(periods);
    let of_metric = |query: &Value| {
        query["MetricStat"]["Period"]
            .as_u64()
            .or(query["Period"].as_u64())
    };
    let of_metrics = alarm["Metrics"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(of_metric);
    let period = number("Period").or(of_metrics.max()).unwrap_or(60);
    let length = match period {
        period if period % 86_400 == 0 => format!("{} d", period / 86_400),
        period if period % 3_600 == 0 => format!("{} h", period / 3_600),
        period if period % 60 == 0 => format!("{} min", period / 60),
        period => format!("{period} s"),
    };
    format!("{to_alarm} of {periods} × {length}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_alarm_watches_is_a_line() {
        let check = |alarm: Value, expected: &str| assert_eq!(watches(&alarm), expected);
        check(
            json!({
                "Namespace": "AWS/Bedrock", "MetricName": "Invocations", "Statistic": "Sum",
                "Dimensions": [{"Name": "ModelId", "Value": "m"}], "Period": 60,
                "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5.0,
                "ComparisonOperator": "GreaterThanThreshold",
            }),
            "Sum of AWS/Bedrock Invocations (ModelId=m) > 5, 2 of 3 × 1 min",
        );
        check(
            json!({
                "Metrics": [
                    {"Id": "m", "MetricStat": {"Metric": {}, "Period": 3_600}, "ReturnData": false},
                    {"Id": "e", "Expression": "m * 100"},
                ],
                "EvaluationPeriods": 1, "Threshold": 0.5, "ComparisonOperator": "LessThanOrEqualToThreshold",
            }),
            "m * 100 <= 0.5, 1 of 1 × 1 h",
        );
        check(json!({"AlarmRule": "ALARM(a)"}), "ALARM(a)");
        check(
            json!({
                "ScheduledQueryConfiguration": {
                    "QueryString": "filter @message like /ERROR/", "AggregationExpression": "count(*)",
                    "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)"},
                },
                "QueryResultsToEvaluate": 3, "QueryResultsToAlarm": 2, "Threshold": 5.0,
                "ComparisonOperator": "GreaterThanThreshold",
            }),
            "count(*) > 5, 2 of 3 × 5 minutes: filter @message like /ERROR/",
        );
    }
}
