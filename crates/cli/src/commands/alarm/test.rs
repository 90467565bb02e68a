//! `corelog alarm test`.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::{Session, asked, one, state_of};
use crate::failure::Failure;
use crate::printer::cell::safe;
use crate::printer::note;

const REASON: &str = "This is a test: `corelog alarm test` put the alarm into this state";

pub(super) fn run(name: &str, session: &Session) -> anyhow::Result<ExitCode> {
    let alarm = one(session, name)?;
    if state_of(&alarm) == "ALARM" {
        let failure = Failure::new(format!("`{name}` is in ALARM already"));
        let hint =
            "`corelog alarm history` shows which actions were executed, and whether they could be";
        return Err(failure.hint(hint).into());
    }
    let actions: Vec<&str> = alarm["AlarmActions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    set(session, name, "ALARM")?;
    let is_enabled = alarm["ActionsEnabled"].as_bool().unwrap_or(true);
    if actions.is_empty() {
        note("the alarm is in ALARM, and has no action for that");
    } else if !is_enabled {
        note("the alarm is in ALARM; its actions are disabled, so none is executed");
    } else {
        for action in &actions {
            note(&format!("executes {}", safe(action)));
        }
        let name = safe(name);
        note(&format!(
            "`corelog alarm history '{name}' --kind action` shows what came of it"
        ));
    }
    if alarm["AlarmRule"].is_string() {
        take_back(session, name, state_of(&alarm))?;
    } else if alarm["ScheduledQueryConfiguration"].is_object() {
        note("the alarm goes back by itself once its query is executed again");
    } else if alarm["TreatMissingData"].as_str() == Some("ignore") {
        note("the alarm goes back by itself once it is evaluated with data points");
    } else {
        note("the alarm goes back by itself with its next evaluation");
    }
    Ok(ExitCode::SUCCESS)
}

/// A composite alarm would stay so until an alarm in its rule changes. What changed meanwhile is not to be lost: being put
/// again as it is evaluates it.
fn take_back(session: &Session, name: &str, former: &str) -> anyhow::Result<()> {
    set(session, name, former)?;
    let alarm = one(session, name)?;
    let members = [
        "AlarmName",
        "AlarmRule",
        "AlarmDescription",
        "ActionsEnabled",
        "AlarmActions",
        "OKActions",
        "InsufficientDataActions",
        "ActionsSuppressor",
        "ActionsSuppressorWaitPeriod",
        "ActionsSuppressorExtensionPeriod",
    ];
    let set_members = members.iter().filter(|member| !alarm[**member].is_null());
    let request: Map<String, Value> = set_members
        .map(|member| ((*member).to_owned(), alarm[*member].clone()))
        .collect();
    asked(session, "PutCompositeAlarm", &Value::Object(request))?;
    let after = one(session, name)?;
    if state_of(&after) == former {
        note("the alarm is in its former state again");
    } else {
        let state = state_of(&after);
        note(&format!(
            "the alarm is in {state} now: an alarm in its rule changed meanwhile"
        ));
    }
    Ok(())
}

fn set(session: &Session, name: &str, state: &str) -> anyhow::Result<()> {
    let request = json!({ "AlarmName": name, "StateValue": state, "StateReason": REASON });
    asked(session, "SetAlarmState", &request)?;
    Ok(())
}
