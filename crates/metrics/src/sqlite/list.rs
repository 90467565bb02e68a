//! Lists of metrics.

use corelog_types::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

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
        let sql = "SELECT namespace, name, dimensions, last_second FROM metrics
            WHERE ($1 = '' OR namespace = $1) AND ($2 = '' OR name = $2) AND last_second >= $3
              AND ($4 = '' OR (namespace, name, dimensions) > ($4, $5, $6))
            ORDER BY namespace, name, dimensions";
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let mut rows = sqlx::query(sql)
            .bind(text(filter.namespace.as_deref()))
            .bind(text(filter.name.as_deref()))
            .bind(seconds(since))
            .bind(text(after.map(Metric::namespace)))
            .bind(text(after.map(Metric::name)))
            .bind(after.map_or_else(String::new, |after| to_text(after.dimensions())))
            .fetch(&self.pool);
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
