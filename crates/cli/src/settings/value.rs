//! How each type of a setting is read from text or TOML, and shown again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use corelog_types::{ByteSize, Dialect, format_duration, parse_duration};
use toml::de::DeValue;

use super::secret::{HookUrl, Secret, SecretSource};
use crate::environment::{self, Environment};

/// Why a text is no value of its type.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A type that a setting may have.
pub(super) trait Value: Sized {
    /// The type in words, for the docs and for errors.
    const KIND: &'static str;

    /// Reads the form of flags, environment variables and defaults.
    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault>;

    /// Reads the form of the config file: a string unless the type says otherwise.
    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        match value.as_str() {
            Some(text) => Self::from_text(text, env),
            None => Err(wrong_type::<Self>(value)),
        }
    }

    /// The value as TOML, secrets masked.
    fn show(&self) -> Option<String>;

    /// What an absent key without a default means; `None`: it must not be absent.
    fn absent() -> Option<Self> {
        None
    }

    /// Something to warn of though the value is good.
    fn warning(&self) -> Option<Fault> {
        None
    }
}

pub(super) fn wrong_type<T: Value>(value: &DeValue<'_>) -> Fault {
    Fault::new(format!("expected {}, found {}", T::KIND, value.type_str()))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;

    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault> {
        T::from_text(text, env).map(Some)
    }

    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        T::from_toml(value, env).map(Some)
    }

    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Value::show)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn warning(&self) -> Option<Fault> {
        self.as_ref().and_then(Value::warning)
    }
}

impl Value for Vec<String> {
    const KIND: &'static str = "a list of strings";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        Ok(items.map(str::to_owned).collect())
    }

    fn from_toml(value: &DeValue<'_>, _: &Environment) -> Result<Self, Fault> {
        let items = value.as_array().ok_or_else(|| wrong_type::<Self>(value))?;
        let text = |item: &DeValue<'_>| {
            item.as_str()
                .map(str::to_owned)
                .ok_or_else(|| wrong_type::<Self>(item))
        };
        items.iter().map(|item| text(item.get_ref())).collect()
    }

    fn show(&self) -> Option<String> {
        let items: Vec<String> = self.iter().map(|item| quoted(item)).collect();
        Some(format!("[{}]", items.join(", ")))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Value for bool {
    const KIND: &'static str = "`true` or `false`";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            other => Err(Fault::new(format!(
                "`{other}` is neither `true` nor `false`"
            ))),
        }
    }

    fn from_toml(value: &DeValue<'_>, _: &Environment) -> Result<Self, Fault> {
        value.as_bool().ok_or_else(|| wrong_type::<Self>(value))
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// The text of a TOML integer, where the type takes one.
fn integer_text(value: &DeValue<'_>) -> Option<String> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .map(|number| number.to_string())
}

impl Value for u32 {
    const KIND: &'static str = "a whole number";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            Fault::new(format!(
                "`{text}` is no whole number from 0 to {}",
                Self::MAX
            ))
        })
    }

    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        let text = integer_text(value).ok_or_else(|| wrong_type::<Self>(value))?;
        Self::from_text(&text, env)
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for ByteSize {
    const KIND: &'static str = "a size such as `\"100MB\"`";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        text.parse()
            .map_err(|error: corelog_types::InvalidSize| Fault::new(error.to_string()))
    }

    /// A bare number is a number of bytes: there is nothing else it could mean.
    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        match (value.as_str(), integer_text(value)) {
            (Some(text), _) => Self::from_text(text, env),
            (None, Some(number)) => Self::from_text(&number, env),
            (None, None) => Err(wrong_type::<Self>(value)),
        }
    }

    fn show(&self) -> Option<String> {
        // A round decimal number stays what its writer wrote: 256kB is 250KiB as well.
        const DECIMAL: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
        let bytes = self.bytes();
        let decimal = DECIMAL
            .iter()
            .find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
        let text = decimal.map(|(unit, size)| format!("{}{unit}", bytes / size));
        Some(quoted(&text.unwrap_or_else(|| self.to_string())))
    }
}

