//! The care of the table of all events: small files merged, and those that nobody reads any longer deleted.

use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::Shutdown;
use corelog_sinks::groups::Tables;
use corelog_store::{Compaction, Table};
use corelog_telemetry::Chain;

/// For how long files are kept that newer versions of the table no longer have: queries of other engines may be
/// reading them.
const KEEP_FILES: Duration = Duration::from_hours(1);
/// How often they are looked for.
const VACUUM_EVERY: Duration = Duration::from_mins(10);

/// Looks after the table until `shutdown`. What fails is tried again the next time.
pub(crate) async fn care(tables: Arc<Tables>, every: Duration, shutdown: Shutdown) {
    let mut since_vacuum = Duration::ZERO;
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(every) => since_vacuum += every,
        }
        // A store that is away is the sink's to report.
        let Ok(table) = tables.table().await else {
            continue;
        };
        compact(table, &shutdown).await;
        if since_vacuum >= VACUUM_EVERY {
            since_vacuum = Duration::ZERO;
            match table.vacuum(KEEP_FILES).await {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "deleted files that the table no longer has"),
                Err(error) => tracing::warn!(error = %Chain(&error), "the table was not vacuumed"),
            }
        }
    }
}

async fn compact(table: &Table, shutdown: &Shutdown) {
    while !shutdown.is_requested() {
        match table.compact(Compaction::default()).await {
            Ok(None) => return,
            Ok(Some(done)) => tracing::info!(
                files = done.files,
                bytes_before = done.bytes_before,
                bytes_after = done.bytes_after,
                "merged small files of the table"
            ),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the table was not compacted");
                return;
            }
        }
    }
}
