//! Points that are no longer kept.

use corelog_types::Timestamp;

use super::{SqliteMetrics, commit, failed, seconds};
use crate::{Error, Granularity};

/// Metrics of one transaction: writers wait no longer than for these.
const METRICS_MAX: i64 = 256;

impl SqliteMetrics {
    /// Removes points that are older than they are kept, and metrics that have none any more. It does not change what
    /// a question is answered; it gives back space. Once an hour is enough.
    ///
    /// Returns how many points were removed.
    ///
    /// # Errors
    /// [`Error::Database`]; what was removed before stays removed.
    /// # Cancel safety
    /// A dropped future has removed some of it.
    pub async fn trim(&self, now: Timestamp) -> Result<u64, Error> {
        let now = seconds(now);
        let mut removed = 0;
        let mut after = 0;
        loop {
            let sql = "SELECT id FROM metrics WHERE id > $1 ORDER BY id LIMIT $2";
            let ids: Vec<i64> = sqlx::query_scalar(sql)
                .bind(after)
                .bind(METRICS_MAX)
                .fetch_all(&self.pool)
                .await
                .map_err(failed("find what to trim"))?;
            let Some(last) = ids.last() else { break };
            removed += self.trim_some(after, *last, now).await?;
            after = *last;
        }
        // What had values later than the oldest point that is kept has that point.
        sqlx::query("DELETE FROM metrics WHERE last_second < $1")
            .bind(now - Granularity::Hour.kept_seconds())
            .execute(&self.writer)
            .await
            .map_err(failed("forget metrics"))?;
        Ok(removed)
    }

    async fn trim_some(&self, after: i64, last: i64, now: i64) -> Result<u64, Error> {
        let mut change = self.change().await?;
        let mut removed = 0;
        // Each of these finds the old end of one metric's points by the key.
        let sql = "DELETE FROM points WHERE metric = $1 AND granularity = $2 AND second < $3";
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM metrics WHERE id > $1 AND id <= $2 ORDER BY id")
                .bind(after)
                .bind(last)
                .fetch_all(&mut *change)
                .await
                .map_err(failed("find what to trim"))?;
        for id in ids {
            for granularity in Granularity::ALL {
                let done = sqlx::query(sql)
                    .bind(id)
                    .bind(granularity.seconds())
                    .bind(now - granularity.kept_seconds())
                    .execute(&mut *change)
                    .await
                    .map_err(failed("trim points"))?;
                removed += done.rows_affected();
            }
        }
        commit(change).await?;
        Ok(removed)
    }
}
