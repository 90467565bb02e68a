//! What must hold of a notifier: keys of its kind, and what a kind cannot do without.

use super::{readable, report};
use crate::settings::reader::Findings;
use crate::settings::schema::{Notifier, NotifierKind, NotifierSeverity, SmtpEncryption};
use crate::settings::secret::SecretSource;
use crate::settings::value::Fault;

const SECTION: &str = "notifier";
const CONCURRENCY_MAX: u32 = 64;

/// Keys that are of some kinds: name, whether it is set, the kinds, and whether these need it.
type Owned<'a> = (&'static str, bool, &'a [NotifierKind], bool);

/// Reports what is wrong with a notifier.
pub(super) fn check(index: usize, notifier: &Notifier, findings: &mut Findings) {
    use NotifierKind::{Command, Email, EventBridge, PagerDuty, Slack, Sns, Webhook};
    let block = Some(index);
    let n = notifier;
    let has_encryption = n.smtp_encryption != SmtpEncryption::StartTls;
    let owned: [Owned<'_>; 12] = [
        (
            "url",
            n.url.is_some(),
            &[Slack, Sns, Webhook, EventBridge],
            n.kind != PagerDuty,
        ),
        (
            "secret",
            n.secret.is_some(),
            &[Sns, Webhook, EventBridge],
            false,
        ),
        ("routing_key", n.routing_key.is_some(), &[PagerDuty], true),
        (
            "severity",
            n.severity != NotifierSeverity::Critical,
            &[PagerDuty],
            false,
        ),
        ("smtp_host", n.smtp_host.is_some(), &[Email], true),
        ("smtp_port", n.smtp_port.is_some(), &[Email], false),
        ("smtp_encryption", has_encryption, &[Email], false),
        ("smtp_user", n.smtp_user.is_some(), &[Email], false),
        ("smtp_password", n.smtp_password.is_some(), &[Email], false),
        ("from", n.from.is_some(), &[Email], true),
        ("to", !n.to.is_empty(), &[Email], true),
        ("command", !n.command.is_empty(), &[Command], true),
    ];
    for (key, is_set, kinds, is_needed) in owned {
        let fits = kinds.contains(&n.kind) || (key == "url" && n.kind == PagerDuty);
        if is_set && !fits {
            let of: Vec<String> = kinds
                .iter()
                .map(|it| format!("`{}`", it.as_str()))
                .collect();
            let kind = n.kind.as_str();
            let reason = format!("is for kind {}, this notifier is `{kind}`", of.join(", "));
            report(findings, SECTION, block, key, Fault::new(reason));
        } else if is_needed && kinds.contains(&n.kind) && !is_set {
            let origin = findings.origin(SECTION, block, "name");
            let path = format!("{SECTION}[{index}].{key}");
            let kind = n.kind.as_str();
            let reason = format!("`{path}`: a notifier of kind `{kind}` needs it");
            findings.problem(path, Fault::new(reason), origin);
        }
    }
    check_url(index, notifier, findings);
    check_mail(index, notifier, findings);
    check_limits(index, notifier, findings);
    if let Some(path) = &n.ca_file {
        readable(findings, SECTION, block, "ca_file", path);
    }
}

fn check_url(index: usize, notifier: &Notifier, findings: &mut Findings) {
    let block = Some(index);
    if let Some(url) = &notifier.url {
        let is_secret = matches!(notifier.kind, NotifierKind::Slack | NotifierKind::PagerDuty);
        if is_secret && url.is_exposed() {
            let fault = Fault::new("anyone on the way could read the key to it: use `https`");
            report(findings, SECTION, block, "url", fault);
        }
        if notifier.kind == NotifierKind::Slack && *url.source() == SecretSource::Literal {
            let origin = findings.origin(SECTION, block, "url");
            let fault = Fault::new("whoever knows the URL of a Slack webhook may write there");
            let hint = "put it into a variable or a file, and write `env:NAME` or `file:PATH` here";
            // One on this machine is a test.
            if url.reveal().starts_with("https://") {
                findings.warning(format!("{SECTION}[{index}].url"), fault.hint(hint), origin);
            }
        }
    }
    let secret = notifier.secret.as_ref();
    let base64 = secret.and_then(|secret| secret.reveal().strip_prefix("whsec_"));
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
    let is_base64 =
        |text: &str| !text.is_empty() && text.bytes().all(fits) && text.len().is_multiple_of(4);
    if base64.is_some_and(|text| !is_base64(text)) {
        let fault = Fault::new("what follows `whsec_` is no base64");
        report(findings, SECTION, block, "secret", fault);
    }
}

