//! Names and addresses in the configuration, checked once so that nobody checks them again.

use std::fmt;
use std::path::PathBuf;

use super::value::{Fault, Value};
use crate::environment::Environment;

/// Path segments with a meaning of their own, which no provider may be called.
const RESERVED: [&str; 15] = [
    "async-invoke",
    "console",
    "corelog",
    "guardrail",
    "guardrail-checks",
    "guardrails",
    "health",
    "healthz",
    "logging",
    "metrics",
    "model",
    "readyz",
    "static",
    "status",
    "v1",
];
const NAME_BYTES_MAX: usize = 64;

/// The name of a provider, destination or key: lower-case letters, digits, `-` and `_`, and no path
/// segment that means something else. It is a path prefix, an object name and a metric label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
        if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(fits) {
            let reason = format!("`{text}` is no name");
            return Err(Fault::new(reason)
                .hint("use 1 to 64 lower-case letters, digits, `-` and `_`: the name becomes a path prefix"));
        }
        if RESERVED.contains(&text) {
            return Err(
                Fault::new(format!("the name `{text}` is reserved")).hint(format!(
                    "`/{text}` already means something: choose another name"
                )),
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Name {
    const KIND: &'static str = "a name";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        Self::parse(text)
    }

    fn show(&self) -> Option<String> {
        Some(format!("\"{}\"", self.0))
    }
}

/// An `http` or `https` URL without user, query, fragment or trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = |why: &str| Fault::new(format!("`{text}` is no URL to call: {why}"));
        let uri: http::Uri = text.parse().map_err(|error| invalid(&format!("{error}")))?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            Some(other) => {
                return Err(invalid(&format!(
                    "its scheme is `{other}`, not `http` or `https`"
                )));
            }
            None => return Err(invalid("it does not begin with `http://` or `https://`")),
        }
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        if authority.contains('@') {
            return Err(Fault::new("the URL holds a user or a password")
                .hint("name the credential under its own key, as `env:NAME` or `file:PATH`"));
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(invalid("it has no host"));
        }
        // `http::Uri` leaves a port that is no number for whoever connects; here is the better place to say so.
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        if port.is_some_and(|port| !port.ends_with(']') && port.parse::<u16>().is_err()) {
            return Err(invalid("its port is no number from 0 to 65535"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(invalid("it has a query or a fragment"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the host is one of AWS's.
    pub fn is_aws(&self) -> bool {
        let uri = self.as_str().parse::<http::Uri>().ok();
        let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        [".amazonaws.com", ".amazonaws.com.cn"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self
            .as_str()
            .parse::<http::Uri>()
            .ok()
            .and_then(|uri| uri.host().map(str::to_owned));
        host.is_some_and(|host| {
            let host = host.trim_matches(['[', ']']);
            host == "localhost"
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback())
        })
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for HttpUrl {
    const KIND: &'static str = "an `http` or `https` URL";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        Self::parse(text)
    }

    fn show(&self) -> Option<String> {
        Some(format!("\"{}\"", self.0))
    }
}

/// The `http` or `https` URL of a proxy, with a user and a password where it asks for them. It prints without these.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    url: HttpUrl,
    /// All of it.
    whole: http::Uri,
}

impl ProxyUrl {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let authority = rest.split('/').next().unwrap_or_default();
        // Where there may be a password, the text is in no message.
        let broken = || {
            Fault::new("the proxy's URL, its user or its password is not as it has to be")
                .hint("percent-encode what is neither letter nor digit, such as `%40` for `@`")
        };
        let url = match authority.rsplit_once('@') {
            Some((user, _)) => {
                let bare = format!("{scheme}://{}", &rest[user.len() + 1..]);
                HttpUrl::parse(&bare).map_err(|_| broken())?
            }
            None if rest.contains('@') => return Err(broken()),
            None => HttpUrl::parse(text)?,
        };
        let whole: http::Uri = text.trim_end_matches('/').parse().map_err(|_| broken())?;
        // What is dialled is what is shown: a `?` in a password would begin the query of another host.
        let bare: http::Uri = url.as_str().parse().map_err(|_| broken())?;
        let place = |uri: &http::Uri| (uri.host().map(str::to_owned), uri.port_u16());
        if place(&whole) != place(&bare) || whole.query().is_some() {
            return Err(broken());
        }
        Ok(Self { url, whole })
    }

    /// The URL, without user, password and a trailing slash.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// All of it. Keep it out of logs, errors and records.
    pub fn reveal(&self) -> &http::Uri {
        &self.whole
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Value for ProxyUrl {
    const KIND: &'static str =
        "an `http` or `https` URL, with `user:password@` where the proxy asks for them";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        Self::parse(text)
    }

    fn show(&self) -> Option<String> {
        Some(format!("\"{self}\""))
    }
}

/// Where a destination keeps its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `file:///directory`: a local directory.
    File(PathBuf),
    /// `s3://bucket/prefix`.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What every key begins with; empty, or without a slash at either end.
        prefix: String,
    },
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file://{}", path.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl Value for StoreUrl {
    const KIND: &'static str = "a `file://` or `s3://` URL";

    fn from_text(text: &str, _: &Environment) -> Result<Self, Fault> {
        let invalid = |why: &str| {
            Fault::new(format!("`{text}` is no place for objects: {why}"))
                .hint("write `file:///some/directory` or `s3://bucket/prefix`")
        };
        if let Some(path) = text.strip_prefix("file://") {
            // What stands behind two slashes is a host: `file://data/x` would be `/x` of the machine `data`.
            if !path.starts_with('/') || path == "/" {
                return Err(invalid(
                    "behind `file://` stands the directory's whole path",
                ));
            }
            return Ok(Self::File(PathBuf::from(path)));
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err(invalid("it begins with neither `file://` nor `s3://`"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'.';
        // Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(fits) {
            return Err(invalid(
                "a bucket is named with 3 to 63 lower-case letters, digits, `-` and `.`",
            ));
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }

    fn show(&self) -> Option<String> {
        Some(toml::Value::String(self.to_string()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(text: &str) -> Option<StoreUrl> {
        StoreUrl::from_text(text, &Environment::default()).ok()
    }

    #[test]
    fn names_are_safe_as_a_path_prefix() {
        assert_eq!(Name::parse("azure-eu_2").unwrap().as_str(), "azure-eu_2");
        for text in [
            "",
            "Open AI",
            "a/b",
            "é",
            "v1",
            "model",
            "corelog",
            &"x".repeat(65),
        ] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn base_urls_are_http_and_hold_no_secret() {
        assert_eq!(
            HttpUrl::parse("http://127.0.0.1:9100/v1/")
                .unwrap()
                .as_str(),
            "http://127.0.0.1:9100/v1"
        );
        assert_eq!(
            HttpUrl::parse("https://[::1]:8443").unwrap().as_str(),
            "https://[::1]:8443"
        );
        assert_eq!(
            HttpUrl::parse("https://[::1]").unwrap().as_str(),
            "https://[::1]"
        );
        for text in [
            "",
            "api.openai.com",
            "ftp://h",
            "http://",
            "http://h:99999",
            "http://h/?k=1",
            "http://h/#f",
        ] {
            assert!(HttpUrl::parse(text).is_err(), "{text}");
        }
        let fault = HttpUrl::parse("https://me:hunter2@h").unwrap_err();
        assert!(!fault.reason.contains("hunter2"));
    }

    #[test]
    fn stores_are_directories_or_buckets() {
        assert_eq!(
            store("file:///var/lib/b"),
            Some(StoreUrl::File("/var/lib/b".into()))
        );
        let bucket = |prefix: &str| StoreUrl::S3 {
            bucket: "my.bucket".into(),
            prefix: prefix.into(),
        };
        assert_eq!(store("s3://my.bucket"), Some(bucket("")));
        assert_eq!(store("s3://my.bucket/a/b/"), Some(bucket("a/b")));
        for text in [
            "",
            "file://",
            "file://x",
            "s3://",
            "s3://AB",
            "gs://bucket",
            "/var/lib",
        ] {
            assert_eq!(store(text), None, "{text}");
        }
    }
}
