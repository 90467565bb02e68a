//! The contract, and what is `SQLite`'s own: versions, the file taken over, writers at once.

use std::fs;

use corelog_types::{LogGroupName, Timestamp};

use super::*;
use crate::{
    BucketTarget, Dashboards as _, LogGroup, LogGroups as _, Logging as _, LoggingConfiguration,
    LookupTables as _, contract,
};

#[tokio::test]
async fn it_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let open = || async {
        let catalog = SqliteCatalog::open(dir.path()).await?;
        Ok(Box::new(catalog) as Box<dyn Catalog>)
    };
    contract::check(open).await.unwrap();
}

/// What version 0.1.0 wrote for a bucket, a prefix and two kinds left out.
const FILE_0_1_0: &str = r#"{
  "version": 1,
  "logging": {
    "bucket": {
      "name": "acme-llm-logs",
      "key_prefix": "prod/"
    },
    "left_out": [
      "embedding",
      "audio"
    ]
  }
}
"#;

#[tokio::test]
async fn the_file_of_an_earlier_version_is_taken_over_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("catalog.json");
    fs::write(&file, FILE_0_1_0).unwrap();
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    let taken = catalog.logging().await.unwrap().unwrap();
    let bucket = BucketTarget {
        bucket_name: "acme-llm-logs".to_owned(),
        key_prefix: Some("prod/".to_owned()),
    };
    assert_eq!(taken.bucket, Some(bucket));
    assert!(!taken.modalities.contains(crate::Modality::Audio));
    assert!(taken.modalities.contains(crate::Modality::Text));
    assert!(!file.exists());
    let aside = dir.path().join("catalog.json.taken-over");
    assert_eq!(fs::read_to_string(aside).unwrap(), FILE_0_1_0);
    catalog.delete_logging().await.unwrap();
    catalog.close().await;
    // Even where an earlier version ran in between: the catalog is no longer new.
    fs::write(&file, FILE_0_1_0).unwrap();
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    assert_eq!(catalog.logging().await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_over_is_refused_and_kept() {
    for (text, is_newer) in [
        (r#"{"version":2,"new":[]}"#, true),
        (r#"{"version":1,"logg"#, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("catalog.json");
        fs::write(&file, text).unwrap();
        for _ in 0..2 {
            let refused = SqliteCatalog::open(dir.path()).await.unwrap_err();
            match refused {
                Error::Version { found: 2, .. } => assert!(is_newer),
                Error::Format { .. } => assert!(!is_newer),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn a_catalog_of_an_earlier_version_gets_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    let name = LogGroupName::new("/kept").unwrap();
    let group = LogGroup::new(name.clone(), Timestamp::from_unix_ms(1));
    catalog.create_group(&group).await.unwrap();
    sqlx::raw_sql(
        "DROP TABLE lookup_tables; DROP TABLE dashboards; DROP TABLE alarms;
         DROP TABLE alarm_history; DROP TABLE mute_rules; DROP TABLE notices;
         DROP TABLE metric_filters; DROP TABLE anomaly_detectors; DROP TABLE findings;
         DROP TABLE finding_news; DROP TABLE subscription_filters; PRAGMA user_version = 2",
    )
    .execute(&catalog.pool)
    .await
    .unwrap();
    catalog.close().await;
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    assert_eq!(catalog.group(&name).await.unwrap(), Some(group));
    assert_eq!(catalog.lookup_tables("", None, 9).await.unwrap(), []);
    assert_eq!(catalog.dashboards("", None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_catalog_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    catalog
        .put_logging(&LoggingConfiguration::default())
        .await
        .unwrap();
    sqlx::raw_sql("PRAGMA user_version = 99")
        .execute(&catalog.pool)
        .await
        .unwrap();
    catalog.close().await;
    let refused = SqliteCatalog::open(dir.path()).await.unwrap_err();
    assert!(
        matches!(refused, Error::Version { found: 99, .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join(FILE_NAME),
        "not a database, but long enough to be read as one".repeat(99),
    )
    .unwrap();
    let refused = SqliteCatalog::open(dir.path()).await.unwrap_err();
    assert!(matches!(refused, Error::Database { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_the_same_group_one_does() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    let group = LogGroup::new(
        LogGroupName::new("/one").unwrap(),
        Timestamp::from_unix_ms(1),
    );
    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (catalog, group) = (catalog.clone(), group.clone());
        adding.spawn(async move { catalog.create_group(&group).await });
    }
    let outcomes = adding.join_all().await;
    let added = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let existed = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(Error::Exists)))
        .count();
    assert_eq!((added, existed), (1, 31), "{outcomes:?}");
}
