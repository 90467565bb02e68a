//! What alarms have to tell, sent to whoever is to hear it: chat, mail, pagers, webhooks, programs.
//!
//! [`Notifiers`] are the receivers that the configuration names. An alarm's action is an ARN, and the name at its end is
//! a notifier's (`action.rs`). The [`Dispatcher`] takes what is due from an [`Outbox`], gives it to its notifier, and
//! settles it there with a word for the alarm's history.
//!
//! What is promised: a notice is sent at least once, and each time with the same id, so that a receiver can drop a
//! repeat; of the notices about one alarm for one action, none overtakes another; a receiver that is slow or away holds
//! up nobody else (`lanes.rs`); when many alarms change at once, one message says so (`burst.rs`). What cannot be sent is
//! tried again for as long as the notifier's `retry_for` says, then given up, and the history says why.
//!
//! Each channel is a module of one shape: a `Config` of plain data, what it opens into, and a rendering of a
//! [`Message`]. Requests go to the configured address alone: no redirect is followed.
//!
//! Absent here: alarms' states, disks, and the making of notices.

mod action;
mod burst;
mod channel;
mod command;
mod dispatch;
mod email;
mod error;
mod http;
mod lanes;
mod message;
mod notifier;
mod outbox;
mod pagerduty;
mod sample;
mod slack;
mod sns;
mod webhook;

pub use burst::BurstConfig;
pub use command::Config as CommandConfig;
pub use dispatch::{Dispatcher, Handle, Ports};
pub use email::{Config as EmailConfig, Encryption};
pub use error::Error;
pub use http::Config as HttpConfig;
pub use lanes::Report;
pub use message::{AlarmNews, Many, Message, Says};
pub use notifier::{ChannelConfig, Config, Notifier, Notifiers};
pub use outbox::{Due, Memory, Outbox, OutboxError, Recipient, Settled, Subject};
pub use pagerduty::{Config as PagerDutyConfig, Severity};
pub use webhook::{Secret, SecretError};
