//! The documents that tell others of alarms: what an action delivers, what an event says, what a history keeps.
//!
//! | module | what it writes |
//! |---|---|
//! | [`sns`] | the message that SNS delivers, and its subject |
//! | [`lambda`] | what a Lambda function is invoked with |
//! | [`event`] | the events that `EventBridge` gets |
//! | [`history`] | the entries of `DescribeAlarmHistory` |

mod configuration;
pub mod event;
pub mod history;
pub mod lambda;
pub mod sns;

use serde_json::{Map, Value};

/// Adds a member where there is a value.
fn put<V: Into<Value>>(object: &mut Map<String, Value>, name: &str, value: Option<V>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
