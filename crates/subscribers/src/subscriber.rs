//! The subscribers that the configuration names.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_types::{DestinationArn, Timestamp, Vendor};

use crate::Error;
use crate::client::HttpConfig;
use crate::file::{FileConfig, FileLines};
use crate::http::Endpoint;
use crate::message::{Message, Parcel, Payload, control};
use crate::nats::{Nats, NatsConfig};
use crate::opensearch::{OpenSearch, OpenSearchConfig};

/// A subscriber, as it is configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Destinations that it stands for besides those of its name: their names, or whole ARNs.
    pub arns: Vec<String>,
    /// Where it is.
    pub channel: ChannelConfig,
}

/// How a subscriber is told.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelConfig {
    /// Requests to an HTTP server; without a payload, the one of the filter's destination.
    Http(HttpConfig, Option<Payload>),
    /// Lines of a file.
    File(FileConfig),
    /// Messages to a NATS server; without a payload, the one of the filter's destination.
    Nats(NatsConfig, Option<Payload>),
    /// Documents of OpenSearch, or of Elasticsearch.
    OpenSearch(OpenSearchConfig),
}

/// What became of a parcel that needs no other attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Events that the other side did not keep, and never will.
    pub rejected: u64,
}

/// The port to a kind of subscriber.
#[async_trait]
pub(crate) trait Channel: fmt::Debug + Send + Sync {
    /// How a message to a destination of that service is written.
    fn payload(&self, vendor: Vendor) -> Payload;

    /// The message as it goes out.
    fn parcel(&self, message: &Message<'_>) -> io::Result<Parcel> {
        message.parcel(self.payload(message.vendor))
    }

    /// Puts a parcel there. It is safe once this returns `Ok`.
    ///
    /// # Cancel safety
    /// A dropped future may have sent it.
    async fn send(&self, parcel: &Parcel, now: Timestamp) -> Result<Sent, Error>;

    /// Whether the subscriber takes something, which a control message tells.
    async fn check(&self, control: &Parcel, now: Timestamp) -> Result<(), Error> {
        self.send(control, now).await.map(drop)
    }

    /// Where it is, for people, without what may be a secret.
    fn place(&self) -> String;
}

/// A subscriber.
pub struct Subscriber {
    name: String,
    arns: Vec<String>,
    channel: Box<dyn Channel>,
}

impl Subscriber {
    /// Prepares for a subscriber; nothing is asked of it.
    ///
    /// # Errors
    /// [`Error`] if the settings cannot be used.
    pub fn open(config: Config) -> Result<Self, Error> {
        Ok(Self {
            name: config.name,
            arns: config.arns,
            channel: match config.channel {
                ChannelConfig::Http(http, payload) => Box::new(Endpoint::open(http, payload)?),
                ChannelConfig::File(file) => Box::new(FileLines::new(file)),
                ChannelConfig::Nats(nats, payload) => Box::new(Nats::open(nats, payload)?),
                ChannelConfig::OpenSearch(config) => Box::new(OpenSearch::open(config)?),
            },
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        self.channel.place()
    }

    /// The message as it goes out. Computes.
    ///
    /// # Errors
    /// None that memory does not make.
    pub fn parcel(&self, message: &Message<'_>) -> io::Result<Parcel> {
        self.channel.parcel(message)
    }

    /// Puts a parcel there. It is safe once this returns `Ok`.
    ///
    /// # Errors
    /// [`Error`], which says whether trying again may help.
    /// # Cancel safety
    /// A dropped future may have sent it.
    pub async fn send(&self, parcel: &Parcel, now: Timestamp) -> Result<Sent, Error> {
        self.channel.send(parcel, now).await
    }

    /// Looks whether it takes something, by the message that a destination of that service gets when a filter is put.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn check(&self, vendor: Vendor, now: Timestamp) -> Result<(), Error> {
        let control = control(vendor, self.channel.payload(vendor), now);
        let control = control.map_err(Error::io("write a message"))?;
        self.channel.check(&control, now).await
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("name", &self.name)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// All of them, by name.
#[derive(Debug, Default)]
pub struct Subscribers(BTreeMap<String, Arc<Subscriber>>);

impl Subscribers {
    /// These; of two of one name, the later.
    pub fn new(subscribers: impl IntoIterator<Item = Arc<Subscriber>>) -> Self {
        let named = |it: Arc<Subscriber>| (it.name.clone(), it);
        Self(subscribers.into_iter().map(named).collect())
    }

    /// Who a destination stands for: the one of its name, or else the first that says so.
    pub fn find(&self, arn: &DestinationArn) -> Option<&Arc<Subscriber>> {
        let stands_for = |text: &String| text == arn.as_str() || text == arn.name();
        let by_arn = || self.0.values().find(|it| it.arns.iter().any(stands_for));
        self.0.get(arn.name()).or_else(by_arn)
    }
}
