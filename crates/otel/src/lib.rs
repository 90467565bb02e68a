//! OpenTelemetry in and out: spans of calls to models become records, and records become spans and metrics.
//!
//! In: [`Export`] reads OTLP exports in either encoding, [`Intake`] knows what of them is kept already. A span of a call becomes a record, whether it follows
//! OpenTelemetry's conventions for generative AI, `OpenInference`'s or `OpenLLMetry`'s. Calls that the gateway recorded
//! itself are not recorded again; how the two are told to be one opens `seen.rs`.
//!
//! Metrics: [`MetricsExport`] reads them, and [`Series`] knows what they have come to, so that counters that go on counting
//! become what they grew by.
//!
//! Out: [`export`] makes a span of a record, with today's `gen_ai.*` attributes and the content only if that is asked
//! for, and counts records in the `gen_ai.client.*` histograms.
//!
//! Absent here: I/O, HTTP, clocks, gRPC. Bytes come in, records and bytes go out; untrusted bytes never panic, and
//! memory follows their size.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai>

mod attributes;
mod call;
mod content;
pub mod export;
mod id;
mod intake;
mod joiner;
mod measures;
mod protobuf;
mod provider;
mod record;
mod reply;
mod request;
mod seen;
mod step;

pub use intake::{Export, Intake, Sifted, Taken};
pub use measures::{Advance, MetricsExport, Sample, Series};
pub use provider::{called_at, is_provider, provider_names, region_of};
pub use record::{Booking, DIALECT, Record};
pub use reply::{Signal, failure, reply, status};
pub use request::{Encoding, Malformed, TraceId};
pub use seen::Noted;
pub use step::Step;
