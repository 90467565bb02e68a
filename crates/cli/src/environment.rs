//! The environment as this program reads it, and every name it knows: nowhere else is one spelled.

use std::collections::BTreeMap;

/// Every settings key has a variable that begins so.
pub const PREFIX: &str = "CORELOG_";
/// Names the config file.
pub const CONFIG: &str = "CORELOG_CONFIG";
/// Base URL of the running server, for the commands that talk to it.
pub const URL: &str = "CORELOG_URL";
/// Key for the running server, where it asks for one.
pub const KEY: &str = "CORELOG_KEY";

/// Certificate authorities to trust in the running server, beside the system's.
pub const CA: &str = "CORELOG_CA";

/// Home of the user.
pub const HOME: &str = "HOME";
/// Where applications keep data.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// Where applications keep configuration.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";

/// Id of a static AWS key.
pub const AWS_ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
/// The static AWS key.
pub const AWS_SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
/// Token of temporary AWS credentials.
pub const AWS_SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// Profile file of the AWS tools.
pub const AWS_SHARED_CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// Proxy for cleartext upstreams; the upper-case form is read too.
pub const HTTP_PROXY: &str = "http_proxy";
/// Proxy for TLS upstreams; the upper-case form is read too.
pub const HTTPS_PROXY: &str = "https_proxy";
/// Hosts that are reached without a proxy; the upper-case form is read too.
pub const NO_PROXY: &str = "no_proxy";
/// Set to anything: no colours. Source: <https://no-color.org>.
pub const NO_COLOR: &str = "NO_COLOR";

/// Set by `corelog run` for the child: where an `OpenAI` client calls.
pub const OPENAI_BASE_URL: &str = "OPENAI_BASE_URL";
/// Set by `corelog run` for the child: where an Anthropic client calls.
pub const ANTHROPIC_BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// Set by `corelog run` for the child: where an AWS SDK calls models.
pub const AWS_ENDPOINT_URL_BEDROCK_RUNTIME: &str = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";
/// Set by `corelog run` for the child: where an AWS SDK configures logging.
pub const AWS_ENDPOINT_URL_BEDROCK: &str = "AWS_ENDPOINT_URL_BEDROCK";

/// Variables that begin like a settings key but are read by commands.
pub(crate) const NOT_SETTINGS: [&str; 4] = [CONFIG, URL, KEY, CA];

/// A copy of the environment, so that whatever reads it can be tested without touching the real one.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process; variables that are not Unicode are left out.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    /// An environment of these variables alone.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The value of a variable; one set to nothing counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The variables that begin with [`PREFIX`].
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(PREFIX))
    }
}
