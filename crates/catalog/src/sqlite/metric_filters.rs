//! Metric filters in their table: a row for each time in which a filter said the same. What it says is a column of JSON,
//! beside what is asked for.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use corelog_types::{LogGroupName, NodeId, Sequence};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::row::{checked, get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::{
    CountingFilter, Error, MetricFilter, MetricFilterLimits, MetricFilters, MetricFiltersAsked,
    MetricTransformation, Moment,
};

#[async_trait]
impl MetricFilters for SqliteCatalog {
    async fn put_metric_filter(
        &self,
        filter: &MetricFilter,
        now: Moment,
        limits: MetricFilterLimits,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        check_limits(&mut change, filter, limits).await?;
        let former = find(&mut change, &filter.log_group, &filter.name).await?;
        let mut filter = filter.clone();
        let now = not_before(&mut change, &filter.log_group, &filter.name, now).await?;
        if let Some(former) = former {
            filter.created = former.created;
            if filter == former {
                return Ok(());
            }
            end(&mut change, &filter.log_group, &filter.name, now).await?;
        }
        insert(&mut change, &filter, now).await?;
        commit(change).await
    }

    async fn metric_filters(
        &self,
        asked: &MetricFiltersAsked,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<MetricFilter>, Error> {
        let sql = "SELECT * FROM metric_filters
            WHERE until IS NULL AND (log_group, name) > ($1, $2)
              AND ($3 IS NULL OR log_group = $3) AND substr(name, 1, length($4)) = $4
              AND ($5 IS NULL OR (metric_namespace = $5 AND metric_name = $6))
            ORDER BY log_group, name LIMIT $7";
        let (group, name) = after.unwrap_or_default();
        let metric = asked.metric.as_ref();
        let rows = sqlx::query(sql)
            .bind(group)
            .bind(name)
            .bind(asked.log_group.as_ref().map(LogGroupName::as_str))
            .bind(&asked.prefix)
            .bind(metric.map(|(namespace, _)| namespace))
            .bind(metric.map(|(_, name)| name))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list metric filters"))?;
        rows.iter().map(filter_of).collect()
    }

    async fn metric_filter_counts(&self, groups: &[&LogGroupName]) -> Result<Vec<u64>, Error> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT log_group, count(*) AS filters FROM metric_filters
             WHERE until IS NULL AND log_group IN (",
        );
        let mut names = sql.separated(", ");
        for group in groups {
            names.push_bind(group.as_str().to_owned());
        }
        sql.push(") GROUP BY log_group");
        let rows = sql
            .build()
            .fetch_all(&self.pool)
            .await
            .map_err(failed("count metric filters"))?;
        let mut counts = HashMap::new();
        for row in &rows {
            let filters: i64 = get(row, "filters")?;
            counts.insert(get::<String>(row, "log_group")?, filters.unsigned_abs());
        }
        let count = |group: &&LogGroupName| counts.get(group.as_str()).copied().unwrap_or(0);
        Ok(groups.iter().map(count).collect())
    }

    async fn delete_metric_filter(
        &self,
        group: &LogGroupName,
        name: &str,
        now: Moment,
    ) -> Result<(), Error> {
        let mut change = self.change().await?;
        if find(&mut change, group, name).await?.is_none() {
            return Err(Error::NotFound);
        }
        let now = not_before(&mut change, group, name, now).await?;
        end(&mut change, group, name, now).await?;
        commit(change).await
    }

    async fn counting_filters(&self, node: NodeId) -> Result<Vec<CountingFilter>, Error> {
        let sql = "SELECT * FROM metric_filters WHERE until IS NULL OR node = $1
            ORDER BY log_group, name, since";
        let rows = sqlx::query(sql)
            .bind(node.to_string())
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read metric filters"))?;
        let one = |row: &SqliteRow| {
            let is_of_node = get::<&str>(row, "node")? == node.to_string();
            let after = sequence(get(row, "since")?);
            let through: Option<i64> = get(row, "until")?;
            Ok(CountingFilter {
                filter: filter_of(row)?,
                after: if is_of_node {
                    after
                } else {
                    Sequence::from_u64(0)
                },
                through: through.map(sequence),
            })
        };
        rows.iter().map(one).collect()
    }

    async fn forget_metric_filters(&self, counted: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM metric_filters WHERE node = $1 AND until <= $2")
            .bind(counted.node.to_string())
            .bind(number(counted.last))
            .execute(&self.pool)
            .await
            .map_err(failed("forget metric filters"))?;
        Ok(())
    }
}

