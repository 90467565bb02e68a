//! The metrics of this process: opened, fed from the spool, trimmed.

use std::sync::Arc;
use std::time::Duration;

use corelog_catalog::Catalog;
use corelog_cli::Failure;
use corelog_cli::settings::Settings;
use corelog_metrics::{Config, SqliteMetrics, Totals};
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::metrics::MetricsSink;
use corelog_telemetry::Chain;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::attempts::Attempts;
use crate::destinations::Destined;
use crate::{configure, defaults};

/// The name of what counts records, and of its cursor in the spool.
pub(crate) const CURSOR: &str = "metrics";

const TRIM_EVERY: Duration = Duration::from_hours(1);
const ATTEMPTS_EVERY: Duration = Duration::from_secs(5);

/// Opens the metrics, if the configuration wants any.
pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Option<SqliteMetrics>> {
    if !settings.metrics.enabled {
        return Ok(None);
    }
    let config = Config {
        metrics_max: settings.metrics.metrics_max.into(),
    };
    let opened = SqliteMetrics::open(&settings.data, config).await;
    opened.map(Some).map_err(|error| {
        let hint = match &error {
            corelog_metrics::Error::Version { .. } => "start the version that wrote it, or a later one",
            _ => {
                "if the file is damaged, move `metrics.db` with `metrics.db-wal` and `metrics.db-shm` away: records \
                 are counted anew from here on"
            }
        };
        let data = settings.data.display();
        let text = format!("cannot open the metrics in `{data}`: {}", Chain(&error));
        Failure::new(text).hint(hint).into()
    })
}

/// Begins to count records and log events, and to trim what is old; gives what a scrape shows.
pub(crate) async fn feed(
    metrics: &SqliteMetrics,
    destinations: &Destined,
    catalog: Arc<dyn Catalog>,
    clock: &Clock,
) -> anyhow::Result<Arc<Mutex<Totals>>> {
    let settings = destinations.settings();
    let file = std::path::absolute(settings.data.join(SqliteMetrics::FILE_NAME))?;
    let sink = MetricsSink::open(
        metrics.clone(),
        format!("file://{}", file.display()),
        destinations.spool().node(),
        configure::tally(&settings),
        clock.clone(),
    );
    let config = configure::metrics_delivery(CURSOR, &settings);
    let sink = sink.await?.with_events(catalog, destinations.hot().clone());
    let sink = Arc::new(sink);
    let totals = sink.totals();
    let handle = destinations.begin(config, sink, false).await?;
    defaults::settle(metrics, destinations, handle, clock);
    let (metrics, clock) = (metrics.clone(), clock.clone());
    let attempts = destinations.attempts().cloned();
    destinations.beside("metrics care", |shutdown| {
        let care = Care {
            metrics,
            attempts,
            clock,
        };
        care.run(shutdown)
    });
    Ok(totals)
}

/// Closes the metrics, if there are any, once nothing is delivered any more.
pub(crate) async fn close(metrics: Option<&SqliteMetrics>, destinations: &Destined) {
    let Some(metrics) = metrics else { return };
    if let Some(attempts) = destinations.attempts() {
        attempts.keep(metrics).await;
    }
    metrics.close().await;
}

/// What goes on beside counting.
struct Care {
    metrics: SqliteMetrics,
    attempts: Option<Attempts>,
    clock: Clock,
}

impl Care {
    /// Removes what is no longer kept, at the start and then every hour, and adds how deliveries went, until `shutdown`.
    async fn run(self, shutdown: Shutdown) {
        let mut trim_at = Instant::now();
        loop {
            if Instant::now() >= trim_at {
                tokio::select! {
                    () = self.trim() => trim_at = Instant::now() + TRIM_EVERY,
                    () = shutdown.requested() => return,
                }
            }
            if let Some(attempts) = &self.attempts {
                attempts.keep(&self.metrics).await;
            }
            tokio::select! {
                () = tokio::time::sleep(ATTEMPTS_EVERY) => {}
                () = shutdown.requested() => return,
            }
        }
    }

    async fn trim(&self) {
        match self.metrics.trim(self.clock.now()).await {
            Ok(points) => tracing::debug!(points, "trimmed metrics"),
            Err(error) => {
                let error = Chain(&error).to_string();
                tracing::warn!(error, "old metrics could not be removed; tried again later");
            }
        }
    }
}
