//! Detectors of anomalies of metrics: what the models of a metric are told, wherever one is learnt.
//!
//! A band needs no detector: without one, a model is told nothing. A detector of an expression is kept and shown.
//!
//! Decision: `PeriodicSpikes` is kept and shown, and changes nothing. Models learn spikes that come each day anyway.

use std::sync::Arc;

use corelog_anomaly::{Adaptation, Config, Filtering};
use corelog_catalog::{AnomalyDetector, Catalog, DetectorConfiguration, DetectorOf};
use corelog_math::MetricStat;
use parking_lot::RwLock;
use tokio::sync::Mutex;

use crate::{Error, Watch, source};

/// Source: the user guide's quota of models.
const DETECTORS_MAX: usize = 500;

/// The detectors of the account, as they are kept.
#[derive(Debug, Default)]
pub(crate) struct Detectors {
    all: RwLock<Arc<Vec<AnomalyDetector>>>,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Detectors {
    pub(crate) async fn read(catalog: &dyn Catalog) -> Result<Self, Error> {
        let (all, unreadable) = catalog.anomaly_detectors().await?;
        for id in unreadable {
            tracing::error!(id, "an anomaly detector cannot be read and does nothing");
        }
        Ok(Self {
            all: RwLock::new(Arc::new(all)),
            changing: Mutex::default(),
        })
    }

    /// What a model of a metric is told.
    pub(crate) fn config(&self, stat: &MetricStat) -> Config {
        let mut config = Config::new(u64::from(stat.period_seconds.max(1)) * 1_000);
        let all = Arc::clone(&self.all.read());
        let detector = all.iter().find(|detector| is_of(&detector.of, stat));
        if let Some(told) = detector.and_then(|detector| detector.configuration.as_ref()) {
            tell(&mut config, told);
        }
        config
    }
}

impl Watch {
    /// The detectors, by their ids.
    pub fn detectors(&self) -> Arc<Vec<AnomalyDetector>> {
        Arc::clone(&self.0.models.detectors.all.read())
    }

    /// What a model of a metric is told: what the detector of the metric says, or the defaults.
    pub fn model_config(&self, stat: &MetricStat) -> Config {
        self.0.models.detectors.config(stat)
    }

    /// Makes a detector, or changes the one of the same metric or expression; gives its id.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Unsupported`], [`Error::Catalog`].
    pub async fn put_detector(
        &self,
        of: DetectorOf,
        configuration: Option<DetectorConfiguration>,
        periodic_spikes: Option<bool>,
        new_id: String,
    ) -> Result<String, Error> {
        if let DetectorOf::Math(queries) = &of {
            source::check_expression(queries)?;
        }
        let detectors = &self.0.models.detectors;
        let _changing = detectors.changing.lock().await;
        // As they are kept: whoever asked before may have gone before it counted here.
        let (mut all, _) = self.0.catalog.anomaly_detectors().await?;
        let known = all.iter().position(|detector| detector.of == of);
        if known.is_none() && all.len() >= DETECTORS_MAX {
            return Err(Error::Full {
                what: "anomaly detectors",
                most: DETECTORS_MAX,
            });
        }
        let id = known.map_or(new_id, |known| all[known].id.clone());
        let detector = AnomalyDetector {
            id: id.clone(),
            of,
            configuration,
            periodic_spikes,
            put: self.0.clock.now(),
        };
        self.0.catalog.put_anomaly_detector(&detector).await?;
        match known {
            Some(known) => all[known] = detector,
            None => all.push(detector),
        }
        all.sort_by(|one, other| one.id.cmp(&other.id));
        *detectors.all.write() = Arc::new(all);
        Ok(id)
    }

