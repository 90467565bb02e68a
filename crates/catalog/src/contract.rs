//! What every catalog must do; each adapter's tests call [`check`].

use crate::{BucketTarget, Catalog, LogGroupTarget, LoggingConfiguration, Modalities, Modality};

/// Runs the suite; `open` opens the same state anew, as after a restart.
///
/// # Panics
/// If the adapter breaks the contract.
pub fn check(open: impl Fn() -> Box<dyn Catalog>) {
    assert_eq!(read(&*open()), None, "a fresh catalog has no configuration");
    assert!(
        open().delete_logging().is_ok(),
        "removing no configuration is fine"
    );
    let bucket = BucketTarget {
        bucket_name: "acme-llm-logs".to_owned(),
        key_prefix: Some("prod/".to_owned()),
    };
    let full = LoggingConfiguration {
        log_group: Some(LogGroupTarget {
            log_group_name: "/llm/invocations".to_owned(),
            role_arn: "arn:aws:iam::111122223333:role/LlmLogWriter".to_owned(),
            large_data: Some(bucket.clone()),
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
        assert!(open().put_logging(&configuration).is_ok());
        assert_eq!(
            read(&*open()),
            Some(configuration),
            "a configuration replaces the former one as a whole and survives a restart"
        );
    }
    assert!(open().delete_logging().is_ok());
    assert_eq!(read(&*open()), None, "a removed configuration is gone");
}

fn read(catalog: &dyn Catalog) -> Option<LoggingConfiguration> {
    let outcome = catalog.logging();
    assert!(
        outcome.is_ok(),
        "a catalog that was just opened is readable"
    );
    outcome.unwrap_or_default()
}
