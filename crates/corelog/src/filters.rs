//! Log events counted into metrics: metric filters are fed from the spool, and minutes in which nothing matched get their
//! default values once they are over.

use std::sync::Arc;
use std::time::Duration;

use corelog_catalog::Catalog;
use corelog_delivery::Handle;
use corelog_metrics::SqliteMetrics;
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::filters::FilterSink;
use corelog_spool::Spool;
use corelog_telemetry::Chain;
use corelog_types::{Sequence, Timestamp};

use crate::destinations::Destined;
use crate::{configure, metrics};

/// The name of what counts log events, and of its cursor in the spool.
pub(crate) const CURSOR: &str = "metric-filters";

/// How long a minute waits for events that happened in it and come later: those who put events collect them for some
/// seconds. A match that comes later still is added to the default.
const LATE_MS: u64 = 5_000;

/// Begins to count log events.
pub(crate) async fn feed(
    kept: &SqliteMetrics,
    destinations: &Destined,
    catalog: Arc<dyn Catalog>,
    clock: &Clock,
) -> anyhow::Result<()> {
    let settings = destinations.settings();
    let spool = destinations.spool().clone();
    let sink = FilterSink::new(
        kept.clone(),
        metrics::location(&settings)?,
        spool.node(),
        (catalog, destinations.hot().clone()),
        clock.clone(),
    );
    let config = configure::metrics_delivery(CURSOR, &settings);
    let handle = destinations.begin(config, Arc::new(sink), false).await?;
    let settling = Settling {
        metrics: kept.clone(),
        spool,
        handle,
        clock: clock.clone(),
        every: settings.metrics.interval,
    };
    destinations.beside("metric defaults", |shutdown| settling.run(shutdown));
    Ok(())
}

/// Gives minutes their default values.
struct Settling {
    metrics: SqliteMetrics,
    spool: Spool,
    handle: Handle,
    clock: Clock,
    every: Duration,
}

/// A moment, and the last entry that was durable then or a little later: what came by that moment, but for entries that
/// were being written, and those take no seconds.
struct Mark {
    time: Timestamp,
    durable: Sequence,
}

impl Settling {
    async fn run(self, shutdown: Shutdown) {
        let mut mark = self.mark();
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = shutdown.requested() => return,
            }
            if self.handle.report().position < mark.durable {
                continue;
            }
            let until = Timestamp::from_unix_ms(mark.time.unix_ms().saturating_sub(LATE_MS));
            match self.metrics.settle(until, self.clock.now()).await {
                Ok(_) => mark = self.mark(),
                Err(error) => {
                    let error = Chain(&error).to_string();
                    tracing::warn!(
                        error,
                        "default values of metric filters could not be given; tried again"
                    );
                }
            }
        }
    }

    fn mark(&self) -> Mark {
        let time = self.clock.now();
        Mark {
            time,
            durable: self.spool.durable_sequence(),
        }
    }
}
