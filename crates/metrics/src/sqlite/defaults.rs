//! Values that metrics have where nothing else gave them one: noted with what is counted, given once the minute is over.
//!
//! Whether a minute has a value is asked of its points, then and there. So what was noted twice is given once, a late note
//! gives nothing to a minute that has its value, and nothing of minutes that are settled has to be remembered.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use corelog_types::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::write::{Change, Key, ROWS_MAX, merge, spread};
use super::{SqliteMetrics, commit, failed, malformed, seconds};
use crate::deltas::Place;
use crate::{Bucket, Error, Granularity, Metric};

const MINUTE_S: i64 = Granularity::Minute.seconds();

/// Notes values for minutes, of metrics whose ids are known. Of several for one minute, the first is kept.
pub(super) async fn note<'a>(
    change: &mut Change,
    defaults: impl Iterator<Item = &'a (Place, f64)>,
    ids: &HashMap<Arc<Metric>, i64>,
) -> Result<(), Error> {
    let known = defaults.filter_map(|(place, value)| {
        let id = ids.get(&place.metric)?;
        Some((place.second, *id, place.unit.code(), *value))
    });
    let known: Vec<_> = known.collect();
    for part in known.chunks(ROWS_MAX) {
        let mut sql =
            QueryBuilder::<Sqlite>::new("INSERT INTO defaults (second, metric, unit, value) ");
        sql.push_values(part, |mut row, (second, metric, unit, value)| {
            row.push_bind(*second)
                .push_bind(*metric)
                .push_bind(*unit)
                .push_bind(*value);
        });
        sql.push(" ON CONFLICT DO NOTHING");
        sql.build()
            .execute(&mut **change)
            .await
            .map_err(failed("note default values"))?;
    }
    Ok(())
}

impl SqliteMetrics {
    /// Gives metrics the values that were noted for minutes which ended by `until`, where these have none. To be called
    /// once everything that came by then is counted.
    ///
    /// Returns how many were given.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Format`]; what was given before stays given.
    /// # Cancel safety
    /// A dropped future has given some of them; the others are given the next time.
    pub async fn settle(&self, until: Timestamp, now: Timestamp) -> Result<u64, Error> {
        let (last, now) = (seconds(until) - MINUTE_S, seconds(now));
        let mut given = 0;
        while self.has_defaults(last).await? {
            given += self.settle_some(last, now).await?;
        }
        Ok(given)
    }

    /// Asked first, because there mostly are none: no change is begun for that.
    async fn has_defaults(&self, last: i64) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM defaults WHERE second <= $1)";
        sqlx::query_scalar(sql)
            .bind(last)
            .fetch_one(&self.pool)
            .await
            .map_err(failed("look for default values"))
    }

    async fn settle_some(&self, last: i64, now: i64) -> Result<u64, Error> {
        let mut change = self.change().await?;
        let sql = "SELECT second, metric, unit, value, EXISTS (
                SELECT 1 FROM points WHERE points.metric = defaults.metric AND points.granularity = $2
                  AND points.second = defaults.second AND points.unit = defaults.unit
            ) AS has_points
            FROM defaults WHERE second <= $1 ORDER BY second, metric, unit LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(last)
            .bind(MINUTE_S)
            .bind(i64::try_from(ROWS_MAX).unwrap_or(i64::MAX))
            .fetch_all(&mut *change)
            .await
            .map_err(failed("read default values"))?;
        let (mut given, mut wanted) = (0, BTreeMap::new());
        let mut passed = Vec::with_capacity(rows.len());
        for row in &rows {
            let (key, value) = default_of(row)?;
            passed.push(key);
            if !row
                .try_get::<bool, _>("has_points")
                .map_err(malformed("defaults"))?
            {
                let mut bucket = Bucket::default();
                bucket.add(value, 1.0);
                spread(key, &bucket, now, &mut wanted);
                given += 1;
            }
        }
        let wanted: Vec<(Key, Bucket)> = wanted.into_iter().collect();
        for part in wanted.chunks(ROWS_MAX) {
            merge(&mut change, part).await?;
        }
        for key in passed {
            sqlx::query("DELETE FROM defaults WHERE second = $1 AND metric = $2 AND unit = $3")
                .bind(key.second)
                .bind(key.metric)
                .bind(key.unit)
                .execute(&mut *change)
                .await
                .map_err(failed("forget default values"))?;
        }
        commit(change).await?;
        Ok(given)
    }
}

