//! Settings, as the components want them.

mod notifiers;
mod subscribers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use corelog_access::{Access, Key, SigningKey};
use corelog_api::logs::QueryLimits;
use corelog_capture::{HeaderFilter, Limits as CaptureLimits, Policies, Policy, Rule};
use corelog_catalog::{Modalities, Modality};
use corelog_cli::settings::{self, CapturePolicy, Destination, Provider, Settings};
use corelog_gateway::{
    Config as GatewayConfig, Credentials, Limits, OnFull, ProviderConfig, UpstreamConfig,
};
use corelog_metrics::TallyConfig;
use corelog_otel::provider_names;
use corelog_runtime::Clock;
use corelog_sinks::groups::TableAt;
use corelog_sinks::s3;
use corelog_types::{ByteSize, Sequence};
use hyper_util::client::proxy::matcher::Matcher;

pub(crate) use notifiers::{alarms_account, notifier};
pub(crate) use subscribers::subscriber;

/// The most events of one append to the table.
const TABLE_BATCH_RECORDS_MAX: usize = 20_000;
/// Records that are counted at once. They are read whole, bodies beside the spool aside.
const METRICS_BATCH_RECORDS_MAX: usize = 10_000;
const METRICS_BATCH_BYTES_MAX: ByteSize = ByteSize::from_bytes(16 << 20);
/// How long an unused connection to a provider is kept.
const UPSTREAM_IDLE: Duration = Duration::from_mins(1);

/// The gateway's configuration.
pub(crate) fn gateway(settings: &Settings) -> anyhow::Result<GatewayConfig> {
    let mut providers = Vec::with_capacity(settings.providers.len());
    for provider in &settings.providers {
        let name = provider.name.as_str();
        providers.push(
            provider_config(provider, settings)
                .with_context(|| format!("provider `{name}` cannot be used"))?,
        );
    }
    let limits = &settings.limits;
    Ok(GatewayConfig {
        providers,
        account_id: settings.account.id.as_str().into(),
        limits: Limits {
            exchanges_max: limits.exchanges_max as usize,
            denied_records_per_second: limits.denied_records_per_second,
            header_bytes_max: limits.header_bytes_max.as_usize(),
            body_bytes_max: limits.body_bytes_max.bytes(),
            drain_bytes_max: limits.drain_bytes_max.bytes(),
            drain_timeout: limits.drain_timeout,
        },
        capture: Arc::new(capture(settings)?),
        on_full: match settings.spool.on_full {
            settings::OnFull::Refuse => OnFull::Refuse,
            settings::OnFull::Relay => OnFull::Relay,
        },
        access: access(settings),
    })
}

/// What the query engine may use.
#[cfg(feature = "query")]
pub(crate) fn engine(settings: &Settings) -> anyhow::Result<corelog_query::Limits> {
    let spill = settings.data.join("query");
    empty(&spill).with_context(|| format!("cannot make `{}` anew", spill.display()))?;
    let query = &settings.query;
    Ok(corelog_query::Limits {
        memory_bytes: usize::try_from(query.memory_bytes.bytes()).unwrap_or(usize::MAX),
        spill,
        spill_bytes: query.spill_bytes.bytes(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    })
}

/// Makes an empty directory: queries of a process that was killed have left what they had on disk.
#[cfg(feature = "query")]
fn empty(directory: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(directory),
    }
}

/// How many queries there may be.
pub(crate) fn queries(settings: &Settings) -> QueryLimits {
    let query = &settings.query;
    QueryLimits {
        running_max: query.running_max as usize,
        answers_bytes_max: query.answers_bytes_max.bytes(),
        kept_max: query.kept_max as usize,
        starts_per_second: query.starts_per_second,
    }
}

/// The proxy on the way to an address.
pub(crate) fn proxy_for(address: &http::Uri, settings: &Settings) -> Option<http::Uri> {
    let proxy = &settings.proxy;
    let found = match address.scheme_str() {
        Some("https") => proxy.https.as_ref()?,
        _ => proxy.http.as_ref()?,
    };
    // What it finds has no credentials, so that only whether it finds something counts.
    let matcher = Matcher::builder()
        .all(found.as_str())
        .no(proxy.no_proxy.join(","))
        .build();
    matcher.intercept(address).map(|_| found.reveal().clone())
}

