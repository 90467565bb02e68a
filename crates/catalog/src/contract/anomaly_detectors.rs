//! Detectors of anomalies.

use corelog_alarms::{MetricStatRequest, QueryRequest, detector_queries};

use super::at;
use crate::{AnomalyDetector, Catalog, DetectorConfiguration, DetectorOf, Error};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let (metric, math) = (of_metric(), of_math()?);
    catalog.put_anomaly_detector(&math).await?;
    catalog.put_anomaly_detector(&metric).await?;
    let catalog = open().await?;
    let (all, unreadable) = catalog.anomaly_detectors().await?;
    assert_eq!(all, [metric.clone(), math.clone()]);
    assert!(unreadable.is_empty());

    let changed = AnomalyDetector {
        configuration: None,
        periodic_spikes: None,
        put: at(9),
        ..metric
    };
    catalog.put_anomaly_detector(&changed).await?;
    catalog.delete_anomaly_detector("b").await?;
    catalog.delete_anomaly_detector("b").await?;
    let catalog = open().await?;
    assert_eq!(catalog.anomaly_detectors().await?.0, [changed]);
    catalog.delete_anomaly_detector("a").await
}

fn of_metric() -> AnomalyDetector {
    AnomalyDetector {
        id: "a".to_owned(),
        of: DetectorOf::Metric {
            namespace: "Corelog".to_owned(),
            name: "Cost".to_owned(),
            dimensions: vec![("Caller".to_owned(), "größe".to_owned())],
            stat: "Sum".to_owned(),
        },
        configuration: Some(DetectorConfiguration {
            excluded: vec![(at(1), at(2))],
            zone: Some("Europe/Berlin".to_owned()),
            adaptation_speed: Some("FAST".to_owned()),
            outlier_filtering: Some("STRICT".to_owned()),
        }),
        periodic_spikes: Some(true),
        put: at(3),
    }
}

fn of_math() -> Result<AnomalyDetector, Error> {
    let requests = [
        QueryRequest {
            id: "m".to_owned(),
            metric_stat: Some(MetricStatRequest {
                namespace: Some("Corelog".to_owned()),
                metric_name: Some("Cost".to_owned()),
                dimensions: Vec::new(),
                period: 300,
                stat: "Sum".to_owned(),
                unit: None,
            }),
            return_data: Some(false),
            ..QueryRequest::default()
        },
        QueryRequest {
            id: "e".to_owned(),
            expression: Some("m * 2".to_owned()),
            return_data: Some(true),
            ..QueryRequest::default()
        },
    ];
    let queries = detector_queries(&requests).map_err(|source| Error::Format {
        what: "queries in the contract".to_owned(),
        source: Box::new(source),
    })?;
    Ok(AnomalyDetector {
        id: "b".to_owned(),
        of: DetectorOf::Math(queries),
        configuration: None,
        periodic_spikes: None,
        put: at(4),
    })
}
