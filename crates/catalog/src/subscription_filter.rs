//! Subscription filters: which events of a log group go where.

use async_trait::async_trait;
use corelog_types::{LogGroupName, Timestamp};

use crate::Error;

/// A subscription filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionFilter {
    /// The log group whose events it is about.
    pub group: LogGroupName,
    /// Its name within the group.
    pub name: String,
    /// Its own for good, however it changes: one that is removed and made anew is another. `a-z`, `0-9`, `-`, `.`.
    pub id: String,
    /// Which events it is about; empty: all.
    pub pattern: String,
    /// The ARN of where they go.
    pub destination: String,
    /// The role that was given with it.
    pub role: Option<String>,
    /// How they are spread.
    pub distribution: Distribution,
    /// When it was made.
    pub created: Timestamp,
}

/// How what goes to a stream is spread over its shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// A log stream's events stay together.
    ByLogStream,
    /// As it comes.
    Random,
}

impl Distribution {
    /// Its name, as the service has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByLogStream => "ByLogStream",
            Self::Random => "Random",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ByLogStream, Self::Random]
            .into_iter()
            .find(|it| it.as_str() == name)
    }
}

/// Where subscription filters are kept. They go with their log group.
#[async_trait]
pub trait SubscriptionFilters {
    /// Adds a filter. One of that name in its group is changed instead, and keeps its id and the time when it was made.
    /// `most` is how many a group may have.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such group, [`Error::Full`].
    async fn put_subscription_filter(
        &self,
        filter: &SubscriptionFilter,
        most: usize,
    ) -> Result<(), Error>;

    /// Up to `limit` filters of a group whose names begin with `prefix`, by name, behind `after`.
    async fn subscription_filters(
        &self,
        group: &LogGroupName,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<SubscriptionFilter>, Error>;

    /// Every filter there is, by group and name.
    async fn all_subscription_filters(&self) -> Result<Vec<SubscriptionFilter>, Error>;

    /// Removes a filter.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn delete_subscription_filter(
        &self,
        group: &LogGroupName,
        name: &str,
    ) -> Result<(), Error>;
}