/// A file of the configuration, where it names one.
pub(crate) fn pem(path: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    path.map(read).transpose()
}

fn provider_config(provider: &Provider, settings: &Settings) -> anyhow::Result<ProviderConfig> {
    let limits = &settings.limits;
    let base: http::Uri = provider
        .base_url
        .as_ref()
        .context("it has no `base_url`")?
        .as_str()
        .parse()
        .context("its `base_url` is no URL")?;
    let ca_pem = pem(provider.ca_file.as_deref())?;
    let secret = provider.bearer.as_ref().or(provider.api_key.as_ref());
    let credentials = match (&provider.credentials, secret) {
        (Some(aws), _) => Credentials::Aws {
            access_key_id: aws.access_key_id.clone(),
            secret_access_key: aws.secret_access_key.reveal().to_owned(),
            session_token: aws
                .session_token
                .as_ref()
                .map(|token| token.reveal().to_owned()),
        },
        (None, Some(key)) => Credentials::Key(key.reveal().to_owned()),
        (None, None) => Credentials::Callers,
    };
    let connections_max = provider
        .connections_max
        .unwrap_or(limits.connections_per_upstream_max) as usize;
    let proxy = proxy_for(&base, settings);
    Ok(ProviderConfig {
        name: provider.name.as_str().to_owned(),
        dialect: provider.dialect,
        region: provider
            .region
            .clone()
            .unwrap_or_else(|| settings.account.region.clone()),
        models: provider.models.clone(),
        credentials,
        first_byte_timeout: provider
            .first_byte_timeout
            .unwrap_or(limits.first_byte_timeout),
        idle_timeout: provider.idle_timeout.unwrap_or(limits.idle_timeout),
        total_timeout: provider.total_timeout.unwrap_or(limits.total_timeout),
        upstream: UpstreamConfig {
            base,
            http2: provider.http2,
            ca_pem,
            proxy,
            connections_max,
            connect_timeout: provider.connect_timeout.unwrap_or(limits.connect_timeout),
            idle_max: UPSTREAM_IDLE,
        },
    })
}

fn access(settings: &Settings) -> Access {
    let keys: Vec<Key> = settings
        .keys
        .iter()
        .map(|key| {
            let signing = key
                .access_key_id
                .as_ref()
                .zip(key.secret_access_key.as_ref());
            Key {
                name: key.name.as_str().to_owned(),
                secret: key.secret.as_ref().map(|secret| secret.reveal().to_owned()),
                signing: signing.map(|(id, secret)| SigningKey {
                    access_key_id: id.clone(),
                    secret_access_key: secret.reveal().to_owned(),
                }),
            }
        })
        .collect();
    Access::new(&keys)
}

fn capture(settings: &Settings) -> anyhow::Result<CaptureLimits> {
    let capture = &settings.capture;
    Ok(CaptureLimits {
        memory_max: capture.memory_max.as_usize(),
        body_max: capture.body_max.bytes(),
        decoded_max: capture.decoded_max.bytes(),
        events: capture.events,
        policies: policies(settings),
        headers: HeaderFilter::new(&capture.headers),
        prices: settings.price_table().context("prices cannot be used")?,
    })
}

/// What is kept of a call, by provider, model, key or header.
pub(crate) fn policies(settings: &Settings) -> Policies {
    let mut rules: Vec<Rule> = settings
        .capture_rules
        .iter()
        .map(|rule| Rule {
            provider: rule.provider.clone(),
            model: rule.model.clone(),
            key: rule.key.clone(),
            header: rule.header.as_deref().map(header_condition),
            policy: policy(rule.policy),
        })
        .collect();
    rules.extend(settings.keys.iter().filter_map(|key| {
        let of_key = policy(key.capture?);
        Some(Rule {
            key: Some(key.name.as_str().to_owned()),
            policy: of_key,
            ..Rule::default()
        })
    }));
    Policies {
        rules,
        otherwise: policy(settings.capture.policy),
    }
}

