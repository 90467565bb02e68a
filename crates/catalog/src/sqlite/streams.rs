//! Log streams in their table.

use async_trait::async_trait;
use corelog_types::{LogGroupName, LogStreamName};
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, ms, time, time_if_any};
use super::{SqliteCatalog, commit, failed};
use crate::{Activity, Error, LogStream, LogStreams, StreamOrder, StreamPlace, StreamsAsked};

/// Statements differ in their order alone, which no parameter can give. A place before all others or behind them
/// stands for none.
const BY_NAME: &str = "SELECT * FROM log_streams
    WHERE log_group = $1 AND name >= $2 AND substr(name, 1, length($2)) = $2 AND ($4 = '' OR name > $4) AND $3 >= 0
    ORDER BY name LIMIT $5";
const BY_NAME_DESCENDING: &str = "SELECT * FROM log_streams
    WHERE log_group = $1 AND name >= $2 AND substr(name, 1, length($2)) = $2 AND ($4 = '' OR name < $4) AND $3 >= 0
    ORDER BY name DESC LIMIT $5";
const BY_EVENT: &str = "SELECT * FROM log_streams
    WHERE log_group = $1 AND name >= $2 AND substr(name, 1, length($2)) = $2
      AND ($4 = '' OR (COALESCE(last_event_ms, 0), name) > ($3, $4))
    ORDER BY COALESCE(last_event_ms, 0), name LIMIT $5";
const BY_EVENT_DESCENDING: &str = "SELECT * FROM log_streams
    WHERE log_group = $1 AND name >= $2 AND substr(name, 1, length($2)) = $2
      AND ($4 = '' OR (COALESCE(last_event_ms, 0), name) < ($3, $4))
    ORDER BY COALESCE(last_event_ms, 0) DESC, name DESC LIMIT $5";

#[async_trait]
impl LogStreams for SqliteCatalog {
    async fn create_stream(&self, group: &LogGroupName, stream: &LogStream) -> Result<(), Error> {
        let mut change = self.change().await?;
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM log_groups WHERE name = $1")
            .bind(group.as_str())
            .fetch_optional(&mut *change)
            .await
            .map_err(failed("find a log group"))?;
        found.ok_or(Error::NotFound)?;
        let sql = "INSERT INTO log_streams
            (log_group, name, created_ms, first_event_ms, last_event_ms, last_ingestion_ms)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let done = sqlx::query(sql)
            .bind(group.as_str())
            .bind(stream.name.as_str())
            .bind(ms(stream.created))
            .bind(stream.first_event.map(ms))
            .bind(stream.last_event.map(ms))
            .bind(stream.last_ingestion.map(ms))
            .execute(&mut *change)
            .await
            .map_err(failed("add a log stream"))?;
        if done.rows_affected() == 0 {
            return Err(Error::Exists);
        }
        commit(change).await
    }

    async fn stream(
        &self,
        group: &LogGroupName,
        name: &LogStreamName,
    ) -> Result<Option<LogStream>, Error> {
        let row = sqlx::query("SELECT * FROM log_streams WHERE log_group = $1 AND name = $2")
            .bind(group.as_str())
            .bind(name.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a log stream"))?;
        row.as_ref().map(stream).transpose()
    }

    async fn streams(
        &self,
        group: &LogGroupName,
        asked: &StreamsAsked,
        after: Option<&StreamPlace>,
        limit: u32,
    ) -> Result<Vec<LogStream>, Error> {
        let sql = match (asked.order, asked.descending) {
            (StreamOrder::Name, false) => BY_NAME,
            (StreamOrder::Name, true) => BY_NAME_DESCENDING,
            (StreamOrder::LastEvent, false) => BY_EVENT,
            (StreamOrder::LastEvent, true) => BY_EVENT_DESCENDING,
        };
        let place = after.map_or(0, |place| place.last_event_ms);
        let rows = sqlx::query(sql)
            .bind(group.as_str())
            .bind(asked.prefix.as_deref().unwrap_or_default())
            .bind(i64::try_from(place).unwrap_or(i64::MAX))
            .bind(after.map_or("", |place| &place.name))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list log streams"))?;
        rows.iter().map(stream).collect()
    }

    async fn note_activity(&self, activity: &[Activity]) -> Result<(), Error> {
        let sql = "UPDATE log_streams SET
            first_event_ms = min(COALESCE(first_event_ms, $3), $3),
            last_event_ms = max(COALESCE(last_event_ms, $4), $4),
            last_ingestion_ms = max(COALESCE(last_ingestion_ms, $5), $5)
            WHERE log_group = $1 AND name = $2";
        let mut change = self.change().await?;
        for one in activity {
            sqlx::query(sql)
                .bind(one.group.as_str())
                .bind(one.stream.as_str())
                .bind(ms(one.first_event))
                .bind(ms(one.last_event))
                .bind(ms(one.ingestion))
                .execute(&mut *change)
                .await
                .map_err(failed("note what came to a log stream"))?;
        }
        commit(change).await
    }

    async fn delete_stream(&self, group: &LogGroupName, name: &LogStreamName) -> Result<(), Error> {
        let done = sqlx::query("DELETE FROM log_streams WHERE log_group = $1 AND name = $2")
            .bind(group.as_str())
            .bind(name.as_str())
            .execute(&self.pool)
            .await
            .map_err(failed("remove a log stream"))?;
        match done.rows_affected() {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn stream(row: &SqliteRow) -> Result<LogStream, Error> {
    let name = LogStreamName::new(get::<&str>(row, "name")?).ok();
    Ok(LogStream {
        name: checked(name, "log_streams.name")?,
        created: time(row, "created_ms")?,
        first_event: time_if_any(row, "first_event_ms")?,
        last_event: time_if_any(row, "last_event_ms")?,
        last_ingestion: time_if_any(row, "last_ingestion_ms")?,
    })
}
