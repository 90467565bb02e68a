//! The embedded catalog: `SQLite` in one file, `catalog.db`. A server holds it; commands may open it beside.
//!
//! Changes are transactions that take the write lock when they begin, so none fails half way for another's sake.
//! The log is written ahead and synced with each of them. Statements keep to what `PostgreSQL` understands, with
//! numbered parameters, so that its adapter can begin as a copy.

mod alarms;
mod anomaly_detectors;
mod dashboards;
mod export_tasks;
mod findings;
mod groups;
mod logging;
mod lookup_tables;
mod metric_filters;
mod notices;
mod policies;
mod query_definitions;
mod row;
mod schema;
mod streams;
mod subscription_filters;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::{Catalog, Error};

const FILE_NAME: &str = "catalog.db";
/// Each is a thread that mostly sleeps. Readers do not wait for a writer, and writers wait for each other anyway.
const CONNECTIONS_MAX: u32 = 4;
/// How long a writer waits for another.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A catalog in a directory of the local disk.
#[derive(Debug, Clone)]
pub struct SqliteCatalog {
    pool: SqlitePool,
}

impl SqliteCatalog {
    /// Opens the catalog of `dir`, which must exist; brings its schema up to date; takes over the file of an
    /// earlier version that kept a `catalog.json`.
    ///
    /// # Errors
    /// [`Error::Version`] for a catalog of a newer version; [`Error::Database`], [`Error::Read`], [`Error::Format`].
    pub async fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE_NAME);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .connect_with(options)
            .await
            .map_err(failed("open"))?;
        let catalog = Self { pool };
        schema::bring_up_to_date(&catalog, dir, &path).await?;
        Ok(catalog)
    }

    /// Closes the file; whoever asks afterwards gets an error.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a change. Dropping it undoes it.
    async fn change(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        let begun = self.pool.begin_with("BEGIN IMMEDIATE").await;
        begun.map_err(failed("begin a change"))
    }
}

impl Catalog for SqliteCatalog {}

/// Ends a change.
async fn commit(change: Transaction<'static, Sqlite>) -> Result<(), Error> {
    change.commit().await.map_err(failed("keep a change"))
}

/// Names what was attempted.
fn failed(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Database { attempt, source }
}

#[cfg(test)]
mod tests;
