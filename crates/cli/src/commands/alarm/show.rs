//! `corelog alarm show`.

use std::process::ExitCode;

use serde_json::Value;

use super::{Session, one, stat, state_of, time, watches};
use crate::printer::cell::safe;
use crate::printer::{Format, Style};

/// How wide the names of facts are.
const LABEL_WIDTH: usize = 14;

pub(super) fn run(name: &str, mut session: Session) -> anyhow::Result<ExitCode> {
    let alarm = one(&session, name)?;
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        printer.line(&alarm.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    for (label, fact) in facts(&alarm) {
        let label = printer.styled(Style::Label, &format!("{label:<LABEL_WIDTH$}"));
        let fact = safe(&fact);
        let style = match fact.split(' ').next() {
            Some("ALARM") if label.contains("state") => Some(Style::Bad),
            Some("OK") if label.contains("state") => Some(Style::Good),
            _ => None,
        };
        let fact = style.map_or_else(|| fact.clone(), |style| printer.styled(style, &fact));
        printer.line(&format!("{label}{fact}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What there is to say of an alarm, in the order in which somebody who was woken asks.
fn facts(alarm: &Value) -> Vec<(&'static str, String)> {
    let text = |member: &str| alarm[member].as_str().map(str::to_owned);
    let since = time(&alarm["StateTransitionedTimestamp"]).unwrap_or_default();
    let mut facts = vec![("state", format!("{} since {since}", state_of(alarm)))];
    let mut add = |label: &'static str, fact: Option<String>| {
        facts.extend(
            fact.filter(|fact| !fact.is_empty())
                .map(|fact| (label, fact)),
        );
    };
    add("reason", text("StateReason"));
    add("evaluation", text("EvaluationState"));
    add("held back", text("ActionsSuppressedReason"));
    add("name", text("AlarmName"));
    add("description", text("AlarmDescription"));
    add("watches", Some(watches(alarm)));
    for (label, query) in expressions(alarm) {
        add(label, Some(query));
    }
    for group in query_groups(alarm) {
        add("log group", Some(group));
    }
    add("missing data", text("TreatMissingData"));
    add("low samples", text("EvaluateLowSampleCountPercentile"));
    add("unit", text("Unit"));
    add("suppressor", text("ActionsSuppressor"));
    for (label, member) in [
        ("on ALARM", "AlarmActions"),
        ("on OK", "OKActions"),
        ("on no data", "InsufficientDataActions"),
    ] {
        for action in alarm[member].as_array().into_iter().flatten() {
            add(label, action.as_str().map(str::to_owned));
        }
    }
    if alarm["ActionsEnabled"].as_bool() == Some(false) {
        add("actions", Some("disabled".to_owned()));
    }
    add("put", time(&alarm["AlarmConfigurationUpdatedTimestamp"]));
    add("arn", text("AlarmArn"));
    facts
}

/// What a log alarm's query reads.
fn query_groups(alarm: &Value) -> Vec<String> {
    let groups = alarm["ScheduledQueryConfiguration"]["LogGroupIdentifiers"].as_array();
    let groups = groups.into_iter().flatten().filter_map(Value::as_str);
    groups.map(str::to_owned).collect()
}

/// The entries of `Metrics`: `m1 = Sum of AWS/Bedrock Invocations`.
fn expressions(alarm: &Value) -> Vec<(&'static str, String)> {
    let queries = alarm["Metrics"].as_array().into_iter().flatten();
    let shown = queries.map(|query| {
        let id = query["Id"].as_str().unwrap_or_default();
        let expression = query["Expression"].as_str();
        let said = expression.map_or_else(|| stat(&query["MetricStat"]), str::to_owned);
        ("where", format!("{id} = {said}"))
    });
    shown.collect()
}
