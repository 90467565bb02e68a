//! Everything there is at one moment: the rows of the table, and the recent events that it lacks.

mod page;

use corelog_store::{Snapshot, Table};

use crate::{Error, Hot, Recent};

pub use page::{EVENT_BYTES, Page, Wanted};

/// A consistent view of all events: none is missing, none is there twice.
#[derive(Debug, Clone)]
pub struct View {
    /// The table.
    pub snapshot: Snapshot,
    /// What it lacks.
    pub recent: Recent,
}

impl View {
    /// Takes a view, of the events that `appender` brings into the table.
    ///
    /// # Errors
    /// [`Error::Table`] while the table cannot be read: recent events alone would be part of the truth.
    /// # Cancel safety
    /// Cancel safe.
    pub async fn take(hot: &Hot, table: &Table, appender: &str) -> Result<Self, Error> {
        let recent = hot.recent().await;
        let snapshot = table.snapshot().await.map_err(Error::Table)?;
        let has_upto = snapshot.appended(appender).await.map_err(Error::Table)?;
        Ok(Self {
            recent: recent.after(has_upto),
            snapshot,
        })
    }
}
