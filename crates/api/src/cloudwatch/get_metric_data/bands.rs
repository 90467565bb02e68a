//! Bands of anomaly detection: what was usual for a metric at each of the times asked for, given the two weeks before.
//!
//! A model is learnt for the call and forgotten with it, so a band is the same whenever it is asked for, and needs no
//! detector to be put first; where there is one of the metric, the model is told what it says. An expression is computed
//! for those two weeks, too; one that needs a search or a query of Metrics Insights is learnt of the times asked for
//! alone. Metrics of a high resolution have none.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_anomaly::{self as anomaly, Config};
use corelog_math::{self as math, Plan};
use corelog_types::Timestamp;

use super::ask::{Asked, What};
use super::searches::Finder;
use super::series::Series;
use crate::aws::{Context, Fault, Kind};

/// What a model learns of.
const HISTORY_MS: u64 = 14 * 24 * 3_600_000;
/// Source: the user guide: detectors have no high resolution.
const PERIOD_SECONDS_MIN: u32 = 60;
/// Bands that one call may ask for.
///
/// Decision: the service names no such bound. Each learns two weeks, which takes up to a fifth of a second.
const BANDS_MAX: usize = 20;

/// What models learn of.
pub(super) struct Histories {
    from: Timestamp,
    to: Timestamp,
    /// Each with what its model is told.
    metrics: BTreeMap<String, (Config, Vec<anomaly::Point>)>,
    /// Expressions with what they are to be computed of.
    expressions: Vec<(String, Plan, BTreeMap<String, Arc<math::Series>>)>,
}

impl Histories {
    /// Reads what the plan's bands need.
    pub(super) async fn read(
        plan: &Plan,
        alone: Vec<(String, Plan)>,
        asked: &Asked,
        finder: &mut Finder<'_, '_>,
        cx: &Context<'_>,
    ) -> Result<Self, Fault> {
        let bands = plan.bands();
        if bands > BANDS_MAX {
            let text = format!(
                "You have requested {bands} anomaly detection bands, which exceeds the limit of {BANDS_MAX}."
            );
            return Err(Fault::new(Kind::Validation, text));
        }
        let from_ms = asked.from.unix_ms().saturating_sub(HISTORY_MS);
        let from = Timestamp::from_unix_ms(from_ms);
        let mut expressions = Vec::with_capacity(alone.len());
        for (id, plan) in alone {
            let mut metrics = BTreeMap::new();
            for (index, query) in asked.queries.iter().enumerate() {
                let What::Metric(stat) = &query.what else {
                    continue;
                };
                if !plan.needs(index) {
                    continue;
                }
                let series = Series::read_from(from, query, stat, asked, cx).await?;
                finder.spend(series.points.len())?;
                let series = Arc::new(series.to_math(&stat.to_math()));
                metrics.insert(query.id.clone(), series);
            }
            expressions.push((id, plan, metrics));
        }
        let mut metrics = BTreeMap::new();
        for id in plan.banded() {
            let query = asked.queries.iter().find(|query| query.id == id);
            let Some((query, What::Metric(stat))) = query.map(|query| (query, &query.what)) else {
                continue;
            };
            if stat.to_math().period_seconds < PERIOD_SECONDS_MIN {
                continue;
            }
            let series = Series::read_from(from, query, stat, asked, cx).await?;
            finder.spend(series.points.len())?;
            let points = series.points.iter();
            let points = points.map(|&(at, value)| anomaly::Point { at, value });
            let config = cx.watch().model_config(&stat.to_math());
            metrics.insert(id, (config, points.collect()));
        }
        Ok(Self {
            from: asked.from,
            to: asked.to,
            metrics,
            expressions,
        })
    }

    /// Computes what expressions were worth before: some work, for a thread for such work. One that cannot be computed
    /// for so long is learnt of the times asked for.
    pub(super) fn compute(&mut self, range: math::Range) {
        let range = math::Range {
            from: Timestamp::from_unix_ms(self.from.unix_ms().saturating_sub(HISTORY_MS)),
            ..range
        };
        for (id, plan, metrics) in std::mem::take(&mut self.expressions) {
            let data = math::Data {
                metrics,
                ..math::Data::default()
            };
            let answers = plan.evaluate(&data, range).unwrap_or_default();
            let series = answers.first().and_then(|answer| answer.series.first());
            if let Some(series) = series {
                let points = series.points.iter().map(|point| anomaly::Point {
                    at: point.at,
                    value: point.value,
                });
                let config = Config::new(u64::from(series.period_seconds) * 1_000);
                self.metrics.insert(id, (config, points.collect()));
            }
        }
    }
}

impl math::Bands for Histories {
    fn band(&self, id: &str, series: &math::Series, deviations: f64) -> Option<math::Band> {
        if series.period_seconds < PERIOD_SECONDS_MIN {
            return None;
        }
        let period_ms = u64::from(series.period_seconds) * 1_000;
        let own: Vec<anomaly::Point>;
        let (config, points) = if let Some((config, history)) = self.metrics.get(id) {
            (config.clone(), history)
        } else {
            own = series
                .points
                .iter()
                .map(|point| anomaly::Point {
                    at: point.at,
                    value: point.value,
                })
                .collect();
            (Config::new(period_ms), &own)
        };
        // A band stands where the points stand, and goes on where there are none.
        let first_ms = series.points.first().map_or_else(
            || self.from.unix_ms().next_multiple_of(period_ms),
            |point| {
                let before_ms = point.at.unix_ms().saturating_sub(self.from.unix_ms());
                point.at.unix_ms() - before_ms / period_ms * period_ms
            },
        );
        let start = Timestamp::from_unix_ms(first_ms);
        let drawn = anomaly::bands(&config, points, start, self.to, deviations);
        let mut band = math::Band::default();
        for (at, edges) in drawn {
            let Some(edges) = edges else {
                continue;
            };
            let point = |value| math::Point { at, value };
            band.upper.push(point(edges.upper));
            band.lower.push(point(edges.lower));
        }
        Some(band)
    }
}
