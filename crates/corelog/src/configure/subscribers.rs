//! Settings of subscribers, as their senders want them.

use anyhow::Context as _;
use corelog_cli::settings::{self, Settings, Subscriber, SubscriberKind, SubscriberPayload};
use corelog_dial::Headers;
use corelog_subscribers::{
    ChannelConfig, Config, FileConfig, HttpConfig, NatsConfig, NatsLogin, OpenSearchConfig, Payload,
};

use super::{pem, proxy_for};

/// A subscriber.
pub(crate) fn subscriber(subscriber: &Subscriber, settings: &Settings) -> anyhow::Result<Config> {
    let payload = subscriber.payload.map(|payload| match payload {
        SubscriberPayload::Json => Payload::Json,
        SubscriberPayload::Gzip => Payload::Gzip,
        SubscriberPayload::AwsLogs => Payload::AwsLogs,
    });
    let channel = match subscriber.kind {
        SubscriberKind::Http => ChannelConfig::Http(http(subscriber, settings)?, payload),
        SubscriberKind::OpenSearch => ChannelConfig::OpenSearch(OpenSearchConfig {
            http: http(subscriber, settings)?,
            index: subscriber.index.clone(),
        }),
        SubscriberKind::File => ChannelConfig::File(FileConfig {
            path: subscriber.path.clone().context("it has no `path`")?,
            rotate_bytes: subscriber.rotate_bytes,
            files_max: subscriber.files_max,
            payload: payload.unwrap_or(Payload::Json),
        }),
        SubscriberKind::Nats => ChannelConfig::Nats(nats(subscriber)?, payload),
    };
    Ok(Config {
        name: subscriber.name.as_str().to_owned(),
        arns: subscriber.arns.clone(),
        channel,
    })
}

fn http(subscriber: &Subscriber, settings: &Settings) -> anyhow::Result<HttpConfig> {
    let url = subscriber.url.as_ref().map(settings::HookUrl::reveal);
    // The error would show the URL, which may be a secret.
    let url: Option<http::Uri> = url.and_then(|url| url.parse().ok());
    let url = url.context("its `url` is no URL")?;
    let headers = subscriber.headers.as_ref();
    let headers = headers.map(|said| Headers::parse(said.reveal()));
    Ok(HttpConfig {
        headers: headers.transpose()?.unwrap_or_default(),
        ca_pem: pem(subscriber.ca_file.as_deref())?,
        proxy: proxy_for(&url, settings),
        timeout: subscriber.timeout,
        url,
    })
}

fn nats(subscriber: &Subscriber) -> anyhow::Result<NatsConfig> {
    let (address, tls) = subscriber.nats_server().context("it has no `server`")?;
    let login = match (&subscriber.token, &subscriber.user, &subscriber.password) {
        (Some(token), _, _) => NatsLogin::Token(token.reveal().to_owned()),
        (None, Some(user), Some(password)) => {
            NatsLogin::User(user.clone(), password.reveal().to_owned())
        }
        _ => NatsLogin::None,
    };
    Ok(NatsConfig {
        address,
        tls,
        ca_pem: pem(subscriber.ca_file.as_deref())?,
        login,
        subject: subscriber.subject.clone().context("it has no `subject`")?,
        jetstream: subscriber.jetstream,
        timeout: subscriber.timeout,
    })
}
