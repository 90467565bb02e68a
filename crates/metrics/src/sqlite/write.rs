//! Deltas added to points.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use corelog_types::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::{SqliteMetrics, commit, defaults, failed, list, malformed, seconds};
use crate::deltas::Place;
use crate::{Bucket, Deltas, Error, Granularity, Metric, stored};

/// Rows of one statement. Each has a handful of parameters, of which a statement may have 32,766.
pub(super) const ROWS_MAX: usize = 200;
/// Clocks differ; a time further ahead is a mistake, and its points would never grow old.
const AHEAD_S_MAX: i64 = 86_400;

pub(super) type Change = Transaction<'static, Sqlite>;

/// Which part of a log was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read<'a> {
    /// The log's name.
    pub source: &'a str,
    /// The last place that had been counted before; 0 at the beginning.
    pub after: u64,
    /// The last place that is counted by this part.
    pub through: u64,
}

/// What happens to metrics that are more than there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// Nothing is added, and the caller is told.
    Refuse,
    /// Their values are left out, and the others are added.
    LeaveOut,
}

/// What came of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Added {
    /// Metrics that are kept from now on.
    pub new_metrics: u64,
    /// Buckets that were left out, because there are too many metrics.
    pub left_out: u64,
    /// Whether this part of the log had been counted before, so that nothing was added.
    pub is_repeated: bool,
}

/// A row of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) metric: i64,
    pub(super) granularity: i64,
    pub(super) second: i64,
    pub(super) unit: i64,
}

impl SqliteMetrics {
    /// Adds deltas, and notes the part of a log that they come from, if they come from one: both, or neither. Durable
    /// once this returns `Ok`.
    ///
    /// A part that was counted before is not counted again. What is older than points are kept, as of `now`, leaves
    /// no trace, nor what is more than a day ahead of it.
    ///
    /// # Errors
    /// [`Error::Full`] where there are too many metrics and `overflow` refuses them; [`Error::Position`] for a part
    /// that does not begin where the former ended; [`Error::Database`].
    /// # Cancel safety
    /// If the future is dropped, the deltas were added as a whole or not at all. With a part of a log, adding them
    /// again is right in either case.
    pub async fn add(
        &self,
        deltas: &Deltas,
        read: Option<Read<'_>>,
        overflow: Overflow,
        now: Timestamp,
    ) -> Result<Added, Error> {
        let mut change = self.change().await?;
        if let Some(read) = read
            && !advance(&mut change, read).await?
        {
            return Ok(Added {
                is_repeated: true,
                ..Added::default()
            });
        }
        let now = seconds(now);
        let kept = now - Granularity::Hour.kept_seconds()..=now + AHEAD_S_MAX;
        let places = deltas.places();
        let wanted = last_seconds(places.filter(|place| kept.contains(&place.second)));
        let (ids, mut added) = self.ids(&mut change, wanted, overflow).await?;
        let mut rows = BTreeMap::new();
        for (number, (place, bucket)) in deltas.buckets.iter().enumerate() {
            super::let_others(number).await;
            if !kept.contains(&place.second) {
                continue;
            }
            match ids.get(&place.metric) {
                Some(id) => {
                    let finest = Key {
                        metric: *id,
                        granularity: place.resolution.seconds(),
                        second: place.second,
                        unit: place.unit.code(),
                    };
                    spread(finest, bucket, now, &mut rows);
                }
                None => added.left_out += 1,
            }
        }
        let rows: Vec<(Key, Bucket)> = rows.into_iter().collect();
        for part in rows.chunks(ROWS_MAX) {
            merge(&mut change, part).await?;
        }
        let noted = deltas.defaults.iter();
        let noted = noted.filter(|(place, _)| kept.contains(&place.second));
        defaults::note(&mut change, noted, &ids).await?;
        commit(change).await?;
        Ok(added)
    }

