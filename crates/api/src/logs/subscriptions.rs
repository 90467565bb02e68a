//! The port to whoever sends events to the destinations of subscription filters. Which filters there are is in the
//! catalog.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use corelog_types::DestinationArn;

/// Where subscriptions run.
#[async_trait]
pub trait Subscriptions: Send + Sync + fmt::Debug {
    /// How many filters a log group may have.
    fn filters_max(&self) -> usize;

    /// Looks whether a destination takes messages, by sending it one.
    ///
    /// # Errors
    /// [`DestinationRefused`].
    async fn check(&self, arn: &DestinationArn) -> Result<(), DestinationRefused>;

    /// Brings what is sent in line with the catalog, whose filters have changed. Events that come after this are sent.
    ///
    /// # Errors
    /// [`NotInForce`].
    async fn changed(&self) -> Result<(), NotInForce>;
}

/// Why a destination cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum DestinationRefused {
    /// The configuration has no subscriber for it.
    #[error("no subscriber stands for it")]
    Unknown,
    /// It did not take a message.
    #[error("it took no message")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// The catalog has other filters than those that are in force.
#[derive(Debug, thiserror::Error)]
#[error("subscription filters are not in force")]
pub struct NotInForce(#[source] pub Box<dyn Error + Send + Sync>);

/// Nobody sends events anywhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSubscriptions;

#[async_trait]
impl Subscriptions for NoSubscriptions {
    fn filters_max(&self) -> usize {
        0
    }

    async fn check(&self, _arn: &DestinationArn) -> Result<(), DestinationRefused> {
        Err(DestinationRefused::Unknown)
    }

    async fn changed(&self) -> Result<(), NotInForce> {
        Ok(())
    }
}
