//! What must hold between settings, and the files they name.

mod anomalies;
mod destination;
mod metrics;
mod notifier;
mod prices;
mod subscriber;

use std::path::Path;

use corelog_types::Dialect;

use super::Settings;
use super::names::{HttpUrl, Name};
use super::problem::Origin;
use super::reader::Findings;
use super::schema::{Durability, Provider};
use super::value::Fault;

/// Headers that carry credentials: no configuration puts them into a record.
const SECRET_HEADERS: [&str; 11] = [
    "api-key",
    "authorization",
    "cf-aig-authorization",
    "cookie",
    "helicone-auth",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
    "x-portkey-api-key",
];

/// Reports everything that does not go together.
pub(super) fn check(settings: &Settings, findings: &mut Findings) {
    duplicates(
        "provider",
        settings.providers.iter().map(|p| &p.name),
        findings,
    );
    duplicates(
        "destination",
        settings.destinations.iter().map(|d| &d.name),
        findings,
    );
    duplicates(
        "notifier",
        settings.notifiers.iter().map(|n| &n.name),
        findings,
    );
    duplicates(
        "subscriber",
        settings.subscribers.iter().map(|s| &s.name),
        findings,
    );
    duplicates("key", settings.keys.iter().map(|k| &k.name), findings);
    listen(settings, findings);
    for (index, provider) in settings.providers.iter().enumerate() {
        check_provider(index, provider, findings);
    }
    for (index, destination) in settings.destinations.iter().enumerate() {
        destination::check(index, destination, settings.s3.allow_http, findings);
    }
    for (index, notifier) in settings.notifiers.iter().enumerate() {
        notifier::check(index, notifier, findings);
    }
    for (index, subscriber) in settings.subscribers.iter().enumerate() {
        subscriber::check(index, subscriber, findings);
    }
    subscriber::check_paths(&settings.subscribers, findings);
    prices::check(settings, findings);
    keys(settings, findings);
    capture(settings, findings);
    rules(settings, findings);
    spool_and_limits(settings, findings);
    metrics::check(&settings.metrics, findings);
    anomalies::check(settings, findings);
    tls(settings, findings);
    s3(settings, findings);
    account(settings, findings);
}

fn report(
    findings: &mut Findings,
    section: &'static str,
    block: Option<usize>,
    key: &str,
    fault: Fault,
) {
    let origin = findings.origin(section, block, key);
    let path = match block {
        Some(index) => format!("{section}[{index}].{key}"),
        None => format!("{section}.{key}")
            .trim_start_matches('.')
            .to_owned(),
    };
    let reason = format!("`{path}`: {}", fault.reason);
    findings.problem(
        path,
        Fault {
            reason,
            hint: fault.hint,
        },
        origin,
    );
}

fn duplicates<'a>(
    section: &'static str,
    names: impl Iterator<Item = &'a Name>,
    findings: &mut Findings,
) {
    let mut seen: Vec<&Name> = Vec::new();
    for (index, name) in names.enumerate() {
        if let Some(first) = seen.iter().position(|earlier| *earlier == name) {
            let fault = Fault::new(format!(
                "the name `{name}` is taken by `{section}[{first}]`"
            ));
            report(
                findings,
                section,
                Some(index),
                "name",
                fault.hint("each needs a name of its own"),
            );
        }
        seen.push(name);
    }
}

fn listen(settings: &Settings, findings: &mut Findings) {
    if !settings.listen.ip().is_loopback() && settings.keys.is_empty() {
        let reason = format!(
            "`{}` is reachable from outside, and no `[[key]]` says who may call",
            settings.listen
        );
        let fault = Fault::new(reason).hint("add a `[[key]]`, or listen on `127.0.0.1`");
        report(findings, "", None, "listen", fault);
    }
}

fn readable(
    findings: &mut Findings,
    section: &'static str,
    block: Option<usize>,
    key: &str,
    path: &Path,
) {
    if let Err(error) = std::fs::File::open(path)
        .and_then(|file| file.metadata())
        .and_then(|meta| {
            if meta.is_dir() {
                Err(std::io::Error::other("it is a directory"))
            } else {
                Ok(())
            }
        })
    {
        let fault = Fault::new(format!("`{}` cannot be read: {error}", path.display()));
        report(findings, section, block, key, fault);
    }
}

