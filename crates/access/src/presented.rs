//! The credential that came with a request, wherever its SDK puts it.

use std::fmt;

use http::HeaderMap;
use sha2::{Digest, Sha256};

const KEY_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

/// A credential as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented<'a> {
    /// A key that is itself the secret.
    Bearer(&'a str),
    /// An AWS signature: the id of the access key that made it.
    Signature(&'a str),
    /// Nothing.
    Nothing,
}

impl<'a> Presented<'a> {
    /// Looks for the credential.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(value) = text("authorization") {
            if let Some(rest) = value.strip_prefix("AWS4-HMAC-SHA256") {
                let id = rest
                    .split_once("Credential=")
                    .and_then(|(_, rest)| rest.split('/').next());
                return id.map_or(Self::Nothing, Self::Signature);
            }
            let bare = value
                .split_once(' ')
                .map_or(value, |(_, secret)| secret.trim());
            return Self::Bearer(bare);
        }
        KEY_HEADERS
            .into_iter()
            .find_map(text)
            .map_or(Self::Nothing, Self::Bearer)
    }

    /// What to take a fingerprint of.
    pub fn secret(self) -> Option<&'a str> {
        match self {
            Self::Bearer(text) | Self::Signature(text) => Some(text),
            Self::Nothing => None,
        }
    }
}

/// The first 16 hex digits of a credential's SHA-256: enough to tell callers apart, useless as a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a credential.
    pub fn of(credential: &str) -> Self {
        let digest = Sha256::digest(credential.as_bytes());
        let mut text = String::with_capacity(16);
        for byte in &digest[..8] {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        Self(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, value: &str, expected: Presented<'_>) {
        let headers: HeaderMap = [(http::HeaderName::from_static(name), value.parse().unwrap())]
            .into_iter()
            .collect();
        assert_eq!(Presented::of(&headers), expected);
    }

    #[test]
    fn every_sdk_s_place_is_known() {
        check("authorization", "Bearer sk-1", Presented::Bearer("sk-1"));
        check("x-api-key", "sk-ant", Presented::Bearer("sk-ant"));
        check("api-key", "azure", Presented::Bearer("azure"));
        check(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00",
            Presented::Signature("AKIDEXAMPLE"),
        );
        check(
            "authorization",
            "AWS4-HMAC-SHA256 garbage",
            Presented::Nothing,
        );
        check("accept", "*/*", Presented::Nothing);
    }

    #[test]
    fn a_fingerprint_is_the_head_of_the_sha256() {
        // SHA-256 of "abc", from FIPS 180-2.
        assert_eq!(Fingerprint::of("abc").as_str(), "ba7816bf8f01cfea");
    }
}