impl Value for Duration {
    const KIND: &'static str = "a duration such as `\"30s\"`";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        parse_duration(text).map_err(|error| Fault::new(error.to_string()))
    }

    fn from_toml(value: &DeValue<'_>, env: &Environment) -> Result<Self, Fault> {
        if let Some(text) = value.as_str() {
            return Self::from_text(text, env);
        }
        let fault = wrong_type::<Self>(value);
        Err(match integer_text(value) {
            Some(number) => fault.hint(format!(
                "name the unit: `\"{number}s\"` or `\"{number}ms\"`"
            )),
            None => fault,
        })
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&format_duration(*self)))
    }
}

impl Value for String {
    const KIND: &'static str = "a string";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        Ok(text.to_owned())
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Value for PathBuf {
    const KIND: &'static str = "a path";

    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("the path is empty"));
        }
        Ok(
            match (text.strip_prefix("~/"), env.get(environment::HOME)) {
                (Some(rest), Some(home)) => Self::from(home).join(rest),
                _ => Self::from(text),
            },
        )
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl Value for SocketAddr {
    const KIND: &'static str = "an address such as `\"127.0.0.1:4600\"`";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        let text = text
            .strip_prefix("localhost:")
            .map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
        text.parse().map_err(|_| {
            Fault::new(format!("`{text}` is no address")).hint(
                "write an IP address and a port: `127.0.0.1:4600`, `0.0.0.0:4600` or `[::1]:4600`",
            )
        })
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Value for Dialect {
    const KIND: &'static str = "`\"openai\"`, `\"anthropic\"`, `\"bedrock\"` or `\"generic\"`";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        text.parse()
            .map_err(|error: corelog_types::UnknownDialect| Fault::new(error.to_string()))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(self.as_str()))
    }
}

impl Value for Secret {
    const KIND: &'static str = "a secret: `\"env:NAME\"` or `\"file:PATH\"`";

    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault> {
        let (value, source) = fetch(text, env)?;
        if value.is_empty() {
            return Err(Fault::new("the secret is empty"));
        }
        Ok(Self::new(value, source))
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }

    fn warning(&self) -> Option<Fault> {
        (*self.source() == SecretSource::Literal).then(|| {
            Fault::new("a secret is written out in the configuration")
                .hint("put it into a variable or a file, and write `env:NAME` or `file:PATH` here")
        })
    }
}

impl Value for HookUrl {
    const KIND: &'static str = "an `http` or `https` URL, `\"env:NAME\"` or `\"file:PATH\"`";

    fn from_text(text: &str, env: &Environment) -> Result<Self, Fault> {
        Self::of(Secret::from_text(text, env)?)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

/// Fetches what `env:NAME` or `file:PATH` names; any other text is itself.
fn fetch(text: &str, env: &Environment) -> Result<(String, SecretSource), Fault> {
    if let Some(name) = text.strip_prefix("env:") {
        let value = env.get(name).ok_or_else(|| {
            Fault::new(format!("environment variable `{name}` is not set")).hint(format!(
                "start corelog with `{name}=…`, or name another variable"
            ))
        })?;
        return Ok((value.to_owned(), SecretSource::Env(name.to_owned())));
    }
    if let Some(path) = text.strip_prefix("file:") {
        let value = std::fs::read_to_string(path)
            .map_err(|error| Fault::new(format!("secret file `{path}` cannot be read: {error}")))?;
        let value = value.trim_end_matches(['\r', '\n']).to_owned();
        return Ok((value, SecretSource::File(path.to_owned())));
    }
    Ok((text.to_owned(), SecretSource::Literal))
}

/// Makes an enum of the texts a setting may have.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$vmeta])* $variant ),* }

        impl $name {
            /// The text in the configuration.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text ),* }
            }
        }

        impl $crate::settings::value::Value for $name {
            const KIND: &'static str = concat!("one of", $( " `\"", $text, "\"`" ),*);

            fn from_text(
                text: &str,
                _: &$crate::environment::Environment,
            ) -> Result<Self, $crate::settings::value::Fault> {
                match text {
                    $( $text => Ok(Self::$variant), )*
                    other => {
                        let names: &[&str] = &[$($text),*];
                        let fault = $crate::settings::value::Fault::new(
                            format!("`{other}` is not one of `{}`", names.join("`, `")));
                        Err(match $crate::settings::problem::nearest(other, names.iter().copied()) {
                            Some(name) => fault.hint(format!("did you mean `{name}`?")),
                            None => fault,
                        })
                    }
                }
            }

            fn show(&self) -> Option<String> {
                Some(format!("\"{}\"", self.as_str()))
            }
        }
    };
}
pub(super) use choice;
