//! What must hold of a destination: keys of its kind, and what its kind takes.

use std::path::Path;

use corelog_types::{LogGroupName, LogStreamName};

use super::report;
use crate::settings::reader::Findings;
use crate::settings::schema::{Destination, DestinationKind, Sse};
use crate::settings::value::Fault;

const SECTION: &str = "destination";
/// No record has that much beside its bodies.
const EVENT_BYTES_MIN: u64 = 64 << 10;
/// What the service takes: a request of 1 MiB, less what an event counts beside its message.
const EVENT_BYTES_MAX: u64 = (1 << 20) - 26;

/// Reports what is wrong with a destination. `allow_http` lets endpoints be cleartext.
pub(super) fn check(
    index: usize,
    destination: &Destination,
    allow_http: bool,
    findings: &mut Findings,
) {
    let block = Some(index);
    check_kind(index, destination, findings);
    if destination.kind == DestinationKind::CloudWatchLogs {
        check_target(index, destination, allow_http, findings);
    }
    if destination.gzip_level > 9 {
        report(
            findings,
            SECTION,
            block,
            "gzip_level",
            Fault::new("must be from 0 to 9"),
        );
    }
    if destination.batch_records == 0 {
        report(
            findings,
            SECTION,
            block,
            "batch_records",
            Fault::new("must be at least 1"),
        );
    }
    if destination.batch_bytes.bytes() == 0 {
        report(
            findings,
            SECTION,
            block,
            "batch_bytes",
            Fault::new("must be at least 1B"),
        );
    }
    if destination.sse_kms_key_id.is_some() && destination.sse != Some(Sse::Kms) {
        let fault = Fault::new("a KMS key needs `sse = \"aws:kms\"`");
        report(findings, SECTION, block, "sse_kms_key_id", fault);
    }
}

/// Whether the keys fit the kind. A default of the other kind is fine: `config show` prints it.
fn check_kind(index: usize, destination: &Destination, findings: &mut Findings) {
    let kind = destination.kind.as_str();
    let default = Destination::in_data_dir(Path::new("/"));
    let (d, default) = (destination, default.as_ref().unwrap_or(destination));
    let s3 = [
        ("url", d.url.is_some()),
        ("gzip_level", d.gzip_level != default.gzip_level),
        ("sse", d.sse.is_some()),
        ("sse_kms_key_id", d.sse_kms_key_id.is_some()),
    ];
    let logs = [
        ("log_group", d.log_group.is_some()),
        ("log_stream", d.log_stream != default.log_stream),
        ("region", d.region.is_some()),
        ("endpoint", d.endpoint.is_some()),
        ("credentials", d.credentials.is_some()),
        (
            "event_bytes_max",
            d.event_bytes_max != default.event_bytes_max,
        ),
    ];
    // The first key of each kind is the one it cannot do without.
    let (own, others, of): (&[_], &[_], _) = match destination.kind {
        DestinationKind::S3 => (&s3, &logs, DestinationKind::CloudWatchLogs),
        DestinationKind::CloudWatchLogs => (&logs, &s3, DestinationKind::S3),
    };
    let (needed, is_there) = own[0];
    if !is_there {
        let origin = findings.origin(SECTION, Some(index), "name");
        let path = format!("{SECTION}[{index}].{needed}");
        let reason = format!("`{path}`: a destination of kind `{kind}` needs it");
        findings.problem(path, Fault::new(reason), origin);
    }
    for (key, _) in others.iter().filter(|(_, is_set)| *is_set) {
        let of = of.as_str();
        let fault = Fault::new(format!("is for kind `{of}`, this destination is `{kind}`"));
        report(findings, SECTION, Some(index), key, fault);
    }
}

/// Reports a name that is none of a log group.
pub(super) fn check_log_group(
    name: &str,
    section: &'static str,
    block: Option<usize>,
    findings: &mut Findings,
) {
    if LogGroupName::new(name).is_err() || name.starts_with("aws/") {
        let fault = Fault::new("is no name of a log group")
            .hint("use up to 512 of `A-Za-z0-9._/#-`, not beginning with `aws/`");
        report(findings, section, block, "log_group", fault);
    }
}

/// What a log group as a destination needs.
fn check_target(
    index: usize,
    destination: &Destination,
    allow_http: bool,
    findings: &mut Findings,
) {
    let block = Some(index);
    if let Some(group) = &destination.log_group {
        check_log_group(group, SECTION, block, findings);
    }
    if LogStreamName::new(destination.log_stream.clone()).is_err() {
        let fault = Fault::new("is no name of a log stream")
            .hint("use up to 512 characters, and neither `:` nor `*`");
        report(findings, SECTION, block, "log_stream", fault);
    }
    if let Some(endpoint) = &destination.endpoint
        && endpoint.as_str().starts_with("http://")
        && !allow_http
        && !endpoint.is_loopback()
    {
        let fault = Fault::new("the endpoint is cleartext")
            .hint("use `https`, or set `s3.allow_http = true`");
        report(findings, SECTION, block, "endpoint", fault);
    }
    let event_bytes = destination.event_bytes_max.bytes();
    if !(EVENT_BYTES_MIN..=EVENT_BYTES_MAX).contains(&event_bytes) {
        let fault = Fault::new(format!(
            "must be from {EVENT_BYTES_MIN}B to {EVENT_BYTES_MAX}B"
        ));
        report(findings, SECTION, block, "event_bytes_max", fault);
    }
}