    /// Removes the detector that this is true of, and says whether there was one.
    ///
    /// # Errors
    /// [`Error::Catalog`].
    pub async fn delete_detector(
        &self,
        is_meant: impl Fn(&AnomalyDetector) -> bool,
    ) -> Result<bool, Error> {
        let detectors = &self.0.models.detectors;
        let _changing = detectors.changing.lock().await;
        let (mut all, _) = self.0.catalog.anomaly_detectors().await?;
        let place = all.iter().position(is_meant);
        if let Some(place) = place {
            let detector = all.remove(place);
            self.0.catalog.delete_anomaly_detector(&detector.id).await?;
        }
        *detectors.all.write() = Arc::new(all);
        Ok(place.is_some())
    }
}

fn is_of(of: &DetectorOf, metric: &MetricStat) -> bool {
    let DetectorOf::Metric {
        namespace,
        name,
        dimensions,
        stat,
    } = of
    else {
        return false;
    };
    let is_same = *namespace == metric.namespace
        && *name == metric.metric_name
        && *stat == metric.statistic
        && dimensions.len() == metric.dimensions.len();
    is_same && dimensions.iter().all(|one| metric.dimensions.contains(one))
}

fn tell(config: &mut Config, told: &DetectorConfiguration) {
    config.excluded.clone_from(&told.excluded);
    if let Some(zone) = told.zone.as_deref().and_then(Config::zone) {
        config.zone = zone;
    }
    config.adaptation = match told.adaptation_speed.as_deref() {
        Some("FAST") => Adaptation::Fast,
        Some("SLOW") => Adaptation::Slow,
        _ => Adaptation::Normal,
    };
    config.filtering = match told.outlier_filtering.as_deref() {
        Some("MINIMAL") => Filtering::Minimal,
        Some("STRICT") => Filtering::Strict,
        _ => Filtering::Moderate,
    };
}

#[cfg(test)]
mod tests {
    use corelog_types::Timestamp;

    use super::*;
    use crate::bands::{Key, Models};

    fn detector(dimensions: &[(&str, &str)], configuration: DetectorConfiguration) -> Detectors {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let detector = AnomalyDetector {
            id: "a".to_owned(),
            of: DetectorOf::Metric {
                namespace: "Corelog".to_owned(),
                name: "Cost".to_owned(),
                dimensions: dimensions.iter().map(owned).collect(),
                stat: "Sum".to_owned(),
            },
            configuration: Some(configuration),
            periodic_spikes: None,
            put: Timestamp::from_unix_ms(0),
        };
        Detectors {
            all: RwLock::new(Arc::new(vec![detector])),
            changing: Mutex::default(),
        }
    }

    fn stat(statistic: &str, dimensions: &[(&str, &str)]) -> MetricStat {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        MetricStat {
            namespace: "Corelog".to_owned(),
            metric_name: "Cost".to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
            statistic: statistic.to_owned(),
            period_seconds: 300,
            unit: None,
        }
    }

    #[test]
    fn a_model_is_told_what_the_detector_of_its_metric_says() {
        let range = (
            Timestamp::from_unix_ms(1_000),
            Timestamp::from_unix_ms(2_000),
        );
        let told = DetectorConfiguration {
            excluded: vec![range],
            zone: Some("Europe/Berlin".to_owned()),
            adaptation_speed: Some("FAST".to_owned()),
            outlier_filtering: Some("STRICT".to_owned()),
        };
        let detectors = detector(&[("Caller", "a"), ("Team", "b")], told);
        let config = detectors.config(&stat("Sum", &[("Team", "b"), ("Caller", "a")]));
        let expected = Config {
            period_ms: 300_000,
            excluded: vec![range],
            zone: Config::zone("Europe/Berlin").unwrap(),
            adaptation: Adaptation::Fast,
            filtering: Filtering::Strict,
        };
        assert_eq!(config, expected);
        for other in [
            stat("Average", &[("Team", "b"), ("Caller", "a")]),
            stat("Sum", &[("Caller", "a")]),
            stat("Sum", &[("Team", "c"), ("Caller", "a")]),
        ] {
            assert_eq!(detectors.config(&other), Config::new(300_000));
        }
    }

    #[test]
    fn a_model_that_is_told_something_else_learns_anew() {
        let models = Models::default();
        let key = Key {
            metrics: vec![(String::new(), stat("Sum", &[]))],
            expressions: Vec::new(),
            phase_ms: 0,
            window_ms: 300_000,
        };
        let start = Timestamp::from_unix_ms(1_795_338_900_000);
        let (learnt, end_ms) = models.before(&key, start);
        assert!(learnt.next_ms() < end_ms);
        let learnt = Arc::new(learnt.after(&[], end_ms));
        models.hold(key.clone(), learnt, start);
        assert_eq!(models.before(&key, start).0.next_ms(), end_ms);
        let told = DetectorConfiguration {
            adaptation_speed: Some("FAST".to_owned()),
            ..DetectorConfiguration::default()
        };
        *models.detectors.all.write() = Arc::clone(&detector(&[], told).all.read());
        assert!(models.before(&key, start).0.next_ms() < end_ms);
    }
}
