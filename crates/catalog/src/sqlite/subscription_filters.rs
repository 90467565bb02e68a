//! Subscription filters in their table.

use async_trait::async_trait;
use corelog_types::LogGroupName;
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, ms, time};
use super::{SqliteCatalog, commit, failed};
use crate::{Distribution, Error, SubscriptionFilter, SubscriptionFilters};

#[async_trait]
impl SubscriptionFilters for SqliteCatalog {
    async fn put_subscription_filter(
        &self,
        filter: &SubscriptionFilter,
        most: usize,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        let group: Option<i64> = sqlx::query_scalar("SELECT 1 FROM log_groups WHERE name = $1")
            .bind(filter.group.as_str())
            .fetch_optional(&mut *change)
            .await
            .map_err(failed("find a log group"))?;
        group.ok_or(Error::NotFound)?;
        let sql = "SELECT count(*) FROM subscription_filters WHERE log_group = $1 AND name <> $2";
        let others: i64 = sqlx::query_scalar(sql)
            .bind(filter.group.as_str())
            .bind(&filter.name)
            .fetch_one(&mut *change)
            .await
            .map_err(failed("count subscription filters"))?;
        if usize::try_from(others).unwrap_or(usize::MAX) >= most {
            return Err(Error::Full { most });
        }
        let sql = "INSERT INTO subscription_filters
            (log_group, name, id, pattern, destination, role, distribution, created_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (log_group, name) DO UPDATE SET pattern = excluded.pattern,
              destination = excluded.destination, role = excluded.role,
              distribution = excluded.distribution";
        sqlx::query(sql)
            .bind(filter.group.as_str())
            .bind(&filter.name)
            .bind(&filter.id)
            .bind(&filter.pattern)
            .bind(&filter.destination)
            .bind(filter.role.as_deref())
            .bind(filter.distribution.as_str())
            .bind(ms(filter.created))
            .execute(&mut *change)
            .await
            .map_err(failed("keep a subscription filter"))?;
        commit(change).await
    }

    async fn subscription_filters(
        &self,
        group: &LogGroupName,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<SubscriptionFilter>, Error> {
        let sql = "SELECT * FROM subscription_filters
            WHERE log_group = $1 AND name > $2 AND substr(name, 1, length($3)) = $3
            ORDER BY name LIMIT $4";
        let rows = sqlx::query(sql)
            .bind(group.as_str())
            .bind(after.unwrap_or_default())
            .bind(prefix)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list subscription filters"))?;
        rows.iter().map(filter).collect()
    }

    async fn all_subscription_filters(&self) -> Result<Vec<SubscriptionFilter>, Error> {
        let rows = sqlx::query("SELECT * FROM subscription_filters ORDER BY log_group, name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list subscription filters"))?;
        rows.iter().map(filter).collect()
    }

    async fn delete_subscription_filter(
        &self,
        group: &LogGroupName,
        name: &str,
    ) -> Result<(), Error> {
        let sql = "DELETE FROM subscription_filters WHERE log_group = $1 AND name = $2";
        let done = sqlx::query(sql)
            .bind(group.as_str())
            .bind(name)
            .execute(&self.pool)
            .await
            .map_err(failed("remove a subscription filter"))?;
        match done.rows_affected() {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn filter(row: &SqliteRow) -> Result<SubscriptionFilter, Error> {
    let group = LogGroupName::new(get::<&str>(row, "log_group")?).ok();
    let distribution = Distribution::from_name(get(row, "distribution")?);
    Ok(SubscriptionFilter {
        group: checked(group, "subscription_filters.log_group")?,
        name: get(row, "name")?,
        id: get(row, "id")?,
        pattern: get(row, "pattern")?,
        destination: get(row, "destination")?,
        role: get(row, "role")?,
        distribution: checked(distribution, "subscription_filters.distribution")?,
        created: time(row, "created_ms")?,
    })
}