/// The group is there, and has room for the filter.
async fn check_limits(
    change: &mut SqliteConnection,
    filter: &MetricFilter,
    limits: MetricFilterLimits,
) -> Result<(), Error> {
    let group = filter.log_group.as_str();
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM log_groups WHERE name = $1")
        .bind(group)
        .fetch_one(&mut *change)
        .await
        .map_err(failed("find a log group"))?;
    if found == 0 {
        return Err(Error::NotFound);
    }
    let sql = "SELECT count(*) AS filters, count(CASE WHEN has_regex THEN 1 END) AS with_regex
        FROM metric_filters WHERE log_group = $1 AND name <> $2 AND until IS NULL";
    let others = sqlx::query(sql)
        .bind(group)
        .bind(&filter.name)
        .fetch_one(change)
        .await
        .map_err(failed("count metric filters"))?;
    let full = |column, most: usize| {
        let count: i64 = get(&others, column)?;
        let is_full = usize::try_from(count).unwrap_or(usize::MAX) >= most;
        if is_full {
            return Err(Error::Full { most });
        }
        Ok(())
    };
    full("filters", limits.all)?;
    if filter.has_regex {
        full("with_regex", limits.with_regex)?;
    }
    Ok(())
}

/// The filter in force of that name.
async fn find(
    connection: &mut SqliteConnection,
    group: &LogGroupName,
    name: &str,
) -> Result<Option<MetricFilter>, Error> {
    let sql = "SELECT * FROM metric_filters WHERE log_group = $1 AND name = $2 AND until IS NULL";
    let row = sqlx::query(sql)
        .bind(group.as_str())
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(failed("find a metric filter"))?;
    row.as_ref().map(filter_of).transpose()
}

/// The moment, or the last one of which the filter of that name has something to say already: two who change it at once
/// may come here in another order than their moments.
async fn not_before(
    connection: &mut SqliteConnection,
    group: &LogGroupName,
    name: &str,
    now: Moment,
) -> Result<Moment, Error> {
    let sql = "SELECT max(max(since, COALESCE(until, 0))) FROM metric_filters
        WHERE log_group = $1 AND name = $2 AND node = $3";
    let last: Option<i64> = sqlx::query_scalar(sql)
        .bind(group.as_str())
        .bind(name)
        .bind(now.node.to_string())
        .fetch_one(connection)
        .await
        .map_err(failed("find the time of a metric filter"))?;
    Ok(Moment {
        last: now.last.max(sequence(last.unwrap_or(0))),
        ..now
    })
}

/// Ends the filter in force of that name. Where nothing came in its time, or came to another node, nothing of it is kept.
async fn end(
    change: &mut SqliteConnection,
    group: &LogGroupName,
    name: &str,
    now: Moment,
) -> Result<(), Error> {
    for sql in [
        "DELETE FROM metric_filters WHERE log_group = $1 AND name = $2 AND until IS NULL
           AND (node <> $3 OR since >= $4)",
        "UPDATE metric_filters SET until = $4
         WHERE log_group = $1 AND name = $2 AND until IS NULL AND node = $3",
    ] {
        sqlx::query(sql)
            .bind(group.as_str())
            .bind(name)
            .bind(now.node.to_string())
            .bind(number(now.last))
            .execute(&mut *change)
            .await
            .map_err(failed("end a metric filter"))?;
    }
    Ok(())
}

async fn insert(
    change: &mut SqliteConnection,
    filter: &MetricFilter,
    now: Moment,
) -> Result<(), Error> {
    let transformation = &filter.transformation;
    let document = Stored {
        pattern: filter.pattern.clone(),
        value: transformation.value.clone(),
        default_value: transformation.default_value,
        dimensions: transformation.dimensions.clone(),
        unit: transformation.unit.clone(),
        on_transformed: filter.on_transformed,
    };
    let sql = "INSERT INTO metric_filters
        (log_group, name, node, since, created_ms, metric_namespace, metric_name, has_regex, document)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(sql)
        .bind(filter.log_group.as_str())
        .bind(&filter.name)
        .bind(now.node.to_string())
        .bind(number(now.last))
        .bind(ms(filter.created))
        .bind(&transformation.namespace)
        .bind(&transformation.name)
        .bind(filter.has_regex)
        .bind(to_json(&document))
        .execute(change)
        .await
        .map_err(failed("add a metric filter"))?;
    Ok(())
}

/// The column of JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    pattern: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_value: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default)]
    on_transformed: bool,
}

fn filter_of(row: &SqliteRow) -> Result<MetricFilter, Error> {
    let stored: Stored = json(row, "document")?;
    let group = LogGroupName::new(get::<&str>(row, "log_group")?).ok();
    Ok(MetricFilter {
        log_group: checked(group, "metric_filters.log_group")?,
        name: get(row, "name")?,
        pattern: stored.pattern,
        has_regex: get(row, "has_regex")?,
        transformation: MetricTransformation {
            namespace: get(row, "metric_namespace")?,
            name: get(row, "metric_name")?,
            value: stored.value,
            default_value: stored.default_value,
            dimensions: stored.dimensions,
            unit: stored.unit,
        },
        on_transformed: stored.on_transformed,
        created: time(row, "created_ms")?,
    })
}

fn sequence(number: i64) -> Sequence {
    Sequence::from_u64(u64::try_from(number).unwrap_or(0))
}

fn number(sequence: Sequence) -> i64 {
    i64::try_from(sequence.to_u64()).unwrap_or(i64::MAX)
}