fn check_mail(index: usize, notifier: &Notifier, findings: &mut Findings) {
    let block = Some(index);
    if notifier.smtp_user.is_some() != notifier.smtp_password.is_some() {
        let key = if notifier.smtp_user.is_some() {
            "smtp_user"
        } else {
            "smtp_password"
        };
        let fault = Fault::new("`smtp_user` and `smtp_password` go together");
        report(findings, SECTION, block, key, fault);
    }
    let host = notifier.smtp_host.as_deref().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
    let is_plain = notifier.smtp_encryption == SmtpEncryption::None;
    if notifier.smtp_password.is_some() && is_plain && !is_here {
        let fault = Fault::new("anyone on the way could read the password")
            .hint("use `starttls` or `tls`, or leave `smtp_user` and `smtp_password` out");
        report(findings, SECTION, block, "smtp_encryption", fault);
    }
    if notifier
        .smtp_port
        .is_some_and(|port| port == 0 || port > 65_535)
    {
        let fault = Fault::new("must be from 1 to 65535");
        report(findings, SECTION, block, "smtp_port", fault);
    }
    let from = notifier.from.iter().map(|address| ("from", address));
    let to = notifier.to.iter().map(|address| ("to", address));
    for (key, address) in from.chain(to) {
        let inner = address.trim_end_matches('>').rsplit('<').next();
        let parts = inner.and_then(|inner| inner.trim().rsplit_once('@'));
        if parts.is_none_or(|(user, host)| user.is_empty() || host.is_empty()) {
            let fault = Fault::new(format!("`{address}` is no address"))
                .hint("write `somebody@example.org` or `Name <somebody@example.org>`");
            report(findings, SECTION, block, key, fault);
        }
    }
}

fn check_limits(index: usize, notifier: &Notifier, findings: &mut Findings) {
    let block = Some(index);
    for (key, duration) in [
        ("timeout", notifier.timeout),
        ("burst_window", notifier.burst_window),
    ] {
        if duration.is_zero() {
            let fault = Fault::new("must be longer than nothing");
            report(findings, SECTION, block, key, fault);
        }
    }
    if !(1..=CONCURRENCY_MAX).contains(&notifier.concurrency_max) {
        let fault = Fault::new(format!("must be from 1 to {CONCURRENCY_MAX}"));
        report(findings, SECTION, block, "concurrency_max", fault);
    }
    if notifier.kind == NotifierKind::EventBridge && notifier.burst_max.is_some_and(|it| it > 0) {
        let fault = Fault::new("events come one by one: there is none for many alarms");
        report(findings, SECTION, block, "burst_max", fault);
    }
    if notifier.kind == NotifierKind::EventBridge && !notifier.topics.is_empty() {
        let fault = Fault::new("a notifier of kind `eventbridge` executes no actions");
        report(findings, SECTION, block, "topics", fault);
    }
}

impl Notifier {
    /// How many alarms are many, and how soon; `None` if they never are.
    pub fn burst(&self) -> Option<(u32, std::time::Duration)> {
        let by_kind = match self.kind {
            NotifierKind::Slack | NotifierKind::Email => 10,
            NotifierKind::Sns
            | NotifierKind::PagerDuty
            | NotifierKind::Webhook
            | NotifierKind::EventBridge
            | NotifierKind::Command => 0,
        };
        let most = self.burst_max.unwrap_or(by_kind);
        (most > 0).then_some((most, self.burst_window))
    }

    /// The mail server's port.
    pub fn smtp_port(&self) -> u16 {
        let by_encryption = match self.smtp_encryption {
            SmtpEncryption::StartTls => 587,
            SmtpEncryption::Tls => 465,
            SmtpEncryption::None => 25,
        };
        let port = self.smtp_port.and_then(|port| u16::try_from(port).ok());
        port.unwrap_or(by_encryption)
    }
}