/// The same for calls that are reported: their providers have the names of OpenTelemetry's conventions, and a rule about a
/// provider of the configuration holds for them under each of these.
pub(crate) fn reported_policies(settings: &Settings) -> Policies {
    let of_relayed = policies(settings);
    let names = |name: &str| {
        let configured = settings
            .providers
            .iter()
            .find(|it| it.name.as_str() == name);
        provider_names(name, configured.map(Provider::upstream))
    };
    let rules = of_relayed.rules.into_iter().flat_map(|rule| {
        let Some(provider) = &rule.provider else {
            return vec![rule];
        };
        let rules = names(provider).into_iter().map(|name| Rule {
            provider: Some(name),
            ..rule.clone()
        });
        rules.collect()
    });
    Policies {
        rules: rules.collect(),
        otherwise: of_relayed.otherwise,
    }
}

fn header_condition(text: &str) -> (String, Option<String>) {
    match text.split_once(':') {
        Some((name, value)) => (
            name.trim().to_ascii_lowercase(),
            Some(value.trim().to_owned()),
        ),
        None => (text.trim().to_ascii_lowercase(), None),
    }
}

fn policy(policy: CapturePolicy) -> Policy {
    match policy {
        CapturePolicy::Full => Policy::Full,
        CapturePolicy::Input => Policy::Input,
        CapturePolicy::Output => Policy::Output,
        CapturePolicy::Metadata => Policy::Metadata,
        CapturePolicy::None => Policy::None,
    }
}

/// The spool's configuration.
pub(crate) fn spool(settings: &Settings, clock: &Clock) -> corelog_spool::Config {
    let spool = &settings.spool;
    let mut config = corelog_spool::Config::new(settings.data.join("spool"), clock.now());
    config.durability = match spool.durability {
        settings::Durability::Strict => corelog_spool::Durability::Strict,
        settings::Durability::Relaxed => corelog_spool::Durability::Relaxed {
            interval: spool.sync_interval,
        },
    };
    config.segment_bytes = spool.segment_bytes.bytes();
    config.bytes_max = spool.bytes_max.bytes();
    config.free_bytes_min = spool.free_bytes_min.bytes();
    config.retain_bytes = spool.retain_bytes.bytes();
    config.retain_age = spool.retain_age;
    config.give_way = corelog_runtime::give_way;
    config
}

/// How object stores are reached.
pub(crate) fn store(settings: &Settings) -> s3::Store {
    let s3 = &settings.s3;
    let endpoint = s3.endpoint.as_ref();
    s3::Store {
        endpoint: endpoint.map(|url| url.as_str().to_owned()),
        region: s3.region.clone(),
        credentials: store_credentials(settings),
        allow_http: s3.allow_http || endpoint.is_some_and(settings::HttpUrl::is_loopback),
        virtual_hosted: !s3.path_style,
        encryption: s3::Encryption::BucketDefault,
    }
}

/// Who we are to object stores, and to whoever names no credentials of its own.
pub(crate) fn store_credentials(settings: &Settings) -> s3::Credentials {
    let s3 = &settings.s3;
    match (&s3.access_key_id, &s3.secret_access_key) {
        (Some(id), Some(secret)) => s3::Credentials::Static {
            access_key_id: id.reveal().to_owned(),
            secret_access_key: secret.reveal().to_owned(),
            session_token: s3
                .session_token
                .as_ref()
                .map(|token| token.reveal().to_owned()),
        },
        _ => s3::Credentials::Machine,
    }
}

/// Of the kinds of data that a destination wants, those that `[capture]` lets out at all.
pub(crate) fn captured(wanted: Modalities, settings: &Settings) -> Modalities {
    let capture = &settings.capture;
    [
        (Modality::Text, capture.text),
        (Modality::Image, capture.image),
        (Modality::Embedding, capture.embedding),
        (Modality::Video, capture.video),
        (Modality::Audio, capture.audio),
    ]
    .into_iter()
    .fold(wanted, |all, (modality, allowed)| {
        all.with(modality, allowed && wanted.contains(modality))
    })
}

