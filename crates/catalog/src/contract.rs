//! What every catalog must do; each adapter's tests call [`check`].

mod alarms;
mod anomaly_detectors;
mod dashboards;
mod export_tasks;
mod findings;
mod groups;
mod logging;
mod lookup_tables;
mod metric_filters;
mod notices;
mod policies;
mod query_definitions;
mod streams;
mod subscription_filters;

use corelog_types::{LogGroupName, LogStreamName, Timestamp};

use crate::{Catalog, Error, LogGroup};

/// Runs the suite; `open` opens the same state anew, as after a restart, and the state is empty at first.
///
/// # Errors
/// What the adapter returned where the contract has no error.
///
/// # Panics
/// If the adapter breaks the contract.
pub async fn check<O>(open: impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    logging::check(&open).await?;
    groups::check(&open).await?;
    streams::check(&open).await?;
    lookup_tables::check(&open).await?;
    metric_filters::check(&open).await?;
    query_definitions::check(&open).await?;
    policies::check(&open).await?;
    dashboards::check(&open).await?;
    alarms::check(&open).await?;
    notices::check(&open).await?;
    anomaly_detectors::check(&open).await?;
    findings::check(&open).await?;
    subscription_filters::check(&open).await?;
    export_tasks::check(&open).await
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(1_795_166_142_000 + ms)
}

/// A name of the suite's own.
fn name(text: &str) -> Result<LogGroupName, Error> {
    LogGroupName::new(text).map_err(ours)
}

/// A name of the suite's own.
fn stream_name(text: &str) -> Result<LogStreamName, Error> {
    LogStreamName::new(text).map_err(ours)
}

fn ours(source: corelog_types::InvalidLogName) -> Error {
    Error::Format {
        what: "a name in the contract".to_owned(),
        source: Box::new(source),
    }
}

fn names(groups: &[LogGroup]) -> Vec<&str> {
    groups.iter().map(|group| group.name.as_str()).collect()
}
