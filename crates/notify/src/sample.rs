//! What `corelog notifier test` sends: an alarm that nobody made, which says so.

use std::sync::Arc;

use corelog_alarms::{
    Account, Actions, Comparison, Definition, Kind, Limit, Metric, MetricAlarm, Notice, Source,
    State, StateValue, Statistic, Transition,
};
use corelog_types::Timestamp;
use serde_json::Value;

use crate::message::{Message, Says};

/// The name of the alarm that is none.
const NAME: &str = "corelog-notifier-test";

/// A message of a test alarm that goes into a state.
pub(crate) fn of(
    account: &Account,
    notifier: &str,
    id: &str,
    to: StateValue,
    now: Timestamp,
) -> Option<Message> {
    let reason = format!(
        "This is a test of the notifier `{notifier}`: nothing is wrong, and there is no such alarm."
    );
    let from = match to {
        StateValue::Ok => StateValue::Alarm,
        StateValue::Alarm | StateValue::InsufficientData => StateValue::Ok,
    };
    let state = |value| State {
        value,
        reason: reason.clone(),
        reason_data: None,
        updated: now,
        transitioned: now,
        suppressed_by: None,
        in_warm_up: false,
        problem: None,
        log_lines: Vec::new(),
    };
    let action = format!(
        "arn:{}:sns:{}:{}:{notifier}",
        account.partition, account.region, account.account_id
    );
    let notice = Notice {
        action: action.clone(),
        transition: Arc::new(Transition {
            alarm: Arc::new(definition(action)?),
            configured: now,
            from: state(from),
            to: state(to),
        }),
        is_after_mute: false,
    };
    Some(Message::of_notice(account, id, now, &notice))
}

/// The same as an event.
pub(crate) fn event(message: &Message, listener: &str) -> Message {
    let says = match &message.says {
        Says::Alarm(news) => &news.event,
        Says::Event(event) => event,
        Says::Many(_) => &Value::Null,
    };
    Message::of_event(&message.id, message.made, listener, says.clone())
}

fn definition(action: String) -> Option<Definition> {
    let metric = Metric {
        namespace: "Corelog".to_owned(),
        name: "NotifierTest".to_owned(),
        dimensions: Vec::new(),
        statistic: Statistic::parse("Sum")?,
        period_seconds: 60,
        unit: None,
    };
    Some(Definition {
        name: NAME.to_owned(),
        description: Some("A test of a notifier.".to_owned()),
        actions_enabled: true,
        actions: Actions {
            ok: vec![action.clone()],
            alarm: vec![action],
            insufficient_data: Vec::new(),
        },
        kind: Kind::Metric(Box::new(MetricAlarm {
            source: Source::Metric(metric),
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            limit: Limit::Threshold(0.0),
            comparison: Comparison::parse("GreaterThanThreshold")?,
            treat_missing_data: None,
            low_samples: None,
            window: None,
            warm_up: None,
        })),
    })
}

#[cfg(test)]
pub(crate) fn account() -> Account {
    Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
    }
}

/// The test alarm's message, as it is at a fixed time.
#[cfg(test)]
pub(crate) fn message(notifier: &str, to: StateValue) -> Message {
    let now = Timestamp::parse_rfc3339("2026-11-22T18:00:00Z").unwrap();
    let id = "0a1b2c3d-0000-8000-8000-000000000001";
    of(&account(), notifier, id, to, now).unwrap()
}
