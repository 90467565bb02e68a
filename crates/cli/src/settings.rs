//! The configuration: one TOML file, the environment and flags become one typed value, or a list of what is wrong.
//!
//! A flag beats the environment, the environment the file, the file the default. The keys are declared once, in
//! `schema`; `docs/config.md` is made of the same tables.

mod aws;
mod builtin;
mod check;
mod docs;
mod names;
mod problem;
mod reader;
mod reload;
mod schema;
mod secret;
mod show;
#[cfg(test)]
mod tests;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use self::reader::{Findings, Sources, read_blocks, read_single};
use self::schema::Root;
use self::value::Fault;
use crate::environment::{self, Environment};

pub use self::aws::{AwsCredentials, AwsCredentialsSource};
pub use self::docs::config_markdown;
pub use self::names::{HttpUrl, Name, ProxyUrl, StoreUrl};
pub use self::problem::{Origin, Place, Problem, Problems};
pub use self::reader::{Effective, FlagValue};
pub use self::schema::{
    Account, Anomalies, Budget, BudgetPeriod, CallerKey, Capture, CapturePolicy, CaptureRule,
    Destination, DestinationKind, Durability, Limits, Log, LogFormat, Metrics, Notifier,
    NotifierKind, NotifierSeverity, OnFull, Prices, Provider, Proxy, Query, S3, SmtpEncryption,
    Spool, Sse, Store, Subscriber, SubscriberKind, SubscriberPayload, Tls,
};
pub use self::secret::{HookUrl, Secret, SecretSource};

/// A whole, valid configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Address to serve on.
    pub listen: SocketAddr,
    /// Directory of the spool and the state.
    pub data: PathBuf,
    /// Where calls go; the built-in providers included, those out of service left out.
    pub providers: Vec<Provider>,
    /// Where records go; never empty.
    pub destinations: Vec<Destination>,
    /// Who hears of alarms.
    pub notifiers: Vec<Notifier>,
    /// Who gets log events through subscription filters.
    pub subscribers: Vec<Subscriber>,
    /// The table of log events.
    pub store: Store,
    /// Questions about log events.
    pub query: Query,
    /// What models cost.
    pub prices: Prices,
    /// What calls may cost.
    pub budgets: Vec<Budget>,
    /// Metrics.
    pub metrics: Metrics,
    /// What is looked out for.
    pub anomalies: Anomalies,
    /// Who may call; empty: anyone, on loopback.
    pub keys: Vec<CallerKey>,
    /// What of each call is recorded.
    pub capture: Capture,
    /// Exceptions to it; the first that matches wins.
    pub capture_rules: Vec<CaptureRule>,
    /// The durable log.
    pub spool: Spool,
    /// Maxima.
    pub limits: Limits,
    /// Access to object stores.
    pub s3: S3,
    /// TLS towards callers.
    pub tls: Tls,
    /// Proxies towards upstreams.
    pub proxy: Proxy,
    /// Account and region of records.
    pub account: Account,
    /// Our own log.
    pub log: Log,
}

/// A configuration with what is worth saying about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration.
    pub settings: Settings,
    /// What works and still deserves a word.
    pub warnings: Vec<Problem>,
    /// Each key with its value and where that came from, in the order of the docs.
    pub effective: Vec<Effective>,
}

/// The config file to use: the one asked for, else `CORELOG_CONFIG`, else `./corelog.toml`, else
/// `corelog/corelog.toml` in the user's configuration directory, else none.
pub fn find_config(asked: Option<&Path>, env: &Environment) -> Option<PathBuf> {
    if let Some(path) = asked
        .map(Path::to_owned)
        .or_else(|| env.get(environment::CONFIG).map(PathBuf::from))
    {
        return Some(path);
    }
    let home = || {
        env.get(environment::HOME)
            .map(|home| Path::new(home).join(".config"))
    };
    let user = env
        .get(environment::XDG_CONFIG_HOME)
        .map(PathBuf::from)
        .or_else(home);
    let places = [
        Some(PathBuf::from("corelog.toml")),
        user.map(|dir| dir.join("corelog/corelog.toml")),
    ];
    places.into_iter().flatten().find(|path| path.is_file())
}

impl Settings {
    /// The spool's directory.
    pub fn spool_dir(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// Reads the configuration from a file (none: defaults), the environment and flags, and checks it.
    ///
    /// # Errors
    /// Everything that is wrong, at once: unreadable files, TOML that is none, unknown and missing keys, values
    /// of the wrong kind, and what does not go together.
    pub fn load(
        file: Option<&Path>,
        env: &Environment,
        flags: &[FlagValue],
    ) -> Result<Loaded, Problems> {
        let name = file
            .map(|path| path.display().to_string())
            .unwrap_or_default();
        let text = match file.map(std::fs::read_to_string).transpose() {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => {
                let fault = Fault::new(format!("config file `{name}` cannot be read: {error}"));
                let mut findings = Findings::default();
                findings.problem("", fault, Origin::Default);
                return Err(Problems(findings.problems));
            }
        };
        Self::parse(&name, &text, env, flags)
    }

    /// Reads the configuration from the text of a file; [`Settings::load`] says the rest.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn parse(
        file_name: &str,
        text: &str,
        env: &Environment,
        flags: &[FlagValue],
    ) -> Result<Loaded, Problems> {
        let sources = Sources {
            file_name,
            text,
            env,
            flags,
        };
        let mut findings = Findings::default();
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let origin = sources.place(error.span().unwrap_or_default());
            findings.problem(
                "",
                Fault::new(format!("this is no TOML: {}", error.message())),
                origin,
            );
        }
        if !findings.problems.is_empty() {
            return Err(Problems(findings.problems));
        }
        let settings = read(root.get_ref(), sources, &mut findings);
        findings.check_unused(sources);
        match settings {
            Some(mut settings) => {
                settings.inherit(env, &mut findings);
                check::check(&settings, &mut findings);
                if findings.problems.is_empty() {
                    settings.complete();
                    let Findings {
                        warnings,
                        effective,
                        ..
                    } = findings;
                    return Ok(Loaded {
                        settings,
                        warnings,
                        effective,
                    });
                }
                Err(Problems(findings.problems))
            }
            None => Err(Problems(findings.problems)),
        }
    }
}

