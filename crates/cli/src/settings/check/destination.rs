//! What must hold of a destination: keys of its kind, and what its kind takes.

use std::path::Path;

use corelog_types::{LogGroupName, LogStreamName};

use super::{readable, report};
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
    if destination.kind == DestinationKind::Otlp {
        check_receiver(index, destination, allow_http, findings);
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

/// Keys that are of some kinds: name, whether it is set, the kinds, and which of these needs it.
type Owned = (
    &'static str,
    bool,
    &'static [DestinationKind],
    Option<DestinationKind>,
);

/// Whether the keys fit the kind. A default of another kind is fine: `config show` prints it.
fn check_kind(index: usize, destination: &Destination, findings: &mut Findings) {
    use DestinationKind::{CloudWatchLogs as Logs, Otlp, S3};
    let default = Destination::in_data_dir(Path::new("/"));
    let (d, default) = (destination, default.as_ref().unwrap_or(destination));
    let gzip = d.gzip_level != default.gzip_level;
    let stream = d.log_stream != default.log_stream;
    let event = d.event_bytes_max != default.event_bytes_max;
    let owned: [Owned; 16] = [
        ("url", d.url.is_some(), &[S3], Some(S3)),
        ("gzip_level", gzip, &[S3, Otlp], None),
        ("sse", d.sse.is_some(), &[S3], None),
        ("sse_kms_key_id", d.sse_kms_key_id.is_some(), &[S3], None),
        ("log_group", d.log_group.is_some(), &[Logs], Some(Logs)),
        ("log_stream", stream, &[Logs], None),
        ("region", d.region.is_some(), &[Logs], None),
        ("endpoint", d.endpoint.is_some(), &[Logs, Otlp], Some(Otlp)),
        ("credentials", d.credentials.is_some(), &[Logs], None),
        ("event_bytes_max", event, &[Logs], None),
        ("headers", d.headers.is_some(), &[Otlp], None),
        ("ca_file", d.ca_file.is_some(), &[Otlp], None),
        ("timeout", d.timeout != default.timeout, &[Otlp], None),
        ("content", d.content != default.content, &[Otlp], None),
        ("metrics", d.metrics != default.metrics, &[Otlp], None),
        ("reported", d.reported != default.reported, &[Otlp], None),
    ];
    let kind = d.kind.as_str();
    for (key, is_set, kinds, needs) in owned {
        if is_set && !kinds.contains(&d.kind) {
            let of: Vec<_> = kinds
                .iter()
                .map(|it| format!("`{}`", it.as_str()))
                .collect();
            let of = of.join(" or ");
            let fault = Fault::new(format!("is for kind {of}, this destination is `{kind}`"));
            report(findings, SECTION, Some(index), key, fault);
        } else if !is_set && needs == Some(d.kind) {
            let origin = findings.origin(SECTION, Some(index), "name");
            let path = format!("{SECTION}[{index}].{key}");
            let reason = format!("`{path}`: a destination of kind `{kind}` needs it");
            findings.problem(path, Fault::new(reason), origin);
        }
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
    check_endpoint(index, destination, allow_http, findings);
    let event_bytes = destination.event_bytes_max.bytes();
    if !(EVENT_BYTES_MIN..=EVENT_BYTES_MAX).contains(&event_bytes) {
        let fault = Fault::new(format!(
            "must be from {EVENT_BYTES_MIN}B to {EVENT_BYTES_MAX}B"
        ));
        report(findings, SECTION, block, "event_bytes_max", fault);
    }
}

/// What a receiver of spans needs. Cleartext is fine, as long as it shows neither headers nor what was said.
fn check_receiver(
    index: usize,
    destination: &Destination,
    allow_http: bool,
    findings: &mut Findings,
) {
    if destination.headers.is_some() || destination.content {
        check_endpoint(index, destination, allow_http, findings);
    }
    if destination.timeout.is_zero() {
        let fault = Fault::new("must be more than nothing");
        report(findings, SECTION, Some(index), "timeout", fault);
    }
    if let Some(path) = &destination.ca_file {
        readable(findings, SECTION, Some(index), "ca_file", path);
    }
}

fn check_endpoint(
    index: usize,
    destination: &Destination,
    allow_http: bool,
    findings: &mut Findings,
) {
    if let Some(endpoint) = &destination.endpoint
        && endpoint.as_str().starts_with("http://")
        && !allow_http
        && !endpoint.is_loopback()
    {
        let fault = Fault::new("the endpoint is cleartext")
            .hint("use `https`, or set `s3.allow_http = true`");
        report(findings, SECTION, Some(index), "endpoint", fault);
    }
}
