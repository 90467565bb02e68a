//! What is told, before a channel gives it a shape.

use std::fmt::Write as _;

use corelog_alarms::document::{event, lambda, sns};
use corelog_alarms::{Account, Kind, Limit, LogAlarm, MetricAlarm, Notice, Source, StateValue};
use corelog_types::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Builder;

/// One thing to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The same however often it is sent, and no other's.
    pub id: String,
    /// The action that asked for it: an ARN.
    pub action: String,
    /// When it was made.
    pub made: Timestamp,
    /// What it says.
    pub says: Says,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// An alarm went into another state.
    Alarm(Box<AlarmNews>),
    /// An event, as `EventBridge` has it.
    Event(Value),
    /// Many alarms did, in a short time.
    Many(Many),
}

/// An alarm went into another state.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmNews {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Whose it is.
    pub account: Account,
    /// What it was in.
    pub from: StateValue,
    /// What it is in.
    pub to: StateValue,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// Whether a mute rule held it back until now.
    pub is_after_mute: bool,
    /// What it watches, in a line.
    pub watches: String,
    /// Log events that show why.
    pub log_lines: Vec<String>,
    /// A line of ASCII for a subject.
    pub subject: String,
    /// What SNS delivers.
    pub document: Value,
    /// What a Lambda function is invoked with.
    pub invocation: Value,
    /// What `EventBridge` gets.
    pub event: Value,
}

/// Many alarms went into other states.
#[derive(Debug, Clone, PartialEq)]
pub struct Many {
    /// Whose they are.
    pub account: Account,
    /// Each with the state it is in now.
    pub alarms: Vec<(String, StateValue)>,
}

impl AlarmNews {
    /// What a notice tells.
    pub fn of(account: &Account, notice: &Notice) -> Self {
        let transition = &notice.transition;
        let alarm = &transition.alarm;
        Self {
            name: alarm.name.clone(),
            arn: account.arn(&alarm.name),
            description: alarm.description.clone(),
            account: account.clone(),
            from: transition.from.value,
            to: transition.to.value,
            reason: transition.to.reason.clone(),
            at: transition.to.updated,
            is_after_mute: notice.is_after_mute,
            watches: match &alarm.kind {
                Kind::Metric(metric) => watched(metric),
                Kind::Composite(composite) => composite.text.clone(),
                Kind::Log(log) => asked(log),
            },
            log_lines: transition.to.log_lines.clone(),
            subject: sns::subject(account, notice),
            document: sns::message(account, notice),
            invocation: lambda::invocation(account, transition),
            event: event::state_change(account, transition),
        }
    }
}

/// `AWS/Bedrock InvocationLatency p90 GreaterThanThreshold 2000, 3 of 5 periods of 1m`
fn watched(alarm: &MetricAlarm) -> String {
    let what = match &alarm.source {
        Source::Metric(metric) => {
            let mut what = format!(
                "{} {} {}",
                metric.namespace,
                metric.name,
                metric.statistic.as_str()
            );
            for (name, value) in &metric.dimensions {
                // Writing to a string cannot fail.
                let _ = write!(what, " {name}={value}");
            }
            what
        }
        Source::Queries(queries) => {
            let returned = queries.iter().find(|query| query.returns());
            let id = returned.map_or("", |query| &query.id);
            returned
                .and_then(|query| query.label.clone())
                .unwrap_or_else(|| format!("expression {id}"))
        }
    };
    let limit = match &alarm.limit {
        Limit::Threshold(threshold) => threshold.to_string(),
        Limit::Band(id) => format!("the band {id}"),
    };
    let period = std::time::Duration::from_secs(alarm.period_seconds().into());
    format!(
        "{what} {} {limit}, {} of {} periods of {}",
        alarm.comparison.as_str(),
        alarm.datapoints(),
        alarm.evaluation_periods,
        corelog_types::format_duration(period)
    )
}

/// `count(*) of the query GreaterThanThreshold 5, 2 of 3 results, rate(5 minutes): filter @message like /ERROR/`
fn asked(alarm: &LogAlarm) -> String {
    let query = &alarm.query;
    format!(
        "{} of the query {} {}, {} of {} results, {}: {}",
        query.aggregation,
        alarm.comparison.as_str(),
        alarm.threshold,
        alarm.results_to_alarm,
        alarm.results_to_evaluate,
        query.schedule,
        query.text
    )
}

