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

use http::HeaderMap;
use sha2::{Digest, Sha256};

/// Header for a Corelog key beside a provider's own.
pub const KEY_HEADER: &str = "x-corelog-key";

/// A caller key of the configuration.
#[derive(Clone)]
pub struct Key {
    /// What records and policies call the caller.
    pub name: String,
    /// The key itself.
    pub secret: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("secret", &"***")
            .finish()
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

/// The configured keys, ready to compare.
#[derive(Debug, Clone, Default)]
pub struct Access {
    keys: Vec<(String, [u8; 32])>,
}

impl Access {
    /// Takes the configured keys; none means open.
    pub fn new(keys: &[Key]) -> Self {
        let keys = keys
            .iter()
            .map(|key| (key.name.clone(), digest(&key.secret)))
            .collect();
        Self { keys }
    }

    /// Whether everybody may call.
    pub fn is_open(&self) -> bool {
        self.keys.is_empty()
    }

    /// Lets a caller in, or says why not.
    ///
    /// # Errors
    /// [`Denied`] where keys are configured and none of them came.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Denied> {
        let presented = Presented::of(headers);
        let fingerprint = presented.secret().map(Fingerprint::of);
        if self.is_open() {
            return Ok(Caller {
                name: None,
                fingerprint,
                spent: false,
            });
        }
        let own = headers
            .get(KEY_HEADER)
            .and_then(|value| value.to_str().ok());
        if let Some(secret) = own {
            let name = self.name_of(secret).ok_or(Denied::Unknown)?;
            return Ok(Caller {
                name: Some(name),
                fingerprint,
                spent: false,
            });
        }
        let secret = presented.bearer().ok_or(Denied::Missing)?;
        let name = self.name_of(secret).ok_or(Denied::Unknown)?;
        Ok(Caller {
            name: Some(name),
            fingerprint,
            spent: true,
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
            secret: "s3cret".into(),
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
        let own = headers(&[
            ("x-corelog-key", "s3cret"),
            ("authorization", "Bearer sk-upstream"),
        ]);
        assert!(!access.authenticate(&own).unwrap().spent);
    }
}
