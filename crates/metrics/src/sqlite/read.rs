//! Questions about the points of a metric.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_types::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::Row as _;

use super::{SqliteMetrics, beside, failed, list, malformed, seconds};
use crate::deltas::time_of;
use crate::period::{Plan, plan};
use crate::{Bucket, Error, Metric, Period, Statistic, Unit, stored};

/// Points that one answer may have, of each unit.
///
/// Source: the most that a call of `GetMetricData` returns.
const POINTS_MAX: u64 = 100_800;
/// Bytes of rows that are read before they are made points.
const PART_BYTES: usize = 64 * 1_024;
/// As many are made points in a moment; more are beside the threads that relay calls.
const AT_ONCE_BYTES: usize = 4 * 1_024;

/// A question about a metric.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Exactly this metric: dimensions that are left out are not wildcards.
    pub metric: &'a Metric,
    /// Values of this unit alone; of any unit, each apart, if absent.
    pub unit: Option<Unit>,
    /// From when on, inclusive. It is rounded down: to the minute, or for a start more than 15 days ago to five
    /// minutes, more than 63 days ago to the hour; with a period below a minute, to that period.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub to: Timestamp,
    /// How long a point is.
    pub period: Period,
    /// What is asked of each point.
    pub statistics: &'a [Statistic],
}

/// The points of one unit, in rising order of time. There are none where nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitPoints {
    /// The unit.
    pub unit: Unit,
    /// The points.
    pub points: Vec<Point>,
}

/// What a metric says of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When the period begins.
    pub time: Timestamp,
    /// How many values there are.
    pub sample_count: f64,
    /// What each of the question's statistics is, in their order; `None` where there is none.
    pub values: Vec<Option<f64>>,
}

impl SqliteMetrics {
    /// Answers a question, as of `now`: points are kept by the second for 3 hours, by the minute for 15 days, by five
    /// minutes for 63 days, by the hour for 455 days. Of what is older than its period's points are kept, there are
    /// none, and this is no error. A metric that is not known has no points.
    ///
    /// Units are in the order of their names.
    ///
    /// # Errors
    /// [`Error::TooManyPoints`] for more than 100,800 periods; [`Error::Format`], [`Error::Database`].
    pub async fn points(
        &self,
        question: &Question<'_>,
        now: Timestamp,
    ) -> Result<Vec<UnitPoints>, Error> {
        let (from, to) = (seconds(question.from), ceiling(question.to));
        let plan = plan(from, to, question.period, seconds(now));
        let length = question.period.seconds();
        let asked = plan.end.saturating_sub(plan.start.max(plan.kept_from));
        let asked = u64::try_from(asked.max(0) / length).unwrap_or(0);
        if asked > POINTS_MAX {
            let most = POINTS_MAX;
            return Err(Error::TooManyPoints { asked, most });
        }
        let Some(id) = self.id(question.metric).await? else {
            return Ok(Vec::new());
        };
        let making = self.read(id, plan, question).await?;
        let mut units: Vec<_> = making
            .units
            .into_iter()
            .map(|(unit, series)| series.into_points(unit))
            .collect();
        units.sort_by_key(|one| one.unit.as_str());
        Ok(units)
    }

    async fn id(&self, metric: &Metric) -> Result<Option<i64>, Error> {
        let sql = "SELECT id FROM metrics WHERE namespace = $1 AND name = $2 AND dimensions = $3";
        sqlx::query_scalar(sql)
            .bind(metric.namespace())
            .bind(metric.name())
            .bind(list::to_text(metric.dimensions()))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a metric"))
    }

    /// Reads rows as they come: some of them are in memory, and of buckets never more than there are units.
    async fn read(&self, id: i64, plan: Plan, question: &Question<'_>) -> Result<Making, Error> {
        let sql = "SELECT second, unit, bucket FROM points
            WHERE metric = $1 AND granularity = $2 AND second >= $3 AND second < $4
            ORDER BY second, unit";
        let mut rows = sqlx::query(sql)
            .bind(id)
            .bind(plan.granularity.seconds())
            .bind(plan.start.max(plan.kept_from))
            .bind(plan.end)
            .fetch(&self.pool);
        let length = question.period.seconds();
        let mut making = Making {
            statistics: question.statistics.into(),
            units: BTreeMap::new(),
        };
        let (mut part, mut part_bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(failed("read points"))? {
            let unit = row.try_get("unit").map_err(malformed("points.unit"))?;
            let unit = Unit::from_code(unit).ok_or("no unit of this version");
            let unit = unit.map_err(malformed("points.unit"))?;
            if question.unit.is_some_and(|wanted| wanted != unit) {
                continue;
            }
            let second: i64 = row.try_get("second").map_err(malformed("points.second"))?;
            let bytes: &[u8] = row.try_get("bucket").map_err(malformed("points.bucket"))?;
            part_bytes += bytes.len();
            part.push(Row {
                begins: plan.start + (second - plan.start) / length * length,
                unit,
                bucket: bytes.into(),
            });
            if part_bytes >= PART_BYTES {
                (part_bytes, making) = (0, making.with(std::mem::take(&mut part)).await?);
            }
        }
        if part_bytes > AT_ONCE_BYTES {
            return making.with(part).await;
        }
        making.add(&part)?;
        Ok(making)
    }
}

/// A row of points.
struct Row {
    /// When the point begins that it is part of.
    begins: i64,
    unit: Unit,
    /// As it is stored.
    bucket: Box<[u8]>,
}

/// Points of all units that are being made.
struct Making {
    statistics: Arc<[Statistic]>,
    units: BTreeMap<Unit, Series>,
}

impl Making {
    async fn with(mut self, part: Vec<Row>) -> Result<Self, Error> {
        beside(move || self.add(&part).map(|()| self)).await
    }

    fn add(&mut self, part: &[Row]) -> Result<(), Error> {
        for row in part {
            let bucket = stored::decode(&row.bucket).map_err(malformed("points.bucket"))?;
            let series = self.units.entry(row.unit);
            let series = series.or_insert_with(|| Series::new(Arc::clone(&self.statistics)));
            series.add(row.begins, &bucket);
        }
        Ok(())
    }
}

/// Points that are being made, in the order of time.
struct Series {
    statistics: Arc<[Statistic]>,
    begins: i64,
    bucket: Bucket,
    points: Vec<Point>,
}

impl Series {
    fn new(statistics: Arc<[Statistic]>) -> Self {
        Self {
            statistics,
            begins: 0,
            bucket: Bucket::default(),
            points: Vec::new(),
        }
    }

    fn add(&mut self, begins: i64, bucket: &Bucket) {
        if begins != self.begins {
            self.finish();
            self.begins = begins;
        }
        self.bucket.merge(bucket);
    }

    fn finish(&mut self) {
        let bucket = std::mem::take(&mut self.bucket);
        if bucket.is_empty() {
            return;
        }
        let says = |statistic| bucket.statistic(statistic);
        self.points.push(Point {
            time: time_of(self.begins),
            sample_count: bucket.sample_count(),
            values: self.statistics.iter().map(says).collect(),
        });
    }

    fn into_points(mut self, unit: Unit) -> UnitPoints {
        self.finish();
        let points = self.points;
        UnitPoints { unit, points }
    }
}

/// The first second that does not begin before a time.
fn ceiling(time: Timestamp) -> i64 {
    i64::try_from(time.unix_ms().div_ceil(1_000)).unwrap_or(i64::MAX)
}
