//! Minutes in which events came and none matched a metric filter: they get the filter's default value once they are over
//! and everything is counted that came by then.

use std::time::Duration;

use corelog_delivery::Handle;
use corelog_metrics::SqliteMetrics;
use corelog_runtime::{Clock, Shutdown};
use corelog_spool::Spool;
use corelog_telemetry::Chain;
use corelog_types::{Sequence, Timestamp};

use crate::destinations::Destined;

/// How long a minute waits for events that happened in it and come later: those who put events collect them for some
/// seconds. A match that comes later still is added to the default.
const LATE_MS: u64 = 5_000;

/// Begins to give default values, as far as the destination that counts events has got.
pub(crate) fn settle(
    metrics: &SqliteMetrics,
    destinations: &Destined,
    counting: Handle,
    clock: &Clock,
) {
    let settling = Settling {
        metrics: metrics.clone(),
        spool: destinations.spool().clone(),
        counting,
        clock: clock.clone(),
        every: destinations.settings().metrics.interval,
    };
    destinations.beside("metric defaults", |shutdown| settling.run(shutdown));
}

struct Settling {
    metrics: SqliteMetrics,
    spool: Spool,
    counting: Handle,
    clock: Clock,
    every: Duration,
}

/// A moment, and the last entry that was durable right after it. What came by that moment is not behind it, but for
/// entries that were being written, which takes milliseconds and not seconds.
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
            if self.counting.report().position < mark.durable {
                continue;
            }
            let until = Timestamp::from_unix_ms(mark.time.unix_ms().saturating_sub(LATE_MS));
            let settling = self.metrics.settle(until, self.clock.now());
            let settled = tokio::select! {
                settled = settling => settled,
                () = shutdown.requested() => return,
            };
            match settled {
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
