//! Policies of all kinds in one table.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, ms, time};
use super::{SqliteCatalog, commit, failed};
use crate::{Error, Policies, Policy, PolicyKey, PolicyKind};

#[async_trait]
impl Policies for SqliteCatalog {
    async fn put_policy(
        &self,
        policy: &Policy,
        expected: Option<u64>,
        most: usize,
    ) -> Result<u64, Error> {
        let key = &policy.key;
        let mut change = self.change().await?;
        let former = revision(&mut change, key).await?;
        if expected.is_some() && expected != former {
            return Err(Error::Stale);
        }
        let sql = "SELECT count(*) FROM policies WHERE kind = $1 AND scope = $2 AND name <> $3";
        let others: i64 = sqlx::query_scalar(sql)
            .bind(key.kind.as_str())
            .bind(&key.scope)
            .bind(&key.name)
            .fetch_one(&mut *change)
            .await
            .map_err(failed("count policies"))?;
        if usize::try_from(others).unwrap_or(usize::MAX) >= most {
            return Err(Error::Full { most });
        }
        let revision = former.map_or(1, |former| former.saturating_add(1));
        let sql = "INSERT INTO policies
            (kind, scope, name, document, selection, revision, updated_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (kind, scope, name) DO UPDATE SET document = excluded.document,
              selection = excluded.selection, revision = excluded.revision,
              updated_ms = excluded.updated_ms";
        sqlx::query(sql)
            .bind(key.kind.as_str())
            .bind(&key.scope)
            .bind(&key.name)
            .bind(&policy.document)
            .bind(policy.selection.as_deref())
            .bind(i64::try_from(revision).unwrap_or(i64::MAX))
            .bind(ms(policy.updated))
            .execute(&mut *change)
            .await
            .map_err(failed("keep a policy"))?;
        commit(change).await?;
        Ok(revision)
    }

    async fn policies(
        &self,
        kind: PolicyKind,
        scope: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Policy>, Error> {
        // An index policy has an empty name, so having no place cannot be an empty place.
        let sql = "SELECT * FROM policies
            WHERE kind = $1 AND ($2 IS NULL OR scope = $2) AND ($3 IS NULL OR (scope, name) > ($3, $4))
            ORDER BY scope, name LIMIT $5";
        let rows = sqlx::query(sql)
            .bind(kind.as_str())
            .bind(scope)
            .bind(after.map(|(scope, _)| scope))
            .bind(after.map(|(_, name)| name))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list policies"))?;
        rows.iter().map(|row| policy(kind, row)).collect()
    }

    async fn delete_policy(&self, key: &PolicyKey, expected: Option<u64>) -> Result<(), Error> {
        let mut change = self.change().await?;
        let former = revision(&mut change, key).await?;
        let former = former.ok_or(Error::NotFound)?;
        if expected.is_some_and(|expected| expected != former) {
            return Err(Error::Stale);
        }
        sqlx::query("DELETE FROM policies WHERE kind = $1 AND scope = $2 AND name = $3")
            .bind(key.kind.as_str())
            .bind(&key.scope)
            .bind(&key.name)
            .execute(&mut *change)
            .await
            .map_err(failed("remove a policy"))?;
        commit(change).await
    }
}

async fn revision(
    connection: &mut SqliteConnection,
    key: &PolicyKey,
) -> Result<Option<u64>, Error> {
    let sql = "SELECT revision FROM policies WHERE kind = $1 AND scope = $2 AND name = $3";
    let found: Option<i64> = sqlx::query_scalar(sql)
        .bind(key.kind.as_str())
        .bind(&key.scope)
        .bind(&key.name)
        .fetch_optional(connection)
        .await
        .map_err(failed("find a policy"))?;
    Ok(found.map(|revision| u64::try_from(revision).unwrap_or(0)))
}

fn policy(kind: PolicyKind, row: &SqliteRow) -> Result<Policy, Error> {
    let revision: i64 = get(row, "revision")?;
    Ok(Policy {
        key: PolicyKey {
            kind,
            scope: get(row, "scope")?,
            name: get(row, "name")?,
        },
        document: get(row, "document")?,
        selection: get(row, "selection")?,
        revision: u64::try_from(revision).unwrap_or(0),
        updated: time(row, "updated_ms")?,
    })
}
