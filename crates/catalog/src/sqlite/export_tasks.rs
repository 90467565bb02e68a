//! Export tasks in their table.

use async_trait::async_trait;
use corelog_types::{LogGroupName, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, ms, time, time_if_any};
use super::{SqliteCatalog, commit, failed};
use crate::{Error, Export, ExportState, ExportTask, ExportTasks};

#[async_trait]
impl ExportTasks for SqliteCatalog {
    async fn add_export_task(&self, task: &ExportTask, most: u32) -> Result<(), Error> {
        let mut change = self.change().await?;
        let sql = "INSERT INTO export_tasks
            (id, name, log_group, stream_prefix, from_ms, to_ms, bucket, prefix, created_ms, ended_ms, state, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (id) DO NOTHING";
        let Export {
            group,
            stream_prefix,
            from,
            to,
            bucket,
            prefix,
        } = &task.export;
        let done = sqlx::query(sql)
            .bind(&task.id)
            .bind(&task.name)
            .bind(group.as_str())
            .bind(stream_prefix)
            .bind(ms(*from))
            .bind(ms(*to))
            .bind(bucket)
            .bind(prefix)
            .bind(ms(task.created))
            .bind(task.ended.map(ms))
            .bind(task.state.as_str())
            .bind(reason(&task.state))
            .execute(&mut *change)
            .await
            .map_err(failed("add an export task"))?;
        if done.rows_affected() == 0 {
            return Err(Error::Exists);
        }
        let sql = "DELETE FROM export_tasks WHERE state <> $1
              AND id NOT IN (SELECT id FROM export_tasks ORDER BY id DESC LIMIT $2)";
        sqlx::query(sql)
            .bind(ExportState::Running.as_str())
            .bind(most)
            .execute(&mut *change)
            .await
            .map_err(failed("forget export tasks"))?;
        commit(change).await
    }

    async fn end_export_task(
        &self,
        id: &str,
        state: &ExportState,
        at: Timestamp,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        let sql = "UPDATE export_tasks SET state = $1, reason = $2, ended_ms = $3
            WHERE id = $4 AND state = $5";
        let done = sqlx::query(sql)
            .bind(state.as_str())
            .bind(reason(state))
            .bind(ms(at))
            .bind(id)
            .bind(ExportState::Running.as_str())
            .execute(&mut *change)
            .await
            .map_err(failed("end an export task"))?;
        if done.rows_affected() > 0 {
            return commit(change).await;
        }
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM export_tasks WHERE id = $1")
            .bind(id)
            .fetch_one(&mut *change)
            .await
            .map_err(failed("find an export task"))?;
        Err(if known == 0 {
            Error::NotFound
        } else {
            Error::Stale
        })
    }

    async fn export_tasks(&self) -> Result<Vec<ExportTask>, Error> {
        let rows = sqlx::query("SELECT * FROM export_tasks ORDER BY id DESC")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list export tasks"))?;
        rows.iter().map(task).collect()
    }
}

fn reason(state: &ExportState) -> Option<&str> {
    match state {
        ExportState::Failed(reason) => Some(reason),
        ExportState::Running | ExportState::Completed | ExportState::Cancelled => None,
    }
}

fn task(row: &SqliteRow) -> Result<ExportTask, Error> {
    let group = LogGroupName::new(get::<&str>(row, "log_group")?).ok();
    let state = ExportState::parse(get(row, "state")?, get(row, "reason")?);
    Ok(ExportTask {
        id: get(row, "id")?,
        name: get(row, "name")?,
        export: Export {
            group: checked(group, "log_group")?,
            stream_prefix: get(row, "stream_prefix")?,
            from: time(row, "from_ms")?,
            to: time(row, "to_ms")?,
            bucket: get(row, "bucket")?,
            prefix: get(row, "prefix")?,
        },
        created: time(row, "created_ms")?,
        ended: time_if_any(row, "ended_ms")?,
        state: checked(state, "state")?,
    })
}
