//! Dashboards: documents of what to show, kept as they came.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::Error;

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// What it shows: JSON, byte for byte as it was put.
    pub body: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it was put last.
    pub modified: Timestamp,
}

/// A dashboard in a list, without what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardEntry {
    /// Its name.
    pub name: String,
    /// The length of its body.
    pub bytes: u64,
    /// When it was put last.
    pub modified: Timestamp,
}

/// A change to a dashboard's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DashboardTags {
    /// Adds tags, in place of those with the same keys; refused with [`Error::Full`] past `most` of them.
    Tag {
        /// The tags.
        tags: BTreeMap<String, String>,
        /// How many a dashboard may have.
        most: usize,
    },
    /// Removes tags; those that are not there are fine.
    Untag(Vec<String>),
}

/// Where dashboards are kept.
#[async_trait]
pub trait Dashboards {
    /// Adds a dashboard, or puts another body into the one of its name, which keeps its tags. `most` is how many there
    /// may be.
    ///
    /// # Errors
    /// [`Error::Full`].
    async fn put_dashboard(&self, dashboard: &Dashboard, most: usize) -> Result<(), Error>;

    /// The dashboard of that name.
    async fn dashboard(&self, name: &str) -> Result<Option<Dashboard>, Error>;

    /// Up to `limit` dashboards whose names begin with `prefix`, by name, behind the name `after`.
    async fn dashboards(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DashboardEntry>, Error>;

    /// Changes a dashboard's tags.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`].
    async fn change_dashboard_tags(&self, name: &str, change: &DashboardTags) -> Result<(), Error>;

    /// Removes all of these dashboards, or none of them if one is missing: returns those that are missing.
    async fn delete_dashboards(&self, names: &[String]) -> Result<Vec<String>, Error>;
}
