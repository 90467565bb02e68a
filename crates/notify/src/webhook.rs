//! A webhook: the document as a request's body, signed where there is a secret.
//!
//! | kind | body |
//! |---|---|
//! | `webhook` | what a Lambda function is invoked with |
//! | `eventbridge` | the event |
//! | `sns` | what SNS delivers, see [`crate::sns`] |
//!
//! The signature is that of Standard Webhooks, for which every language has a library: `webhook-id` is the message's id,
//! `webhook-timestamp` the seconds since 1970 when this attempt was made, and `webhook-signature` is `v1,` and the base64
//! of the HMAC-SHA256 of `{id}.{timestamp}.{body}`. Whoever checks it refuses old timestamps and drops ids that it has
//! seen. A secret that begins with `whsec_` is base64 behind that; any other is its own bytes.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corelog_types::Timestamp;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::channel::Channel;
use crate::error::Error;
use crate::http::{self, Endpoint};
use crate::message::{Message, Says};

const JSON: &str = "application/json";
const PREFIX: &str = "whsec_";

/// What messages are signed with. Prints without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text behind `whsec_` is no base64, or there is none.
#[derive(Debug, thiserror::Error)]
#[error("the secret is empty, or what follows `whsec_` in it is no base64")]
pub struct SecretError;

impl Secret {
    /// Reads a secret as people keep it.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let key = match text.strip_prefix(PREFIX) {
            Some(base64) => STANDARD.decode(base64).map_err(|_| SecretError)?,
            None => text.as_bytes().to_vec(),
        };
        // Anybody can sign with an empty key.
        if key.is_empty() {
            return Err(SecretError);
        }
        Ok(Self(key))
    }

    /// The headers that prove who sent a body, and when.
    pub(crate) fn headers(
        &self,
        id: &str,
        now: Timestamp,
        body: &str,
    ) -> Vec<(&'static str, String)> {
        let seconds = now.unix_ms() / 1_000;
        let mut headers = vec![("webhook-timestamp", seconds.to_string())];
        // A key of any length will do for this function.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(format!("{id}.{seconds}.{body}").as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            headers.push(("webhook-signature", format!("v1,{signature}")));
        }
        headers
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The headers of a message: who it is, and the proof where there is a secret.
pub(crate) fn headers(
    message: &Message,
    secret: Option<&Secret>,
    body: &str,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![("webhook-id", message.id.clone())];
    if let Some(secret) = secret {
        headers.extend(secret.headers(&message.id, now, body));
    }
    headers
}

/// A receiver of documents.
pub(crate) struct Webhook {
    pub(crate) endpoint: Endpoint,
    pub(crate) secret: Option<Secret>,
}

impl Webhook {
    pub(crate) fn open(config: &http::Config, secret: Option<Secret>) -> Result<Self, Error> {
        Ok(Self {
            endpoint: Endpoint::open(config)?,
            secret,
        })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Webhook").field(&self.place()).finish()
    }
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        let body = document(message);
        let headers = headers(message, self.secret.as_ref(), &body, now);
        self.endpoint.post(JSON, &headers, body, now).await
    }

    fn place(&self) -> String {
        self.endpoint.place()
    }
}

/// What machines are given.
pub(crate) fn document(message: &Message) -> String {
    match &message.says {
        Says::Alarm(news) => news.invocation.to_string(),
        Says::Event(event) => event.to_string(),
        Says::Many(many) => many.document().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the reference libraries' own test vector.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_unix_ms(1_614_265_330_000);
        let headers = secret.headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(
            headers,
            [
                ("webhook-timestamp", "1614265330".to_owned()),
                (
                    "webhook-signature",
                    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn a_secret_is_base64_or_its_own_bytes_and_prints_as_neither() {
        assert_eq!(Secret::parse("whsec_aGk=").unwrap(), Secret(b"hi".to_vec()));
        assert_eq!(
            Secret::parse("hunter2").unwrap(),
            Secret(b"hunter2".to_vec())
        );
        for none in ["whsec_?", "whsec_", ""] {
            assert!(Secret::parse(none).is_err(), "{none}");
        }
        assert_eq!(format!("{:?}", Secret::parse("hunter2").unwrap()), "***");
    }
}
