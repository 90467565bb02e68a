//! Log groups and their settings.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_types::{LogGroupName, Timestamp};

use crate::Error;

/// A log group, as it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name.
    pub name: LogGroupName,
    /// When it was made; tells a group from one of the same name that was deleted before.
    pub created: Timestamp,
    /// Its class.
    pub class: LogGroupClass,
    /// Events older than these days go; none stay for ever.
    pub retention_days: Option<u32>,
    /// ARN of a key, kept for whoever asks.
    pub kms_key: Option<String>,
    /// Whether deleting it is refused.
    pub deletion_protected: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl LogGroup {
    /// A standard group without settings.
    pub fn new(name: LogGroupName, created: Timestamp) -> Self {
        Self {
            name,
            created,
            class: LogGroupClass::Standard,
            retention_days: None,
            kms_key: None,
            deletion_protected: false,
            tags: BTreeMap::new(),
        }
    }
}

/// A log group's class. All are stored and answered alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the class of that name")]
pub enum LogGroupClass {
    Standard,
    InfrequentAccess,
    Delivery,
    Essentials,
}

impl LogGroupClass {
    const ALL: [Self; 4] = [
        Self::Standard,
        Self::InfrequentAccess,
        Self::Delivery,
        Self::Essentials,
    ];

    /// `STANDARD`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "INFREQUENT_ACCESS",
            Self::Delivery => "DELIVERY",
            Self::Essentials => "ESSENTIALS",
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

/// Which groups are asked for; all that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// What the name begins with.
    pub prefix: Option<String>,
    /// What the name has in it.
    pub contains: Option<String>,
    /// The class.
    pub class: Option<LogGroupClass>,
}

/// A change to one setting of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// Days of retention.
    Retention(Option<u32>),
    /// The key's ARN.
    KmsKey(Option<String>),
    /// Whether deleting it is refused.
    DeletionProtection(bool),
    /// Adds tags, in place of those with the same keys; refused with [`Error::Full`] past `most` of them.
    Tag {
        /// The tags.
        tags: BTreeMap<String, String>,
        /// How many a group may have.
        most: usize,
    },
    /// Removes tags; those that are not there are fine.
    Untag(Vec<String>),
}

/// Where log groups are kept.
#[async_trait]
pub trait LogGroups {
    /// Adds a group.
    ///
    /// # Errors
    /// [`Error::Exists`].
    async fn create_group(&self, group: &LogGroup) -> Result<(), Error>;

    /// The group of that name.
    async fn group(&self, name: &LogGroupName) -> Result<Option<LogGroup>, Error>;

    /// Up to `limit` groups that fit, by name, behind `after`.
    async fn groups(
        &self,
        filter: &GroupFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LogGroup>, Error>;

    /// Changes one setting.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`].
    async fn change_group(&self, name: &LogGroupName, change: &GroupChange) -> Result<(), Error>;

    /// Removes a group with its streams, its metric filters and the policies that are its own.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Protected`].
    async fn delete_group(&self, name: &LogGroupName) -> Result<(), Error>;
}
