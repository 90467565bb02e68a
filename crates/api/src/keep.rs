//! Log events of our own making or taking, into the spool.

use corelog_record::events::EventBatch;
use corelog_record::stored;
use corelog_spool::{Entry, Spool};
use corelog_types::Timestamp;

/// Why events were not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// They have no stored form.
    #[error("log events cannot be encoded")]
    Encoded(#[source] stored::Error),
    /// The spool did not take them.
    #[error("log events cannot be kept")]
    Spooled(#[source] corelog_spool::Error),
}

/// Returns once the events are durable. They are one entry of the spool, in which all of them are or none.
pub(crate) async fn events(
    spool: &Spool,
    batch: &EventBatch<'_>,
    now: Timestamp,
) -> Result<(), NotKept> {
    let payload = batch.encode().map_err(NotKept::Encoded)?;
    let keeping = async {
        spool.admit()?;
        let appended = spool.append(Entry {
            id: corelog_runtime::record_id(now),
            time: now,
            payload: &[&payload],
            blobs: Vec::new(),
        })?;
        spool.durable(appended).await
    };
    let kept: corelog_spool::Result<()> = keeping.await;
    kept.map_err(NotKept::Spooled)
}
