//! Values that must not be printed, and where they are fetched from.

use std::fmt;

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
