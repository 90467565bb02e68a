//! Models of anomaly detection behind the alarms that compare with a band.
//!
//! A model knows what was before the periods that its alarm looks at, and is told of each new period once; after a start
//! it is learnt of two weeks of data points. What is in the periods looked at is learnt for each evaluation anew, by a
//! copy: each of them is compared with what was usual before it, and values that come late count.
//!
//! Alarms on the same metric, or the same expression of the same metrics, that look equally far back share a model.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_anomaly::{Config, Model, Point};
use corelog_math::{Band, MetricStat, Series};
use corelog_types::Timestamp;
use parking_lot::Mutex;

use crate::detectors::Detectors;

/// How many models are held: some 60 kB each.
///
/// Source: the user guide's quota of models.
pub(crate) const MODELS_MAX: usize = 500;
/// What a model learns of.
const HISTORY_MS: u64 = 14 * 24 * 3_600_000;

/// What a model is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The metrics with their ids, statistics and their one period; one without an id, if it is of a metric.
    pub(crate) metrics: Vec<(String, MetricStat)>,
    /// The expressions with their ids, of which the last is what the model is of; none, if it is of a metric.
    pub(crate) expressions: Vec<(String, String)>,
    /// Where its periods begin, past a multiple of their length: not 0 for those of a wall clock.
    pub(crate) phase_ms: u64,
    /// How far back the alarm looks.
    pub(crate) window_ms: u64,
}

impl Key {
    pub(crate) fn period_ms(&self) -> u64 {
        let period = self.metrics.first();
        let seconds = period.map_or(1, |(_, stat)| stat.period_seconds);
        u64::from(seconds.max(1)) * 1_000
    }
}

/// What is known of a metric before a time.
#[derive(Debug, Clone)]
pub(crate) struct Learnt {
    model: Model,
    /// Where the first period begins that it was not told of.
    next_ms: u64,
}

impl Learnt {
    /// Where the first period begins that it was not told of.
    pub(crate) fn next_ms(&self) -> u64 {
        self.next_ms
    }

    /// The same, told of these too: all that there is before `next_ms`, in the order of time.
    pub(crate) fn after(&self, points: &[corelog_alarms::Point], next_ms: u64) -> Self {
        let mut after = self.clone();
        for point in points {
            after.model.observe(Point {
                at: point.at,
                value: point.value,
            });
        }
        after.next_ms = next_ms;
        after
    }
}

/// The models.
#[derive(Debug, Default)]
pub(crate) struct Models {
    held: Mutex<BTreeMap<Key, Used>>,
    /// What they are told.
    pub(crate) detectors: Detectors,
}

#[derive(Debug)]
struct Used {
    learnt: Arc<Learnt>,
    last: Timestamp,
}

impl Models {
    /// None yet, to be told what these detectors say.
    pub(crate) fn new(detectors: Detectors) -> Self {
        Self {
            held: Mutex::default(),
            detectors,
        }
    }

    /// What is known before the periods from `start` on, and where the last whole period before them ends. One that
    /// knows nothing yet, or too little to go on from, begins two weeks before.
    pub(crate) fn before(&self, key: &Key, start: Timestamp) -> (Arc<Learnt>, u64) {
        let period_ms = key.period_ms();
        let into_ms = start.unix_ms().saturating_sub(key.phase_ms) % period_ms;
        let end_ms = start.unix_ms().saturating_sub(into_ms);
        let oldest_ms = end_ms.saturating_sub(HISTORY_MS / period_ms * period_ms);
        // An alarm of another turn may be a little ahead; what is further ahead is of a clock that was wrong.
        let usable = oldest_ms..=end_ms.saturating_add(key.window_ms);
        // Detectors of metric math are kept, and models of expressions are told nothing.
        let config = match (&key.metrics[..], &key.expressions[..]) {
            ([(_, metric)], []) => self.detectors.config(metric),
            _ => Config::new(period_ms),
        };
        let held = self.held.lock();
        let learnt = held.get(key).map(|used| Arc::clone(&used.learnt));
        let learnt = learnt.filter(|learnt| usable.contains(&learnt.next_ms));
        // Whoever told it something else wants it to learn anew.
        let learnt = learnt.filter(|learnt| *learnt.model.config() == config);
        let learnt = learnt.unwrap_or_else(|| {
            Arc::new(Learnt {
                model: Model::new(config),
                next_ms: oldest_ms,
            })
        });
        (learnt, end_ms)
    }

    /// Holds what was learnt, and lets go of the model that was asked for the longest ago where there are too many.
    pub(crate) fn hold(&self, key: Key, learnt: Arc<Learnt>, last: Timestamp) {
        let mut held = self.held.lock();
        held.insert(key, Used { learnt, last });
        if held.len() > MODELS_MAX {
            let oldest = held.iter().min_by_key(|(_, used)| used.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                held.remove(&oldest);
            }
        }
    }
}

/// The bands of one evaluation, by the ids of their metrics.
#[derive(Debug, Default)]
pub(crate) struct Bands(pub(crate) BTreeMap<String, Drawn>);

/// A band to be drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// What is known before the first of `times`.
    pub(crate) learnt: Arc<Learnt>,
    /// Where the periods begin, in their order.
    pub(crate) times: Vec<Timestamp>,
}

impl corelog_math::Bands for Bands {
    fn band(&self, id: &str, series: &Series, deviations: f64) -> Option<Band> {
        let drawn = self.0.get(id)?;
        let mut model = drawn.learnt.model.clone();
        let mut points = series.points.iter().peekable();
        let mut band = Band::default();
        for &at in &drawn.times {
            while let Some(point) = points.next_if(|point| point.at < at) {
                model.observe(Point {
                    at: point.at,
                    value: point.value,
                });
            }
            if let Some(edges) = model.band(at, deviations) {
                let point = |value| corelog_math::Point { at, value };
                band.upper.push(point(edges.upper));
                band.lower.push(point(edges.lower));
            }
        }
        Some(band)
    }
}
