//! What the gateway is told: providers, limits, choices. Plain data.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use corelog_access::Access;
use corelog_capture::Limits as CaptureLimits;
use corelog_types::Dialect;

use crate::upstream::UpstreamConfig;

/// What to do with a call while no record of it can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// Answer 503 before anything goes upstream; end an answer that lost its record.
    #[default]
    Refuse,
    /// Let it pass; count, log and show the gap.
    Relay,
}

/// Credentials for a provider.
#[derive(Clone, Default)]
pub enum Credentials {
    /// The caller's own pass through.
    #[default]
    Callers,
    /// A key, put where the dialect expects it.
    Key(String),
    /// Keys to sign with.
    Aws {
        /// Public half.
        access_key_id: String,
        /// Secret half.
        secret_access_key: String,
        /// Of temporary credentials.
        session_token: Option<String>,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Callers => "Callers",
            Self::Key(_) => "Key(***)",
            Self::Aws { .. } => "Aws(***)",
        })
    }
}

/// One provider.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its name, also its path prefix.
    pub name: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// How it is reached.
    pub upstream: UpstreamConfig,
    /// Region that records name, and that signatures are made for.
    pub region: String,
    /// Patterns of the models it serves on the dialect's own paths; none means any.
    pub models: Vec<String>,
    /// Its credentials.
    pub credentials: Credentials,
    /// How long the head of an answer may take.
    pub first_byte_timeout: Duration,
    /// How long it may be silent in the middle of an answer.
    pub idle_timeout: Duration,
    /// How long the whole exchange may take.
    pub total_timeout: Duration,
}

/// Bounds of the gateway itself.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Exchanges on the wire at the most.
    pub exchanges_max: usize,
    /// Bytes of a request's head at the most.
    pub header_bytes_max: usize,
    /// Records of calls that are turned away, in a second at the most.
    pub denied_records_per_second: u32,
    /// Bytes of a request's body at the most.
    pub body_bytes_max: u64,
    /// Bytes still read for the record once the caller is gone.
    pub drain_bytes_max: u64,
    /// How long that may take.
    pub drain_timeout: Duration,
}

/// Everything the gateway is told. Can be replaced while it runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// In the order of the configuration.
    pub providers: Vec<ProviderConfig>,
    /// The account that calls are booked on.
    pub account_id: Arc<str>,
    /// Bounds.
    pub limits: Limits,
    /// What is captured.
    pub capture: Arc<CaptureLimits>,
    /// What happens without room for records.
    pub on_full: OnFull,
    /// Who may call.
    pub access: Access,
}
