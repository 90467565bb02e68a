//! Values that must not be printed, and where they are fetched from.

use std::fmt;

use super::names::HttpUrl;
use super::value::Fault;

/// A secret: prints as `***`, and is let out by [`Secret::reveal`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: String,
    source: SecretSource,
}

/// How the config names a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `env:NAME`.
    Env(String),
    /// `file:PATH`; the file's last line break is not part of the secret.
    File(String),
    /// Written out in the config: works, and earns a warning.
    Literal,
}

impl Secret {
    pub(super) fn new(value: String, source: SecretSource) -> Self {
        Self { value, source }
    }

    /// The secret itself. Keep it out of logs, errors and records.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// Where it was fetched from.
    pub fn source(&self) -> &SecretSource {
        &self.source
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            SecretSource::Env(name) => write!(f, "env:{name}"),
            SecretSource::File(path) => write!(f, "file:{path}"),
            SecretSource::Literal => f.write_str("***"),
        }
    }
}

/// An `http` or `https` URL to post to. Its path and its query may be secrets: it prints as scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl {
    secret: Secret,
    origin: String,
    is_loopback: bool,
}

impl HookUrl {
    /// Reads what a text of the configuration names.
    pub(super) fn of(secret: Secret) -> Result<Self, Fault> {
        // The text itself is in no message: it may be a secret that was put here by mistake.
        let invalid = |why: &str| Fault::new(format!("it is no URL to post to: {why}"));
        let uri: http::Uri = secret
            .reveal()
            .parse()
            .map_err(|error: http::uri::InvalidUri| invalid(&error.to_string()))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(invalid("it does not begin with `http://` or `https://`"));
        };
        let origin = format!("{scheme}://{authority}");
        if authority.as_str().contains('@') {
            return Err(invalid("it holds a user or a password"));
        }
        let origin_url = HttpUrl::parse(&origin)?;
        Ok(Self {
            is_loopback: origin_url.is_loopback(),
            secret,
            origin,
        })
    }

    /// The whole URL. Keep it out of logs and errors.
    pub fn reveal(&self) -> &str {
        self.secret.reveal()
    }

    /// Where it was fetched from.
    pub fn source(&self) -> &SecretSource {
        self.secret.source()
    }

    /// Whether anyone on the way could read what is sent.
    pub(super) fn is_exposed(&self) -> bool {
        self.origin.starts_with("http://") && !self.is_loopback
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source() {
            SecretSource::Literal => write!(f, "{}/***", self.origin),
            SecretSource::Env(_) | SecretSource::File(_) => fmt::Display::fmt(&self.secret, f),
        }
    }
}
