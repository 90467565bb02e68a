//! What is there without a line of configuration: the public services, and a directory for records.

use std::path::Path;

use corelog_types::Dialect;
use toml::de::DeTable;

use super::names::{HttpUrl, Name, StoreUrl};
use super::reader::{Findings, Sources, read_blocks};
use super::schema::{Destination, Provider};
use crate::environment::Environment;

/// The default destination before its directory is known; all else in it is the key tables' defaults.
const DESTINATION: &str = "[[destination]]\nname = \"bucket\"\nurl = \"file:///bucket\"\n";

impl Provider {
    /// Where calls are forwarded to, without a trailing slash. A loaded configuration always says it.
    pub fn upstream(&self) -> &str {
        self.base_url.as_ref().map_or("", HttpUrl::as_str)
    }

    /// The region, inherited where it was left out.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or_default()
    }

    /// Where the public service of a dialect is.
    pub(super) fn public_url(dialect: Dialect, region: &str) -> Option<HttpUrl> {
        let url = match dialect {
            Dialect::OpenAi => "https://api.openai.com/v1".to_owned(),
            Dialect::Anthropic => "https://api.anthropic.com".to_owned(),
            Dialect::Bedrock => format!("https://bedrock-runtime.{region}.amazonaws.com"),
            Dialect::Generic => return None,
        };
        HttpUrl::parse(&url).ok()
    }

    /// The provider that is there without a block: the public service of a dialect, under its name.
    pub(super) fn built_in(dialect: Dialect, region: &str) -> Option<Self> {
        Some(Self {
            name: Name::parse(dialect.as_str()).ok()?,
            dialect,
            base_url: Self::public_url(dialect, region),
            region: Some(region.to_owned()),
            models: Vec::new(),
            prices: None,
            api_key: None,
            bearer: None,
            credentials: None,
            http2: false,
            ca_file: None,
            connections_max: None,
            connect_timeout: None,
            first_byte_timeout: None,
            idle_timeout: None,
            total_timeout: None,
            enabled: true,
        })
    }
}

impl Destination {
    /// Where records go, for people.
    pub fn place(&self) -> String {
        match (&self.url, &self.log_group) {
            (Some(url), _) => url.to_string(),
            (None, Some(group)) => format!("log group {group} at {}", self.service()),
            (None, None) => self.service().to_owned(),
        }
    }

    /// Where the service of a log group or the receiver of spans is, without a trailing slash. A loaded configuration
    /// always says it.
    pub fn service(&self) -> &str {
        self.endpoint.as_ref().map_or("", HttpUrl::as_str)
    }

    /// The service's region, inherited where it was left out.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or_default()
    }

    /// Where AWS has its service of log groups.
    pub(super) fn public_service(region: &str) -> Option<HttpUrl> {
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        HttpUrl::parse(&format!("https://logs.{region}.amazonaws.com{suffix}")).ok()
    }

    /// The destination that is there without a block.
    pub(super) fn in_data_dir(data: &Path) -> Option<Self> {
        let env = Environment::default();
        let sources = Sources {
            file_name: "",
            text: DESTINATION,
            env: &env,
            flags: &[],
        };
        let root = DeTable::parse(DESTINATION).ok()?;
        let blocks = read_blocks::<Self>(
            Some(root.get_ref()),
            "destination",
            sources,
            &mut Findings::default(),
        );
        let destination = blocks.into_iter().next()?;
        Some(Self {
            url: Some(StoreUrl::File(data.join("bucket"))),
            ..destination
        })
    }
}
