//! Subscriber `nats`: each message is published to a subject of a NATS server.
//!
//! With JetStream, which is the default, a message has arrived once a stream acknowledges it; one that comes again
//! within the stream's window has the same `Nats-Msg-Id`, so the stream keeps it once. Without, it has arrived once the
//! server has read it, whoever listens then.
//!
//! Source: <https://docs.nats.io/reference/reference-protocols/nats-protocol>

mod session;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use corelog_dial::Connector;
use corelog_types::{Timestamp, Vendor};
use http::Uri;
use parking_lot::Mutex;

use crate::Error;
use crate::message::{Parcel, Payload};
use crate::subscriber::{Channel, Sent};
use session::{Publication, Session};

/// Connections that are kept; filters that share a server send at the same time.
const IDLE_MAX: usize = 4;

/// Where messages go.
#[derive(Clone, PartialEq)]
pub struct NatsConfig {
    /// Host and port.
    pub address: String,
    /// Whether the connection is encrypted, once the server has said who it is.
    pub tls: bool,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// Who we are.
    pub login: NatsLogin,
    /// The subject; no wildcards.
    pub subject: String,
    /// Whether a stream has to acknowledge each message.
    pub jetstream: bool,
    /// How long a message may take from the connection to the acknowledgement.
    pub timeout: Duration,
}

impl fmt::Debug for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsConfig")
            .field("address", &self.address)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// Who we are to a server.
#[derive(Clone, Default, PartialEq)]
pub enum NatsLogin {
    /// Nobody.
    #[default]
    None,
    /// Whoever has this token.
    Token(String),
    /// A user, with a password.
    User(String, String),
}

pub(crate) struct Nats {
    connector: Connector,
    config: NatsConfig,
    payload: Option<Payload>,
    idle: Mutex<Vec<Session>>,
}

impl Nats {
    pub(crate) fn open(config: NatsConfig, payload: Option<Payload>) -> Result<Self, Error> {
        let scheme = if config.tls { "https" } else { "http" };
        let base = format!("{scheme}://{}", config.address).parse::<Uri>();
        let base = base.map_err(|error| Error::Request(error.to_string()))?;
        let connector = Connector::new(&corelog_dial::Config {
            base,
            ca_pem: config.ca_pem.clone(),
            proxy: None,
        });
        Ok(Self {
            connector: connector.map_err(Error::Unreached)?,
            config,
            payload,
            idle: Mutex::default(),
        })
    }

    async fn publish(&self, parcel: &Parcel, now: Timestamp) -> Result<(), Error> {
        let publication = Publication {
            subject: &self.config.subject,
            id: self.config.jetstream.then(|| printable(&parcel.key)),
            body: &parcel.body,
        };
        let kept = self.idle.lock().pop();
        if let Some(session) = kept {
            // The server may have closed a kept connection at any time.
            match self.publish_on(session, &publication).await {
                Err(error) if !error.is_final() => {}
                outcome => return outcome,
            }
        }
        let beginning = Session::begin(&self.connector, &self.config, now);
        self.publish_on(beginning.await?, &publication).await
    }

    async fn publish_on(
        &self,
        mut session: Session,
        publication: &Publication<'_>,
    ) -> Result<(), Error> {
        let outcome = session.publish(publication).await;
        let is_in_order = outcome.as_ref().map_or_else(Error::is_final, |()| true);
        let mut idle = self.idle.lock();
        if is_in_order && idle.len() < IDLE_MAX {
            idle.push(session);
        }
        outcome
    }
}

/// A key as a header can have it: names of filters may hold anything.
fn printable(key: &str) -> String {
    key.chars()
        .map(|c| if c.is_control() { '_' } else { c })
        .collect()
}

#[async_trait]
impl Channel for Nats {
    fn payload(&self, vendor: Vendor) -> Payload {
        self.payload.unwrap_or(Payload::of(vendor))
    }

    async fn send(&self, parcel: &Parcel, now: Timestamp) -> Result<Sent, Error> {
        let timeout = self.config.timeout;
        match tokio::time::timeout(timeout, self.publish(parcel, now)).await {
            Ok(outcome) => outcome.map(|()| Sent::default()),
            Err(_) => Err(Error::TimedOut(timeout)),
        }
    }

    fn place(&self) -> String {
        format!("nats://{}/{}", self.config.address, self.config.subject)
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Nats").field(&self.place()).finish()
    }
}

#[cfg(test)]
mod tests;
