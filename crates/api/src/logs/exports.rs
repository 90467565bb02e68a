//! The port to whoever exports events. What tasks there are is in the catalog.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use corelog_catalog::Export;

/// Where exports run, one at a time.
#[async_trait]
pub trait Exports: Send + Sync + fmt::Debug {
    /// Tries whether the bucket can be written, adds a task to the catalog and begins it; the task's id.
    ///
    /// # Errors
    /// [`ExportRefused`]; nothing has begun then.
    async fn start(&self, name: Option<String>, export: Export) -> Result<String, ExportRefused>;

    /// Ends a task that the catalog no longer has among those that run.
    fn end(&self, id: &str);
}

/// Why an export does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ExportRefused {
    /// Another is running.
    #[error("another export is running")]
    Busy,
    /// There is no such bucket.
    #[error("the bucket does not exist")]
    NoBucket,
    /// The prefix cannot be what a key begins with.
    #[error("no key begins with the prefix")]
    NoKey,
    /// The bucket does not take objects of ours.
    #[error("the bucket cannot be written")]
    Denied,
    /// Nobody keeps events, or the store is away.
    #[error("events cannot be exported now")]
    Away(#[source] Box<dyn Error + Send + Sync>),
}

/// Nobody exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoExports;

#[async_trait]
impl Exports for NoExports {
    async fn start(&self, _name: Option<String>, _export: Export) -> Result<String, ExportRefused> {
        Err(ExportRefused::Away("no events are kept".into()))
    }

    fn end(&self, _id: &str) {}
}
