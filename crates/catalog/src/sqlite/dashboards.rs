//! Dashboards in their table; tags are a column of JSON, and a body is read only by name.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::{Dashboard, DashboardEntry, DashboardTags, Dashboards, Error};

#[async_trait]
impl Dashboards for SqliteCatalog {
    async fn put_dashboard(&self, dashboard: &Dashboard, most: usize) -> Result<(), Error> {
        let mut change = self.change().await?;
        let others: i64 = sqlx::query_scalar("SELECT count(*) FROM dashboards WHERE name <> $1")
            .bind(&dashboard.name)
            .fetch_one(&mut *change)
            .await
            .map_err(failed("count dashboards"))?;
        if usize::try_from(others).unwrap_or(usize::MAX) >= most {
            return Err(Error::Full { most });
        }
        let sql = "INSERT INTO dashboards (name, body, byte_count, tags, modified_ms)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (name) DO UPDATE SET body = excluded.body,
              byte_count = excluded.byte_count, modified_ms = excluded.modified_ms";
        sqlx::query(sql)
            .bind(&dashboard.name)
            .bind(&dashboard.body)
            .bind(i64::try_from(dashboard.body.len()).unwrap_or(i64::MAX))
            .bind(to_json(&dashboard.tags))
            .bind(ms(dashboard.modified))
            .execute(&mut *change)
            .await
            .map_err(failed("put a dashboard"))?;
        commit(change).await
    }

    async fn dashboard(&self, name: &str) -> Result<Option<Dashboard>, Error> {
        let mut connection = self.pool.acquire().await.map_err(failed("be reached"))?;
        find(&mut connection, name).await
    }

    async fn dashboards(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DashboardEntry>, Error> {
        let sql = "SELECT name, byte_count, modified_ms FROM dashboards
            WHERE name > $1 AND substr(name, 1, length($2)) = $2 ORDER BY name LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(after.unwrap_or_default())
            .bind(prefix)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list dashboards"))?;
        rows.iter().map(entry).collect()
    }

    async fn change_dashboard_tags(&self, name: &str, change: &DashboardTags) -> Result<(), Error> {
        let mut transaction = self.change().await?;
        let found = find(&mut transaction, name).await?;
        let mut tags = found.ok_or(Error::NotFound)?.tags;
        match change {
            DashboardTags::Tag { tags: more, most } => {
                let more = more.iter().map(|(key, value)| (key.clone(), value.clone()));
                tags.extend(more);
                if tags.len() > *most {
                    return Err(Error::Full { most: *most });
                }
            }
            DashboardTags::Untag(keys) => tags.retain(|key, _| !keys.contains(key)),
        }
        sqlx::query("UPDATE dashboards SET tags = $2 WHERE name = $1")
            .bind(name)
            .bind(to_json(&tags))
            .execute(&mut *transaction)
            .await
            .map_err(failed("tag a dashboard"))?;
        commit(transaction).await
    }

    async fn delete_dashboards(&self, names: &[String]) -> Result<Vec<String>, Error> {
        let mut change = self.change().await?;
        let mut missing = Vec::new();
        for name in names {
            let done = sqlx::query("DELETE FROM dashboards WHERE name = $1")
                .bind(name)
                .execute(&mut *change)
                .await
                .map_err(failed("remove a dashboard"))?;
            if done.rows_affected() == 0 {
                missing.push(name.clone());
            }
        }
        if missing.is_empty() {
            commit(change).await?;
        }
        Ok(missing)
    }
}

async fn find(connection: &mut SqliteConnection, name: &str) -> Result<Option<Dashboard>, Error> {
    let row = sqlx::query("SELECT * FROM dashboards WHERE name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(failed("find a dashboard"))?;
    row.as_ref().map(dashboard).transpose()
}

fn dashboard(row: &SqliteRow) -> Result<Dashboard, Error> {
    Ok(Dashboard {
        name: get(row, "name")?,
        body: get(row, "body")?,
        tags: json(row, "tags")?,
        modified: time(row, "modified_ms")?,
    })
}

fn entry(row: &SqliteRow) -> Result<DashboardEntry, Error> {
    let bytes: i64 = get(row, "byte_count")?;
    Ok(DashboardEntry {
        name: get(row, "name")?,
        bytes: u64::try_from(bytes).unwrap_or(0),
        modified: time(row, "modified_ms")?,
    })
}
