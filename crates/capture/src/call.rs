//! What the gateway tells about an exchange, as plain values.

use std::sync::Arc;
use std::time::Duration;

use corelog_providers::Route;
use corelog_record::{CallerFacts, Delivered, ErrorSource};
use corelog_types::{Dialect, RecordId, Timestamp};
use http::HeaderMap;

/// A call as it is known before its first byte goes upstream.
#[derive(Debug, Clone)]
pub struct Call {
    /// Minted at arrival.
    pub id: RecordId,
    /// When the head of the request had arrived.
    pub arrived: Timestamp,
    /// Name of the provider in the configuration.
    pub provider: Arc<str>,
    /// The wire language.
    pub dialect: Dialect,
    /// The account the call is booked on.
    pub account_id: Arc<str>,
    /// Region of the endpoint called.
    pub region: Arc<str>,
    /// Which operation, on which model, as far as method and path say.
    pub route: Route,
    /// Where it is forwarded to, query aside.
    pub upstream: String,
    /// HTTP method.
    pub method: String,
    /// Path as the caller sent it, query aside.
    pub path: String,
    /// HTTP version the caller spoke.
    pub http_version: &'static str,
    /// The caller.
    pub caller: CallerFacts,
    /// The caller as an ARN.
    pub identity_arn: String,
    /// Headers of the request as the caller sent them.
    pub headers: HeaderMap,
}

/// The head of an answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Its status.
    pub status: u16,
    /// Its headers as the provider sent them.
    pub headers: HeaderMap,
    /// When it arrived, after the request did.
    pub at: Duration,
}

/// Something that went wrong outside the provider's own answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The record's `errorCode`.
    pub code: String,
    /// In words, without any prompt or answer text.
    pub message: String,
    /// Whose.
    pub source: ErrorSource,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// When the last byte came from upstream, after the request arrived.
    pub at: Duration,
    /// What the gateway itself took; filled in by whoever keeps the record.
    pub overhead: Option<Duration>,
    /// Whether the answer came to its own end.
    pub complete: bool,
    /// What reached the caller.
    pub delivered: Delivered,
    /// Status the caller got, where it was not the provider's.
    pub status: Option<u16>,
    /// What went wrong, if not the provider's own answer says so.
    pub fault: Option<Fault>,
}