/// Reads every section; `None` where one could not be, which the findings then say.
fn read(root: &DeTable<'_>, sources: Sources<'_>, findings: &mut Findings) -> Option<Settings> {
    let file = Some(root);
    let first: Option<Root> = read_single(file, "", sources, findings);
    let providers = read_blocks(file, "provider", sources, findings);
    let destinations = read_blocks(file, "destination", sources, findings);
    let notifiers = read_blocks(file, "notifier", sources, findings);
    let subscribers = read_blocks(file, "subscriber", sources, findings);
    let store = read_single(file, "store", sources, findings);
    let query = read_single(file, "query", sources, findings);
    let prices = read_single(file, "prices", sources, findings);
    let budgets = read_blocks(file, "budget", sources, findings);
    let metrics = read_single(file, "metrics", sources, findings);
    let anomalies = read_single(file, "anomalies", sources, findings);
    let keys = read_blocks(file, "key", sources, findings);
    let capture = read_single(file, "capture", sources, findings);
    let capture_rules = read_blocks(file, "capture.rule", sources, findings);
    let spool = read_single(file, "spool", sources, findings);
    let limits = read_single(file, "limits", sources, findings);
    let s3 = read_single(file, "s3", sources, findings);
    let tls = read_single(file, "tls", sources, findings);
    let proxy = read_single(file, "proxy", sources, findings);
    let account = read_single(file, "account", sources, findings);
    let log = read_single(file, "log", sources, findings);
    let Root { listen, data } = first?;
    Some(Settings {
        listen,
        data,
        providers,
        destinations,
        notifiers,
        subscribers,
        store: store?,
        query: query?,
        prices: prices?,
        budgets,
        metrics: metrics?,
        anomalies: anomalies?,
        keys,
        capture: capture?,
        capture_rules,
        spool: spool?,
        limits: limits?,
        s3: s3?,
        tls: tls?,
        proxy: proxy?,
        account: account?,
        log: log?,
    })
}

impl Settings {
    /// Fills what is left out from what it inherits, the environment's general variables among it.
    fn inherit(&mut self, env: &Environment, findings: &mut Findings) {
        if findings.origin("", None, "data") == Origin::Default {
            if let Some(home) = env.get(environment::XDG_DATA_HOME) {
                self.data = Path::new(home).join("corelog");
            } else if env.get(environment::HOME).is_none() {
                self.data = PathBuf::from("corelog-data");
            }
            findings.show_instead("", "data", value::Value::show(&self.data));
        }
        let proxy = |name: &str| {
            env.get(name)
                .or_else(|| env.get(&name.to_ascii_uppercase()))
        };
        // Some leave the scheme out.
        let proxy_url = |name: &str| {
            let text = proxy(name)?;
            let url = ProxyUrl::parse(text);
            url.or_else(|_| ProxyUrl::parse(&format!("http://{text}")))
                .ok()
        };
        self.proxy.http = self
            .proxy
            .http
            .take()
            .or_else(|| proxy_url(environment::HTTP_PROXY));
        self.proxy.https = self
            .proxy
            .https
            .take()
            .or_else(|| proxy_url(environment::HTTPS_PROXY));
        if self.proxy.no_proxy.is_empty() {
            let hosts = proxy(environment::NO_PROXY)
                .unwrap_or_default()
                .split(',')
                .map(str::trim);
            self.proxy.no_proxy = hosts
                .filter(|host| !host.is_empty())
                .map(str::to_owned)
                .collect();
        }
        if self.s3.access_key_id.is_none()
            && self.s3.secret_access_key.is_none()
            && let Some(found) = AwsCredentials::of_environment(env)
        {
            let source = SecretSource::Env(environment::AWS_ACCESS_KEY_ID.to_owned());
            self.s3.access_key_id = Some(Secret::new(found.access_key_id, source));
            self.s3.secret_access_key = Some(found.secret_access_key);
            self.s3.session_token = found.session_token;
        }
        let region = self.account.region.clone();
        self.s3.region.get_or_insert_with(|| region.clone());
        for provider in &mut self.providers {
            let region = provider.region.get_or_insert_with(|| region.clone());
            if provider.base_url.is_none() {
                provider.base_url = Provider::public_url(provider.dialect, region);
            }
        }
        let logs = |it: &&mut Destination| it.kind == DestinationKind::CloudWatchLogs;
        for destination in self.destinations.iter_mut().filter(logs) {
            let region = destination.region.get_or_insert_with(|| region.clone());
            if destination.endpoint.is_none() {
                destination.endpoint = Destination::public_service(region);
            }
        }
    }

    /// Adds the built-in providers and the default destination, and drops what is out of service.
    fn complete(&mut self) {
        use corelog_types::Dialect;
        for dialect in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Bedrock] {
            // A provider with model globs serves those models alone: the rest still goes somewhere.
            let taken = |p: &Provider| {
                p.dialect == dialect && p.models.is_empty() || p.name.as_str() == dialect.as_str()
            };
            if !self.providers.iter().any(taken) {
                self.providers
                    .extend(Provider::built_in(dialect, &self.account.region));
            }
        }
        self.providers.retain(|provider| provider.enabled);
        if self.destinations.is_empty() {
            self.destinations
                .extend(reload::default_destination(&self.data));
        }
    }
}