fn check_provider(index: usize, provider: &Provider, findings: &mut Findings) {
    const SECTION: &str = "provider";
    let block = Some(index);
    if provider.base_url.is_none() {
        let fault = Fault::new("a generic provider needs `base_url`");
        report(
            findings,
            SECTION,
            block,
            "dialect",
            fault.hint("set `base_url` to where its API begins"),
        );
    }
    let bedrock = provider.dialect == Dialect::Bedrock;
    if provider.credentials.is_some() && !bedrock {
        let fault = Fault::new(format!(
            "only `bedrock` providers sign, this one speaks `{}`",
            provider.dialect
        ));
        report(
            findings,
            SECTION,
            block,
            "credentials",
            fault.hint("use `api_key`"),
        );
    }
    if provider.bearer.is_some() && !bedrock {
        let fault = Fault::new(format!(
            "`bearer` is for `bedrock`, this one speaks `{}`",
            provider.dialect
        ));
        report(
            findings,
            SECTION,
            block,
            "bearer",
            fault.hint("use `api_key`"),
        );
    }
    let given = [
        provider.api_key.is_some(),
        provider.bearer.is_some(),
        provider.credentials.is_some(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        let key = if provider.credentials.is_some() {
            "credentials"
        } else {
            "bearer"
        };
        report(
            findings,
            SECTION,
            block,
            key,
            Fault::new("use one of `api_key`, `bearer` and `credentials`"),
        );
    }
    unsigned(block, provider, findings);
    if let Some(path) = &provider.ca_file {
        readable(findings, SECTION, block, "ca_file", path);
    }
    if provider.connections_max == Some(0) {
        report(
            findings,
            SECTION,
            block,
            "connections_max",
            Fault::new("must be at least 1"),
        );
    }
}

/// Warns of a provider that AWS refuses whoever signs for: a signature holds for the host it was made for.
fn unsigned(block: Option<usize>, provider: &Provider, findings: &mut Findings) {
    let held =
        provider.credentials.is_some() || provider.api_key.is_some() || provider.bearer.is_some();
    let of_aws = provider.base_url.as_ref().is_some_and(HttpUrl::is_aws);
    if provider.dialect != Dialect::Bedrock || !provider.enabled || held || !of_aws {
        return;
    }
    let key = match findings.origin("provider", block, "base_url") {
        Origin::Default => "name",
        _ => "base_url",
    };
    let origin = findings.origin("provider", block, key);
    let reason = format!(
        "provider `{}` goes to AWS without credentials: callers that sign (AWS SDKs, boto3, the AWS CLI) sign for \
         this gateway's address, and AWS refuses that",
        provider.name
    );
    let hint = "set `credentials = \"env\"` or `\"profile:NAME\"` so that the gateway signs anew, or `api_key` to a \
                Bedrock API key; callers that send such a key themselves need nothing";
    findings.warning(key, Fault::new(reason).hint(hint), origin);
}

fn keys(settings: &Settings, findings: &mut Findings) {
    for (index, key) in settings.keys.iter().enumerate() {
        let signs = (key.access_key_id.is_some(), key.secret_access_key.is_some());
        if signs.0 != signs.1 {
            let given = if signs.0 {
                "access_key_id"
            } else {
                "secret_access_key"
            };
            let fault = Fault::new("`access_key_id` and `secret_access_key` go together");
            report(findings, "key", Some(index), given, fault);
        } else if key.secret.is_none() && !signs.0 {
            // Were it let through, the gateway would take it for a key that nobody can show.
            let fault = Fault::new(
                "the key has neither `secret` nor `access_key_id` and `secret_access_key`",
            )
            .hint("set `secret` to `env:NAME` or `file:PATH`");
            report(findings, "key", Some(index), "name", fault);
        }
    }
}

fn capture(settings: &Settings, findings: &mut Findings) {
    for header in &settings.capture.headers {
        let lower = header.to_ascii_lowercase();
        if SECRET_HEADERS.contains(&lower.as_str()) {
            let fault = Fault::new(format!(
                "`{header}` carries credentials, which never enter a record"
            ));
            report(
                findings,
                "capture",
                None,
                "headers",
                fault.hint("records hold a key's fingerprint instead"),
            );
        } else if http::HeaderName::from_bytes(lower.as_bytes()).is_err() {
            report(
                findings,
                "capture",
                None,
                "headers",
                Fault::new(format!("`{header}` is no header name")),
            );
        }
    }
}

fn rules(settings: &Settings, findings: &mut Findings) {
    for (index, rule) in settings.capture_rules.iter().enumerate() {
        let conditions = [&rule.provider, &rule.model, &rule.key, &rule.header];
        if conditions.iter().all(|condition| condition.is_none()) {
            let fault = Fault::new("the rule has no condition, so it holds for every call");
            let hint = "add `provider`, `model`, `key` or `header`, or set `capture.policy`";
            report(
                findings,
                "capture.rule",
                Some(index),
                "policy",
                fault.hint(hint),
            );
        }
        let built_in = ["openai", "anthropic", "bedrock"];
        let mut providers = settings
            .providers
            .iter()
            .map(|p| p.name.as_str())
            .chain(built_in);
        if let Some(name) = &rule.provider
            && !providers.any(|provider| provider == name)
            // Calls to it may be reported, though none is relayed.
            && !corelog_otel::is_provider(name)
        {
            let fault = Fault::new(format!("there is no provider `{name}`"));
            report(findings, "capture.rule", Some(index), "provider", fault);
        }
        if let Some(name) = &rule.key
            && !settings.keys.iter().any(|key| key.name.as_str() == name)
        {
            report(
                findings,
                "capture.rule",
                Some(index),
                "key",
                Fault::new(format!("there is no key `{name}`")),
            );
        }
    }
}

fn spool_and_limits(settings: &Settings, findings: &mut Findings) {
    let spool = &settings.spool;
    if spool.durability == Durability::Relaxed && spool.sync_interval.is_zero() {
        let fault = Fault::new("must be longer than nothing")
            .hint("use `durability = \"strict\"` to sync at once");
        report(findings, "spool", None, "sync_interval", fault);
    }
    if spool.segment_bytes.bytes() < 4096 {
        report(
            findings,
            "spool",
            None,
            "segment_bytes",
            Fault::new("must be at least 4KiB"),
        );
    }
    if spool.bytes_max < spool.segment_bytes {
        let fault = Fault::new("is smaller than one segment")
            .hint("raise it, or lower `spool.segment_bytes`");
        report(findings, "spool", None, "bytes_max", fault);
    }
    destination::check_log_group(&settings.store.log_group, "store", None, findings);
    let limits = &settings.limits;
    if limits.exchanges_max == 0 {
        report(
            findings,
            "limits",
            None,
            "exchanges_max",
            Fault::new("must be at least 1"),
        );
    }
    if limits.connections_per_upstream_max == 0 {
        report(
            findings,
            "limits",
            None,
            "connections_per_upstream_max",
            Fault::new("must be at least 1"),
        );
    }
    let timeouts = [
        ("connect_timeout", limits.connect_timeout),
        ("first_byte_timeout", limits.first_byte_timeout),
        ("idle_timeout", limits.idle_timeout),
        ("total_timeout", limits.total_timeout),
    ];
    for (key, timeout) in timeouts {
        if timeout.is_zero() {
            report(
                findings,
                "limits",
                None,
                key,
                Fault::new("would end every call: must be longer than nothing"),
            );
        }
    }
}

fn tls(settings: &Settings, findings: &mut Findings) {
    let tls = &settings.tls;
    match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => {
            report(
                findings,
                "tls",
                None,
                "cert_file",
                Fault::new("a certificate needs its key: set `tls.key_file`"),
            );
        }
        (None, Some(_)) => {
            report(
                findings,
                "tls",
                None,
                "key_file",
                Fault::new("a key needs its certificate: set `tls.cert_file`"),
            );
        }
        (Some(cert), Some(key)) => {
            readable(findings, "tls", None, "cert_file", cert);
            readable(findings, "tls", None, "key_file", key);
        }
        (None, None) => {}
    }
}

