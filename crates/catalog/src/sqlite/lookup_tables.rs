//! Lookup tables in their table; columns and tags are columns of JSON, and what a table holds is read only by name.

use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection};

use super::row::{get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::{Error, LookupChange, LookupContent, LookupTable, LookupTables};

/// All of a table but what it holds.
const FIND: &str =
    "SELECT name, description, fields, row_count, byte_count, kms_key, tags, updated_ms
    FROM lookup_tables WHERE name = $1";
const LIST: &str =
    "SELECT name, description, fields, row_count, byte_count, kms_key, tags, updated_ms
    FROM lookup_tables WHERE name > $1 AND substr(name, 1, length($2)) = $2 ORDER BY name LIMIT $3";

#[async_trait]
impl LookupTables for SqliteCatalog {
    async fn create_lookup_table(
        &self,
        table: &LookupTable,
        csv: &str,
        most: usize,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        if find(&mut change, &table.name).await?.is_some() {
            return Err(Error::Exists);
        }
        let others: i64 = sqlx::query_scalar("SELECT count(*) FROM lookup_tables")
            .fetch_one(&mut *change)
            .await
            .map_err(failed("count lookup tables"))?;
        if usize::try_from(others).unwrap_or(usize::MAX) >= most {
            return Err(Error::Full { most });
        }
        let sql = "INSERT INTO lookup_tables
            (name, description, fields, row_count, byte_count, kms_key, tags, updated_ms, csv)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        with_columns(sql, table)
            .bind(csv)
            .execute(&mut *change)
            .await
            .map_err(failed("add a lookup table"))?;
        commit(change).await
    }

    async fn lookup_table(&self, name: &str) -> Result<Option<LookupTable>, Error> {
        let mut connection = self.pool.acquire().await.map_err(failed("be reached"))?;
        find(&mut connection, name).await
    }

    async fn read_lookup_table(&self, name: &str) -> Result<Option<(LookupTable, String)>, Error> {
        let row = sqlx::query("SELECT * FROM lookup_tables WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("read a lookup table"))?;
        let whole = |row: &SqliteRow| Ok((table(row)?, get(row, "csv")?));
        row.as_ref().map(whole).transpose()
    }

    async fn lookup_tables(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LookupTable>, Error> {
        let rows = sqlx::query(LIST)
            .bind(after.unwrap_or_default())
            .bind(prefix)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list lookup tables"))?;
        rows.iter().map(table).collect()
    }

    async fn change_lookup_table(&self, name: &str, change: &LookupChange) -> Result<(), Error> {
        let mut transaction = self.change().await?;
        let mut table = find(&mut transaction, name).await?.ok_or(Error::NotFound)?;
        let content = apply(&mut table, change)?;
        let sql = "UPDATE lookup_tables
            SET description = $2, fields = $3, row_count = $4, byte_count = $5, kms_key = $6, tags = $7,
              updated_ms = $8, csv = COALESCE($9, csv) WHERE name = $1";
        with_columns(sql, &table)
            .bind(content.map(|content| content.csv.as_str()))
            .execute(&mut *transaction)
            .await
            .map_err(failed("change a lookup table"))?;
        commit(transaction).await
    }

    async fn delete_lookup_table(&self, name: &str) -> Result<(), Error> {
        let done = sqlx::query("DELETE FROM lookup_tables WHERE name = $1")
            .bind(name)
            .execute(&self.pool)
            .await
            .map_err(failed("remove a lookup table"))?;
        match done.rows_affected() {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// A statement whose first eight parameters are the columns of a table but for what it holds, as [`FIND`] has them.
fn with_columns(sql: &'static str, table: &LookupTable) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(sql)
        .bind(&table.name)
        .bind(table.description.as_deref())
        .bind(to_json(&table.columns))
        .bind(count(table.rows))
        .bind(count(table.bytes))
        .bind(table.kms_key.as_deref())
        .bind(to_json(&table.tags))
        .bind(ms(table.updated))
}

/// Returns what the table holds from now on, if that changes.
fn apply<'c>(
    table: &mut LookupTable,
    change: &'c LookupChange,
) -> Result<Option<&'c LookupContent>, Error> {
    match change {
        LookupChange::Content {
            content,
            description,
            kms_key,
            at,
        } => {
            table.columns.clone_from(&content.columns);
            table.rows = content.rows;
            table.bytes = content.csv.len() as u64;
            table.updated = *at;
            if description.is_some() {
                table.description.clone_from(description);
            }
            if let Some(key) = kms_key {
                table.kms_key = Some(key.clone()).filter(|key| !key.is_empty());
            }
            return Ok(Some(content));
        }
        LookupChange::Tag { tags, most } => {
            let added = tags.iter().map(|(key, value)| (key.clone(), value.clone()));
            table.tags.extend(added);
            if table.tags.len() > *most {
                return Err(Error::Full { most: *most });
            }
        }
        LookupChange::Untag(keys) => table.tags.retain(|key, _| !keys.contains(key)),
    }
    Ok(None)
}

async fn find(connection: &mut SqliteConnection, name: &str) -> Result<Option<LookupTable>, Error> {
    let row = sqlx::query(FIND)
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(failed("find a lookup table"))?;
    row.as_ref().map(table).transpose()
}

fn table(row: &SqliteRow) -> Result<LookupTable, Error> {
    let number = |column| get::<i64>(row, column).map(|number| u64::try_from(number).unwrap_or(0));
    Ok(LookupTable {
        name: get(row, "name")?,
        description: get(row, "description")?,
        columns: json(row, "fields")?,
        rows: number("row_count")?,
        bytes: number("byte_count")?,
        kms_key: get(row, "kms_key")?,
        tags: json(row, "tags")?,
        updated: time(row, "updated_ms")?,
    })
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
