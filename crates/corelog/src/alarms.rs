//! The alarms of this process: opened, evaluated, and whoever sends notices woken when there are new ones.

use std::sync::Arc;

use corelog_alarms::Alarms;
use corelog_api::Api;
use corelog_api::logs::ScheduledQueries;
use corelog_catalog::SqliteCatalog;
use corelog_cli::settings::Settings;
use corelog_metrics::SqliteMetrics;
use corelog_notify::Handle;
use corelog_runtime::{Clock, Shutdown};
use corelog_watch::{Config, Watch};

use crate::destinations::Destined;
use crate::{configure, notices};

/// Opens the alarms of the catalog.
pub(crate) async fn open(
    settings: &Settings,
    catalog: &SqliteCatalog,
    clock: &Clock,
) -> anyhow::Result<Watch> {
    let config = Config {
        listeners: notices::listeners(settings),
        ..Config::default()
    };
    let account = configure::alarms_account(settings);
    let kept = Arc::new(catalog.clone());
    let watch = Watch::open(config, account, kept, clock.clone()).await?;
    let of_metrics = |alarms: &Alarms| {
        let all = alarms.iter();
        all.filter(|alarm| alarm.definition.metric().is_some())
            .count()
    };
    let alarms = watch.look(|alarms, _| of_metrics(alarms)).await;
    if alarms > 0 && !settings.metrics.enabled {
        tracing::warn!(
            alarms,
            "alarms on metrics are not evaluated: `metrics.enabled` is false"
        );
    }
    Ok(watch)
}

/// Begins to evaluate them, where there are metrics to evaluate, and to wake whoever sends notices.
pub(crate) fn run(
    watch: &Watch,
    metrics: Option<&SqliteMetrics>,
    notifying: &Handle,
    destinations: &Destined,
) {
    if let Some(metrics) = metrics {
        let (watch, points) = (watch.clone(), Arc::new(metrics.clone()));
        destinations.beside("alarms", |shutdown| watch.run(points, shutdown));
    }
    let (watch, notifying) = (watch.clone(), notifying.clone());
    destinations.beside("alarms wake notifications", |shutdown| {
        wake(watch, notifying, shutdown)
    });
}

/// Begins to execute the queries of log alarms.
pub(crate) fn run_queries(watch: &Watch, api: &Api, destinations: &Destined) {
    let (watch, queries) = (watch.clone(), Arc::new(ScheduledQueries::new(api.clone())));
    destinations.beside("log alarms", |shutdown| {
        watch.run_queries(queries, shutdown)
    });
}

async fn wake(watch: Watch, notifying: Handle, shutdown: Shutdown) {
    let mut notices = watch.notices();
    loop {
        tokio::select! {
            changed = notices.changed() => match changed {
                Ok(()) => notifying.wake(),
                Err(_) => return,
            },
            () = shutdown.requested() => return,
        }
    }
}
