//! The sink of each destination of the file, by its kind.

use std::sync::Arc;

use anyhow::Context as _;
use corelog_catalog::{Modalities, Modality};
use corelog_cli::settings::{self, Destination, DestinationKind, Settings, Sse};
use corelog_delivery::Sink;
use corelog_dial::Headers;
use corelog_metrics::LogDelivery;
use corelog_runtime::Clock;
use corelog_sinks::cloudwatch::{self, CloudWatchSink};
use corelog_sinks::otlp::{self, OtlpSink};
use corelog_sinks::s3::{self, S3Sink};

use crate::configure;

/// Opens the sink of a destination of the file.
pub(crate) fn open(
    destination: &Destination,
    settings: &Settings,
    clock: &Clock,
) -> anyhow::Result<Arc<dyn Sink>> {
    Ok(match destination.kind {
        DestinationKind::S3 => Arc::new(S3Sink::open(&bucket(destination, settings)?)?),
        DestinationKind::CloudWatchLogs => {
            let config = log_group(destination, settings, clock)?;
            Arc::new(CloudWatchSink::open(&config)?)
        }
        DestinationKind::Otlp => Arc::new(OtlpSink::open(receiver(destination, settings, clock)?)?),
    })
}

/// What its deliveries are counted as; Bedrock has metrics of two kinds.
pub(crate) fn kind(destination: &Destination) -> Option<LogDelivery> {
    match destination.kind {
        DestinationKind::S3 => Some(LogDelivery::S3),
        DestinationKind::CloudWatchLogs => Some(LogDelivery::CloudWatch),
        DestinationKind::Otlp => None,
    }
}

fn bucket(destination: &Destination, settings: &Settings) -> anyhow::Result<s3::Config> {
    let url = destination.url.as_ref().context("it has no `url`")?;
    let mut config = s3::Config::new(s3::Location::parse(&url.to_string())?);
    config.store = configure::store(settings);
    config.store.encryption = match (&destination.sse, &destination.sse_kms_key_id) {
        (None, _) => s3::Encryption::BucketDefault,
        (Some(Sse::Aes256), _) => s3::Encryption::StoreManaged,
        (Some(Sse::Kms), key_id) => s3::Encryption::Kms {
            key_id: key_id.clone(),
            bucket_key: false,
        },
    };
    config.account_id.clone_from(&settings.account.id);
    config.inline_bytes_max = destination.inline_bytes_max;
    config.gzip_level = destination.gzip_level;
    config.extension = destination.extension;
    config.modalities = modalities(destination, settings);
    Ok(config)
}

fn log_group(
    destination: &Destination,
    settings: &Settings,
    clock: &Clock,
) -> anyhow::Result<cloudwatch::Config> {
    let group = destination.log_group.as_ref();
    let group = group.context("it has no `log_group`")?;
    let (endpoint, region) = (destination.service(), destination.region());
    let mut config = cloudwatch::Config::new(endpoint, region, group, clock.clone());
    config.log_stream.clone_from(&destination.log_stream);
    config.credentials = match &destination.credentials {
        None => configure::store_credentials(settings),
        Some(keys) => s3::Credentials::Static {
            access_key_id: keys.access_key_id.clone(),
            secret_access_key: keys.secret_access_key.reveal().to_owned(),
            session_token: keys
                .session_token
                .as_ref()
                .map(|token| token.reveal().to_owned()),
        },
    };
    let is_loopback = destination.endpoint.as_ref();
    let is_loopback = is_loopback.is_some_and(settings::HttpUrl::is_loopback);
    config.allow_http = settings.s3.allow_http || is_loopback;
    config.event_bytes_max = destination.event_bytes_max;
    config.inline_bytes_max = destination.inline_bytes_max;
    config.extension = destination.extension;
    config.modalities = modalities(destination, settings);
    Ok(config)
}

fn receiver(
    destination: &Destination,
    settings: &Settings,
    clock: &Clock,
) -> anyhow::Result<otlp::Config> {
    let endpoint: http::Uri = destination
        .service()
        .parse()
        .context("its `endpoint` is no URL")?;
    let headers = destination.headers.as_ref();
    let headers = headers.map(|said| Headers::parse(said.reveal()));
    let mut config = otlp::Config::new(endpoint.clone(), clock.clone());
    config.ca_pem = configure::pem(destination.ca_file.as_deref())?;
    config.proxy = configure::proxy_for(&endpoint, settings);
    config.timeout = destination.timeout;
    config.headers = headers.transpose()?.unwrap_or_default();
    config.gzip_level = destination.gzip_level;
    config.content = destination.content;
    config.metrics = destination.metrics;
    config.reported = destination.reported;
    config.modalities = modalities(destination, settings);
    Ok(config)
}

/// The kinds of data that the destination gets.
fn modalities(destination: &Destination, settings: &Settings) -> Modalities {
    let wanted = [
        (Modality::Text, destination.text),
        (Modality::Image, destination.image),
        (Modality::Embedding, destination.embedding),
        (Modality::Video, destination.video),
        (Modality::Audio, destination.audio),
    ];
    let wanted = wanted
        .into_iter()
        .fold(Modalities::all(), |all, (modality, wanted)| {
            all.with(modality, wanted)
        });
    configure::captured(wanted, settings)
}
