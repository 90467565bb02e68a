//! The logging configuration.

use corelog_types::Timestamp;

use crate::{
    BucketTarget, Catalog, Error, LogGroupTarget, LoggingConfiguration, Modalities, Modality,
};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    assert_eq!(
        open().await?.logging().await?,
        None,
        "a fresh catalog has no configuration"
    );
    // Removing none is fine.
    open().await?.delete_logging().await?;
    let bucket = BucketTarget {
        bucket_name: "acme-llm-logs".to_owned(),
        key_prefix: Some("prod/".to_owned()),
    };
    let full = LoggingConfiguration {
        log_group: Some(LogGroupTarget {
            log_group_name: "/llm/invocations".to_owned(),
            role_arn: "arn:aws:iam::111122223333:role/LlmLogWriter".to_owned(),
            large_data: Some(bucket.clone()),
            since: Timestamp::from_unix_ms(1_795_166_142_123),
        }),
        bucket: Some(bucket),
        modalities: Modalities::all()
            .with(Modality::Embedding, false)
            .with(Modality::Audio, false),
    };
    let bare = LoggingConfiguration {
        bucket: Some(BucketTarget {
            bucket_name: "other".to_owned(),
            key_prefix: None,
        }),
        ..LoggingConfiguration::default()
    };
    for configuration in [full, bare, LoggingConfiguration::default()] {
        open().await?.put_logging(&configuration).await?;
        assert_eq!(
            open().await?.logging().await?,
            Some(configuration),
            "a configuration replaces the former one as a whole and survives a restart"
        );
    }
    open().await?.delete_logging().await?;
    let left = open().await?.logging().await?;
    assert_eq!(left, None, "a removed configuration is gone");
    Ok(())
}
