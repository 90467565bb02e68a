//! The destinations of the control API's logging configuration: its bucket, and one of our log groups.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_api::logging::{
    BucketRefused, DESTINATION, Destinations, LARGE_DESTINATION, NotStarted,
};
use corelog_catalog::{BucketTarget, LoggingConfiguration};
use corelog_cli::settings::Settings;
use corelog_delivery::{Config, Sink, blobs_of};
use corelog_hot::Further;
use corelog_metrics::LogDelivery;
use corelog_sinks::groups::{LoggingConfig, LoggingGroup};
use corelog_sinks::s3::{self, Location, S3Sink};
use corelog_spool::Spool;

use crate::configure;
use crate::destinations::Destined;

/// A body that an event has the address of is there after this long, or soon after.
const LARGE_INTERVAL: Duration = Duration::from_secs(5);

/// Whether a destination is the control API's.
pub(crate) fn is_of_api(name: &str) -> bool {
    [DESTINATION, LARGE_DESTINATION].contains(&name)
}

/// Where a bucket of the control API is.
fn location(bucket: &str, settings: &Settings) -> Result<Location, BucketRefused> {
    let refused = |source: Box<dyn std::error::Error + Send + Sync>| BucketRefused {
        bucket: bucket.to_owned(),
        source,
    };
    if settings.s3.endpoint.is_some() {
        return Location::parse(&format!("s3://{bucket}")).map_err(|e| refused(e.into()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let directory = settings.data.join("buckets").join(bucket);
    if bucket.starts_with('.') || !bucket.bytes().all(plain) || !directory.is_dir() {
        let why = format!("there is no directory `{}`", directory.display());
        return Err(refused(why.into()));
    }
    let directory = std::path::absolute(&directory).map_err(|e| refused(e.into()))?;
    let url = format!("file://{}", directory.display());
    Location::parse(&url).map_err(|e| refused(e.into()))
}

fn bucket_config(
    bucket: &BucketTarget,
    configuration: &LoggingConfiguration,
    settings: &Settings,
) -> Result<s3::Config, BucketRefused> {
    let mut config = s3::Config::new(location(&bucket.bucket_name, settings)?);
    config.store = configure::store(settings);
    config.key_prefix.clone_from(&bucket.key_prefix);
    config.account_id.clone_from(&settings.account.id);
    config.modalities = configure::captured(configuration.modalities, settings);
    Ok(config)
}

fn large_data(configuration: &LoggingConfiguration) -> Option<&BucketTarget> {
    let group = configuration.log_group.as_ref()?;
    group.large_data.as_ref()
}

/// What makes events for the log group of a configuration, if it has one.
///
/// Decision: a group that has every record whole anyway gets no second event of each. Without a bucket for large data,
/// events have the addresses of the other bucket's objects, if there is one.
pub(crate) fn further(
    configuration: &LoggingConfiguration,
    settings: &Settings,
    spool: &Spool,
) -> Result<Option<Arc<dyn Further>>, BucketRefused> {
    let Some(group) = &configuration.log_group else {
        return Ok(None);
    };
    if !settings.store.enabled || group.log_group_name == settings.store.log_group {
        return Ok(None);
    }
    let bucket = large_data(configuration).or(configuration.bucket.as_ref());
    let bucket = match bucket {
        Some(bucket) => Some(bucket_config(bucket, configuration, settings)?),
        None => None,
    };
    Ok(Some(Arc::new(LoggingGroup::new(LoggingConfig {
        group: group.log_group_name.clone(),
        since: group.since,
        bucket,
        modalities: configure::captured(configuration.modalities, settings),
        node: spool.node(),
        blobs: blobs_of(spool),
    }))))
}

#[async_trait]
impl Destinations for Destined {
    async fn check(&self, configuration: &LoggingConfiguration) -> Result<(), BucketRefused> {
        let settings = self.settings();
        let buckets = configuration.bucket.iter();
        for bucket in buckets.chain(large_data(configuration)) {
            let refused = |source| BucketRefused {
                bucket: bucket.bucket_name.clone(),
                source,
            };
            let sink = S3Sink::open(&bucket_config(bucket, configuration, &settings)?)
                .map_err(|error| refused(error.into()))?;
            sink.check().await.map_err(|error| refused(error.into()))?;
        }
        Ok(())
    }

    async fn start(&self, configuration: &LoggingConfiguration) -> Result<(), NotStarted> {
        self.remember(Some(configuration));
        let settings = self.settings();
        let failed = |error: BucketRefused| NotStarted(error.into());
        let buckets = [
            (DESTINATION, configuration.bucket.as_ref()),
            (LARGE_DESTINATION, large_data(configuration)),
        ];
        for (name, bucket) in buckets {
            self.end(name).await;
            let Some(bucket) = bucket else {
                self.forget(name)
                    .await
                    .map_err(|error| NotStarted(error.into()))?;
                continue;
            };
            let mut sink = bucket_config(bucket, configuration, &settings).map_err(failed)?;
            let mut config = Config::new(name);
            if name == LARGE_DESTINATION {
                sink.lines = false;
                config.interval = LARGE_INTERVAL;
            }
            config.shutdown_deadline = settings.limits.shutdown_timeout;
            let sink = S3Sink::open(&sink).map_err(|error| NotStarted(error.into()))?;
            // A batch of large data may have none, which is no attempt to put some.
            let sink: Arc<dyn Sink> = match name {
                DESTINATION => self.counted(Arc::new(sink), LogDelivery::S3),
                _ => Arc::new(sink),
            };
            self.begin(config, sink, false)
                .await
                .map_err(|error| NotStarted(error.into()))?;
        }
        let further = further(configuration, &settings, self.spool()).map_err(failed)?;
        self.hot().change_further(further);
        Ok(())
    }

    async fn stop(&self) -> Result<(), NotStarted> {
        self.remember(None);
        self.hot().change_further(None);
        for name in [DESTINATION, LARGE_DESTINATION] {
            self.end(name).await;
            self.forget(name)
                .await
                .map_err(|error| NotStarted(error.into()))?;
        }
        Ok(())
    }
}
