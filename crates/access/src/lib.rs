//! Who is calling, and may they: static keys of the configuration.
//!
//! This is the seam for identities and policies to come: everyone else asks [`Access::authenticate`] and
//! gets a [`Caller`], whatever decides behind it. Without configured keys everybody may call; the binary
//! refuses to listen beyond loopback in that state.
//!
//! A caller shows a Corelog key in `x-corelog-key`, or in the place where its SDK puts the provider's key
//! (`authorization: Bearer`, `x-api-key`, `api-key`, `x-goog-api-key`); the latter only makes sense for
//! providers whose own credentials the gateway holds.
//!
//! Absent here: I/O, clocks, the wire protocols' request signing.

mod presented;

pub use presented::{Fingerprint, Presented};

use std::fmt;

use http::HeaderMap;
use sha2::{Digest, Sha256};

/// Header for a Corelog key beside a provider's own.
pub const KEY_HEADER: &str = "x-corelog-key";

/// A caller key of the configuration.
#[derive(Clone)]
pub struct Key {
    /// What records and policies call the caller.
    pub name: String,
    /// What the caller sends as its key, if it sends one.
    pub secret: Option<String>,
    /// What the caller signs with, if it signs.
    pub signing: Option<SigningKey>,
}

/// A pair of AWS keys made up for a caller.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Public half.
    pub access_key_id: String,
    /// Secret half.
    pub secret_access_key: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A caller that was let in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// Name of the configured key used, if any.
    pub name: Option<String>,
    /// Fingerprint of whatever credential came with the call.
    pub fingerprint: Option<Fingerprint>,
    /// Whether the credential in the provider's place is a Corelog key, which must not travel upstream.
    pub spent: bool,
    /// Set where the caller is who it says only if the request's signature was made with this key: whoever
    /// has the request's body checks that.
    pub unproven: Option<SigningKey>,
}

impl Caller {
    /// The last part of the caller's ARN: the key's name, else its fingerprint, else `anonymous`.
    pub fn arn(&self, account_id: &str) -> String {
        match (&self.name, &self.fingerprint) {
            (Some(name), _) => format!("arn:aws:iam::{account_id}:user/{name}"),
            (None, Some(print)) => format!("arn:aws:iam::{account_id}:user/key-{print}"),
            (None, None) => format!("arn:aws:iam::{account_id}:user/anonymous"),
        }
    }
}

/// Why a caller was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No credential at all.
    #[error("no Corelog key came with the request; send one in `x-corelog-key`")]
    Missing,
    /// A credential nobody configured.
    #[error("the key is not one of this Corelog's keys")]
    Unknown,
}

/// Why a request is turned away before anybody looks at what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// It came without a credential.
    NoCredential,
    /// Its credential is none of those configured.
    UnknownCredential,
    /// Its signature is not what its key makes of it.
    BadSignature,
    /// Its body is too large, or broke off.
    BodyTooLarge,
}

impl From<Denied> for TurnedAway {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Missing => Self::NoCredential,
            Denied::Unknown => Self::UnknownCredential,
        }
    }
}

/// The configured keys, ready to compare.
#[derive(Debug, Clone, Default)]
pub struct Access {
    keys: Vec<(String, [u8; 32])>,
    signing: Vec<(String, SigningKey)>,
}

impl Access {
    /// Takes the configured keys; none means open.
    pub fn new(keys: &[Key]) -> Self {
        let named = |key: &Key| key.name.clone();
        Self {
            keys: keys
                .iter()
                .filter_map(|key| Some((named(key), digest(key.secret.as_deref()?))))
                .collect(),
            signing: keys
                .iter()
                .filter_map(|key| Some((named(key), key.signing.clone()?)))
                .collect(),
        }
    }

    /// Whether everybody may call.
    pub fn is_open(&self) -> bool {
        self.keys.is_empty() && self.signing.is_empty()
    }

    /// A caller that was not let in: nothing is known of it but the fingerprint of the key it showed.
    pub fn stranger(headers: &HeaderMap) -> Caller {
        let own = headers
            .get(KEY_HEADER)
            .and_then(|value| value.to_str().ok());
        Caller {
            fingerprint: own.or(Presented::of(headers).secret()).map(Fingerprint::of),
            ..Caller::default()
        }
    }