impl Many {
    /// How many alarms are in a state.
    pub fn count(&self, value: StateValue) -> usize {
        self.alarms.iter().filter(|(_, to)| *to == value).count()
    }

    /// `37 alarms changed state: 30 ALARM, 6 OK, 1 INSUFFICIENT_DATA`
    pub fn subject(&self) -> String {
        let states = [
            StateValue::Alarm,
            StateValue::Ok,
            StateValue::InsufficientData,
        ];
        let counts = states.map(|value| (self.count(value), value));
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, value)| format!("{count} {value}"))
            .collect();
        let total = self.alarms.len();
        format!("{total} alarms changed state: {}", counts.join(", "))
    }

    /// The names in a state, at most `most`, and how many more there are.
    pub(crate) fn names(&self, value: StateValue, most: usize) -> (Vec<&str>, usize) {
        let of_state = self.alarms.iter().filter(|(_, to)| *to == value);
        let names: Vec<&str> = of_state.map(|(name, _)| name.as_str()).collect();
        let more = names.len().saturating_sub(most);
        (names.into_iter().take(most).collect(), more)
    }

    /// The states that alarms are in now, the worst first.
    pub(crate) fn states(&self) -> impl Iterator<Item = StateValue> {
        [
            StateValue::Alarm,
            StateValue::InsufficientData,
            StateValue::Ok,
        ]
        .into_iter()
        .filter(|value| self.count(*value) > 0)
    }

    /// All of it, for machines.
    pub(crate) fn document(&self) -> Value {
        let alarms = self.alarms.iter().map(|(name, to)| {
            serde_json::json!({
                "alarmName": name,
                "alarmArn": self.account.arn(name),
                "state": { "value": to.as_str() },
            })
        });
        serde_json::json!({
            "source": "corelog.notifier",
            "subject": self.subject(),
            "accountId": self.account.account_id,
            "region": self.account.region,
            "alarms": alarms.collect::<Vec<_>>(),
        })
    }
}

impl Message {
    /// What a notice tells.
    pub fn of_notice(account: &Account, id: &str, made: Timestamp, notice: &Notice) -> Self {
        Self {
            id: id.to_owned(),
            action: notice.action.clone(),
            made,
            says: Says::Alarm(Box::new(AlarmNews::of(account, notice))),
        }
    }

    /// An event that a notifier listens to.
    pub fn of_event(id: &str, made: Timestamp, listener: &str, event: Value) -> Self {
        Self {
            id: id.to_owned(),
            action: listener.to_owned(),
            made,
            says: Says::Event(event),
        }
    }

    /// One message for many. The same ones make the same id.
    pub(crate) fn of_many(account: &Account, messages: &[Self]) -> Self {
        let mut hash = Sha256::new();
        for message in messages {
            hash.update(message.id.as_bytes());
            hash.update([0]);
        }
        let alarms = messages.iter().filter_map(|message| match &message.says {
            Says::Alarm(news) => Some((news.name.clone(), news.to)),
            Says::Event(_) | Says::Many(_) => None,
        });
        let first = messages.first();
        Self {
            id: uuid_of(&hash.finalize().into()),
            action: first.map(|it| it.action.clone()).unwrap_or_default(),
            made: messages
                .iter()
                .map(|it| it.made)
                .max()
                .unwrap_or(Timestamp::from_unix_ms(0)),
            says: Says::Many(Many {
                account: account.clone(),
                alarms: alarms.collect(),
            }),
        }
    }
}

/// The event of a transition or a change of configuration.
pub(crate) fn event_of(account: &Account, subject: &crate::outbox::Subject) -> Option<Value> {
    use crate::outbox::Subject;
    match subject {
        Subject::Action(_) => None,
        Subject::StateChange(transition) => Some(event::state_change(account, transition)),
        Subject::ConfigurationChange(change) => Some(event::configuration_change(account, change)),
    }
}

/// A UUID of a hash: of version 8, which leaves its making to whoever makes it.
pub(crate) fn uuid_of(hash: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
