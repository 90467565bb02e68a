//! What SNS delivers to an HTTP endpoint: its envelope around the alarm's message.
//!
//! Absent are `SignatureVersion`, `Signature`, `SigningCertURL` and `UnsubscribeURL`: AWS signs with a key of its own, and
//! a receiver that checks takes no other. With a secret the request is signed as [`crate::webhook`] says. There is no
//! `SubscriptionConfirmation` either, since the configuration says who subscribed.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html>

use std::fmt;

use async_trait::async_trait;
use corelog_types::Timestamp;
use serde_json::json;

use crate::channel::Channel;
use crate::error::Error;
use crate::http::{self, Endpoint};
use crate::message::{Message, Says};
use crate::webhook::{self, Secret};

/// As SNS has it, though the body is JSON.
const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";
const KIND: &str = "Notification";
const SUBJECT_CHARS_MAX: usize = 100;

/// A receiver of what SNS delivers.
pub(crate) struct Sns {
    endpoint: Endpoint,
    secret: Option<Secret>,
}

impl Sns {
    pub(crate) fn open(config: &http::Config, secret: Option<Secret>) -> Result<Self, Error> {
        Ok(Self {
            endpoint: Endpoint::open(config)?,
            secret,
        })
    }
}

impl fmt::Debug for Sns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sns").field(&self.place()).finish()
    }
}

#[async_trait]
impl Channel for Sns {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        let body = envelope(message);
        let mut headers = webhook::headers(message, self.secret.as_ref(), &body, now);
        headers.extend([
            ("x-amz-sns-message-type", KIND.to_owned()),
            ("x-amz-sns-message-id", message.id.clone()),
            ("x-amz-sns-topic-arn", message.action.clone()),
        ]);
        self.endpoint.post(CONTENT_TYPE, &headers, body, now).await
    }

    fn place(&self) -> String {
        self.endpoint.place()
    }
}

/// The same bytes for the same message: its time is when it was made.
fn envelope(message: &Message) -> String {
    let (subject, inner) = match &message.says {
        Says::Alarm(news) => (news.subject.clone(), news.document.to_string()),
        Says::Event(event) => (String::new(), event.to_string()),
        Says::Many(many) => (many.subject(), many.document().to_string()),
    };
    let subject: String = subject.chars().take(SUBJECT_CHARS_MAX).collect();
    let mut envelope = json!({
        "Type": KIND,
        "MessageId": message.id,
        "TopicArn": message.action,
        "Subject": subject,
        "Message": inner,
        "Timestamp": message.made.rfc3339_ms(),
    });
    if let (true, Some(envelope)) = (subject.is_empty(), envelope.as_object_mut()) {
        envelope.shift_remove("Subject");
    }
    envelope.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sample;

    #[test]
    fn the_envelope_is_that_of_sns() {
        let message = sample::message("ops", corelog_alarms::StateValue::Alarm);
        let envelope: Value = serde_json::from_str(&envelope(&message)).unwrap();
        let names: Vec<&String> = envelope.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "Type",
                "MessageId",
                "TopicArn",
                "Subject",
                "Message",
                "Timestamp"
            ]
        );
        assert_eq!(envelope["Type"], "Notification");
        assert_eq!(envelope["MessageId"], message.id.as_str());
        assert_eq!(
            envelope["TopicArn"],
            "arn:aws:sns:us-east-1:000000000000:ops"
        );
        assert_eq!(
            envelope["Subject"],
            r#"ALARM: "corelog-notifier-test" in US East (N. Virginia)"#
        );
        assert_eq!(envelope["Timestamp"], "2026-11-22T18:00:00.000Z");
        let inner: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
        assert_eq!(inner["AlarmName"], "corelog-notifier-test");
        assert_eq!(inner["OldStateValue"], "OK");
        assert_eq!(inner["NewStateValue"], "ALARM");
    }
}
