//! The logging configuration as it is stored: JSON, with a struct of its own.

use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{BucketTarget, LogGroupTarget, LoggingConfiguration, Modalities, Modality};

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLogging {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_group: Option<StoredLogGroup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bucket: Option<StoredBucket>,
    /// Names of the kinds left out, so that a kind invented later is delivered by default.
    #[serde(default)]
    left_out: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredLogGroup {
    name: String,
    role_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    large_data: Option<StoredBucket>,
    #[serde(default)]
    since_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredBucket {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
}

fn modality_name(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::Embedding => "embedding",
        Modality::Video => "video",
        Modality::Audio => "audio",
    }
}

impl From<&BucketTarget> for StoredBucket {
    fn from(bucket: &BucketTarget) -> Self {
        Self {
            name: bucket.bucket_name.clone(),
            key_prefix: bucket.key_prefix.clone(),
        }
    }
}

impl From<StoredBucket> for BucketTarget {
    fn from(bucket: StoredBucket) -> Self {
        Self {
            bucket_name: bucket.name,
            key_prefix: bucket.key_prefix,
        }
    }
}

impl From<&LoggingConfiguration> for StoredLogging {
    fn from(configuration: &LoggingConfiguration) -> Self {
        let log_group = configuration
            .log_group
            .as_ref()
            .map(|group| StoredLogGroup {
                name: group.log_group_name.clone(),
                role_arn: group.role_arn.clone(),
                large_data: group.large_data.as_ref().map(StoredBucket::from),
                since_ms: group.since.unix_ms(),
            });
        let left_out = Modality::ALL
            .into_iter()
            .filter(|one| !configuration.modalities.contains(*one))
            .map(|one| modality_name(one).to_owned());
        Self {
            log_group,
            bucket: configuration.bucket.as_ref().map(StoredBucket::from),
            left_out: left_out.collect(),
        }
    }
}

impl From<StoredLogging> for LoggingConfiguration {
    fn from(stored: StoredLogging) -> Self {
        let mut modalities = Modalities::all();
        for modality in Modality::ALL {
            let left_out = stored
                .left_out
                .iter()
                .any(|name| name == modality_name(modality));
            modalities = modalities.with(modality, !left_out);
        }
        Self {
            log_group: stored.log_group.map(|group| LogGroupTarget {
                log_group_name: group.name,
                role_arn: group.role_arn,
                large_data: group.large_data.map(BucketTarget::from),
                since: Timestamp::from_unix_ms(group.since_ms),
            }),
            bucket: stored.bucket.map(BucketTarget::from),
            modalities,
        }
    }
}
