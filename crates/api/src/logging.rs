//! Bedrock's control API for model invocation logging: `PUT`, `GET`, `DELETE /logging/modelinvocations`.
//!
//! A configuration takes effect as a whole or not at all: it is validated, every bucket is tried with a
//! permission-check object and the log group with an event, it is written to the catalog, and only then do its
//! destinations replace the former ones. A refused one leaves the former in place.
//!
//! Source: operations and shapes of the `bedrock` service, API version 2023-04-20.

mod delete;
mod error;
mod get;
mod log_group;
mod put;
mod shapes;

use std::fmt;

use async_trait::async_trait;
use corelog_catalog::LoggingConfiguration;

pub(crate) use delete::delete;
pub(crate) use error::Refusal;
pub(crate) use get::get;
pub(crate) use put::put;

/// The path of the three operations.
pub const PATH: &str = "/logging/modelinvocations";
/// Name of the destination that is the configuration's bucket.
pub const DESTINATION: &str = "logging-configuration";
/// Name of the destination that is the bucket for what is too large for the configuration's log group.
pub const LARGE_DESTINATION: &str = "logging-configuration-large";

/// Builds, starts and stops the destinations of the control API.
///
/// Calls come one at a time.
#[async_trait]
pub trait Destinations: Send + Sync + fmt::Debug {
    /// Tries every bucket of the configuration by writing its permission-check object; changes nothing else.
    async fn check(&self, configuration: &LoggingConfiguration) -> Result<(), BucketRefused>;

    /// Starts the destinations [`DESTINATION`] and [`LARGE_DESTINATION`] in place of former ones, which end first and are
    /// forgotten where the configuration has none of them, and has records become events of the log group.
    async fn start(&self, configuration: &LoggingConfiguration) -> Result<(), NotStarted>;

    /// Ends the destinations and forgets their cursors; records become events of no log group of a configuration.
    async fn stop(&self) -> Result<(), NotStarted>;
}

/// A bucket does not exist, is misnamed, or cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("bucket `{bucket}` cannot be used")]
pub struct BucketRefused {
    /// Its name.
    pub bucket: String,
    /// Why, for our log: the caller is told no more than the original tells.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The destination could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[error("the destination of the logging configuration could not be changed")]
pub struct NotStarted(#[source] pub Box<dyn std::error::Error + Send + Sync>);
