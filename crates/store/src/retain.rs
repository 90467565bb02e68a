//! Letting go: days that retention no longer keeps, log groups that are gone, and the space of both.

use std::collections::HashSet;

use deltalake_core::kernel::Version;
use deltalake_core::protocol::DeltaOperation;

use crate::{DataFile, Error, Result, Table};

impl Table {
    /// Takes the events of a log group's days before `day` (`2026-11-22`) out of the table, whole days at a time.
    /// `None` where there are none.
    ///
    /// # Errors
    /// Any [`Error`]; the table is then as it was.
    pub async fn drop_days_before(&self, group: &str, day: &str) -> Result<Option<Version>> {
        self.drop_files(|file| file.group == group && file.day.as_str() < day)
            .await
    }

    /// Takes all events of a log group out of the table. `None` where there are none.
    ///
    /// # Errors
    /// Any [`Error`]; the table is then as it was.
    pub async fn drop_group(&self, group: &str) -> Result<Option<Version>> {
        self.drop_files(|file| file.group == group).await
    }

    async fn drop_files(&self, unwanted: impl Fn(&DataFile) -> bool) -> Result<Option<Version>> {
        let snapshot = self.snapshot().await?;
        let files: Vec<_> = snapshot.files().into_iter().filter(unwanted).collect();
        if files.is_empty() {
            return Ok(None);
        }
        let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let actions = snapshot.removal(&paths, true);
        let operation = DeltaOperation::Delete { predicate: None };
        self.commit(&snapshot, actions, operation).await.map(Some)
    }

    /// Deletes files that no version of the last `keep` has, and leftovers of appends that did not come to their
    /// commit. Queries that run for longer than that may fail. Returns how many files went.
    ///
    /// # Errors
    /// [`Error::Vacuum`].
    pub async fn vacuum(&self, keep: std::time::Duration) -> Result<usize> {
        let failed = |source: deltalake_core::DeltaTableError| Error::Vacuum(source.into());
        let keep = chrono::Duration::from_std(keep).unwrap_or(chrono::Duration::MAX);
        let (_, done) = self
            .delta()
            .await?
            .vacuum()
            .with_retention_period(keep)
            .with_enforce_retention_duration(false)
            .with_mode(deltalake_core::operations::vacuum::VacuumMode::Full)
            .await
            .map_err(failed)?;
        // A file is named once as removed and once as found where nobody needs it.
        let files: HashSet<_> = done.files_deleted.iter().collect();
        Ok(files.len())
    }
}
