//! Headers that the configuration wants in each request, written as `OTEL_EXPORTER_OTLP_HEADERS` has them.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables>

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// Headers, whose values are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(HeaderMap);

/// The text is no list of headers. It is not shown: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("header {place} of `headers` is not `name=value`")]
pub struct InvalidHeaders {
    /// Which one, from 1 on.
    place: usize,
}

impl Headers {
    /// Reads `name=value,name=value`; values may be percent-encoded.
    ///
    /// # Errors
    /// [`InvalidHeaders`] where a part has no `=`, or a name or a value that no header can have.
    pub fn parse(text: &str) -> Result<Self, InvalidHeaders> {
        let mut headers = HeaderMap::new();
        let parts = text.split(',').map(str::trim).enumerate();
        for (index, part) in parts.filter(|(_, part)| !part.is_empty()) {
            let (name, value) = header(part).ok_or(InvalidHeaders { place: index + 1 })?;
            headers.insert(name, value);
        }
        Ok(Self(headers))
    }

    /// Puts them into a request's, in the place of those of the same names.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        headers.extend(self.0.clone());
    }
}

fn header(part: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = part.split_once('=')?;
    let name = HeaderName::try_from(name.trim()).ok()?;
    let value: Vec<u8> = percent_decode_str(value.trim()).collect();
    let mut value = HeaderValue::from_bytes(&value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_variable() {
        let parsed = Headers::parse("api-key=a=b, X-Other=two%20words%2C,").unwrap();
        assert_eq!(parsed.0["api-key"], "a=b");
        assert_eq!(parsed.0["x-other"], "two words,");
        assert_eq!(parsed.0.len(), 2);
        assert_eq!(format!("{parsed:?}"), "***");
        assert_eq!(Headers::parse("").unwrap(), Headers::default());
        for (text, place) in [("secret", 1), ("a=b,c d=e", 2), ("a=%0a", 1), ("=v", 1)] {
            assert_eq!(
                Headers::parse(text),
                Err(InvalidHeaders { place }),
                "{text}"
            );
        }
    }
}