fn default_of(row: &SqliteRow) -> Result<(Key, f64), Error> {
    let number = |column| row.try_get(column).map_err(malformed("defaults"));
    let key = Key {
        metric: number("metric")?,
        granularity: MINUTE_S,
        second: number("second")?,
        unit: number("unit")?,
    };
    let value = row.try_get("value").map_err(malformed("defaults.value"))?;
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Deltas, Overflow, Period, Question, Resolution, Statistic, Unit};

    /// 2026-11-18T12:00:00Z.
    const NOON: u64 = 1_795_003_200;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_unix_ms((NOON + second) * 1_000)
    }

    fn metric(name: &str) -> Arc<Metric> {
        Arc::new(Metric::new("App", name, Vec::new()).unwrap())
    }

    struct Kept {
        metrics: SqliteMetrics,
        _dir: tempfile::TempDir,
    }

    impl Kept {
        async fn open() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let metrics = SqliteMetrics::open(dir.path(), Config::default());
            Self {
                metrics: metrics.await.unwrap(),
                _dir: dir,
            }
        }

        /// Counts values of `m` at seconds after noon, and notes defaults for others.
        async fn add(&self, values: &[(u64, f64)], defaults: &[(u64, f64)]) {
            let mut deltas = Deltas::default();
            for (second, value) in values {
                let mut bucket = Bucket::default();
                bucket.add(*value, 1.0);
                let standard = Resolution::Standard;
                deltas.push(metric("m"), Unit::Count, standard, at(*second), bucket);
            }
            for (second, value) in defaults {
                deltas.push_default(metric("m"), Unit::Count, at(*second), *value);
            }
            let adding = self
                .metrics
                .add(&deltas, None, Overflow::LeaveOut, at(1_000));
            adding.await.unwrap();
        }

        async fn settle(&self, until: u64) -> u64 {
            self.metrics.settle(at(until), at(1_000)).await.unwrap()
        }

        /// Minutes after noon, how many values each has, and their sum.
        async fn says(&self, period: u32) -> Vec<(u64, f64, f64)> {
            let question = Question {
                metric: &metric("m"),
                unit: Some(Unit::Count),
                from: at(0),
                to: at(3_600),
                period: Period::from_seconds(period).unwrap(),
                statistics: &[Statistic::SampleCount, Statistic::Sum],
            };
            let found = self.metrics.points(&question, at(1_000));
            let found = found.await.unwrap();
            let points = found.iter().flat_map(|of_unit| &of_unit.points);
            let one = |point: &crate::Point| {
                let second = point.time.unix_ms() / 1_000 - NOON;
                let value = |index: usize| point.values[index].unwrap();
                (second / 60, value(0), value(1))
            };
            points.map(one).collect()
        }
    }

    #[tokio::test]
    async fn a_minute_without_values_has_the_default_once_it_is_over() {
        let kept = Kept::open().await;
        kept.add(&[(61, 7.0)], &[(5, 0.5), (59, 0.5), (65, 0.5), (121, 0.5)])
            .await;
        assert_eq!(kept.settle(59).await, 0, "the minute is not over");
        assert_eq!(kept.says(60).await, [(1, 1.0, 7.0)]);
        assert_eq!(kept.settle(120).await, 1, "the second minute has a value");
        assert_eq!(kept.says(60).await, [(0, 1.0, 0.5), (1, 1.0, 7.0)]);
        assert_eq!(kept.settle(120).await, 0);
        // A match that comes before the minute is settled leaves no room for a default.
        kept.add(&[(130, 1.0)], &[]).await;
        assert_eq!(kept.settle(180).await, 0);
        let minutes = [(0, 1.0, 0.5), (1, 1.0, 7.0), (2, 1.0, 1.0)];
        assert_eq!(kept.says(60).await, minutes);
        assert_eq!(kept.says(300).await, [(0, 3.0, 8.5)]);
    }

    #[tokio::test]
    async fn a_late_default_is_given_to_an_empty_minute_alone() {
        let kept = Kept::open().await;
        kept.add(&[(10, 1.0)], &[]).await;
        kept.add(&[], &[(0, 0.0), (60, 2.0), (60, 3.0)]).await;
        assert_eq!(kept.settle(600).await, 1);
        kept.add(&[], &[(60, 2.0)]).await;
        assert_eq!(kept.settle(600).await, 0, "it has it");
        assert_eq!(kept.says(60).await, [(0, 1.0, 1.0), (1, 1.0, 2.0)]);
        // A value that comes later still is added.
        kept.add(&[(70, 5.0)], &[]).await;
        assert_eq!(kept.says(60).await, [(0, 1.0, 1.0), (1, 2.0, 7.0)]);
    }

    #[tokio::test]
    async fn many_are_settled_in_parts() {
        let kept = Kept::open().await;
        let minutes: Vec<(u64, f64)> = (0..16).map(|minute| (minute * 60, 1.0)).collect();
        let mut deltas = Deltas::default();
        for number in 0..ROWS_MAX {
            for (second, value) in &minutes {
                let metric = metric(&format!("m{number}"));
                deltas.push_default(metric, Unit::None, at(*second), *value);
            }
        }
        let adding = kept
            .metrics
            .add(&deltas, None, Overflow::LeaveOut, at(1_000));
        adding.await.unwrap();
        assert_eq!(kept.settle(960).await, 16 * ROWS_MAX as u64);
    }
}
