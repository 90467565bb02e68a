//! What must hold of a subscriber: keys of its kind, and what a kind cannot do without.

use std::collections::BTreeMap;

use super::{readable, report};
use crate::settings::reader::Findings;
use crate::settings::schema::{Subscriber, SubscriberKind, SubscriberPayload};
use crate::settings::secret::HookUrl;
use crate::settings::value::Fault;

const SECTION: &str = "subscriber";
/// The port of NATS servers.
const NATS_PORT: u16 = 4222;

/// Keys that are of some kinds: name, whether it is set, the kinds, and whether these need it.
type Owned<'a> = (&'static str, bool, &'a [SubscriberKind], bool);

/// Reports what is wrong with a subscriber.
pub(super) fn check(index: usize, subscriber: &Subscriber, findings: &mut Findings) {
    use SubscriberKind::{File, Http, Nats, OpenSearch};
    let block = Some(index);
    let s = subscriber;
    let owned: [Owned<'_>; 9] = [
        ("url", s.url.is_some(), &[Http, OpenSearch], true),
        ("headers", s.headers.is_some(), &[Http, OpenSearch], false),
        ("payload", s.payload.is_some(), &[Http, File, Nats], false),
        ("path", s.path.is_some(), &[File], true),
        ("server", s.server.is_some(), &[Nats], true),
        ("subject", s.subject.is_some(), &[Nats], true),
        ("user", s.user.is_some(), &[Nats], false),
        ("password", s.password.is_some(), &[Nats], false),
        ("token", s.token.is_some(), &[Nats], false),
    ];
    for (key, is_set, kinds, is_needed) in owned {
        let (fits, kind) = (kinds.contains(&s.kind), s.kind.as_str());
        if is_set && !fits {
            let of: Vec<String> = kinds
                .iter()
                .map(|it| format!("`{}`", it.as_str()))
                .collect();
            let reason = format!("is for kind {}, this subscriber is `{kind}`", of.join(", "));
            report(findings, SECTION, block, key, Fault::new(reason));
        } else if is_needed && fits && !is_set {
            let origin = findings.origin(SECTION, block, "name");
            let path = format!("{SECTION}[{index}].{key}");
            let reason = format!("`{path}`: a subscriber of kind `{kind}` needs it");
            findings.problem(path, Fault::new(reason), origin);
        }
    }
    check_place(index, subscriber, findings);
    check_nats(index, subscriber, findings);
    check_limits(index, subscriber, findings);
    if let Some(path) = &s.ca_file {
        readable(findings, SECTION, block, "ca_file", path);
    }
}

/// Reports files that two subscribers would write: each repairs what it takes for its own half-written line.
pub(super) fn check_paths(subscribers: &[Subscriber], findings: &mut Findings) {
    let mut seen = BTreeMap::new();
    for (index, subscriber) in subscribers.iter().enumerate() {
        let Some(path) = &subscriber.path else {
            continue;
        };
        if let Some(first) = seen.insert(path, index) {
            let fault = Fault::new(format!("`{SECTION}[{first}]` writes that file"));
            let hint = "name both destinations in the `arns` of one subscriber";
            report(findings, SECTION, Some(index), "path", fault.hint(hint));
        }
    }
}

fn check_place(index: usize, subscriber: &Subscriber, findings: &mut Findings) {
    let block = Some(index);
    let is_exposed = subscriber.url.as_ref().is_some_and(HookUrl::is_exposed);
    if subscriber.headers.is_some() && is_exposed {
        let fault = Fault::new("anyone on the way could read the headers: use `https`");
        report(findings, SECTION, block, "url", fault);
    }
    let is_gzip = subscriber.payload == Some(SubscriberPayload::Gzip);
    if subscriber.kind == SubscriberKind::File && is_gzip {
        let fault = Fault::new("compressed bytes are no lines: use `json` or `awslogs`");
        report(findings, SECTION, block, "payload", fault);
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.%Ymd".contains(c);
    let index_name = &subscriber.index;
    if index_name.is_empty()
        || index_name.starts_with(['-', '_', '.'])
        || !index_name.chars().all(fits)
    {
        let fault = Fault::new(format!("`{index_name}` is no name of an index")).hint(
            "use lower-case letters, digits, `-`, `_`, `.`, and `%Y`, `%m`, `%d` for the day",
        );
        report(findings, SECTION, block, "index", fault);
    }
}

fn check_nats(index: usize, subscriber: &Subscriber, findings: &mut Findings) {
    let block = Some(index);
    if let Some(server) = &subscriber.server
        && subscriber.nats_server().is_none()
    {
        let fault = Fault::new(format!("`{server}` is no NATS server"))
            .hint("write `nats://HOST:PORT` or `tls://HOST:PORT`, and who you are in `user` and `password` or `token`");
        report(findings, SECTION, block, "server", fault);
    }
    let is_plain = subscriber.nats_server().is_some_and(|(address, tls)| {
        let host = address.rsplit_once(':').map_or("", |(host, _)| host);
        !tls && !matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    });
    if is_plain && (subscriber.password.is_some() || subscriber.token.is_some()) {
        let fault = Fault::new("anyone on the way could read who we are: use `tls://`");
        report(findings, SECTION, block, "server", fault);
    }
    if subscriber.user.is_some() != subscriber.password.is_some() {
        let key = if subscriber.user.is_some() {
            "user"
        } else {
            "password"
        };
        let fault = Fault::new("`user` and `password` go together");
        report(findings, SECTION, block, key, fault);
    }
    if subscriber.user.is_some() && subscriber.token.is_some() {
        let fault = Fault::new("use one of `token` and `user` with `password`");
        report(findings, SECTION, block, "token", fault);
    }
    let subject = subscriber.subject.as_deref();
    let is_subject = |subject: &str| {
        let fits = |c: char| c.is_ascii_graphic() && !"*>".contains(c);
        subject.split('.').all(|part| !part.is_empty()) && subject.chars().all(fits)
    };
    if let Some(subject) = subject.filter(|subject| !is_subject(subject)) {
        let fault = Fault::new(format!("`{subject}` is no subject to publish to"))
            .hint("use parts with dots between them, without `*` and `>`");
        report(findings, SECTION, block, "subject", fault);
    }
}

fn check_limits(index: usize, subscriber: &Subscriber, findings: &mut Findings) {
    let block = Some(index);
    for (key, is_nothing) in [
        ("timeout", subscriber.timeout.is_zero()),
        ("message_bytes", subscriber.message_bytes.bytes() == 0),
        ("rotate_bytes", subscriber.rotate_bytes.bytes() == 0),
        ("files_max", subscriber.files_max == 0),
    ] {
        if is_nothing {
            let fault = Fault::new("must be more than nothing");
            report(findings, SECTION, block, key, fault);
        }
    }
}

impl Subscriber {
    /// Host and port of the NATS server, and whether the connection is encrypted.
    pub fn nats_server(&self) -> Option<(String, bool)> {
        let server = self.server.as_deref()?;
        let (rest, tls) = match (
            server.strip_prefix("nats://"),
            server.strip_prefix("tls://"),
        ) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => return None,
        };
        let authority: http::uri::Authority = rest.trim_end_matches('/').parse().ok()?;
        let host = authority.host();
        if host.is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16().unwrap_or(NATS_PORT);
        Some((format!("{host}:{port}"), tls))
    }
}
