//! `PagerDuty`'s Events API v2: an alarm is an incident that its return to `OK` resolves.
//!
//! The key by which `PagerDuty` knows the incident again is the alarm's ARN, so that a repeat changes nothing. `OK`
//! resolves it; `ALARM` and `INSUFFICIENT_DATA` trigger it, the latter as a warning.
//!
//! Source: <https://developer.pagerduty.com/docs/send-alert-event>

use std::fmt;

use async_trait::async_trait;
use corelog_alarms::StateValue;
use corelog_types::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::channel::Channel;
use crate::error::Error;
use crate::http::{self, Endpoint};
use crate::message::{AlarmNews, Many, Message, Says, uuid_of};

const SUMMARY_CHARS_MAX: usize = 1_024;
const KEY_CHARS_MAX: usize = 255;
/// Names that one message lists of each state.
const NAMES_MAX: usize = 200;

/// How bad an alarm is to whoever is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// `critical`
    Critical,
    /// `error`
    Error,
    /// `warning`
    Warning,
    /// `info`
    Info,
}

impl Severity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A service of `PagerDuty`.
#[derive(Clone)]
pub struct Config {
    /// Where events go.
    pub http: http::Config,
    /// The service's integration key.
    pub routing_key: String,
    /// What an alarm in `ALARM` is.
    pub severity: Severity,
}

/// A service of `PagerDuty`.
pub(crate) struct PagerDuty {
    endpoint: Endpoint,
    routing_key: String,
    severity: Severity,
}

impl PagerDuty {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            endpoint: Endpoint::open(&config.http)?,
            routing_key: config.routing_key.clone(),
            severity: config.severity,
        })
    }

    fn event(&self, message: &Message) -> Value {
        let mut event = match &message.says {
            Says::Alarm(news) => self.of_alarm(news),
            Says::Many(many) => self.of_many(many, &message.action),
            Says::Event(_) => Map::new(),
        };
        event.insert("routing_key".to_owned(), self.routing_key.as_str().into());
        Value::Object(event)
    }

    fn of_alarm(&self, news: &AlarmNews) -> Map<String, Value> {
        let mut event = Map::new();
        event.insert("dedup_key".to_owned(), key(&news.arn).into());
        let severity = match news.to {
            StateValue::Ok => {
                event.insert("event_action".to_owned(), "resolve".into());
                return event;
            }
            StateValue::Alarm => self.severity,
            StateValue::InsufficientData => Severity::Warning,
        };
        event.insert("event_action".to_owned(), "trigger".into());
        event.insert("client".to_owned(), "Corelog".into());
        let mut payload = json!({
            "summary": summary(&format!("{}: {}", news.subject, news.reason)),
            "source": news.arn,
            "severity": severity.as_str(),
            "timestamp": news.at.rfc3339_ms(),
            "class": news.to.as_str(),
            "custom_details": {
                "description": news.description,
                "watches": news.watches,
                "reason": news.reason,
                "previous_state": news.from.as_str(),
                "account": news.account.account_id,
                "region": news.account.region,
            },
        });
        if !news.log_lines.is_empty() {
            payload["custom_details"]["log_events"] = news.log_lines.clone().into();
        }
        event.insert("payload".to_owned(), payload);
        event
    }

    /// One incident for many alarms. Nothing resolves it but a person: what is resolved one by one are the alarms.
    fn of_many(&self, many: &Many, action: &str) -> Map<String, Value> {
        let mut details = Map::new();
        for value in many.states() {
            let (names, _) = many.names(value, NAMES_MAX);
            details.insert(value.as_str().to_owned(), names.into());
        }
        let mut event = Map::new();
        event.insert("event_action".to_owned(), "trigger".into());
        event.insert(
            "dedup_key".to_owned(),
            key(&format!("many {action}")).into(),
        );
        event.insert("client".to_owned(), "Corelog".into());
        let payload = json!({
            "summary": summary(&many.subject()),
            "source": action,
            "severity": self.severity.as_str(),
            "custom_details": details,
        });
        event.insert("payload".to_owned(), payload);
        event
    }
}

fn summary(text: &str) -> String {
    text.chars().take(SUMMARY_CHARS_MAX).collect()
}

/// A name by which an incident is known again.
fn key(name: &str) -> String {
    if name.chars().count() <= KEY_CHARS_MAX {
        return name.to_owned();
    }
    uuid_of(&Sha256::digest(name.as_bytes()).into())
}

impl fmt::Debug for PagerDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PagerDuty").field(&self.place()).finish()
    }
}

#[async_trait]
impl Channel for PagerDuty {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        let body = self.event(message).to_string();
        self.endpoint.post("application/json", &[], body, now).await
    }

    fn place(&self) -> String {
        self.endpoint.place()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn service() -> PagerDuty {
        let http = http::Config {
            url: "http://127.0.0.1:1/v2/enqueue".parse().unwrap(),
            ca_pem: None,
            proxy: None,
            timeout: std::time::Duration::from_secs(1),
        };
        PagerDuty::open(&Config {
            http,
            routing_key: "R0".to_owned(),
            severity: Severity::Error,
        })
        .unwrap()
    }

    const ARN: &str = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:corelog-notifier-test";

    #[test]
    fn an_alarm_triggers_and_ok_resolves_what_it_triggered() {
        let service = service();
        let event = |value| service.event(&sample::message("ops", value));
        let triggered = event(StateValue::Alarm);
        assert_eq!(triggered["event_action"], "trigger");
        assert_eq!(triggered["routing_key"], "R0");
        assert_eq!(triggered["dedup_key"], ARN);
        let payload = &triggered["payload"];
        assert_eq!(payload["severity"], "error");
        assert_eq!(payload["source"], ARN);
        assert_eq!(payload["timestamp"], "2026-11-22T18:00:00.000Z");
        let summary = payload["summary"].as_str().unwrap();
        assert!(
            summary.starts_with(r#"ALARM: "corelog-notifier-test""#),
            "{summary}"
        );
        assert_eq!(
            event(StateValue::InsufficientData)["payload"]["severity"],
            "warning"
        );
        let resolved = event(StateValue::Ok);
        let expected = json!({"dedup_key": ARN, "event_action": "resolve", "routing_key": "R0"});
        assert_eq!(resolved, expected);
    }

    #[test]
    fn keys_and_summaries_stay_within_what_the_service_takes() {
        let long = format!("arn:{}", "a".repeat(300));
        assert_eq!(key(&long).len(), 36);
        assert_ne!(key(&long), key(&format!("{long}b")));
        assert_eq!(summary(&"é".repeat(2_000)).chars().count(), 1_024);
    }
}
