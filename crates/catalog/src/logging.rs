//! The model invocation logging configuration, and which kinds of data a destination gets.

use std::fmt;

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::Error;

/// Where the logging configuration is kept.
#[async_trait]
pub trait Logging {
    /// The configuration, if there is one.
    async fn logging(&self) -> Result<Option<LoggingConfiguration>, Error>;

    /// Replaces the configuration as a whole.
    async fn put_logging(&self, configuration: &LoggingConfiguration) -> Result<(), Error>;

    /// Removes the configuration; removing none is fine.
    async fn delete_logging(&self) -> Result<(), Error>;
}

/// One configuration: where records go, and which kinds of data go with them.
///
/// Source: `LoggingConfig` of the Amazon Bedrock API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoggingConfiguration {
    /// A log group, if records go to one.
    pub log_group: Option<LogGroupTarget>,
    /// A bucket, if records go to one.
    pub bucket: Option<BucketTarget>,
    /// The kinds of data delivered.
    pub modalities: Modalities,
}

/// A log group, the role that writes to it, and where bodies go that are too large for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroupTarget {
    /// 1 to 512 characters.
    pub log_group_name: String,
    /// ARN of a role, up to 2,048 characters.
    pub role_arn: String,
    /// Bucket for bodies over the inline limit.
    pub large_data: Option<BucketTarget>,
    /// Since when records go to this group: a record whose request came earlier is no event of it.
    pub since: Timestamp,
}

/// A bucket and the prefix of every key in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketTarget {
    /// 3 to 63 characters.
    pub bucket_name: String,
    /// As it was given, up to 1,024 characters; a trailing slash is neither added nor removed here.
    pub key_prefix: Option<String>,
}

/// A kind of data that can be left out of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modality {
    /// Prompts and answers in words: every body that is of no other kind.
    Text,
    /// Pictures and documents.
    Image,
    /// Vectors.
    Embedding,
    /// Moving pictures.
    Video,
    /// Speech and sound.
    Audio,
}

impl Modality {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Image,
        Self::Embedding,
        Self::Video,
        Self::Audio,
    ];

    fn bit(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Image => 1 << 1,
            Self::Embedding => 1 << 2,
            Self::Video => 1 << 3,
            Self::Audio => 1 << 4,
        }
    }
}

/// A set of [`Modality`]; all of them unless said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Modalities(u8);

impl Default for Modalities {
    fn default() -> Self {
        Self::all()
    }
}

impl Modalities {
    /// Everything.
    pub fn all() -> Self {
        Self(Modality::ALL.iter().fold(0, |bits, one| bits | one.bit()))
    }

    /// Whether that kind is in the set.
    pub fn contains(self, modality: Modality) -> bool {
        self.0 & modality.bit() != 0
    }

    /// The set with that kind in it (`delivered`) or not.
    #[must_use]
    pub fn with(self, modality: Modality, delivered: bool) -> Self {
        if delivered {
            Self(self.0 | modality.bit())
        } else {
            Self(self.0 & !modality.bit())
        }
    }
}

impl fmt::Debug for Modalities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(Modality::ALL.iter().filter(|one| self.contains(**one)))
            .finish()
    }
}
