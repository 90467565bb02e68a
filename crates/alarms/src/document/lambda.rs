//! What a Lambda function is invoked with when an alarm executes it.
//!
//! Source: the user guide, "Alarm actions", and recorded invocations.

use serde_json::{Map, Value, json};

use super::{configuration, put};
use crate::alarms::Account;
use crate::effects::Transition;
use crate::moment;

/// The payload of the invocation.
pub fn invocation(account: &Account, transition: &Transition) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": account.arn(&transition.alarm.name),
        "accountId": account.account_id,
        "time": moment::precise(transition.to.updated),
        "region": account.region,
        "alarmData": detail(transition),
    })
}

/// What changed, as invocations and events say it.
pub(super) fn detail(transition: &Transition) -> Value {
    let mut object = Map::new();
    let alarm = &transition.alarm;
    put(&mut object, "alarmName", Some(alarm.name.as_str()));
    put(
        &mut object,
        "state",
        Some(configuration::state(&transition.to)),
    );
    put(
        &mut object,
        "previousState",
        Some(configuration::state(&transition.from)),
    );
    put(
        &mut object,
        "configuration",
        Some(configuration::reduced(alarm)),
    );
    let lines = &transition.to.log_lines;
    if !lines.is_empty() {
        put(&mut object, "logLines", Some(lines.clone()));
    }
    Value::Object(object)
}
