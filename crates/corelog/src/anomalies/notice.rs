//! A finding as a notice: that of an alarm which nobody put and which watches the metric of findings, so that whoever
//! understands alarms understands it.

use std::sync::Arc;

use corelog_alarms::{
    Actions, Comparison, Definition, Kind, Limit, Metric, MetricAlarm, Notice, Source,
    State as AlarmState, StateValue, Statistic, Transition,
};
use corelog_catalog::{NewNotice, Recipient, Says};
use corelog_cli::settings::{NotifierKind, Settings};
use corelog_lookout::{Finding, State};
use corelog_types::Timestamp;

use super::publish::{METRIC, NAMESPACE};
use crate::configure;

/// The notice of a new finding; none where nobody is to hear of it.
pub(super) fn of(finding: &Finding, settings: &Settings, now: Timestamp) -> Option<NewNotice> {
    let name = settings.anomalies.notify.as_deref()?;
    let notifier = settings
        .notifiers
        .iter()
        .find(|it| it.name.as_str() == name)?;
    let account = configure::alarms_account(settings);
    let action = format!(
        "arn:{}:sns:{}:{}:{name}",
        account.partition, account.region, account.account_id
    );
    let state = |value, reason: &str, data: Option<String>| AlarmState {
        value,
        reason: reason.to_owned(),
        reason_data: data,
        updated: now,
        transitioned: now,
        suppressed_by: None,
        in_warm_up: false,
        problem: None,
        log_lines: Vec::new(),
    };
    let document = finding.document(State::Found);
    let transition = Transition {
        alarm: Arc::new(definition(finding, action.clone())?),
        configured: now,
        from: state(StateValue::Ok, "Nothing unusual was known.", None),
        to: state(StateValue::Alarm, &finding.says, Some(document)),
    };
    let hears_events = notifier.kind == NotifierKind::EventBridge;
    let (recipient, says) = if hears_events {
        (
            Recipient::Listener(name.to_owned()),
            Says::StateChange(transition),
        )
    } else {
        let notice = Notice {
            action: action.clone(),
            transition: Arc::new(transition),
            is_after_mute: false,
        };
        (Recipient::Action(action), Says::Action(notice))
    };
    Some(NewNotice {
        id: corelog_runtime::record_id(now).to_string(),
        recipient,
        made: now,
        says,
    })
}

/// Its name is the finding's own, so that none waits behind another.
fn definition(finding: &Finding, action: String) -> Option<Definition> {
    let kind = finding.kind.as_str();
    let metric = Metric {
        namespace: NAMESPACE.to_owned(),
        name: METRIC.to_owned(),
        dimensions: vec![("Kind".to_owned(), kind.to_owned())],
        statistic: Statistic::parse("Sum")?,
        period_seconds: 60,
        unit: None,
    };
    Some(Definition {
        name: format!("corelog-anomaly-{kind}-{}", finding.id),
        description: Some("Corelog found this by itself: there is no such alarm.".to_owned()),
        actions_enabled: true,
        actions: Actions {
            ok: Vec::new(),
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
