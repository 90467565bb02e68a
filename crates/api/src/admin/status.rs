//! `GET /corelog/v1/status`: what `corelog doctor` looks at.

use std::fmt;
use std::time::Duration;

use corelog_access::Caller;
use corelog_types::{NodeId, Sequence, Timestamp};
use http::Response;
use serde::Serialize;

use super::Problem;
use super::error::json;
use crate::{Action, Api, Body};

/// Knows how everything is; the binary implements it, for only it knows everyone.
pub trait Status: Send + Sync + fmt::Debug {
    /// How everything is now.
    fn report(&self) -> StatusReport;
}

/// How everything is.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusReport {
    /// Version of the binary.
    pub version: String,
    /// The node.
    pub node: NodeId,
    /// When the process started.
    pub started: Timestamp,
    /// The spool.
    pub spool: SpoolReport,
    /// Every destination, those of the file and the control API's.
    pub destinations: Vec<DestinationReport>,
    /// Policies in force, by name: `durability` is `strict`, `disk` is `refuse`, …
    pub policies: Vec<(&'static str, String)>,
    /// What a person should look at, in words.
    pub warnings: Vec<String>,
}

/// How the spool is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolReport {
    /// Its directory.
    pub dir: String,
    /// The oldest record kept.
    pub oldest: Sequence,
    /// The last durable record.
    pub durable: Sequence,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes it may have at most.
    pub bytes_max: u64,
    /// Segments on disk.
    pub segments: u64,
    /// Whether it takes records now.
    pub accepting: bool,
    /// Calls that went on without a record, ever in this directory.
    pub gaps: u64,
}

/// How one destination is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationReport {
    /// Its name.
    pub name: String,
    /// Where it writes.
    pub location: String,
    /// Whether the control API owns it.
    pub from_api: bool,
    /// The last record delivered.
    pub position: Sequence,
    /// Durable records not delivered yet.
    pub backlog: u64,
    /// Age of the oldest of them.
    pub oldest_age: Duration,
    /// Failures in a row; 0 while all is well.
    pub failures: u32,
    /// The last failure, as long as it lasts.
    pub last_error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Form<'a> {
    version: &'a str,
    node: String,
    started: String,
    spool: SpoolForm<'a>,
    destinations: Vec<DestinationForm<'a>>,
    policies: serde_json::Map<String, serde_json::Value>,
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpoolForm<'a> {
    dir: &'a str,
    oldest_sequence: u64,
    durable_sequence: u64,
    bytes: u64,
    bytes_max: u64,
    segments: u64,
    accepting: bool,
    gaps: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DestinationForm<'a> {
    name: &'a str,
    location: &'a str,
    from: &'static str,
    delivered_sequence: u64,
    backlog: u64,
    oldest_age_ms: u64,
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
}

/// Reports how everything is.
pub(crate) fn status(api: &Api, caller: &Caller) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::GetStatus)?;
    let report = api.status().report();
    let destinations = report.destinations.iter().map(DestinationForm::from);
    let policies = report
        .policies
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()));
    Ok(json(&Form {
        version: &report.version,
        node: report.node.to_string(),
        started: report.started.rfc3339_ms(),
        spool: SpoolForm {
            dir: &report.spool.dir,
            oldest_sequence: report.spool.oldest.to_u64(),
            durable_sequence: report.spool.durable.to_u64(),
            bytes: report.spool.bytes,
            bytes_max: report.spool.bytes_max,
            segments: report.spool.segments,
            accepting: report.spool.accepting,
            gaps: report.spool.gaps,
        },
        destinations: destinations.collect(),
        policies: policies.collect(),
        warnings: &report.warnings,
    }))
}

impl<'a> From<&'a DestinationReport> for DestinationForm<'a> {
    fn from(report: &'a DestinationReport) -> Self {
        Self {
            name: &report.name,
            location: &report.location,
            from: if report.from_api { "api" } else { "config" },
            delivered_sequence: report.position.to_u64(),
            backlog: report.backlog,
            oldest_age_ms: u64::try_from(report.oldest_age.as_millis()).unwrap_or(u64::MAX),
            failures: report.failures,
            last_error: report.last_error.as_deref(),
        }
    }
}
