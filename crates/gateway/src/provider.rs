//! A provider in use: its place upstream, its credentials, its connections.

use std::sync::Arc;
use std::time::Duration;

use corelog_types::Dialect;
use http::{HeaderValue, Uri};

use crate::config::{Credentials, ProviderConfig};
use crate::upstream::Pool;

/// One configured provider, with its connections.
pub(crate) struct Provider {
    pub(crate) name: Arc<str>,
    pub(crate) dialect: Dialect,
    pub(crate) region: Arc<str>,
    pub(crate) models: Vec<String>,
    pub(crate) credentials: Credentials,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) total_timeout: Duration,
    pub(crate) pool: Arc<Pool>,
    pub(crate) host: HeaderValue,
    /// `https://host:port`, for the record.
    origin: String,
    /// Path of the base URL, without a slash at its end.
    base_path: String,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Provider {
    pub(crate) fn new(config: ProviderConfig, pool: Arc<Pool>) -> Self {
        let base = pool.base().clone();
        let authority = base.authority().map_or("", |authority| authority.as_str());
        let scheme = base.scheme_str().unwrap_or("http");
        Self {
            name: config.name.into(),
            dialect: config.dialect,
            region: config.region.into(),
            models: config.models,
            credentials: config.credentials,
            first_byte_timeout: config.first_byte_timeout,
            idle_timeout: config.idle_timeout,
            total_timeout: config.total_timeout,
            host: HeaderValue::from_str(authority).unwrap_or(HeaderValue::from_static("")),
            origin: format!("{scheme}://{authority}"),
            base_path: base.path().trim_end_matches('/').to_owned(),
            pool,
        }
    }

    /// The path and query to ask for upstream, of the path and query behind the prefix.
    ///
    /// SDKs differ in whether the version belongs to the base URL. Where the base ends in the segment that
    /// the path begins with (`…/v1` and `/v1/…`), it is taken once.
    pub(crate) fn upstream_path(&self, rest: &str) -> String {
        let rest = if rest.is_empty() || rest.starts_with(['/', '?']) {
            rest
        } else {
            &format!("/{rest}")
        };
        let last = self.base_path.rsplit('/').next().unwrap_or("");
        let repeated = !last.is_empty()
            && rest
                .strip_prefix('/')
                .and_then(|rest| rest.strip_prefix(last))
                .is_some_and(|behind| {
                    behind.is_empty() || behind.starts_with('/') || behind.starts_with('?')
                });
        let kept = if repeated {
            &rest[last.len() + 1..]
        } else {
            rest
        };
        let path = format!("{}{kept}", self.base_path);
        if path.starts_with('/') {
            path
        } else {
            format!("/{path}")
        }
    }

    /// Where a path leads, for the record: without the query, which may hold a key.
    pub(crate) fn shown(&self, upstream_path: &str) -> String {
        let path = upstream_path.split('?').next().unwrap_or(upstream_path);
        format!("{}{path}", self.origin)
    }

    /// The whole URI, for connections that want it.
    pub(crate) fn absolute(&self, upstream_path: &str) -> Option<Uri> {
        format!("{}{upstream_path}", self.origin).parse().ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use corelog_runtime::Tasks;

    use super::*;
    use crate::upstream::UpstreamConfig;

    pub(crate) fn provider(name: &str, dialect: Dialect, models: &[&str]) -> Arc<Provider> {
        at(name, dialect, models, "http://127.0.0.1:9/v1")
    }

    fn at(name: &str, dialect: Dialect, models: &[&str], base: &str) -> Arc<Provider> {
        let upstream = UpstreamConfig {
            base: base.parse().unwrap(),
            http2: false,
            ca_pem: None,
            proxy: None,
            connections_max: 1,
            connect_timeout: Duration::from_secs(1),
            idle_max: Duration::from_secs(1),
        };
        let pool = Pool::new(upstream.clone(), Tasks::new()).unwrap();
        let config = ProviderConfig {
            name: name.into(),
            dialect,
            upstream,
            region: "us-east-1".into(),
            models: models.iter().map(|&m| m.to_owned()).collect(),
            credentials: Credentials::Callers,
            first_byte_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            total_timeout: Duration::from_secs(1),
        };
        Arc::new(Provider::new(config, pool))
    }

    #[test]
    fn base_and_path_are_joined_with_the_version_once() {
        for (base, rest, expected) in [
            (
                "http://h:1/v1",
                "/v1/chat/completions",
                "/v1/chat/completions",
            ),
            ("http://h:1", "/v1/chat/completions", "/v1/chat/completions"),
            (
                "http://h:1/",
                "/v1/messages?beta=true",
                "/v1/messages?beta=true",
            ),
            ("http://h:1/v1/", "/models", "/v1/models"),
            ("http://h:1/v1", "/v10/x", "/v1/v10/x"),
            (
                "http://h:1/openai/deployments/d",
                "/chat?api-version=1",
                "/openai/deployments/d/chat?api-version=1",
            ),
            ("http://h:1", "/model/a%3A0/invoke", "/model/a%3A0/invoke"),
            ("http://h:1", "", "/"),
            ("http://h:1", "?a=1", "/?a=1"),
            ("http://h:1/base", "?a=1", "/base?a=1"),
        ] {
            let provider = at("p", Dialect::OpenAi, &[], base);
            assert_eq!(provider.upstream_path(rest), expected, "{base} + {rest}");
        }
    }
}
