//! The events that `EventBridge` gets of alarms.
//!
//! Source: the user guide, "Alarm events and `EventBridge`".

use serde_json::{Map, Value, json};

use super::{configuration, lambda, put};
use crate::alarms::Account;
use crate::effects::{ConfigurationChange, ConfigurationOperation, Transition};
use crate::moment;
use corelog_types::Timestamp;

/// `CloudWatch Alarm State Change`.
pub fn state_change(account: &Account, transition: &Transition) -> Value {
    let at = transition.to.updated;
    envelope(
        account,
        "CloudWatch Alarm State Change",
        &transition.alarm.name,
        at,
        &lambda::detail(transition),
    )
}

/// `CloudWatch Alarm Configuration Change`.
pub fn configuration_change(account: &Account, change: &ConfigurationChange) -> Value {
    let alarm = &change.alarm;
    let mut state = Map::new();
    put(&mut state, "value", Some(change.state.value.as_str()));
    // A deleted alarm says why it was in its state, the others do not.
    if change.operation == ConfigurationOperation::Delete {
        put(&mut state, "reason", Some(change.state.reason.as_str()));
    }
    let updated = moment::precise(change.state.updated);
    put(&mut state, "timestamp", Some(updated));
    let configured = match (&change.previous, change.operation) {
        (Some((_, configured)), ConfigurationOperation::Delete) => *configured,
        _ => change.at,
    };
    let mut detail = Map::new();
    put(&mut detail, "alarmName", Some(alarm.name.as_str()));
    put(&mut detail, "operation", Some(change.operation.as_str()));
    put(&mut detail, "state", Some(state));
    put(
        &mut detail,
        "configuration",
        Some(configuration::full(alarm, configured)),
    );
    if change.operation == ConfigurationOperation::Update
        && let Some((previous, configured)) = &change.previous
    {
        put(
            &mut detail,
            "previousConfiguration",
            Some(configuration::full(previous, *configured)),
        );
    }
    envelope(
        account,
        "CloudWatch Alarm Configuration Change",
        &alarm.name,
        change.at,
        &Value::Object(detail),
    )
}

fn envelope(
    account: &Account,
    detail_type: &str,
    name: &str,
    at: Timestamp,
    detail: &Value,
) -> Value {
    let arn = account.arn(name);
    // The same event has the same id, however often it is sent.
    let id = configuration::id_of(&format!("{detail_type} {arn} {} {detail}", at.unix_ms()));
    json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": "aws.cloudwatch",
        "account": account.account_id,
        "time": at.rfc3339_seconds(),
        "region": account.region,
        "resources": [arn],
        "detail": detail,
    })
}
