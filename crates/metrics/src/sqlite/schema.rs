//! The tables, version by version.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor as _};

use super::{SqliteMetrics, commit, failed};
use crate::Error;

/// What brings the file from each version to the next. Entries are never changed, only added.
///
/// The key of `points` is in the order of reading: one metric, at one granularity, through time. Units of one time are
/// together.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE metrics (
        id INTEGER PRIMARY KEY,
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        dimensions TEXT NOT NULL,
        last_second BIGINT NOT NULL,
        UNIQUE (namespace, name, dimensions)
    );
    CREATE TABLE points (
        metric BIGINT NOT NULL,
        granularity BIGINT NOT NULL,
        second BIGINT NOT NULL,
        unit BIGINT NOT NULL,
        bucket BLOB NOT NULL,
        PRIMARY KEY (metric, granularity, second, unit)
    ) WITHOUT ROWID;
    CREATE TABLE sources (
        name TEXT PRIMARY KEY,
        position BIGINT NOT NULL
    );
",
    "
    CREATE TABLE defaults (
        second BIGINT NOT NULL,
        metric BIGINT NOT NULL,
        unit BIGINT NOT NULL,
        value DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (second, metric, unit)
    ) WITHOUT ROWID;
",
];

/// Takes the steps that are missing, in one transaction.
pub(super) async fn bring_up_to_date(metrics: &SqliteMetrics, path: &Path) -> Result<(), Error> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let mut change = metrics.change().await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *change)
        .await
        .map_err(failed("say its version"))?;
    if found > known {
        let path = path.to_owned();
        return Err(Error::Version { path, found, known });
    }
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        change
            .execute(*step)
            .await
            .map_err(failed("bring its tables up to date"))?;
    }
    change
        .execute(AssertSqlSafe(format!("PRAGMA user_version = {known}")))
        .await
        .map_err(failed("note its version"))?;
    commit(change).await
}
