//! Looking out for anomalies: findings are kept in the catalog, each once, with a notice to whoever is to hear of it;
//! what is new of them becomes log events and is counted.
//!
//! News wait in the catalog until both is done. A crash between the two writes a log event twice; it is counted once,
//! since the counts know up to which place they are.

mod notice;
mod publish;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_catalog::{Findings as _, NewFinding, SqliteCatalog};
use corelog_lookout::{Config, Finding, Ledger, LedgerError, Limits, Lookout, Ports, State};
use corelog_metrics::SqliteMetrics;
use corelog_notify::Handle;
use corelog_runtime::Clock;
use corelog_telemetry::Chain;
use tokio::sync::Notify;

use self::publish::Publisher;
use crate::destinations::Destined;

/// Begins to look out, if the configuration wants that.
pub(crate) async fn begin(
    destinations: &Arc<Destined>,
    catalog: &SqliteCatalog,
    metrics: Option<&SqliteMetrics>,
    notifying: &Handle,
    clock: &Clock,
) {
    let settings = destinations.settings();
    if !settings.anomalies.enabled {
        return;
    }
    let news = Arc::new(Notify::new());
    let ledger = CatalogLedger {
        catalog: catalog.clone(),
        destinations: Arc::clone(destinations),
        notifying: notifying.clone(),
        news: Arc::clone(&news),
        clock: clock.clone(),
    };
    let config = Config {
        dir: settings.data.clone(),
        limits: Limits::new(settings.anomalies.subjects_max as usize),
    };
    let ports = Ports {
        spool: destinations.spool().clone(),
        ledger: Arc::new(ledger),
        clock: clock.clone(),
    };
    match Lookout::open(config, ports).await {
        Ok(lookout) => destinations.beside("lookout", |shutdown| lookout.run(shutdown)),
        // Calls are recorded nevertheless.
        Err(error) => tracing::error!(error = %Chain(&error), "nobody looks out for anomalies"),
    }
    let publisher = Publisher {
        catalog: catalog.clone(),
        metrics: metrics.cloned(),
        spool: destinations.spool().clone(),
        settings,
        news,
        clock: clock.clone(),
    };
    destinations.beside("findings", |shutdown| publisher.run(shutdown));
}

/// The catalog as the ledger of findings.
struct CatalogLedger {
    catalog: SqliteCatalog,
    /// Knows the configuration in force.
    destinations: Arc<Destined>,
    notifying: Handle,
    news: Arc<Notify>,
    clock: Clock,
}

impl fmt::Debug for CatalogLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatalogLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for CatalogLedger {
    async fn keep(&self, findings: &[Finding]) -> Result<(), LedgerError> {
        let (settings, now) = (self.destinations.settings(), self.clock.now());
        let kept = |finding: &Finding| NewFinding {
            id: finding.id.clone(),
            kind: finding.kind.as_str().to_owned(),
            since: finding.since,
            at: finding.at,
            has_ended: finding.has_ended,
            as_new: finding.document(State::Found),
            as_known: finding.document(if finding.has_ended {
                State::Ended
            } else {
                State::Grown
            }),
            notice: notice::of(finding, &settings, now),
        };
        let found: Vec<NewFinding> = findings.iter().map(kept).collect();
        let new = self.catalog.keep_findings(&found).await;
        let new = new.map_err(|error| LedgerError(Box::new(error)))?;
        if new > 0 {
            self.notifying.wake();
        }
        self.news.notify_one();
        Ok(())
    }
}
