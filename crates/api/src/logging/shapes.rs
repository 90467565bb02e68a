//! `LoggingConfig` on the wire: reading it with every constraint of the model, and writing it back.
//!
//! Unknown members are ignored, as the service does; the flags are all true unless they are given.

use corelog_catalog::{BucketTarget, LogGroupTarget, LoggingConfiguration, Modalities, Modality};
use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::Refusal;

const ROLE_PATTERN: &str = "arn:aws(-[^:]+)?:iam::([0-9]{12})?:role/.+";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_config: Option<Config>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(rename = "cloudWatchConfig", skip_serializing_if = "Option::is_none")]
    log_group: Option<CloudWatch>,
    #[serde(rename = "s3Config", skip_serializing_if = "Option::is_none")]
    bucket: Option<S3>,
    text_data_delivery_enabled: Option<bool>,
    image_data_delivery_enabled: Option<bool>,
    embedding_data_delivery_enabled: Option<bool>,
    video_data_delivery_enabled: Option<bool>,
    audio_data_delivery_enabled: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloudWatch {
    log_group_name: Option<String>,
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    large_data_delivery_s3_config: Option<S3>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3 {
    bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
}

/// Reads and validates the body of a `PUT`.
pub(crate) fn parse(body: &[u8]) -> Result<LoggingConfiguration, Refusal> {
    let envelope: Envelope = if body.is_empty() {
        Envelope::default()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Refusal::Serialization(format!("The body is malformed: {error}")))?
    };
    let mut found = Violations::default();
    let configuration = if let Some(config) = envelope.logging_config {
        configuration(config, &mut found)
    } else {
        found.null("loggingConfig");
        LoggingConfiguration::default()
    };
    found.into_result(configuration)
}

fn configuration(config: Config, found: &mut Violations) -> LoggingConfiguration {
    let flags = [
        (Modality::Text, config.text_data_delivery_enabled),
        (Modality::Image, config.image_data_delivery_enabled),
        (Modality::Embedding, config.embedding_data_delivery_enabled),
        (Modality::Video, config.video_data_delivery_enabled),
        (Modality::Audio, config.audio_data_delivery_enabled),
    ];
    let modalities = flags
        .into_iter()
        .fold(Modalities::all(), |set, (modality, flag)| {
            set.with(modality, flag.unwrap_or(true))
        });
    LoggingConfiguration {
        log_group: config.log_group.map(|group| log_group(group, found)),
        bucket: config
            .bucket
            .map(|s3| bucket(s3, "loggingConfig.s3Config", found)),
        modalities,
    }
}

fn log_group(group: CloudWatch, found: &mut Violations) -> LogGroupTarget {
    let at = "loggingConfig.cloudWatchConfig";
    let log_group_name = group.log_group_name.unwrap_or_else(|| {
        found.null(&format!("{at}.logGroupName"));
        "-".to_owned()
    });
    found.length(&log_group_name, &format!("{at}.logGroupName"), 1, 512);
    let role_arn = group.role_arn.unwrap_or_else(|| {
        found.null(&format!("{at}.roleArn"));
        "arn:aws:iam:::role/-".to_owned()
    });
    found.length(&role_arn, &format!("{at}.roleArn"), 0, 2_048);
    if !is_role_arn(&role_arn) {
        let constraint = format!("Member must satisfy regular expression pattern: {ROLE_PATTERN}");
        found.value(&role_arn, &format!("{at}.roleArn"), &constraint);
    }
    LogGroupTarget {
        log_group_name,
        role_arn,
        large_data: group
            .large_data_delivery_s3_config
            .map(|s3| bucket(s3, &format!("{at}.largeDataDeliveryS3Config"), found)),
        // Known when it takes effect.
        since: Timestamp::from_unix_ms(0),
    }
}

fn bucket(s3: S3, at: &str, found: &mut Violations) -> BucketTarget {
    let bucket_name = s3.bucket_name.unwrap_or_else(|| {
        found.null(&format!("{at}.bucketName"));
        "---".to_owned()
    });
    found.length(&bucket_name, &format!("{at}.bucketName"), 3, 63);
    if let Some(prefix) = &s3.key_prefix {
        found.length(prefix, &format!("{at}.keyPrefix"), 0, 1_024);
    }
    BucketTarget {
        bucket_name,
        key_prefix: s3.key_prefix,
    }
}

/// Whether the text matches [`ROLE_PATTERN`].
fn is_role_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut part = || parts.next().unwrap_or("");
    let (arn, partition, service, region, account) = (part(), part(), part(), part(), part());
    let partition_fits = partition == "aws"
        || partition
            .strip_prefix("aws-")
            .is_some_and(|rest| !rest.is_empty());
    let account_fits = account.is_empty()
        || (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    let role = part().strip_prefix("role/").unwrap_or("");
    arn == "arn"
        && partition_fits
        && service == "iam"
        && region.is_empty()
        && account_fits
        && !role.is_empty()
        && !role.starts_with('\n')
}

/// Constraints that do not hold, in the words of the service.
#[derive(Debug, Default)]
struct Violations(Vec<String>);

impl Violations {
    fn null(&mut self, at: &str) {
        self.0.push(format!(
            "Value null at '{at}' failed to satisfy constraint: Member must not be null"
        ));
    }

    fn value(&mut self, value: &str, at: &str, constraint: &str) {
        self.0.push(format!(
            "Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
        ));
    }

    fn length(&mut self, value: &str, at: &str, least: usize, most: usize) {
        let length = value.chars().count();
        if length < least {
            let constraint = format!("Member must have length greater than or equal to {least}");
            self.value(value, at, &constraint);
        } else if length > most {
            let constraint = format!("Member must have length less than or equal to {most}");
            self.value(value, at, &constraint);
        }
    }

    fn into_result(self, found: LoggingConfiguration) -> Result<LoggingConfiguration, Refusal> {
        let count = self.0.len();
        if count == 0 {
            return Ok(found);
        }
        let noun = if count == 1 { "error" } else { "errors" };
        Err(Refusal::Validation(format!(
            "{count} validation {noun} detected: {}",
            self.0.join("; ")
        )))
    }
}

/// Writes the body of a `GET`; `{}` where there is no configuration.
pub(crate) fn render(configuration: Option<&LoggingConfiguration>) -> Vec<u8> {
    let logging_config = configuration.map(|configuration| {
        let flag = |modality| Some(configuration.modalities.contains(modality));
        Config {
            log_group: configuration.log_group.as_ref().map(|group| CloudWatch {
                log_group_name: Some(group.log_group_name.clone()),
                role_arn: Some(group.role_arn.clone()),
                large_data_delivery_s3_config: group.large_data.as_ref().map(S3::from),
            }),
            bucket: configuration.bucket.as_ref().map(S3::from),
            text_data_delivery_enabled: flag(Modality::Text),
            image_data_delivery_enabled: flag(Modality::Image),
            embedding_data_delivery_enabled: flag(Modality::Embedding),
            video_data_delivery_enabled: flag(Modality::Video),
            audio_data_delivery_enabled: flag(Modality::Audio),
        }
    });
    // Structs of strings and flags always serialise.
    serde_json::to_vec(&Envelope { logging_config }).unwrap_or_else(|_| b"{}".to_vec())
}

impl From<&BucketTarget> for S3 {
    fn from(bucket: &BucketTarget) -> Self {
        Self {
            bucket_name: Some(bucket.bucket_name.clone()),
            key_prefix: bucket.key_prefix.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