fn s3(settings: &Settings, findings: &mut Findings) {
    let s3 = &settings.s3;
    if s3.access_key_id.is_some() != s3.secret_access_key.is_some() {
        let given = if s3.access_key_id.is_some() {
            "access_key_id"
        } else {
            "secret_access_key"
        };
        let fault = Fault::new("`access_key_id` and `secret_access_key` go together");
        report(findings, "s3", None, given, fault);
    }
    if let Some(endpoint) = &s3.endpoint
        && endpoint.as_str().starts_with("http://")
        && !s3.allow_http
        && !endpoint.is_loopback()
    {
        let fault = Fault::new("the endpoint is cleartext")
            .hint("use `https`, or set `s3.allow_http = true`");
        report(findings, "s3", None, "endpoint", fault);
    }
}

fn account(settings: &Settings, findings: &mut Findings) {
    let id = &settings.account.id;
    if id.len() != 12 || !id.bytes().all(|c| c.is_ascii_digit()) {
        let fault =
            Fault::new(format!("`{id}` is no account id")).hint("an account id has twelve digits");
        report(findings, "account", None, "id", fault);
    }
    let fits = |region: &str| {
        !region.is_empty()
            && region
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    let regions = settings
        .providers
        .iter()
        .enumerate()
        .map(|(index, p)| ("provider", Some(index), p.region.as_deref()));
    let own = [
        ("account", None, Some(settings.account.region.as_str())),
        ("s3", None, settings.s3.region.as_deref()),
    ];
    let destinations = settings
        .destinations
        .iter()
        .enumerate()
        .map(|(index, d)| ("destination", Some(index), d.region.as_deref()));
    for (section, block, region) in own.into_iter().chain(regions).chain(destinations) {
        if let Some(region) = region.filter(|region| !fits(region))
            && findings.origin(section, block, "region") != Origin::Default
        {
            let fault = Fault::new(format!("`{region}` is no region"))
                .hint("regions look like `us-east-1`");
            report(findings, section, block, "region", fault);
        }
    }
}