    /// Lets a caller in, or says why not.
    ///
    /// # Errors
    /// [`Denied`] where keys are configured and none of them came.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Denied> {
        let presented = Presented::of(headers);
        let fingerprint = presented.secret().map(Fingerprint::of);
        let caller = Caller {
            fingerprint,
            ..Caller::default()
        };
        if self.is_open() {
            return Ok(caller);
        }
        let own = headers
            .get(KEY_HEADER)
            .and_then(|value| value.to_str().ok());
        let (name, spent, unproven) = match (own, presented) {
            (Some(secret), _) => (self.name_of(secret).ok_or(Denied::Unknown)?, false, None),
            (None, Presented::Bearer(secret)) => {
                (self.name_of(secret).ok_or(Denied::Unknown)?, true, None)
            }
            (None, Presented::Signature(id)) => {
                let mut known = self.signing.iter();
                let found = known.find(|(_, key)| key.access_key_id == id);
                let (name, key) = found.ok_or(Denied::Unknown)?;
                (name.clone(), true, Some(key.clone()))
            }
            (None, Presented::Nothing) => return Err(Denied::Missing),
        };
        Ok(Caller {
            name: Some(name),
            spent,
            unproven,
            ..caller
        })
    }

    /// Compares digests, so the time taken says nothing about how much of a key was right.
    fn name_of(&self, secret: &str) -> Option<String> {
        let wanted = digest(secret);
        self.keys
            .iter()
            .find(|(_, known)| *known == wanted)
            .map(|(name, _)| name.clone())
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn keyed() -> Access {
        Access::new(&[Key {
            name: "ci".into(),
            secret: Some("s3cret".into()),
            signing: Some(SigningKey {
                access_key_id: "AKIDCI".into(),
                secret_access_key: "signing".into(),
            }),
        }])
    }

    #[test]
    fn open_access_names_nobody_but_keeps_the_fingerprint() {
        let caller = Access::default()
            .authenticate(&headers(&[("authorization", "Bearer abc")]))
            .unwrap();
        // The head of the SHA-256 of "abc", from FIPS 180-2.
        assert_eq!(caller.arn("1"), "arn:aws:iam::1:user/key-ba7816bf8f01cfea");
        assert_eq!(caller.name, None);
        assert_eq!(
            Access::default()
                .authenticate(&headers(&[]))
                .unwrap()
                .arn("1"),
            "arn:aws:iam::1:user/anonymous"
        );
    }

    #[test]
    fn configured_keys_are_asked_for() {
        let access = keyed();
        assert_eq!(access.authenticate(&headers(&[])), Err(Denied::Missing));
        assert_eq!(
            access.authenticate(&headers(&[("x-api-key", "nope")])),
            Err(Denied::Unknown)
        );
        assert_eq!(
            access.authenticate(&headers(&[("x-corelog-key", "nope")])),
            Err(Denied::Unknown)
        );
        let spent = access
            .authenticate(&headers(&[("x-api-key", "s3cret")]))
            .unwrap();
        assert!(spent.spent);
        assert_eq!(spent.arn("1"), "arn:aws:iam::1:user/ci");
        let signed = |id| {
            format!(
                "AWS4-HMAC-SHA256 Credential={id}/20261120/r/bedrock/aws4_request, SignedHeaders=host, Signature=00"
            )
        };
        let unproven = access
            .authenticate(&headers(&[("authorization", &signed("AKIDCI"))]))
            .unwrap();
        assert_eq!(unproven.unproven.unwrap().secret_access_key, "signing");
        let stranger = headers(&[("authorization", &signed("AKIDNO"))]);
        assert_eq!(access.authenticate(&stranger), Err(Denied::Unknown));
        // The key that was judged, not the provider's beside it. SHA-256 of "abc", from FIPS 180-2.
        let shown = headers(&[("x-corelog-key", "abc"), ("authorization", "Bearer x")]);
        assert_eq!(
            Access::stranger(&shown).arn("1"),
            "arn:aws:iam::1:user/key-ba7816bf8f01cfea"
        );
        let own = headers(&[
            ("x-corelog-key", "s3cret"),
            ("authorization", "Bearer sk-upstream"),
        ]);
        assert!(!access.authenticate(&own).unwrap().spent);
    }
}