/// The delivery's configuration of a destination of the file.
pub(crate) fn delivery(destination: &Destination, settings: &Settings) -> corelog_delivery::Config {
    let mut config = corelog_delivery::Config::new(destination.name.as_str());
    config.interval = destination.interval;
    config.batch_records_max = destination.batch_records as usize;
    config.batch_bytes_max = destination.batch_bytes;
    config.shutdown_deadline = settings.limits.shutdown_timeout;
    config
}

/// Where the table of all events is, if one is kept.
pub(crate) fn table(settings: &Settings, clock: &Clock) -> anyhow::Result<Option<TableAt>> {
    if !settings.store.enabled {
        return Ok(None);
    }
    let location = match &settings.store.url {
        Some(url) => s3::Location::parse(&url.to_string())?,
        None => s3::Location::Directory(std::path::absolute(settings.data.join("tables/events"))?),
    };
    Ok(Some(TableAt {
        location,
        store: store(settings),
        clock: clock.clone(),
    }))
}

/// How records come into the table.
pub(crate) fn table_delivery(name: &str, settings: &Settings) -> corelog_delivery::Config {
    let mut config = corelog_delivery::Config::new(name);
    config.interval = settings.store.interval;
    config.batch_records_max = TABLE_BATCH_RECORDS_MAX;
    config.batch_bytes_max = settings.store.batch_bytes;
    config.batch_counts_bodies = true;
    config.shutdown_deadline = settings.limits.shutdown_timeout;
    config
}

/// How records come to be counted.
pub(crate) fn metrics_delivery(name: &str, settings: &Settings) -> corelog_delivery::Config {
    let mut config = corelog_delivery::Config::new(name);
    config.interval = settings.metrics.interval;
    config.batch_records_max = METRICS_BATCH_RECORDS_MAX;
    config.batch_bytes_max = METRICS_BATCH_BYTES_MAX;
    config.shutdown_deadline = settings.limits.shutdown_timeout;
    config
}

/// What is told apart in them.
pub(crate) fn tally(settings: &Settings) -> TallyConfig {
    TallyConfig {
        values_max: settings.metrics.values_max as usize,
        tags: settings.metrics.tags.clone(),
        ..TallyConfig::default()
    }
}

/// Which events are kept in memory: those behind what the table has.
pub(crate) fn hot(settings: &Settings, after: Sequence) -> corelog_hot::Config {
    let store = &settings.store;
    corelog_hot::Config {
        targets: corelog_hot::Targets {
            invocations: store.log_group.as_str().into(),
            further: None,
        },
        after,
        bytes_max: store.enabled.then_some(store.recent_bytes),
    }
}

#[cfg(all(test, feature = "query"))]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_that_of_the_scheme_with_its_credentials() {
        let text = "[proxy]\nhttps = \"http://me:p%40ss@proxy:3128\"\nno_proxy = [\".internal\"]\n";
        let env = corelog_cli::environment::Environment::default();
        let loaded = Settings::parse("c.toml", text, &env, &[]).unwrap();
        let proxy = |address: &'static str| {
            let found = proxy_for(&http::Uri::from_static(address), &loaded.settings);
            found.map(|uri| uri.authority().unwrap().to_string())
        };
        let expected = Some("me:p%40ss@proxy:3128".to_owned());
        assert_eq!(proxy("https://api.openai.com"), expected);
        assert_eq!(proxy("https://llm.internal"), None);
        assert_eq!(proxy("http://api.openai.com"), None);
    }

    #[test]
    fn what_a_killed_process_had_spilled_goes() {
        let data = tempfile::tempdir().unwrap();
        let spill = data.path().join("query");
        for _ in 0..2 {
            empty(&spill).unwrap();
            assert_eq!(std::fs::read_dir(&spill).unwrap().count(), 0);
            std::fs::create_dir(spill.join("datafusion-1")).unwrap();
            std::fs::write(spill.join("datafusion-1").join("2"), "rows").unwrap();
        }
    }
}
