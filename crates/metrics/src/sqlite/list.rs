//! Lists of metrics.

use corelog_types::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{SqliteMetrics, failed, malformed, seconds};
use crate::deltas::time_of;
use crate::{Dimension, Error, Metric, MetricFilter};

/// A metric that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The metric.
    pub metric: Metric,
    /// The time of its newest value, to its resolution.
    pub last: Timestamp,
}

impl SqliteMetrics {
    /// Metrics that the filter takes and that have values at `since` or later, at most `limit`, in the order of
    /// namespace, name and dimensions, after one that the caller names.
    ///
    /// # Errors
    /// [`Error::Format`], [`Error::Database`].
    pub async fn list(
        &self,
        filter: &MetricFilter,
        since: Timestamp,
        after: Option<&Metric>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let mut sql = query(filter, since, after);
        let mut rows = sql.build().fetch(&self.pool);
        let mut listed = Vec::new();
        while listed.len() < limit
            && let Some(row) = rows.try_next().await.map_err(failed("list its metrics"))?
        {
            let metric = metric(&row)?;
            if filter.matches(&metric) {
                let last = row.try_get("last_second");
                let last = time_of(last.map_err(malformed("metrics.last_second"))?);
                listed.push(Listed { metric, last });
            }
        }
        Ok(listed)
    }
}

/// Conditions are there only where they are asked for: with them the index is entered where a page begins, and not read
/// from its start.
fn query(filter: &MetricFilter, since: Timestamp, after: Option<&Metric>) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new(
        "SELECT namespace, name, dimensions, last_second FROM metrics WHERE last_second >= ",
    );
    sql.push_bind(seconds(since));
    if let Some(namespace) = &filter.namespace {
        sql.push(" AND namespace = ").push_bind(namespace.clone());
    }
    if let Some(name) = &filter.name {
        sql.push(" AND name = ").push_bind(name.clone());
    }
    if let Some(after) = after {
        sql.push(" AND (namespace, name, dimensions) > (")
            .push_bind(after.namespace().to_owned())
            .push(", ")
            .push_bind(after.name().to_owned())
            .push(", ")
            .push_bind(to_text(after.dimensions()))
            .push(")");
    }
    sql.push(" ORDER BY namespace, name, dimensions");
    sql
}

/// The metric of a row.
pub(super) fn metric(row: &SqliteRow) -> Result<Metric, Error> {
    let namespace = row.try_get("namespace");
    let name = row.try_get("name");
    let dimensions = row.try_get("dimensions");
    let dimensions: &str = dimensions.map_err(malformed("metrics.dimensions"))?;
    let pairs: Vec<(String, String)> =
        serde_json::from_str(dimensions).map_err(malformed("metrics.dimensions"))?;
    let pairs = pairs.into_iter();
    Ok(Metric::sorted(
        namespace.map_err(malformed("metrics.namespace"))?,
        name.map_err(malformed("metrics.name"))?,
        pairs
            .map(|(name, value)| Dimension { name, value })
            .collect(),
    ))
}

/// Dimensions as a column has them: pairs in JSON, in their order.
pub(super) fn to_text(dimensions: &[Dimension]) -> String {
    let pairs: Vec<(&str, &str)> = dimensions
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect();
    // Texts always have a form in JSON.
    serde_json::to_string(&pairs).unwrap_or_default()
}
