//! Saved queries in their table; lists are columns of JSON.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;

use super::row::{get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::{Error, QueryDefinition, QueryDefinitions, QueryParameter};

#[async_trait]
impl QueryDefinitions for SqliteCatalog {
    async fn put_query_definition(
        &self,
        definition: &QueryDefinition,
        most: usize,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM query_definitions WHERE id <> $1")
                .bind(&definition.id)
                .fetch_one(&mut *change)
                .await
                .map_err(failed("count saved queries"))?;
        if usize::try_from(others).unwrap_or(usize::MAX) >= most {
            return Err(Error::Full { most });
        }
        let sql = "INSERT INTO query_definitions
            (id, name, language, query, log_groups, parameters, modified_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, language = excluded.language,
              query = excluded.query, log_groups = excluded.log_groups,
              parameters = excluded.parameters, modified_ms = excluded.modified_ms";
        let parameters = definition.parameters.iter().map(Stored::from);
        sqlx::query(sql)
            .bind(&definition.id)
            .bind(&definition.name)
            .bind(&definition.language)
            .bind(&definition.text)
            .bind(to_json(&definition.log_groups))
            .bind(to_json(&parameters.collect::<Vec<_>>()))
            .bind(ms(definition.modified))
            .execute(&mut *change)
            .await
            .map_err(failed("save a query"))?;
        commit(change).await
    }

    async fn query_definition(&self, id: &str) -> Result<Option<QueryDefinition>, Error> {
        let row = sqlx::query("SELECT * FROM query_definitions WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a saved query"))?;
        row.as_ref().map(definition).transpose()
    }

    async fn query_definitions(
        &self,
        prefix: &str,
        language: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<QueryDefinition>, Error> {
        let sql = "SELECT * FROM query_definitions
            WHERE substr(name, 1, length($1)) = $1 AND (name, id) > ($2, $3)
              AND ($5 IS NULL OR language = $5)
            ORDER BY name, id LIMIT $4";
        let (name, id) = after.unwrap_or_default();
        let rows = sqlx::query(sql)
            .bind(prefix)
            .bind(name)
            .bind(id)
            .bind(limit)
            .bind(language)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list saved queries"))?;
        rows.iter().map(definition).collect()
    }

    async fn delete_query_definition(&self, id: &str) -> Result<(), Error> {
        let done = sqlx::query("DELETE FROM query_definitions WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await
            .map_err(failed("remove a saved query"))?;
        match done.rows_affected() {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// A parameter as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl From<&QueryParameter> for Stored {
    fn from(parameter: &QueryParameter) -> Self {
        Self {
            name: parameter.name.clone(),
            default_value: parameter.default_value.clone(),
            description: parameter.description.clone(),
        }
    }
}

impl From<Stored> for QueryParameter {
    fn from(stored: Stored) -> Self {
        Self {
            name: stored.name,
            default_value: stored.default_value,
            description: stored.description,
        }
    }
}

fn definition(row: &SqliteRow) -> Result<QueryDefinition, Error> {
    let parameters: Vec<Stored> = json(row, "parameters")?;
    Ok(QueryDefinition {
        id: get(row, "id")?,
        name: get(row, "name")?,
        language: get(row, "language")?,
        text: get(row, "query")?,
        log_groups: json(row, "log_groups")?,
        parameters: parameters.into_iter().map(QueryParameter::from).collect(),
        modified: time(row, "modified_ms")?,
    })
}
