//! The embedded keeper of metrics: `SQLite` in a file of its own, `metrics.db`.
//!
//! It is apart from the catalog because it is written every few seconds, and may be thrown away and counted anew.
//! Statements keep near to what `PostgreSQL` understands.

mod defaults;
mod list;
mod read;
mod schema;
mod trim;
mod write;

use std::path::Path;
use std::time::Duration;

use corelog_types::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};

pub use list::Listed;
pub use read::{Point, Question, UnitPoints};
pub use write::{Added, Overflow, Read};

use crate::Error;

/// Each is a thread that mostly sleeps. Readers do not wait for the writer, nor it for them: counting has a connection of
/// its own, which no number of questions can take.
const READERS_MAX: u32 = 4;
/// How long the writer waits for one of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Steps that are taken before others have their turn.
const AT_ONCE_MAX: usize = 50;

/// Limits of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Metrics there may be.
    pub metrics_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            metrics_max: 200_000,
        }
    }
}

/// Metrics in a directory of the local disk. A cheap handle: clones share the file.
#[derive(Debug, Clone)]
pub struct SqliteMetrics {
    /// Connections of questions.
    pool: SqlitePool,
    /// Has one connection: changes come one after the other, in the order in which they were begun.
    writer: SqlitePool,
    config: Config,
}

impl SqliteMetrics {
    /// The name of the file in its directory.
    pub const FILE_NAME: &str = "metrics.db";

    /// Opens the metrics of `dir`, which must exist, and brings their tables up to date.
    ///
    /// # Errors
    /// [`Error::Version`] for metrics of a newer version; [`Error::Database`].
    pub async fn open(dir: &Path, config: Config) -> Result<Self, Error> {
        let path = dir.join(Self::FILE_NAME);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A put is answered once it is durable, and so is a place in the spool: what is behind it may be let go.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let of = |connections| SqlitePoolOptions::new().max_connections(connections);
        let writer = of(1).connect_with(options.clone());
        let writer = writer.await.map_err(failed("open"))?;
        let pool = of(READERS_MAX).connect_with(options);
        let pool = pool.await.map_err(failed("open"))?;
        let metrics = Self {
            pool,
            writer,
            config,
        };
        schema::bring_up_to_date(&metrics, &path).await?;
        Ok(metrics)
    }

    /// Closes the file; whoever asks afterwards gets an error.
    pub async fn close(&self) {
        self.pool.close().await;
        self.writer.close().await;
    }

    /// Begins a change. Dropping it undoes it.
    async fn change(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        begun.map_err(failed("begin a change"))
    }
}

/// Ends a change.
async fn commit(change: Transaction<'static, Sqlite>) -> Result<(), Error> {
    change.commit().await.map_err(failed("keep a change"))
}

/// Lets others have their turn after every so many steps: this may be a thread that relays calls.
async fn let_others(step: usize) {
    if step % AT_ONCE_MAX == AT_ONCE_MAX - 1 {
        tokio::task::yield_now().await;
    }
}

/// Does work of the processor beside the threads that relay calls.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // A runtime that ends takes this task with it.
        Err(_) => std::future::pending().await,
    }
}

/// Names what was attempted.
fn failed(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| Error::Database { attempt, source }
}

/// Names the column that is not as it was written.
fn malformed<E>(what: &'static str) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| Error::Format {
        what,
        source: source.into(),
    }
}

/// Seconds of a moment, for columns.
fn seconds(time: Timestamp) -> i64 {
    crate::deltas::second_of(time)
}

#[cfg(test)]
mod tests;