    /// The last place of a log that is counted; 0 if nothing of it is.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn position(&self, source: &str) -> Result<u64, Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT position FROM sources WHERE name = $1")
            .bind(source)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a position"))?;
        Ok(unsigned(found.unwrap_or(0)))
    }

    /// The ids of metrics, those of new ones included.
    async fn ids(
        &self,
        change: &mut Change,
        wanted: HashMap<Arc<Metric>, i64>,
        overflow: Overflow,
    ) -> Result<(HashMap<Arc<Metric>, i64>, Added), Error> {
        let mut added = Added::default();
        let mut ids = HashMap::with_capacity(wanted.len());
        let wanted: Vec<(Arc<Metric>, i64)> = wanted.into_iter().collect();
        let mut missing = Vec::new();
        for part in wanted.chunks(ROWS_MAX) {
            let known = seen(change, part).await?;
            for (metric, last) in part {
                if let Some(id) = known.get(metric) {
                    ids.insert(Arc::clone(metric), *id);
                } else {
                    missing.push((Arc::clone(metric), *last));
                }
            }
        }
        if missing.is_empty() {
            return Ok((ids, added));
        }
        let room = self.room(change).await?;
        if missing.len() > room {
            if overflow == Overflow::Refuse {
                let most = self.config.metrics_max;
                return Err(Error::Full { most });
            }
            missing.truncate(room);
        }
        added.new_metrics = missing.len() as u64;
        for part in missing.chunks(ROWS_MAX) {
            ids.extend(insert(change, part).await?);
        }
        Ok((ids, added))
    }

    /// How many metrics there may be more.
    async fn room(&self, change: &mut Change) -> Result<usize, Error> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM metrics")
            .fetch_one(&mut **change)
            .await
            .map_err(failed("count its metrics"))?;
        let room = self.config.metrics_max.saturating_sub(unsigned(count));
        Ok(usize::try_from(room).unwrap_or(usize::MAX))
    }
}

/// Notes the part of the log, unless it was counted before.
async fn advance(change: &mut Change, read: Read<'_>) -> Result<bool, Error> {
    let found: Option<i64> = sqlx::query_scalar("SELECT position FROM sources WHERE name = $1")
        .bind(read.source)
        .fetch_optional(&mut **change)
        .await
        .map_err(failed("find a position"))?;
    let counted = unsigned(found.unwrap_or(0));
    if counted >= read.through {
        return Ok(false);
    }
    if counted != read.after {
        return Err(Error::Position {
            source_name: read.source.to_owned(),
            counted,
            after: read.after,
        });
    }
    let sql = "INSERT INTO sources (name, position) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET position = excluded.position";
    sqlx::query(sql)
        .bind(read.source)
        .bind(i64::try_from(read.through).unwrap_or(i64::MAX))
        .execute(&mut **change)
        .await
        .map_err(failed("note a position"))?;
    Ok(true)
}

/// The metrics of some places, with the newest second of each.
fn last_seconds<'a>(places: impl Iterator<Item = &'a Place>) -> HashMap<Arc<Metric>, i64> {
    let mut wanted: HashMap<Arc<Metric>, i64> = HashMap::new();
    for place in places {
        let last = wanted
            .entry(Arc::clone(&place.metric))
            .or_insert(place.second);
        *last = place.second.max(*last);
    }
    wanted
}

/// Notes when metrics were last seen, and says the ids of those that are known.
async fn seen(
    change: &mut Change,
    part: &[(Arc<Metric>, i64)],
) -> Result<HashMap<Arc<Metric>, i64>, Error> {
    let mut sql =
        QueryBuilder::<Sqlite>::new("WITH wanted (namespace, name, dimensions, second) AS (");
    sql.push_values(part, |mut row, (metric, last)| {
        row.push_bind(metric.namespace().to_owned())
            .push_bind(metric.name().to_owned())
            .push_bind(list::to_text(metric.dimensions()))
            .push_bind(*last);
    });
    sql.push(
        ") UPDATE metrics SET last_second = max(metrics.last_second, wanted.second) FROM wanted
        WHERE metrics.namespace = wanted.namespace AND metrics.name = wanted.name
          AND metrics.dimensions = wanted.dimensions
        RETURNING id, metrics.namespace, metrics.name, metrics.dimensions",
    );
    returned(change, &mut sql).await
}

