//! Control-plane state: what an operator configured through the APIs and expects to find after a restart.
//!
//! [`Catalog`] is the port, one trait for each noun. The embedded adapter is [`SqliteCatalog`], a file of `SQLite` in
//! the data directory; `PostgreSQL`, for fleets, is to stand behind the same traits, and [`contract::check`] is the
//! suite that each of them has to pass. Lists come in pages, in the order of their bytes, after a place that the
//! caller names: a page is a query of its own, and nothing is held open between pages.
//!
//! Absent here: HTTP shapes, validation of what a caller sent, log events, and any idea of how a record is delivered.

mod alarm;
mod anomaly_detector;
pub mod contract;
mod dashboard;
mod export_task;
mod finding;
mod group;
mod logging;
mod lookup_table;
mod metric_filter;
mod notice;
mod policy;
mod query_definition;
mod stream;
mod subscription_filter;

mod sqlite;
mod stored;
mod stored_alarm;
mod stored_detector;
mod takeover;

use std::fmt;
use std::path::PathBuf;

pub use alarm::{
    AlarmStates, AlarmStep, AlarmTags, HistoryAsked, KeptAlarms, KeptHistory, KeptMuteRule, Tagged,
};
pub use anomaly_detector::{AnomalyDetector, AnomalyDetectors, DetectorConfiguration, DetectorOf};
pub use dashboard::{Dashboard, DashboardEntry, DashboardTags, Dashboards};
pub use export_task::{Export, ExportState, ExportTask, ExportTasks};
pub use finding::{FindingNews, Findings, FindingsAsked, KeptFinding, NewFinding};
pub use group::{GroupChange, GroupFilter, LogGroup, LogGroupClass, LogGroups};
pub use logging::{
    BucketTarget, LogGroupTarget, Logging, LoggingConfiguration, Modalities, Modality,
};
pub use lookup_table::{LookupChange, LookupContent, LookupTable, LookupTables};
pub use metric_filter::{
    CountingFilter, MetricFilter, MetricFilterLimits, MetricFilters, MetricFiltersAsked,
    MetricTransformation, Moment,
};
pub use notice::{NewNotice, Notices, PendingNotice, Recipient, Says, SettledNotice};
pub use policy::{Policies, Policy, PolicyKey, PolicyKind};
pub use query_definition::{QueryDefinition, QueryDefinitions, QueryParameter};
pub use sqlite::SqliteCatalog;
pub use stream::{Activity, LogStream, LogStreams, StreamOrder, StreamPlace, StreamsAsked};
pub use subscription_filter::{Distribution, SubscriptionFilter, SubscriptionFilters};

/// Where control-plane state is kept. Every change is durable once its method returns `Ok`, and after an error
/// what was there before stands.
///
/// # Cancel safety
/// A change whose future is dropped has happened as a whole or not at all.
pub trait Catalog:
    Logging
    + LogGroups
    + LogStreams
    + LookupTables
    + MetricFilters
    + QueryDefinitions
    + Policies
    + ExportTasks
    + Dashboards
    + AlarmStates
    + Notices
    + AnomalyDetectors
    + Findings
    + SubscriptionFilters
    + Send
    + Sync
    + fmt::Debug
{
}

/// A catalog's failure, or an outcome that a caller has to expect.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is one of that name.
    #[error("it exists")]
    Exists,
    /// There is none of that name.
    #[error("it does not exist")]
    NotFound,
    /// The log group is protected from deletion.
    #[error("it is protected from deletion")]
    Protected,
    /// There are as many as there may be.
    #[error("there are {most} already")]
    Full {
        /// How many there may be.
        most: usize,
    },
    /// It was changed since the revision that the caller saw.
    #[error("it has another revision")]
    Stale,
    /// A file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// What is stored is not what this version writes.
    #[error("`{what}` in the catalog is not what this version reads")]
    Format {
        /// The file or the column.
        what: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The catalog was written by a newer version.
    #[error("catalog `{}` has version {found}, this binary reads {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version we read.
        known: i64,
    },
    /// The database did not do what it was asked.
    #[error("the catalog's database cannot {attempt}")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
}

impl Error {
    /// Whether asking again later may help; never for what the caller had to expect.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Database { .. })
    }
}
