//! Settings of notifiers, as their senders want them.

use anyhow::Context as _;
use corelog_cli::settings::{self, NotifierKind, NotifierSeverity, Settings, SmtpEncryption};
use corelog_notify::{
    BurstConfig, ChannelConfig, CommandConfig, EmailConfig, Encryption, HttpConfig,
    PagerDutyConfig, Secret, Severity,
};

use super::{pem, proxy_for};

/// Where `PagerDuty` takes events.
const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// Whose alarms there are.
pub(crate) fn alarms_account(settings: &Settings) -> corelog_alarms::Account {
    let region = &settings.account.region;
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    corelog_alarms::Account {
        partition: partition.to_owned(),
        region: region.clone(),
        account_id: settings.account.id.clone(),
    }
}

/// A notifier.
pub(crate) fn notifier(
    notifier: &settings::Notifier,
    settings: &Settings,
) -> anyhow::Result<corelog_notify::Config> {
    let secret = match &notifier.secret {
        Some(secret) => Some(Secret::parse(secret.reveal())?),
        None => None,
    };
    let http = || notifier_http(notifier, settings);
    let channel = match notifier.kind {
        NotifierKind::Slack => ChannelConfig::Slack(http()?),
        NotifierKind::Sns => ChannelConfig::Sns(http()?, secret),
        NotifierKind::Webhook => ChannelConfig::Webhook(http()?, secret),
        NotifierKind::EventBridge => ChannelConfig::EventBridge(http()?, secret),
        NotifierKind::PagerDuty => ChannelConfig::PagerDuty(pager_duty(notifier, http()?)?),
        NotifierKind::Email => ChannelConfig::Email(email(notifier)?),
        NotifierKind::Command => ChannelConfig::Command(CommandConfig {
            argv: notifier.command.clone(),
            timeout: notifier.timeout,
        }),
    };
    let burst = notifier.burst().map(|(most, window)| BurstConfig {
        most: most as usize,
        window,
    });
    Ok(corelog_notify::Config {
        name: notifier.name.as_str().to_owned(),
        topics: notifier.topics.clone(),
        channel,
        retry_for: notifier.retry_for,
        concurrency_max: notifier.concurrency_max as usize,
        burst,
    })
}

fn notifier_http(notifier: &settings::Notifier, settings: &Settings) -> anyhow::Result<HttpConfig> {
    let url = notifier.url.as_ref();
    let url = url.map_or(PAGERDUTY_URL, settings::HookUrl::reveal);
    // The error would show the URL, which may be a secret.
    let url: http::Uri = url.parse().ok().context("its `url` is no URL")?;
    Ok(HttpConfig {
        ca_pem: pem(notifier.ca_file.as_deref())?,
        proxy: proxy_for(&url, settings),
        timeout: notifier.timeout,
        url,
    })
}

fn pager_duty(notifier: &settings::Notifier, http: HttpConfig) -> anyhow::Result<PagerDutyConfig> {
    let routing_key = notifier.routing_key.as_ref();
    Ok(PagerDutyConfig {
        http,
        routing_key: routing_key
            .context("it has no `routing_key`")?
            .reveal()
            .to_owned(),
        severity: match notifier.severity {
            NotifierSeverity::Critical => Severity::Critical,
            NotifierSeverity::Error => Severity::Error,
            NotifierSeverity::Warning => Severity::Warning,
            NotifierSeverity::Info => Severity::Info,
        },
    })
}

fn email(notifier: &settings::Notifier) -> anyhow::Result<EmailConfig> {
    let login = match (&notifier.smtp_user, &notifier.smtp_password) {
        (Some(user), Some(password)) => Some((user.clone(), password.reveal().to_owned())),
        _ => None,
    };
    Ok(EmailConfig {
        host: notifier
            .smtp_host
            .clone()
            .context("it has no `smtp_host`")?,
        port: notifier.smtp_port(),
        encryption: match notifier.smtp_encryption {
            SmtpEncryption::StartTls => Encryption::StartTls,
            SmtpEncryption::Tls => Encryption::Tls,
            SmtpEncryption::None => Encryption::None,
        },
        ca_pem: pem(notifier.ca_file.as_deref())?,
        login,
        from: notifier.from.clone().context("it has no `from`")?,
        to: notifier.to.clone(),
        timeout: notifier.timeout,
    })
}
