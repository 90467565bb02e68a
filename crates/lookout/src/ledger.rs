//! The port to where findings are kept and told to others.

use std::fmt;

use async_trait::async_trait;

use crate::Finding;

/// The ledger did not keep what was found.
#[derive(Debug, thiserror::Error)]
#[error("findings cannot be kept")]
pub struct LedgerError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where findings are kept.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Keeps all of these, each once: one whose id is known and that is no later than what is known says nothing new,
    /// and is passed over. They are durable once this returns.
    ///
    /// # Cancel safety
    /// Dropped, all of them are kept or none.
    async fn keep(&self, findings: &[Finding]) -> Result<(), LedgerError>;
}
