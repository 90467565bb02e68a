//! The logging configuration: one setting, as JSON.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::row::{parsed, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::stored::StoredLogging;
use crate::{Error, Logging, LoggingConfiguration};

const NAME: &str = "logging";

#[async_trait]
impl Logging for SqliteCatalog {
    async fn logging(&self) -> Result<Option<LoggingConfiguration>, Error> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
                .bind(NAME)
                .fetch_optional(&self.pool)
                .await
                .map_err(failed("read the logging configuration"))?;
        let stored: Option<StoredLogging> = match found {
            Some(text) => Some(parsed(&text, "settings.value")?),
            None => None,
        };
        Ok(stored.map(LoggingConfiguration::from))
    }

    async fn put_logging(&self, configuration: &LoggingConfiguration) -> Result<(), Error> {
        let mut change = self.change().await?;
        put(&mut change, configuration).await?;
        commit(change).await
    }

    async fn delete_logging(&self) -> Result<(), Error> {
        sqlx::query("DELETE FROM settings WHERE name = $1")
            .bind(NAME)
            .execute(&self.pool)
            .await
            .map_err(failed("remove the logging configuration"))?;
        Ok(())
    }
}

pub(super) async fn put(
    connection: &mut SqliteConnection,
    configuration: &LoggingConfiguration,
) -> Result<(), Error> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(sql)
        .bind(NAME)
        .bind(to_json(&StoredLogging::from(configuration)))
        .execute(connection)
        .await
        .map_err(failed("write the logging configuration"))?;
    Ok(())
}
