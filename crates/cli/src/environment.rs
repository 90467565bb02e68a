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

/// Variables that begin like a settings key but are read by commands, or by what builds and tests this program.
pub(crate) const NOT_SETTINGS: [&str; 9] = [
    CONFIG,
    URL,
    KEY,
    CA,
    "CORELOG_BIN",
    "CORELOG_BLESS",
    "CORELOG_FULL",
    "CORELOG_SEED",
    "CORELOG_TEST_DATA",
];

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

    /// The variables that begin with [`PREFIX`], those aside that Kubernetes puts into every pod beside a service
    /// whose name begins with `corelog`.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        let set = self.0.iter().filter(|(_, value)| !value.is_empty());
        set.filter(|(name, value)| {
            let rest = name.strip_prefix(PREFIX);
            rest.is_some_and(|rest| !is_service_link(rest, value))
        })
        .map(|(name, _)| name.as_str())
    }
}

/// Whether a variable says where a service is: `SERVICE_HOST`, `SERVICE_PORT_HTTP`, `PORT=tcp://10.0.0.11:80`,
/// `PORT_80_TCP_ADDR`, each with the rest of the service's name before it or without.
///
/// Source: <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_service_link(name: &str, value: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let is_port = |word: &&str| word.parse::<u16>().is_ok();
    let is_protocol = |word: &str| matches!(word, "TCP" | "UDP" | "SCTP");
    (0..words.len()).any(|start| match &words[start..] {
        ["SERVICE", "HOST"] | ["SERVICE", "PORT", ..] => true,
        ["PORT"] => value.contains("://"),
        ["PORT", port, protocol] => is_port(port) && is_protocol(protocol),
        ["PORT", port, protocol, "PROTO" | "PORT" | "ADDR"] => {
            is_port(port) && is_protocol(protocol)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_is_not_ours() {
        let theirs = [
            ("CORELOG_SERVICE_HOST", "10.0.0.11"),
            ("CORELOG_SERVICE_PORT", "80"),
            ("CORELOG_SERVICE_PORT_HTTP", "80"),
            ("CORELOG_PORT", "tcp://10.0.0.11:80"),
            ("CORELOG_PORT_80_TCP", "tcp://10.0.0.11:80"),
            ("CORELOG_PORT_80_TCP_ADDR", "10.0.0.11"),
            ("CORELOG_GATEWAY_EU_SERVICE_HOST", "10.0.0.11"),
            ("CORELOG_GATEWAY_EU_PORT_80_UDP_PROTO", "udp"),
        ];
        assert_eq!(Environment::from_pairs(theirs).ours().count(), 0);
        let ours = [
            ("CORELOG_LISTEN", "x"),
            ("CORELOG_PORT", "4600"),
            ("CORELOG_PORT_80_TLS", "x"),
            ("CORELOG_SERVICE", "x"),
            ("COREL", "x"),
            ("CORELOG_DATA", ""),
        ];
        let found: Vec<_> = Environment::from_pairs(ours)
            .ours()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            found,
            [
                "CORELOG_LISTEN",
                "CORELOG_PORT",
                "CORELOG_PORT_80_TLS",
                "CORELOG_SERVICE"
            ]
        );
    }
}
