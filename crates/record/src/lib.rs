//! The versioned invocation record: its document, its stored form, and its line of JSON.
//!
//! A record is an *envelope* (everything but the bodies) and *parts* (the bodies). They are kept apart
//! because each destination places bodies differently: inline, as an object of its own, or not at all.
//! [`Document`] is `ModelInvocationLog` 1.0 without bodies; [`stored`] packs document and parts into the
//! bytes that a spool keeps; [`line()`] joins them again into one line of JSON. [`events`] is the other thing that a
//! spool keeps: log events that somebody put into a log stream.
//!
//! Absent here: I/O, clocks, knowledge of any provider.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>

mod document;
pub mod events;
mod extension;
mod line;
mod outline;
pub mod stored;

pub use document::{Document, Identity, Input, Output, PerformanceConfig};
pub use extension::{
    CallerFacts, CostFacts, Cut, CutReason, Delivered, DeliveryOutcome, ErrorSource, Extension,
    SpanFacts, StreamFacts, Trace, UsageCounts,
};
pub use line::{BodyForm, BodySlot, InvalidBody, line};
pub use outline::{
    CallerOutline, CostOutline, DeliveryOutline, ExtensionOutline, InputCounts, Outline,
    OutputCounts, StreamOutline, Text, TokenCount, TokenCounts,
};

/// The constant `schemaType` of every record.
pub const SCHEMA_TYPE: &str = "ModelInvocationLog";
/// The `schemaVersion` this crate writes.
pub const SCHEMA_VERSION: &str = "1.0";
/// The log stream of records in a log group, as the original calls it.
pub const LOG_STREAM: &str = "aws/bedrock/modelinvocations";
