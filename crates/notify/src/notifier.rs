//! The receivers that the configuration names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use corelog_types::Timestamp;

use crate::action;
use crate::burst::BurstConfig;
use crate::channel::Channel;
use crate::command::{self, Command};
use crate::email::{self, Email};
use crate::error::Error;
use crate::http;
use crate::message::Message;
use crate::outbox::Recipient;
use crate::pagerduty::{self, PagerDuty};
use crate::slack::Slack;
use crate::sns::Sns;
use crate::webhook::{Secret, Webhook};

/// A receiver, as it is configured.
#[derive(Clone)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// Topics and functions that it stands for besides those of its name: their names, or whole ARNs.
    pub topics: Vec<String>,
    /// How it is told.
    pub channel: ChannelConfig,
    /// How long a notice is tried.
    pub retry_for: Duration,
    /// How many it is told at one time.
    pub concurrency_max: usize,
    /// When many alarms are one message; `None`: never.
    pub burst: Option<BurstConfig>,
}

/// How a receiver is told.
#[derive(Clone)]
pub enum ChannelConfig {
    /// A channel of Slack.
    Slack(http::Config),
    /// What SNS delivers, to a webhook.
    Sns(http::Config, Option<Secret>),
    /// E-mail.
    Email(email::Config),
    /// A service of `PagerDuty`.
    PagerDuty(pagerduty::Config),
    /// A document to a webhook.
    Webhook(http::Config, Option<Secret>),
    /// Events of all alarms to a webhook.
    EventBridge(http::Config, Option<Secret>),
    /// A program.
    Command(command::Config),
}

impl ChannelConfig {
    /// Its kind, as the configuration has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Sns(..) => "sns",
            Self::Email(_) => "email",
            Self::PagerDuty(_) => "pagerduty",
            Self::Webhook(..) => "webhook",
            Self::EventBridge(..) => "eventbridge",
            Self::Command(_) => "command",
        }
    }

    fn open(&self) -> Result<Box<dyn Channel>, Error> {
        Ok(match self {
            Self::Slack(http) => Box::new(Slack::open(http)?),
            Self::Sns(http, secret) => Box::new(Sns::open(http, secret.clone())?),
            Self::Email(config) => Box::new(Email::open(config)?),
            Self::PagerDuty(config) => Box::new(PagerDuty::open(config)?),
            Self::Webhook(http, secret) | Self::EventBridge(http, secret) => {
                Box::new(Webhook::open(http, secret.clone())?)
            }
            Self::Command(config) => Box::new(Command::open(config)?),
        })
    }
}

/// A receiver.
pub struct Notifier {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) topics: Vec<String>,
    pub(crate) retry_for: Duration,
    pub(crate) concurrency_max: usize,
    pub(crate) burst: Option<BurstConfig>,
    channel: Box<dyn Channel>,
}

impl Notifier {
    /// Prepares for the receiver; nothing is asked of it.
    ///
    /// # Errors
    /// [`Error`] if the settings cannot be used.
    pub fn open(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            name: config.name.clone(),
            kind: config.channel.kind(),
            topics: config.topics.clone(),
            retry_for: config.retry_for,
            concurrency_max: config.concurrency_max.max(1),
            burst: config.burst,
            channel: config.channel.open()?,
        })
    }

    /// Whether it hears of the events of all alarms, rather than of what names it.
    pub(crate) fn is_listener(&self) -> bool {
        self.kind == "eventbridge"
    }

    /// Whether what it is told of alarms is resolved by their return to `OK`, which then is never one of many.
    pub(crate) fn resolves(&self) -> bool {
        self.kind == "pagerduty"
    }

    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        self.channel.place()
    }

    pub(crate) async fn send(&self, message: &Message, now: Timestamp) -> Result<(), Error> {
        self.channel.send(message, now).await
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier")
            .field("name", &self.name)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// All receivers, by name.
#[derive(Debug, Clone, Default)]
pub struct Notifiers(BTreeMap<String, Arc<Notifier>>);

impl Notifiers {
    /// These; of two of one name, the later.
    pub fn new(notifiers: impl IntoIterator<Item = Notifier>) -> Self {
        let named = |notifier: Notifier| (notifier.name.clone(), Arc::new(notifier));
        Self(notifiers.into_iter().map(named).collect())
    }

    /// The one of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Notifier>> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Notifier>> {
        self.0.values()
    }

    /// The names of those that hear of the events of all alarms.
    pub(crate) fn listeners(&self) -> Vec<String> {
        let listeners = self.iter().filter(|notifier| notifier.is_listener());
        listeners.map(|notifier| notifier.name.clone()).collect()
    }

    /// Who is to be told.
    ///
    /// # Errors
    /// What to do so that somebody is, for the alarm's history.
    pub(crate) fn find(&self, recipient: &Recipient) -> Result<&Arc<Notifier>, String> {
        let action = match recipient {
            Recipient::Listener(name) => {
                let found = self.0.get(name).filter(|notifier| notifier.is_listener());
                return found.ok_or_else(|| format!("no notifier `{name}` listens to events"));
            }
            Recipient::Action(action) => action,
        };
        let Some(name) = action::named(action) else {
            return Err(
                "only topics of SNS and functions of Lambda can be notified here; use \
                 arn:aws:sns:REGION:ACCOUNT:NAME, where NAME is the name of a [[notifier]]"
                    .to_owned(),
            );
        };
        let stands_for = |topic: &String| topic == action || topic == name;
        let by_topic = || self.iter().find(|it| it.topics.iter().any(stands_for));
        match self.0.get(name).or_else(by_topic) {
            Some(listener) if listener.is_listener() => Err(format!(
                "the notifier `{}` hears of events and executes no actions; name another",
                listener.name
            )),
            Some(notifier) => Ok(notifier),
            None => Err(format!(
                "no notifier has the name `{name}`; add a [[notifier]] of that name to the configuration, or `{name}` \
                 to the `topics` of one"
            )),
        }
    }
}
