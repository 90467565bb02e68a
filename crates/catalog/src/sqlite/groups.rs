//! Log groups in their table; tags are one column of JSON.

use async_trait::async_trait;
use corelog_types::LogGroupName;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::{Error, GroupChange, GroupFilter, LogGroup, LogGroupClass, LogGroups, PolicyKind};

#[async_trait]
impl LogGroups for SqliteCatalog {
    async fn create_group(&self, group: &LogGroup) -> Result<(), Error> {
        let sql = "INSERT INTO log_groups
            (name, created_ms, class, retention_days, kms_key, deletion_protected, tags)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let done = sqlx::query(sql)
            .bind(group.name.as_str())
            .bind(ms(group.created))
            .bind(group.class.as_str())
            .bind(group.retention_days)
            .bind(group.kms_key.as_deref())
            .bind(group.deletion_protected)
            .bind(to_json(&group.tags))
            .execute(&self.pool)
            .await
            .map_err(failed("add a log group"))?;
        match done.rows_affected() {
            0 => Err(Error::Exists),
            _ => Ok(()),
        }
    }

    async fn group(&self, name: &LogGroupName) -> Result<Option<LogGroup>, Error> {
        let mut connection = self.pool.acquire().await.map_err(failed("be reached"))?;
        find(&mut connection, name).await
    }

    async fn groups(
        &self,
        filter: &GroupFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LogGroup>, Error> {
        let sql = "SELECT * FROM log_groups
            WHERE name > $1 AND name >= $2 AND substr(name, 1, length($2)) = $2
              AND ($3 = '' OR instr(name, $3) > 0)
              AND ($4 IS NULL OR class = $4)
            ORDER BY name LIMIT $5";
        let rows = sqlx::query(sql)
            .bind(after.unwrap_or_default())
            .bind(filter.prefix.as_deref().unwrap_or_default())
            .bind(filter.contains.as_deref().unwrap_or_default())
            .bind(filter.class.map(LogGroupClass::as_str))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list log groups"))?;
        rows.iter().map(group).collect()
    }

    async fn change_group(&self, name: &LogGroupName, change: &GroupChange) -> Result<(), Error> {
        let mut transaction = self.change().await?;
        let mut group = find(&mut transaction, name).await?.ok_or(Error::NotFound)?;
        apply(&mut group, change)?;
        let sql = "UPDATE log_groups
            SET retention_days = $2, kms_key = $3, deletion_protected = $4, tags = $5 WHERE name = $1";
        sqlx::query(sql)
            .bind(name.as_str())
            .bind(group.retention_days)
            .bind(group.kms_key.as_deref())
            .bind(group.deletion_protected)
            .bind(to_json(&group.tags))
            .execute(&mut *transaction)
            .await
            .map_err(failed("change a log group"))?;
        commit(transaction).await
    }

    async fn delete_group(&self, name: &LogGroupName) -> Result<(), Error> {
        let mut transaction = self.change().await?;
        let group = find(&mut transaction, name).await?.ok_or(Error::NotFound)?;
        if group.deletion_protected {
            return Err(Error::Protected);
        }
        // Its streams and filters go with it: their rows refer to the group's.
        sqlx::query("DELETE FROM log_groups WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed("remove a log group"))?;
        sqlx::query("DELETE FROM policies WHERE kind = $1 AND scope = $2")
            .bind(PolicyKind::Index.as_str())
            .bind(name.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed("remove a log group's policies"))?;
        commit(transaction).await
    }
}

fn apply(group: &mut LogGroup, change: &GroupChange) -> Result<(), Error> {
    match change {
        GroupChange::Retention(days) => group.retention_days = *days,
        GroupChange::KmsKey(key) => group.kms_key.clone_from(key),
        GroupChange::DeletionProtection(on) => group.deletion_protected = *on,
        GroupChange::Tag { tags, most } => {
            let added = tags.iter().map(|(key, value)| (key.clone(), value.clone()));
            group.tags.extend(added);
            if group.tags.len() > *most {
                return Err(Error::Full { most: *most });
            }
        }
        GroupChange::Untag(keys) => group.tags.retain(|key, _| !keys.contains(key)),
    }
    Ok(())
}

async fn find(
    connection: &mut SqliteConnection,
    name: &LogGroupName,
) -> Result<Option<LogGroup>, Error> {
    let row = sqlx::query("SELECT * FROM log_groups WHERE name = $1")
        .bind(name.as_str())
        .fetch_optional(connection)
        .await
        .map_err(failed("find a log group"))?;
    row.as_ref().map(group).transpose()
}

fn group(row: &SqliteRow) -> Result<LogGroup, Error> {
    let name = LogGroupName::new(get::<&str>(row, "name")?).ok();
    Ok(LogGroup {
        name: checked(name, "log_groups.name")?,
        created: time(row, "created_ms")?,
        class: checked(
            LogGroupClass::from_name(get(row, "class")?),
            "log_groups.class",
        )?,
        retention_days: get(row, "retention_days")?,
        kms_key: get(row, "kms_key")?,
        deletion_protected: get(row, "deletion_protected")?,
        tags: json(row, "tags")?,
    })
}