/// Adds metrics that are new.
async fn insert(
    change: &mut Change,
    part: &[(Arc<Metric>, i64)],
) -> Result<HashMap<Arc<Metric>, i64>, Error> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "INSERT INTO metrics (namespace, name, dimensions, last_second) ",
    );
    sql.push_values(part, |mut row, (metric, last)| {
        row.push_bind(metric.namespace().to_owned())
            .push_bind(metric.name().to_owned())
            .push_bind(list::to_text(metric.dimensions()))
            .push_bind(*last);
    });
    sql.push(" RETURNING id, namespace, name, dimensions");
    returned(change, &mut sql).await
}

async fn returned(
    change: &mut Change,
    sql: &mut QueryBuilder<Sqlite>,
) -> Result<HashMap<Arc<Metric>, i64>, Error> {
    let rows = sql
        .build()
        .fetch_all(&mut **change)
        .await
        .map_err(failed("note its metrics"))?;
    let one = |row: &SqliteRow| {
        let metric = Arc::new(list::metric(row)?);
        let id = row.try_get("id").map_err(malformed("metrics.id"))?;
        Ok((metric, id))
    };
    rows.iter().map(one).collect()
}

/// The rows that a bucket of the finest belongs to: one of each granularity that still keeps its time.
pub(super) fn spread(finest: Key, bucket: &Bucket, now: i64, rows: &mut BTreeMap<Key, Bucket>) {
    for granularity in Granularity::ALL {
        let length = granularity.seconds();
        if length < finest.granularity {
            continue;
        }
        let key = Key {
            granularity: length,
            second: finest.second.div_euclid(length) * length,
            ..finest
        };
        if key.second >= now - granularity.kept_seconds() {
            rows.entry(key).or_default().merge(bucket);
        }
    }
}

/// Adds buckets to the rows that are there, and makes those that are not.
pub(super) async fn merge(change: &mut Change, part: &[(Key, Bucket)]) -> Result<(), Error> {
    let mut sql =
        QueryBuilder::<Sqlite>::new("WITH wanted (metric, granularity, second, unit) AS (");
    sql.push_values(part, |mut row, (key, _)| {
        row.push_bind(key.metric)
            .push_bind(key.granularity)
            .push_bind(key.second)
            .push_bind(key.unit);
    });
    // The join is in the order that is written: the table of points is large, and its key is what is wanted.
    sql.push(
        ") SELECT points.metric, points.granularity, points.second, points.unit, points.bucket
        FROM wanted CROSS JOIN points
        WHERE points.metric = wanted.metric AND points.granularity = wanted.granularity
          AND points.second = wanted.second AND points.unit = wanted.unit",
    );
    let rows = sql
        .build()
        .fetch_all(&mut **change)
        .await
        .map_err(failed("read points"))?;
    let part = part.to_vec();
    let joined = super::beside(move || joined(part, &rows)).await?;
    let mut sql = QueryBuilder::<Sqlite>::new(
        "INSERT INTO points (metric, granularity, second, unit, bucket) ",
    );
    sql.push_values(joined, |mut row, (key, bytes)| {
        row.push_bind(key.metric)
            .push_bind(key.granularity)
            .push_bind(key.second)
            .push_bind(key.unit)
            .push_bind(bytes);
    });
    sql.push(
        " ON CONFLICT (metric, granularity, second, unit) DO UPDATE SET bucket = excluded.bucket",
    );
    sql.build()
        .execute(&mut **change)
        .await
        .map_err(failed("keep points"))?;
    Ok(())
}

/// Adds buckets to what their rows hold, and gives what the rows hold then.
fn joined(part: Vec<(Key, Bucket)>, rows: &[SqliteRow]) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let mut kept = HashMap::with_capacity(rows.len());
    for row in rows {
        let number = |column| row.try_get(column).map_err(malformed("points"));
        let key = Key {
            metric: number("metric")?,
            granularity: number("granularity")?,
            second: number("second")?,
            unit: number("unit")?,
        };
        let bytes: &[u8] = row.try_get("bucket").map_err(malformed("points.bucket"))?;
        let bucket = stored::decode(bytes).map_err(malformed("points.bucket"))?;
        kept.insert(key, bucket);
    }
    let join = |(key, bucket): (Key, Bucket)| {
        let joined = match kept.remove(&key) {
            Some(mut joined) => {
                joined.merge(&bucket);
                joined
            }
            None => bucket,
        };
        (key, stored::encode(&joined))
    };
    Ok(part.into_iter().map(join).collect())
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
